"""A thread that keeps a run's lease while the engine works, and brings back word to stop."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from evaluations.runs.actions import beat

BEAT_EVERY_S = settings.RUN_LEASE_S / 6
FIRST_BEAT_S = 1.0


class Stopped(Exception):
    """The work should stop: `why` is `lost`, `cancel`, `time` or `memory`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class DataGone(Exception):
    """The rows were deleted while they were being analysed."""


class WorkerLost(Exception):
    """Workers died over one block time and again."""


class Heartbeat:
    """Beats for one attempt while the `with` block runs. Its `tick` is given to the engine.

    The engine may be in one long call for minutes, so the beat comes from a thread with a database
    connection of its own; `tick` only notes the progress and raises `Stopped` when told to.
    """

    def __init__(self, run_id: int, attempt: int, *, every_s: float = BEAT_EVERY_S) -> None:
        self._run_id, self._attempt, self._every_s = run_id, attempt, every_s
        self._step, self._share = "Starting", 0.0
        self._word = "go on"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_over, name=f"heartbeat-{run_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def tick(self, step: str, share: float) -> None:
        """Note what is being done; raises `Stopped` when the run was cancelled or taken over."""
        self._step, self._share = step, share
        if self._word != "go on":
            raise Stopped(self._word)

    def _beat_until_over(self) -> None:
        try:
            wait = min(FIRST_BEAT_S, self._every_s)
            while not self._over.wait(wait):
                self._word = self._beat_once()
                wait = self._every_s if self._word == "go on" else FIRST_BEAT_S
        finally:
            connection.close()

    def _beat_once(self) -> str:
        try:
            return beat(run_id=self._run_id, attempt=self._attempt, step=self._step, share=self._share)
        except DatabaseError:  # a database that is busy for a moment; the lease outlives several beats
            connection.close()
            return self._word

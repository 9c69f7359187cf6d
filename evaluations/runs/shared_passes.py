"""Passes shared among workers: the run's worker lays out the blocks, and whoever is free reduces them.

The run's own worker takes blocks like any other, so a run never waits for help; it adds the sums
up when the last block is in, and starts the next pass.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from evaluations.datasets.ingest_stream import Irregular, PanelFile
from evaluations.datasets.models import DatasetState
from evaluations.runs.actions import LEASE
from evaluations.runs.block_actions import (
    Standing,
    beat_block,
    claim_block,
    fail_block,
    finish_block,
    open_pass,
    put_back,
    ring_for_help,
    standing_of,
)
from evaluations.runs.heartbeat import DataGone, Stopped, WorkerLost
from evaluations.runs.models import AnalysisRun, RunBlock, RunPass
from evaluations.runs.packed import pack, unpack
from evaluations.runs.passes import Method, alone, parts_of, sums_of
from evaluations.stats.blocks import Sums
from evaluations.stats.engine import ENGINE_VERSION
from evaluations.stats.registry import Tick

LOOK_EVERY_S = 0.1
BEAT_EVERY_S = LEASE.total_seconds() / 6


FAULTS: dict[str, type[Exception]] = {
    "irregular": Irregular,
    "memory_limit": MemoryError,
    "data_deleted": DataGone,
    "worker_lost": WorkerLost,
    "time_limit": SoftTimeLimitExceeded,
}
"""What ends a run, by the word for it on a block."""

KNOWN_FAULTS = (FileNotFoundError, Irregular, MemoryError, SoftTimeLimitExceeded)
"""What a block may raise that its run's worker has to know. Any other is a fault of ours: that worker will meet it."""


def worker_name() -> str:
    """This process among the workers."""
    return f"{socket.gethostname()}:{os.getpid()}"


class AmongWorkers:
    """Makes the sums of a run's passes with whoever helps: a `Reduce` for the worker that has the run."""

    def __init__(self, run: AnalysisRun) -> None:
        self.run = run

    def __call__(self, panel: PanelFile, method: Method, state: Any, number: int, *, tick: Tick) -> Sums:
        """The sums of all blocks in pass `number`; of a panel of one part, made here."""
        parts = parts_of(panel)
        if len(parts) < 2:
            return alone(panel, method, state, number, tick=tick)
        run_id, attempt = self.run.pk, self.run.attempt
        known = pack((ENGINE_VERSION, state))
        groups = [panel.row_groups(*part) for part in parts]
        opened = open_pass(run_id=run_id, attempt=attempt, number=number, known=known, row_groups=groups)
        if opened is None:
            raise Stopped("lost")
        ring_for_help(run_id, len(parts) - 1)
        self._work_until_done(opened, panel, method, state, tick)
        packed = opened.blocks.order_by("number").values_list("sums", flat=True)
        return reduce(add, (unpack(bytes(each)) for each in packed.iterator(chunk_size=4)))

    def _work_until_done(self, opened: RunPass, panel: PanelFile, method: Method, state: Any, tick: Tick) -> None:
        """Take blocks while there are any, then wait for those that others have."""
        while True:
            standing = standing_of(opened)
            doing = f"Reading the panel, pass {opened.number}: {standing.done} of {standing.blocks} blocks"
            tick(doing, standing.done / standing.blocks)
            self._stop_where_nothing_can_come(standing)
            if standing.done == standing.blocks:
                return
            block = claim_block(run_id=self.run.pk, worker=worker_name()) if standing.waiting else None
            if block is None:
                time.sleep(LOOK_EVERY_S)
                continue
            here = partial(self._ticked, tick, doing, standing)
            reduce_part(block, panel, method, state, tick=here)

    def _ticked(self, tick: Tick, doing: str, standing: Standing, share: float) -> None:
        tick(doing, (standing.done + share) / standing.blocks)

    def _stop_where_nothing_can_come(self, standing: Standing) -> None:
        if standing.fault:
            raise FAULTS[standing.fault]
        if AnalysisRun.objects.filter(pk=self.run.pk, dataset__state=DatasetState.DELETED).exists():
            raise DataGone


def reduce_part(
    block: RunBlock, panel: PanelFile, method: Method, state: Any, *, tick: Callable[[float], None] = lambda share: None
) -> None:
    """Reduce a claimed block to its sums and store them, or say why that cannot be; else put it back."""
    beat_at = time.monotonic() + BEAT_EVERY_S

    def beating(share: float) -> None:
        nonlocal beat_at
        tick(share)
        if time.monotonic() >= beat_at:
            beat_at = time.monotonic() + BEAT_EVERY_S
            if not beat_block(block=block):
                raise Stopped("lost")

    try:
        sums = sums_of(panel, partial(method.reduce_block, state=state), *parts_of(panel)[block.number], tick=beating)
        finish_block(block=block, sums=pack(sums))
    except KNOWN_FAULTS as error:
        fail_block(block=block, fault=fault_of(error))
    finally:
        put_back(block=block)


def fault_of(error: Exception) -> str:
    """What the run's worker is to be told."""
    if isinstance(error, FileNotFoundError):
        return "data_deleted"
    return next(name for name, kind in FAULTS.items() if isinstance(error, kind))


def help_on(run_id: int, path: Path, open_panel: Callable[[], tuple[PanelFile, Method] | None]) -> None:
    """Reduce a run's waiting blocks until there are none. Ends quietly where the run stops."""
    opened = None
    while (block := claim_block(run_id=run_id, worker=worker_name())) is not None:
        try:
            opened = opened or open_panel()
            if opened is None:
                raise Irregular if path.exists() else FileNotFoundError
            reduce_part(block, *opened, state_before(block.of_pass))
        except Stopped:
            return
        except KNOWN_FAULTS as error:
            fail_block(block=block, fault=fault_of(error))
            return


def state_before(of_pass: RunPass) -> Any:
    """What was known before a pass."""
    return unpack(bytes(of_pass.known))[1]

"""Keeps the processes of a site alive under one command, and ends them together."""

import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

POLL_S = 0.2
STEADY_S = 10.0
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STARTS_BEFORE_GIVING_UP = 5
GRACE_S = 8.0
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Service:
    """One process to keep alive."""

    name: str
    command: tuple[str, ...]


@dataclass
class Child:
    """A service and the process that runs it now, if any."""

    service: Service
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    quick_ends: int = field(default=0)

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts services, restarts what dies and, when told to stop, ends them all."""

    def __init__(self, services: Sequence[Service], *, say: Callable[[str], None]) -> None:
        self.children = [Child(service) for service in services]
        self.say = say
        self.stopping = False

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> int:
        """Supervise until a signal to stop comes; the exit code."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._stop)
        ready = False
        try:
            while not self.stopping:
                for child in self.children:
                    self._tend(child)
                if not ready and self._failed_to_start():
                    return 1
                if not ready and is_ready():
                    ready = True
                    on_ready()
                time.sleep(POLL_S)
        finally:
            self._end_all()
        return 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _tend(self, child: Child) -> None:
        now = time.monotonic()
        if child.is_alive:
            if now - child.started_at > STEADY_S:
                child.quick_ends = 0
            return
        if child.process is not None:
            self._bury(child, now)
        if child.process is None and now >= child.due_at:
            child.process = start(child.service)
            child.started_at = now

    def _bury(self, child: Child, now: float) -> None:
        """Note how a process ended, end what it left behind and set when it starts again."""
        process = child.process
        if process is None:
            return
        signal_group(process, signal.SIGKILL)
        child.quick_ends += 1
        delay = min(FIRST_DELAY_S * 2 ** (child.quick_ends - 1), LONGEST_DELAY_S)
        child.due_at = now + delay
        child.process = None
        self.say(f"The {child.service.name} ended ({ending(process.returncode)}); starting it again.")

    def _failed_to_start(self) -> bool:
        for child in self.children:
            if child.quick_ends >= STARTS_BEFORE_GIVING_UP:
                self.say(f"The {child.service.name} does not stay up; its messages are above.")
                return True
        return False

    def _end_all(self) -> None:
        alive = [child.process for child in self.children if child.process is not None and child.is_alive]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        for process in alive:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"Process {process.pid} is busy; ending it. What it was doing is picked up at the next start.")
            signal_group(process, signal.SIGKILL)
            process.wait()


def start(service: Service) -> subprocess.Popen[bytes]:
    """The service's process, in a group of its own so that nothing it starts outlives it."""
    return subprocess.Popen(  # noqa: S603
        service.command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent
    )


def end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it dies, where it can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a process and everything in its group; nothing left is no error."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def ending(returncode: int) -> str:
    """How a process ended, in words."""
    return f"killed by signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


def answers(host: str, port: int, *, path: str = "/healthz") -> bool:
    """Whether the site answers with success."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

"""Processes of a site are restarted when they die and end together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluations.runs.supervisor import Service, Supervisor, ending

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 20

SUPERVISE = """
import sys
from pathlib import Path
from evaluations.runs.supervisor import Service, Supervisor
log = Path(sys.argv[1])
child = "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'a'), flush=True); time.sleep(600)"
services = [Service(name, (sys.executable, "-c", child, str(log / name))) for name in ("web", "worker")]
ready = lambda: all((log / name).exists() for name in ("web", "worker"))
sys.exit(Supervisor(services, say=print).run(is_ready=ready, on_ready=lambda: print("ready", flush=True)))
"""


def pids(log: Path, name: str) -> list[int]:
    path = log / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def wait_for(claim, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def supervised(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    wait_for(lambda: pids(tmp_path, "web") and pids(tmp_path, "worker"), "both services start")
    yield process
    process.kill()
    process.communicate()


def test_a_killed_process_is_started_again_and_the_others_are_left_alone(supervised, tmp_path):
    first = pids(tmp_path, "worker")[0]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(pids(tmp_path, "worker")) == 2, "the killed worker is started again")
    assert len(pids(tmp_path, "web")) == 1
    assert is_running(pids(tmp_path, "worker")[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_ends_all_of_them(supervised, tmp_path, number):
    supervised.send_signal(number)
    assert supervised.wait(PATIENCE_S) == 0
    assert not [pid for name in ("web", "worker") for pid in pids(tmp_path, name) if is_running(pid)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_nothing_outlives_a_supervisor_that_is_killed(supervised, tmp_path):
    started = [pid for name in ("web", "worker") for pid in pids(tmp_path, name)]
    supervised.kill()
    supervised.wait()
    wait_for(lambda: not [pid for pid in started if is_running(pid)], "the services end with their supervisor")


def test_a_service_that_never_stays_up_ends_the_command_with_a_reason(monkeypatch):
    monkeypatch.setattr("evaluations.runs.supervisor.FIRST_DELAY_S", 0.01)
    monkeypatch.setattr("evaluations.runs.supervisor.POLL_S", 0.01)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    said: list[str] = []
    try:
        supervisor = Supervisor([Service("worker", (sys.executable, "-c", "raise SystemExit(3)"))], say=said.append)
        assert supervisor.run(is_ready=lambda: False, on_ready=lambda: None) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert said[0] == "The worker ended (exit code 3); starting it again."
    assert said[-1] == "The worker does not stay up; its messages are above."


def test_an_ending_is_said_in_words():
    assert ending(-9) == "killed by signal 9"
    assert ending(0) == "exit code 0"

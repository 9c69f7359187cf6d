"""A site of its own in a folder: its database, its broker and its workers, which may be killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PREPARE = """
from tests.workspace_records import *
from evaluations.runs.actions import queue_run
reviewer, analyst = make_user("Ravi"), make_user("Eva")
evaluation = make_evaluation(owner=make_organisation(reviewer, analyst=analyst), by=analyst)
dataset = make_dataset(evaluation=evaluation, by=analyst, frame=panel())
plan = make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=SPEC_PANEL)
for _ in range({runs}):
    queue_run(plan=plan, by=analyst)
"""
RELEASE = """
from evaluations.organisations.models import User
from evaluations.runs.models import AnalysisRun
from evaluations.sharing.actions import release, request_release
from evidence.estimates.models import EffectEstimate
for run in AnalysisRun.objects.filter(state="done"):
    review = request_release(
        run=run, reviewer=User.objects.get(full_name="Ravi"), by=User.objects.get(full_name="Eva")
    )
    for _ in range(2):
        release(review=review, by=review.reviewer)
print(EffectEstimate.objects.count())
"""


class Site:
    """One embedded site, with a short lease so that a lost worker is soon noticed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        unset = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "DJANGO_SETTINGS_MODULE")
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        self.env = kept | {
            "UPLIFT_HOME": str(home),
            "SECRET_KEY": "only-for-this-site-0123456789-0123456789-0123456789",
            "RUN_LEASE_S": "2",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self._running: list[subprocess.Popen] = []

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def do(self, code: str) -> str:
        """Run Python with the site's settings; what it printed."""
        return self.manage("shell", "--no-imports", "-c", code)

    def begin(self, code: str) -> subprocess.Popen:
        """Start running Python with the site's settings."""
        return self._start([sys.executable, "manage.py", "shell", "--no-imports", "-c", code])

    def start_worker(self) -> subprocess.Popen:
        """A Celery worker with one process, in a group of its own so that all of it can be killed."""
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--pool", "prefork"]
        return self._start(
            [*command, "--concurrency", "1", "--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
        )

    def start_sweeper(self) -> subprocess.Popen:
        """The sweeper, twice a second."""
        return self._start([sys.executable, "manage.py", "sweep", "--every", "0.5"])

    def _start(self, command: list[str]) -> subprocess.Popen:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._running.append(process)
        return process

    def kill(self, process: subprocess.Popen) -> None:
        """End the process and its children at once, as a crash would."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._running.remove(process)

    def close(self) -> None:
        """End everything still running."""
        for process in list(self._running):
            self.kill(process)

    def runs(self) -> list[dict]:
        """Every run's state, attempt and whether it has a result."""
        with closing(sqlite3.connect(f"file:{self.home / 'uplift.sqlite3'}?mode=ro", uri=True, timeout=10)) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute("SELECT id, state, attempt, reason FROM evaluations_analysisrun ORDER BY id")
            return [dict(row) for row in rows]

    def workers(self) -> list[subprocess.Popen]:
        """The workers that run."""
        return [process for process in self._running if "worker" in process.args]

    def claimed(self) -> list[str]:
        """Who has a block of the latest run now."""
        with closing(sqlite3.connect(f"file:{self.home / 'uplift.sqlite3'}?mode=ro", uri=True, timeout=10)) as database:
            rows = database.execute(
                "SELECT b.worker FROM evaluations_runblock b JOIN evaluations_runpass p ON p.id = b.of_pass_id"
                " WHERE b.state = 'claimed' AND p.run_id = (SELECT max(id) FROM evaluations_analysisrun)"
            )
            return [worker for (worker,) in rows]

    def wait_until(self, holds: Callable[[], bool], *, what: str, seconds: float = 90) -> None:
        """Wait until `holds()`."""
        self.wait_for(lambda runs: holds(), what=what, seconds=seconds)

    def wait_for(self, holds, *, what: str, seconds: float = 90) -> None:
        """Wait until `holds(runs)`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if holds(self.runs()):
                return
            time.sleep(0.02)
        raise AssertionError(f"not in {seconds} s: {what}; the runs are {json.dumps(self.runs())}")

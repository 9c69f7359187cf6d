"""A whole site started as `make run` starts it, on data of its own, to be hurt from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings

from evaluations.runs.supervisor import answers

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 240
LEASE_S = 4

QUEUE = """
import json, sys
from evaluations.runs.actions import queue_run
from tests.chaos.serve.panel import locked_plan
plan, analyst = locked_plan()
print(json.dumps([queue_run(plan=plan, by=analyst).pk for _ in range({count})]))
"""


def wait_until(claim: Callable[[], Any], what: str, *, every_s: float = 0.05) -> Any:
    """What `claim` answers once it is true; fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := claim()):
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s for this: {what}"
        time.sleep(every_s)
    return found


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except FileNotFoundError:
        return ""


@dataclass
class Site:
    """A running site and what is needed to look inside it."""

    environment: dict[str, str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_until(self.is_up, f"the site answers; its log:\n{self.log.read_text()}")

    def is_up(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()
        return answers("127.0.0.1", self.port) and self.part("celery") is not None

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def part(self, name: str) -> int | None:
        """The process the supervisor started whose command holds `name`."""
        assert self.process is not None
        return next((pid for pid in children(self.process.pid) if name in command_line(pid)), None)

    def kill(self, name: str, *, with_its_children: bool) -> None:
        """SIGKILL a part of the site, as the kernel does when memory is short."""
        parent = wait_until(lambda: self.part(name), f"there is a {name} to kill")
        for pid in [*(children(parent) if with_its_children else []), parent]:
            os.kill(pid, signal.SIGKILL)

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """A part of the site stopped for the while, so that nothing it would do is missed."""
        parent = wait_until(lambda: self.part(name), f"there is a {name} to hold")
        pids = [parent, *children(parent)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def queue_run_unseen(self) -> int:
        """One waiting run, the worker only now free to take it."""
        with self.held("celery"):
            [run] = self.queue_runs(1)
        return run

    def queue_runs(self, count: int) -> list[int]:
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", QUEUE.format(count=count)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows straight from the database, past Django."""
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def _connect(self) -> Any:
        if "DATABASE_URL" in self.environment:
            return psycopg.connect(self.environment["DATABASE_URL"].replace("postgres://", "postgresql://"))
        import sqlite3

        return sqlite3.connect(Path(self.environment["UPLIFT_HOME"]) / "uplift.sqlite3", timeout=20)

    def states(self) -> dict[int, str]:
        return dict(self.ask("SELECT id, state FROM evaluations_analysisrun"))

    def attempts(self, run: int) -> int:
        return self.ask(f"SELECT attempt FROM evaluations_analysisrun WHERE id = {run}")[0][0]

    def endings(self, run: int) -> int:
        """How often the run was recorded as ended."""
        ended = f"verb = 'run_ended' AND subject_id = '{run}'"
        return self.ask(f"SELECT count(*) FROM evaluations_auditevent WHERE {ended}")[0][0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def live_site(home: Path) -> Iterator[Site]:
    """A site in the mode the suite runs in: embedded, or on a database and a Redis of its own."""
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "UPLIFT_HOME": str(home), "PORT": str(port)}
    environment |= {"RUN_LEASE_S": str(LEASE_S), "PYTHONPATH": str(ROOT)}
    with server_engines(environment) if not settings.EMBEDDED else _nothing():
        site = Site(environment, port, home / "serve.log")
        try:
            site.start()
            yield site
        finally:
            if site.process is not None and site.process.poll() is None:
                site.stop()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def server_engines(environment: dict[str, str]) -> Iterator[None]:
    """Add a database made for this site, and a Redis database emptied for it, to the environment."""
    stated = settings.DATABASES["default"]
    server = {"host": stated["HOST"], "port": stated["PORT"], "user": stated["USER"], "password": stated["PASSWORD"]}
    name = f"uplift_chaos_{os.getpid()}"
    login = f"{server['user']}:{server['password']}@{server['host']}:{server['port']}"
    redis_url = urlsplit(settings.REDIS_URL)._replace(path="/13").geturl()
    environment |= {"DATABASE_URL": f"postgres://{login}/{name}", "REDIS_URL": redis_url}
    environment |= {"SECRET_KEY": settings.SECRET_KEY, "SECURE_SSL_REDIRECT": "false", "LOG_LEVEL": "WARNING"}
    with psycopg.connect(**{k: v for k, v in server.items() if v}, dbname="postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
        with redis.from_url(redis_url) as broker:
            broker.flushdb()
        yield
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

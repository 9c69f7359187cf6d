"""Start the site, its worker and its sweeper on this machine, and keep them up."""

import io
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from evaluations.runs.supervisor import Service, Supervisor, answers

WEB_PROCESSES = 2
WEB_THREADS = 4


class Command(BaseCommand):
    help = "Prepare the database, then run the web server, a worker and the sweeper until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = settings.HOST, settings.PORT
        self._check_port(host, port)
        self._prepare()
        sign_ins = self._sign_ins()
        supervisor = Supervisor(services(host, port), say=self._say)

        def on_ready() -> None:
            self._say(f"\nUplift is running at http://{host}:{port}/ (Ctrl-C ends it)")
            if sign_ins:
                self._say(sign_ins)

        sys.exit(supervisor.run(is_ready=lambda: answers(host, port), on_ready=on_ready))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _check_port(self, host: str, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port: make run PORT={port + 1}"
                ) from error

    def _prepare(self) -> None:
        """Bring the database up to date and load the starter catalogue."""
        self._say("Preparing the database ...")
        call_command("migrate", verbosity=0, interactive=False)
        for name in ("load_catalogue",):
            if name in get_commands():
                call_command(name, verbosity=0, stdout=io.StringIO())

    def _sign_ins(self) -> str:
        """What to print of the demonstration accounts, which only the embedded mode has."""
        if not settings.EMBEDDED or "create_demo_accounts" not in get_commands():
            return ""
        said = io.StringIO()
        call_command("create_demo_accounts", stdout=said)
        return said.getvalue().rstrip()


def services(host: str, port: int) -> list[Service]:
    """The three processes of a site on one machine."""
    root = str(Path(settings.BASE_DIR))
    web = (
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application", "--chdir", root),
        *("--bind", f"{host}:{port}", "--worker-class", "gthread"),
        *("--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)),
        *("--timeout", "120", "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket"),
    )
    worker = (
        *(sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet"),
        *("--workdir", root, "-A", "config", "worker", "--pool", "prefork"),
        *("--concurrency", str(settings.WORKER_PROCESSES), "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
    sweeper = (sys.executable, str(Path(root) / "manage.py"), "sweep")
    return [Service("web server", web), Service("worker", worker), Service("sweeper", sweeper)]

"""Pick up, every few seconds, what a lost worker left behind."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from evaluations.datasets.actions import sweep_datasets
from evaluations.runs.actions import sweep
from evaluations.runs.block_actions import sweep_blocks
from evaluations.saved.actions.digests import ring_for_digests
from evaluations.sharing.actions import lift_embargoes, send_letters, tell_retention_near

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = (
        "Requeue runs and checks of files whose worker was lost, ring again for those that nobody took, and delete "
        "rows whose retention date has come, end embargoes, send the letters and ring for the news that are due. "
        "One of these is enough."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, default=5.0, help="seconds between sweeps")
        parser.add_argument("--once", action="store_true", help="sweep once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            _sweep_all()
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(options["every"]):
            sweep_and_go_on()


def sweep_and_go_on() -> None:
    """Sweep; a database that is away or busy is logged, and tried again at the next turn."""
    close_old_connections()
    try:
        _sweep_all()
    except DatabaseError as error:
        log.warning("sweep_failed", error=str(error))
    finally:
        close_old_connections()


def _sweep_all() -> None:
    sweep()
    sweep_blocks()
    sweep_datasets()
    lift_embargoes()
    tell_retention_near()
    send_letters()
    ring_for_digests()

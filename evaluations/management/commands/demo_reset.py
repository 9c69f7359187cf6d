"""Throw away the local data of the embedded mode."""

import shutil
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluations.runs.supervisor import answers

KEPT_BY_UPLIFT = ("uplift.sqlite3", "uplift.sqlite3-wal", "uplift.sqlite3-shm", "files", "broker", "mail", "secret_key")


class Command(BaseCommand):
    help = "Delete the embedded mode's database, files and queue. The next `make run` starts afresh."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("This deletes the embedded mode's data only, and DATABASE_URL is set.")
        if answers(settings.HOST, settings.PORT):
            raise CommandError(f"The site is running on port {settings.PORT}. End it first.")
        present = [settings.HOME / name for name in KEPT_BY_UPLIFT if (settings.HOME / name).exists()]
        if not present:
            self.stdout.write(f"There is nothing to delete in {settings.HOME}.")
            return
        if not options["yes"] and input(f"Delete all evaluations, data and sign-ins in {settings.HOME}? [y/N] ") != "y":
            self.stdout.write("Nothing was deleted.")
            return
        for path in present:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self.stdout.write(f"Deleted the data in {settings.HOME}.")

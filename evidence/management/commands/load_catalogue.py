"""Load the starter catalogue, or another folder of catalogue files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import evidence.catalogue
from evidence.catalogue.issues import CatalogueRefused
from evidence.estimates.starter.store import load_starter

STARTER = Path(evidence.catalogue.__file__).parent / "starter"


class Command(BaseCommand):
    help = "Load the starter catalogue: what is not there yet is added; what is there is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=STARTER, help="a folder of catalogue files")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = load_starter(options["folder"])
        except CatalogueRefused as refused:
            for issue in refused.issues:
                self.stderr.write(f"{issue.where}: {issue.message} {issue.hint}".strip())
            raise CommandError(f"Nothing was loaded: {len(refused.issues)} problems in the files.") from refused
        if options["verbosity"]:
            for name, (added, there) in counts.items():
                self.stdout.write(f"{name}: {added} added, {there} already there")

"""Load where postcodes are."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluations.datasets.gazetteer_files import read_places
from evaluations.datasets.place_store import store_places
from evaluations.stats.issues import BadInput

WORDS = {"postcode": "postcodes", "district": "postcode districts", "small_area": "small areas"}


class Command(BaseCommand):
    help = (
        "Load where postcodes are from the ONS Postcode Directory or Code-Point Open (the archive, its folder or its"
        " CSV), with their districts and, where the file has them, small areas. What was loaded before is replaced."
    )
    needed = "postcode"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="an archive, a folder or a CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            places = read_places(options["file"])
        except BadInput as wrong:
            raise CommandError(" ".join(f"{issue.message} {issue.hint}" for issue in wrong.issues)) from wrong
        if not len(places.of(self.needed)):
            found = [WORDS[kind] for kind in WORDS if len(places.of(kind))]
            raise CommandError(f"The file holds {' and '.join(found)}, not {WORDS[self.needed]}: nothing was loaded.")
        for kind, count in store_places(places).items():
            self.stdout.write(f"{count:,} {WORDS[kind]} loaded")

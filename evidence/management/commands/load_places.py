"""Load names and codes of places, their history, or their boundaries from published files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from evidence.catalogue.signals import tell_changed
from evidence.places.actions import PlacesPublication, load_places
from evidence.places.readers import PlacesRefused, read_places
from evidence.series.actions import file_hash

ONS = PlacesPublication(
    "Office for National Statistics, Open Geography Portal",
    "Source: Office for National Statistics licensed under the Open Government Licence v3.0. "
    "Contains OS data, Crown copyright and database right.",
    "Open Government Licence v3.0",
    "https://geoportal.statistics.gov.uk/",
)


class Command(BaseCommand):
    help = (
        "Load places from files of the ONS Open Geography Portal: names and codes of authorities, regions, nations and"
        " combined authorities or lookups between them (CSV), changes from the Code History Database (CSV), or"
        " boundaries (GeoJSON in degrees, simplified on load). The shape is told by the columns. A file with any"
        " problem changes nothing; one that was loaded before changes nothing either."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", help="CSV or GeoJSON; names before changes and boundaries")
        parser.add_argument("--source", default=ONS.source_name, help="whose file it is")
        parser.add_argument("--credit", default=ONS.credit, help="the credit to give wherever it shows")
        parser.add_argument("--licence", default=ONS.licence, help="the licence it is under")
        parser.add_argument("--url", default=ONS.source_url, help="where it was published")

    def handle(self, *args: Any, **options: Any) -> None:
        publication = PlacesPublication(options["source"], options["credit"], options["licence"], options["url"])
        for path in options["files"]:
            self._load(path, publication)

    def _load(self, path: Path, publication: PlacesPublication) -> None:
        try:
            found = read_places(path)
        except PlacesRefused as refused:
            for problem in refused.problems:
                self.stderr.write(f"{path.name}, {problem}")
            raise CommandError(f"{path.name}: nothing was loaded, {len(refused.problems)} problems.") from refused
        with transaction.atomic():
            loaded = load_places(found=found, publication=publication, file_sha256=file_hash(path))
            if loaded.counts:
                tell_changed(None)
        told = "; ".join(f"{number:,} {what}" for what, number in loaded.counts.items())
        self.stdout.write(f"{path.name} ({found.shape}): {told or 'this file was loaded before: nothing changed'}")

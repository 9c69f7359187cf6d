"""Load official statistics by area and year as credited, versioned series."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from evidence.catalogue.models import Outcome
from evidence.series.actions import Publication, file_hash, load_series
from evidence.series.readers import SHAPES, Plain, UnreadableSeries, read_series

KNOWN_PUBLISHERS = {
    "ees": Publication(
        "Department for Education, explore education statistics",
        "Department for Education. Contains public sector information licensed under the Open Government Licence v3.0.",
        "Open Government Licence v3.0",
        "https://explore-education-statistics.service.gov.uk/",
    ),
    "lait": Publication(
        "Department for Education, Local Authority Interactive Tool",
        "Department for Education. Contains public sector information licensed under the Open Government Licence v3.0.",
        "Open Government Licence v3.0",
        "https://www.gov.uk/government/publications/local-authority-interactive-tool-lait",
    ),
    "els": Publication(
        "Office for National Statistics, Explore Local Statistics",
        "Source: Office for National Statistics licensed under the Open Government Licence v3.0.",
        "Open Government Licence v3.0",
        "https://www.ons.gov.uk/explore-local-statistics/",
    ),
}


class Command(BaseCommand):
    help = "Load a published file of figures by area and year. Loading the same file twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV (also gzipped) or Parquet")
        parser.add_argument("--shape", choices=["auto", *SHAPES, "plain"], default="auto")
        parser.add_argument("--area", default="", help="plain: the column of official area codes")
        parser.add_argument("--period", default="", help="plain: the column of periods")
        parser.add_argument("--values", default="", help="plain: the columns of values, with commas between")
        parser.add_argument("--by", default="", help="plain: columns that break the figures down, with commas between")
        parser.add_argument("--area-name", default="", help="plain: the column of areas' names")
        parser.add_argument("--source", default="", help="whose figures they are")
        parser.add_argument("--credit", default="", help="the credit to give wherever they show")
        parser.add_argument("--licence", default="", help="the licence they are under")
        parser.add_argument("--url", default="", help="where they were published")
        parser.add_argument(
            "--outcome", default="", help="the catalogue's outcome (its slug) that all the series measure"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            reading = read_series(path, shape=options["shape"], plain=_plain(options))
        except UnreadableSeries as error:
            _stop(str(error))
        except OSError as error:
            _stop(f"The file {path} cannot be read: {error.strerror}.")
        loaded = load_series(
            found=reading.series,
            publication=_publication(options, reading.shape),
            file_sha256=file_hash(path),
            outcome=_outcome(options["outcome"]),
        )
        self.stdout.write(f"{loaded.added} series loaded, {loaded.unchanged} there already.")
        if loaded.unmatched:
            self.stdout.write(f"Codes that are no known place, left out: {', '.join(loaded.unmatched)}.")


def _plain(options: dict[str, Any]) -> Plain | None:
    if not options["area"]:
        return None
    values, by = (tuple(part.strip() for part in options[name].split(",") if part.strip()) for name in ("values", "by"))
    return Plain(options["area"], options["period"], values, by, options["area_name"])


def _outcome(slug: str) -> Outcome | None:
    if not slug:
        return None
    outcome = Outcome.objects.filter(slug=slug).first()
    return outcome or _stop(f"The catalogue has no outcome called {slug}.")


def _publication(options: dict[str, Any], shape: str) -> Publication:
    """Who published the figures: as said, else as the shape of the file tells."""
    known = KNOWN_PUBLISHERS.get(shape.removesuffix("_tool"))
    parts = [options["source"], options["credit"], options["licence"], options["url"]]
    if known is not None:
        own = (known.source_name, known.credit, known.licence, known.source_url)
        parts = [said or told for said, told in zip(parts, own, strict=True)]
    if not all(parts[:3]):
        _stop("Say whose figures they are, the credit to give and the licence: --source, --credit and --licence.")
    return Publication(*parts)


def _stop(message: str) -> NoReturn:
    sys.stderr.write(json.dumps({"message": message, "issues": [{"code": "series", "message": message}]}) + "\n")
    sys.exit(2)

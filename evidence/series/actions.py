"""Keeps official series: each file a version, each area followed through its codes."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from evidence.catalogue.models import Outcome
from evidence.places.matching import Gazetteer, gazetteer, match_place
from evidence.places.models import Place
from evidence.series.models import OfficialSeries, SeriesPlace
from evidence.series.periods import in_time_order
from evidence.series.readers import ReadSeries


@dataclass(frozen=True)
class Publication:
    """Whose figures they are, and on what terms they may be shown."""

    source_name: str
    credit: str
    licence: str
    source_url: str = ""


@dataclass(frozen=True)
class Loaded:
    """What one load did."""

    added: int
    unchanged: int
    unmatched: tuple[str, ...]


@transaction.atomic
def load_series(
    *,
    found: Iterable[ReadSeries],
    publication: Publication,
    file_sha256: str,
    outcome: Outcome | None = None,
) -> Loaded:
    """Keep each series as the current version of its key. A file that was loaded before changes nothing."""
    known, places = gazetteer(), {place.code: place for place in Place.objects.all()}
    measured = _outcomes_measured()
    added = unchanged = 0
    unmatched: set[str] = set()
    for read in found:
        key = f"{publication.source_name}: {read.key}"[:200]
        if OfficialSeries.objects.filter(key=key, file_sha256=file_sha256).exists():
            unchanged += 1
            continue
        series = _new_version(key, read, publication, file_sha256, outcome or measured.get(read.measure))
        rows, strangers = _places_of(read, known, places)
        series.unmatched, series.n_places = sorted(strangers), len(rows)
        series.periods = in_time_order({period for row in rows for period in row.periods})
        for row in rows:
            row.series = series
        series.save()
        SeriesPlace.objects.bulk_create(rows, batch_size=500)
        unmatched |= strangers
        added += 1
    return Loaded(added, unchanged, tuple(sorted(unmatched)))


def _outcomes_measured() -> dict[str, Outcome]:
    """The catalogue's outcomes by what published files call them."""
    outcomes = {outcome.code: outcome for outcome in Outcome.objects.all()}
    with (Path(__file__).parent / "outcomes_measured.csv").open(newline="", encoding="utf-8") as file:
        return {row["measure"]: outcomes[row["outcome"]] for row in csv.DictReader(file) if row["outcome"] in outcomes}


def _new_version(
    key: str, read: ReadSeries, publication: Publication, file_sha256: str, outcome: Outcome | None
) -> OfficialSeries:
    earlier = OfficialSeries.objects.filter(key=key)
    latest = earlier.aggregate(latest=Max("version"))["latest"] or 0
    before = earlier.filter(is_current=True).first()
    earlier.filter(is_current=True).update(is_current=False)
    outcome = outcome or (before.outcome if before else None)
    return OfficialSeries(
        key=key,
        version=latest + 1,
        name=read.name[:250],
        breakdown=read.breakdown[:200],
        unit=read.unit[:100],
        outcome=outcome,
        source_name=publication.source_name,
        source_url=publication.source_url,
        credit=publication.credit,
        licence=publication.licence,
        file_sha256=file_sha256,
        missing=read.missing,
    )


def _places_of(read: ReadSeries, known: Gazetteer, places: Mapping[str, Place]) -> tuple[list[SeriesPlace], set[str]]:
    """One row for each area, under one code throughout its life; and the codes that are no known place."""
    figures: dict[str, dict[str, float | None]] = {}
    about: dict[str, tuple[str, bool, str]] = {}
    strangers: set[str] = set()
    for code, values in read.values.items():
        match = match_place(code, known)
        if match.how in ("close", "none"):
            strangers.add(code)
            continue
        own = match.code or code
        merged = figures.setdefault(own, {})
        merged.update({period: value for period, value in values.items() if value is not None or period not in merged})
        about[own] = (match.name or read.names[code], match.is_place, match.note)
    rows = []
    for code, values in figures.items():
        name, is_authority, note = about[code]
        periods = in_time_order(values)
        rows.append(
            SeriesPlace(
                code=code,
                name=name[:150],
                place=places.get(code),
                is_authority=is_authority,
                note=note[:200],
                periods=periods,
                values=[values[period] for period in periods],
            )
        )
    return rows, strangers


def file_hash(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

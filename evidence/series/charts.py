"""Official series drawn: a place beside its nation, with the dates of what was tried there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from evidence.catalogue.models import Intervention, Outcome
from evidence.catalogue.queries import interventions_visible_to
from evidence.drawing.figures import Figure
from evidence.drawing.trends import Mark, Series, Trend, trend_figure
from evidence.places.models import Place, PlaceKind
from evidence.places.queries import places_around, places_within
from evidence.series.breaks import breaks_in, in_words, spans_of
from evidence.series.models import OfficialSeries, SeriesPlace
from evidence.series.periods import every_year, year_of
from evidence.series.queries import series_known, series_of_place

NATIONS = ("E92000001", "W92000004", "S92000003", "N92000002")
MOST_CHARTS = 3
MOST_MARKED = 6
"""Programmes marked on the chart of a place."""
WIDE_KINDS = (PlaceKind.COUNTRY, PlaceKind.NATION)


@dataclass(frozen=True)
class Drawn:
    """One series drawn, with what is marked on it and what breaks it, in words."""

    series: OfficialSeries
    figure: Figure
    marked: tuple[str, ...]
    breaks: tuple[str, ...]


def of_place(viewer: Any, place: Place, *, chosen: str = "") -> tuple[Drawn | None, list[OfficialSeries]]:
    """The chosen series for a place beside its nation's, and every series there is for it."""
    rows = list(series_of_place(viewer, code=place.code).order_by("series__name", "series__breakdown"))
    if not rows:
        return None, []
    known = [row.series for row in rows]
    asked = next((row for row in rows if str(row.series_id) == chosen), None)
    row = asked or next((row for row in rows if row.series.outcome_id), rows[0])
    lines = [_line(place.name, row, row.series)]
    if place.code not in NATIONS:
        lines.append(_nation_line(row.series, place.code))
    return _drawn(row.series, lines, marks=_programmes(viewer, place, row.series)), known


def of_outcome(viewer: Any, outcome: Outcome) -> list[Drawn]:
    """The nations' figures in each series that measures the outcome, a few at most."""
    drawn = []
    for series in series_known(viewer).filter(outcome=outcome)[:MOST_CHARTS]:
        rows = list(series.places.filter(code__in=NATIONS))
        lines = [_line(row.name, row, series) for row in rows] or [_mean_line(series)]
        drawn.append(_drawn(series, lines))
    return drawn


def of_intervention(viewer: Any, intervention: Intervention, outcomes: Sequence[Outcome]) -> list[Drawn]:
    """The mean of the intervention's places beside their nation, in series of its outcomes, with its first year."""
    codes = [place.code for place in intervention.places.all()]
    if not codes or not outcomes:
        return []
    drawn = []
    within = Q(places__code__in=codes)
    for code in NATIONS:
        if code in codes:
            within |= Q(places__is_authority=True, places__code__startswith=code[0])
    for series in series_known(viewer).filter(within, outcome__in=outcomes).distinct()[:MOST_CHARTS]:
        rows = list(series.places.filter(code__in=codes))
        several = f"Where it runs, mean of {len(rows)} places"
        lines = [_mean_of(several if len(rows) > 1 else rows[0].name, rows, series)] if rows else []
        if not {row.code for row in rows} & set(NATIONS):
            lines.append(_nation_line(series, rows[0].code if rows else ""))
        drawn.append(_drawn(series, lines, marks=_begins_and_ends(intervention, series)))
    return drawn


def _programmes(viewer: Any, place: Place, series: OfficialSeries) -> list[Mark]:
    """When the latest programmes of a place, or of the parts and the region it belongs to, began and ended."""
    wide = Place.objects.filter(kind__in=WIDE_KINDS).exclude(pk=place.pk).values("pk")
    keys = [*places_around(place), *places_within(place)]
    found = interventions_visible_to(viewer).filter(places__in=keys, start_year__isnull=False).distinct()
    local = found.exclude(places__in=wide) if place.kind not in WIDE_KINDS else found
    marked = [
        (each, marks) for each in local.order_by("-start_year", "name") if (marks := _begins_and_ends(each, series))
    ]
    return [
        Mark(mark.position, str(number), f"{each.name} {mark.label[0].lower()}{mark.label[1:]}")
        for number, (each, marks) in enumerate(reversed(marked[:MOST_MARKED]), start=1)
        for mark in marks
    ]


def _begins_and_ends(intervention: Intervention, series: OfficialSeries) -> list[Mark]:
    """The marks of an intervention's first year and of the year after its last, where the series shows both sides."""
    first, last = intervention.start_year, intervention.end_year
    begins, ends = _position(series, first), _position(series, None if last is None else last + 1)
    placed = ((begins, f"Begins {first}"), (ends, f"Ends {last}"))
    return [Mark(position, label) for position, label in placed if position is not None]


def _position(series: OfficialSeries, year: int | None) -> int | None:
    """The first period that starts in `year` or later; null where none does, or none lies before it."""
    if year is None:
        return None
    later = [place for place, label in enumerate(every_year(series.periods)) if (year_of(label) or 0) >= year]
    return later[0] if later and later[0] > 0 else None


def _nation_line(series: OfficialSeries, code: str) -> Series:
    """The nation of the place with this code; where the series has no nations, the mean of its authorities."""
    nation = next((each for each in NATIONS if each[0] == code[:1]), NATIONS[0])
    row = series.places.filter(code=nation).first()
    return _mean_line(series) if row is None else _line(row.name, row, series)


def _line(label: str, row: SeriesPlace, series: OfficialSeries) -> Series:
    return _mean_of(label, [row], series)


def _mean_line(series: OfficialSeries) -> Series:
    return _mean_of("Mean of authorities, each counted once", list(series.places.filter(is_authority=True)), series)


def _mean_of(label: str, rows: Sequence[SeriesPlace], series: OfficialSeries) -> Series:
    """The mean over places in each period in which all but a tenth of them have a figure."""
    tables = [dict(zip(row.periods, row.values, strict=True)) for row in rows]
    values: list[float | None] = []
    for period in every_year(series.periods):
        known = [table[period] for table in tables if table.get(period) is not None]
        values.append(sum(known) / len(known) if known and len(known) >= 0.9 * len(tables) else None)
    return Series(label, tuple(values))


def _drawn(series: OfficialSeries, lines: Sequence[Series], *, marks: Sequence[Mark] = ()) -> Drawn:
    periods, breaks = tuple(every_year(series.periods)), breaks_in(series)
    source = f"{series.source_name}. {series.credit}"
    figure = trend_figure(
        Trend(tuple(lines), periods, tuple(marks), spans_of(breaks, periods)),
        title=str(series),
        measure=series.unit or series.name,
        note=series.credit if series.credit.startswith("Source: ") else f"Source: {source}",
        ident=f"series-{series.pk}",
    )
    told: dict[str, list[str]] = {}
    for mark in marks:
        if mark.words:
            told.setdefault(mark.label, []).append(mark.words)
    return Drawn(
        series,
        figure,
        tuple(f"{label}: {'; '.join(words)}" for label, words in told.items()),
        tuple(in_words(each) for each in breaks),
    )

"""Official series drawn: a place beside its nation, with the dates of what was tried there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evidence.catalogue.models import Intervention, Outcome
from evidence.drawing.curves import Series, trend_figure
from evidence.drawing.figures import Figure
from evidence.places.models import Place
from evidence.series.models import OfficialSeries, SeriesPlace
from evidence.series.periods import year_of
from evidence.series.queries import series_known, series_of_place

NATIONS = ("E92000001", "W92000004", "S92000003", "N92000002")
MOST_CHARTS = 3


@dataclass(frozen=True)
class Drawn:
    """One series drawn, with whose figures it shows and what breaks it."""

    series: OfficialSeries
    figure: Figure
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
    if place.code not in NATIONS and (nation := _nation(row.series, place)):
        lines.append(_line(nation.name, nation, row.series))
    return _drawn(row.series, lines), known


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
    for series in series_known(viewer).filter(outcome__in=outcomes, places__code__in=codes).distinct()[:MOST_CHARTS]:
        rows = list(series.places.filter(code__in=codes))
        lines = [_mean_of("Where it runs" if len(rows) > 1 else rows[0].name, rows, series)]
        nation = series.places.filter(code__in=NATIONS).order_by("code").first()
        if nation is not None and nation.code not in codes:
            lines.append(_line(nation.name, nation, series))
        drawn.append(_drawn(series, lines, start=_position(series, intervention.start_year)))
    return drawn


def _position(series: OfficialSeries, year: int | None) -> int | None:
    """The first period that starts in `year` or later; null where none does, or none lies before it."""
    if year is None:
        return None
    later = [place for place, label in enumerate(series.periods) if (year_of(label) or 0) >= year]
    return later[0] if later and later[0] > 0 else None


def _nation(series: OfficialSeries, place: Place) -> SeriesPlace | None:
    code = next((code for code in NATIONS if code[0] == place.code[0]), "")
    return series.places.filter(code=code).first()


def _line(label: str, row: SeriesPlace, series: OfficialSeries) -> Series:
    return _mean_of(label, [row], series)


def _mean_line(series: OfficialSeries) -> Series:
    return _mean_of("Mean of authorities, each counted once", list(series.places.filter(is_authority=True)), series)


def _mean_of(label: str, rows: Sequence[SeriesPlace], series: OfficialSeries) -> Series:
    """The mean over places in each period in which all but a tenth of them have a figure."""
    tables = [dict(zip(row.periods, row.values, strict=True)) for row in rows]
    values: list[float | None] = []
    for period in series.periods:
        known = [table[period] for table in tables if table.get(period) is not None]
        values.append(sum(known) / len(known) if known and len(known) >= 0.9 * len(tables) else None)
    return Series(label, tuple(values))


def _drawn(series: OfficialSeries, lines: Sequence[Series], *, start: int | None = None) -> Drawn:
    note = f"Source: {series.source_name}. {series.credit}"
    figure = trend_figure(
        lines,
        periods=[str(period) for period in series.periods],
        title=str(series),
        measure=series.unit or series.name,
        start=start,
        note=note,
        ident=f"series-{series.pk}",
    )
    outcome = series.outcome
    breaks = outcome.series_breaks.all() if outcome is not None else []
    years = [year for label in series.periods if (year := year_of(label)) is not None]
    inside = [each for each in breaks if years and min(years) <= each.to_year and each.from_year <= max(years)]
    return Drawn(series, figure, tuple(f"{each.from_year} to {each.to_year}: {each.text}" for each in inside))

"""Where an official series breaks, by the catalogue's record of its outcome."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.catalogue.models import SeriesBreak
from evidence.series.models import OfficialSeries
from evidence.series.periods import ending_year

GAP = 0.12
"""Half the width, in periods, of a break that falls between two periods."""


def breaks_in(series: OfficialSeries) -> list[SeriesBreak]:
    """The breaks of the series' outcome that lie within its periods, the earliest first."""
    if series.outcome is None:
        return []
    years = [year for label in series.periods if (year := ending_year(label)) is not None]
    found = [each for each in series.outcome.series_breaks.all() if years and min(years) <= each.to_year]
    return sorted((each for each in found if each.from_year <= max(years)), key=lambda each: each.from_year)


def spans_of(breaks: Sequence[SeriesBreak], periods: Sequence[str]) -> tuple[tuple[float, float], ...]:
    """The edges of each break, as positions of periods; narrow where it falls between two of them."""
    years = [ending_year(label) for label in periods]
    spans = []
    for each in breaks:
        inside = [place for place, year in enumerate(years) if year and each.from_year <= year <= each.to_year]
        after = [place for place, year in enumerate(years) if year and year > each.to_year]
        if inside:
            spans.append((inside[0] - 0.5, inside[-1] + 0.5))
        elif after:
            spans.append((after[0] - 0.5 - GAP, after[0] - 0.5 + GAP))
    return tuple(spans)


def in_words(each: SeriesBreak) -> str:
    """The break as a line: its years, and what changed."""
    years = str(each.from_year) if each.from_year == each.to_year else f"{each.from_year} to {each.to_year}"
    return f"{years}: {each.text}"

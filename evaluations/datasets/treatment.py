"""Treatment stated by ticking, by lines, from a second table or from the catalogue: what the page posts, as starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from evaluations.datasets.building import (
    LIKELY_PERIODS,
    LIKELY_UNITS,
    Treated,
    axis_of,
    likely_column,
    starts_from_lines,
    starts_from_table,
    units_of,
    with_treatment,
)
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.picking import Option
from evaluations.datasets.queries import whole_table
from evaluations.stats.issues import BadInput, Issue
from evidence.drawing.figures import Figure
from evidence.drawing.timing import CohortTiming, timing_figure

MOST_UNITS = 20_000
"""Units above which ticking is not offered."""
WAYS = {
    "tick": "Tick the units that were treated",
    "lines": "Paste a list of units and starts",
    "dataset": "Take units and starts from another file of this evaluation",
    "catalogue": "Take them from the catalogue's record of the intervention",
}
LIKELY_STARTS = (
    "first_treated", "opened", "start", "started", "start_year", "start date", "start_date", "opened_on",
    "opening date", "treated from", "year", "date",
)  # fmt: skip


@dataclass(frozen=True)
class Stated:
    """What a person has stated of treatment so far."""

    unit: str
    period: str
    way: str
    default_start: str
    ticked: tuple[str, ...]
    own_starts: Mapping[str, str]
    lines: str
    other: str


def stated_from(data: Mapping[str, Any], names: list[str]) -> Stated:
    """What was posted or asked for, the rest guessed from the columns' names."""
    getlist: Callable[[str], list[str]] = getattr(data, "getlist", lambda name: [])
    unit, period = str(data.get("unit", "")), str(data.get("period", ""))
    units = getlist("unit_name")
    return Stated(
        unit=unit if unit in names else likely_column(names, LIKELY_UNITS) or names[0],
        period=period if period in names else likely_column(names, LIKELY_PERIODS) or names[-1],
        way=str(data.get("way", "tick")) if data.get("way") in WAYS else "tick",
        default_start=str(data.get("default_start", "")).strip(),
        ticked=tuple(dict.fromkeys(getlist("treated"))),
        own_starts=dict(zip(units, (str(start).strip() for start in getlist("start")), strict=False)),
        lines=str(data.get("lines", "")),
        other=str(data.get("other", "")),
    )


def treated_table(dataset: Dataset, data: pa.Table, stated: Stated) -> Treated:
    """The dataset's table with the treatment that was stated. Raises `BadInput` with every problem."""
    return with_treatment(data, unit=stated.unit, period=stated.period, starts=starts_of(dataset, stated))


def starts_of(dataset: Dataset, stated: Stated) -> dict[str, str]:
    """Units and their starts, by the way that was chosen. Raises `BadInput` with every problem."""
    if stated.way == "lines":
        return starts_from_lines(stated.lines)
    if stated.way == "dataset":
        return _from_dataset(dataset, stated.other)
    if stated.way == "catalogue":
        return catalogue_starts(dataset)
    starts = {unit: stated.own_starts.get(unit) or stated.default_start for unit in stated.ticked}
    without = [unit for unit, start in starts.items() if not start]
    if without:
        listed = ", ".join(without[:5]) + (" ..." if len(without) > 5 else "")
        what = f"{len(without)} ticked unit{'s have' if len(without) > 1 else ' has'} no start: {listed}."
        raise BadInput([Issue("start_missing", what, "Choose the period for all, or write one beside each.")])
    return starts


def _from_dataset(dataset: Dataset, other: str) -> dict[str, str]:
    source = other_datasets(dataset).filter(pk=int(other)).first() if other.isdigit() else None
    if source is None:
        raise BadInput([Issue("dataset_missing", "No other file was chosen.", "Choose the file that has the starts.")])
    data = whole_table(source)
    unit = likely_column(data.column_names, LIKELY_UNITS)
    start = likely_column([name for name in data.column_names if name != unit], LIKELY_STARTS)
    if unit is None or start is None:
        what = f"{source} has no column of units, or none of starts, that can be told by its name."
        raise BadInput([Issue("column_missing", what, "Call them area and start.")])
    return starts_from_table(data, unit=unit, start=start)


def other_datasets(dataset: Dataset) -> Any:
    """The other files of the evaluation that could hold starts."""
    return Dataset.objects.filter(evaluation=dataset.evaluation_id, state=DatasetState.READY).exclude(pk=dataset.pk)


def catalogue_starts(dataset: Dataset) -> dict[str, str]:
    """The places where the intervention ran and the year it began, as the catalogue records them."""
    intervention = dataset.evaluation.intervention
    year = intervention.start_year if intervention else None
    places = list(intervention.places.all()) if intervention else []
    if intervention is None or year is None or not places:
        what = "The catalogue does not record in which places the intervention began, and when."
        raise BadInput([Issue("catalogue_silent", what, "Tick the units, or paste a list.")])
    return {place.name: str(year) for place in places}


def units_to_tick(data: pa.Table, stated: Stated) -> list[Option]:
    """The units that may be ticked; none where there are too many."""
    units = units_of(data, stated.unit)
    return [Option(unit, unit) for unit in units] if len(units) <= MOST_UNITS else []


def ticked_units(stated: Stated) -> list[dict[str, Any]]:
    """The units ticked so far, each with its own start where one was written."""
    return [
        {"unit": unit, "start": stated.own_starts.get(unit, ""), "number": number}
        for number, unit in enumerate(stated.ticked, start=1)
    ]


def period_labels(data: pa.Table, stated: Stated) -> list[str]:
    """The periods that treatment may begin in."""
    return [str(label) for label in axis_of(data, stated.period).labels]


def timing_of(treated: Treated) -> Figure:
    """Who is treated when, drawn."""
    n_periods = len(treated.periods)
    cohorts = [
        CohortTiming(
            "Never treated" if cohort.position is None else f"From {cohort.period}",
            None if cohort.position is None or cohort.position >= n_periods else cohort.position,
            len(cohort.units),
        )
        for cohort in treated.cohorts
    ]
    return timing_figure(cohorts, periods=[str(label) for label in treated.periods])


def step_of(dataset: Dataset, stated: Stated) -> dict[str, Any]:
    """The step as it is recorded, so that it can be read and repeated."""
    starts = starts_of(dataset, stated)
    return {"step": "treatment", "unit": stated.unit, "period": stated.period, "starts": starts, "way": stated.way}

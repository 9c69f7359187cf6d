"""Adds to a checked table what its design needs: when each unit was first treated, places, a second table's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pyarrow as pa

from evaluations.datasets.ingest_calendar import place_of
from evaluations.datasets.ingest_columns import MISSING, coded
from evaluations.datasets.ingest_periods import TimeAxis, time_axis
from evaluations.datasets.ingest_raw import Problems
from evaluations.stats.results import Label

LIKELY_UNITS = (
    "place_code", "unit", "area_code", "la_code", "area", "la_name", "local authority", "authority", "school", "urn",
    "la", "area name", "place", "name", "id", "code",
)  # fmt: skip
LIKELY_PERIODS = ("period", "year", "academic year", "time_period", "time", "quarter", "month", "date", "wave")
FIRST_TREATED = "first_treated"


@dataclass(frozen=True)
class Cohort:
    """Units that are first treated together; a null period is never."""

    period: Label | None
    position: int | None
    units: tuple[str, ...]


@dataclass(frozen=True)
class Treated:
    """A table with the column that says when each unit was first treated, and who is in which cohort."""

    data: pa.Table
    periods: tuple[Label, ...]
    cohorts: tuple[Cohort, ...]
    notes: tuple[str, ...]


def likely_column(names: Sequence[str], likely: Sequence[str]) -> str | None:
    """The column whose name is most like one of `likely`, in that order; null where none is."""
    folded = {_fold(name): name for name in reversed(names)}
    return next((folded[_fold(each)] for each in likely if _fold(each) in folded), None)


def _fold(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def units_of(data: pa.Table, column: str) -> list[str]:
    """The units' labels as text, in order."""
    return [str(label) for label in coded(data[column], missing=("",)).labels]


def axis_of(data: pa.Table, column: str) -> TimeAxis:
    """The periods of a table in time order. Raises `BadInput` where there are none."""
    labels = coded(data[column]).labels
    if not labels:
        problems = Problems()
        problems.add("period_missing", f"The column {column} is empty.", "Choose the column of periods.", column=column)
        problems.stop_if_any()
    return time_axis(labels)


def with_treatment(
    data: pa.Table, *, unit: str, period: str, starts: Mapping[str, str], column: str = FIRST_TREATED
) -> Treated:
    """The table with `column`, the period in which each unit of `starts` was first treated; empty for all others.

    A date belongs to the period that contains it. Raises `BadInput` with every unit that is not in
    the table and every start that is not among its periods.
    """
    problems = Problems()
    axis = axis_of(data, period)
    units = coded(data[unit], missing=("",))
    names = {_fold(str(label)): code for code, label in enumerate(units.labels)}
    if column in data.column_names:
        problems.add(
            "column_there", f"The table has a column {column} already.", "Use it, or give another name.", column=column
        )
    notes: list[str] = []
    start_of = np.full(len(units.labels) + 1, MISSING, dtype=np.int64)
    begun: list[Label] = []
    for name, start in starts.items():
        code = names.get(_fold(name))
        label = _period_label(axis, start)
        if code is None:
            problems.add("unit_unknown", f"{name} is not in the column {unit}.", _near(name, units.labels))
        elif label is None:
            what = f"{name}: “{start}” is no period of the table."
            problems.add("start_unreadable", what, f"Write it as the periods are written, such as {axis.labels[0]}.")
        else:
            if str(label) != str(start).strip():
                notes.append(f"{name}: {start} lies in {label}, which counts as its first treated period.")
            begun.append(label)
            start_of[code] = len(begun) - 1
    if not starts:
        problems.add("none_treated", "No unit is treated.", "Tick the units that were treated, and say from when.")
    problems.stop_if_any()
    values = _values(begun, start_of[units.codes])
    cohorts = _cohorts(axis, units.labels, start_of[:-1], begun)
    return Treated(data.append_column(column, values), axis.labels, cohorts, tuple(notes))


def _period_label(axis: TimeAxis, start: str) -> Label | None:
    """The label of the period that `start` names or lies in; its own where it comes before or after them all."""
    text = str(start).strip()
    label: Label = int(text) if text.isdigit() else text
    key = axis.key(label)
    if key is not None:
        return axis.labels[axis.keys.index(key)] if key in axis.keys else label
    places = [place_of(axis, each) for each in axis.labels]
    place = place_of(axis, label)
    return axis.labels[places.index(place)] if place is not None and place in places else None


def _near(name: str, labels: Sequence[Label]) -> str:
    close = get_close_matches(name, [str(label) for label in labels], n=1)
    return f"Did you mean {close[0]}?" if close else "Write the unit as the table does."


def _values(begun: list[Label], which: np.ndarray) -> pa.Array:
    """Each row's start: whole numbers where all starts are, else text."""
    if all(isinstance(label, int) for label in begun):
        table = np.array([*begun, 0], dtype=np.int64)
        return pa.array(table[which], pa.int64(), mask=which == MISSING)
    texts = [str(label) for label in begun]
    return pa.array([None if index == MISSING else texts[index] for index in which], pa.string())


def _cohorts(axis: TimeAxis, units: Sequence[Label], start_of: np.ndarray, begun: list[Label]) -> tuple[Cohort, ...]:
    members: dict[Label | None, list[str]] = {}
    for label, index in zip(units, start_of, strict=True):
        members.setdefault(None if index == MISSING else begun[index], []).append(str(label))
    cohorts = [
        Cohort(label, None if label is None else axis.start(label), tuple(names)) for label, names in members.items()
    ]
    return tuple(sorted(cohorts, key=lambda cohort: (cohort.position is None, cohort.position or 0)))


def starts_from_lines(text: str) -> dict[str, str]:
    """Units and their starts from lines such as "Leeds, 2018". Raises `BadInput` for lines without a start."""
    problems = Problems()
    starts: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, mark, start = line.rpartition("\t") if "\t" in line else line.rpartition(",")
        if not mark or not name.strip() or not start.strip():
            problems.add(
                "line_unreadable", f"Line {number} has no start.", "Write a unit, a comma and its start.", row=number
            )
            continue
        starts[name.strip()] = start.strip()
    problems.stop_if_any()
    return starts


def starts_from_table(data: pa.Table, *, unit: str, start: str) -> dict[str, str]:
    """Units and their starts from a second table. Raises `BadInput` where a unit has two."""
    problems = Problems()
    starts: dict[str, str] = {}
    units, begun = coded(data[unit], missing=("",)), coded(data[start])
    for row, (code, when) in enumerate(zip(units.codes, begun.codes, strict=True)):
        if MISSING in (code, when):
            continue
        name, label = str(units.labels[code]), str(begun.labels[when])
        if starts.setdefault(name, label) != label:
            problems.add(
                "start_repeated", f"{name} has two starts: {starts[name]} and {label}.", "Keep one.", row=row + 2
            )
    problems.stop_if_any()
    return starts

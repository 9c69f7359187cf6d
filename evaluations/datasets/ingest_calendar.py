"""Where times lie on the calendar of a table: births, moves and openings before the first period too."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from evaluations.datasets.ingest_periods import PARSERS, TimeAxis
from evaluations.stats.results import Label

DATE_KINDS = ("date", "date_day_first", "date_month_first")
PERIODS_A_YEAR = {"year": 1.0, "school_year": 1.0, "quarter": 4.0, "month": 12.0, "day": 365.2425}
SCHOOL_YEAR_STARTS = 9
"""The month in which a school year starts; a date before it belongs to the year that started before."""


def step_of(axis: TimeAxis) -> str | None:
    """One step of the calendar: year, school_year, quarter, month or day; null where the labels are no dates."""
    if axis.kind == "number":
        whole = all(float(key).is_integer() and 1800 <= key <= 2200 for key in axis.keys)
        return "year" if whole else None
    if axis.kind in DATE_KINDS:
        days = [datetime.date.fromordinal(key) for key in axis.keys]
        if len({(day.month, day.day) for day in days}) == 1 and len(days) > 1:
            return "year"
        return "month" if len({day.day for day in days}) == 1 or all(_ends_month(day) for day in days) else "day"
    return {"year": "year", "academic_year": "school_year", "quarter": "quarter", "month": "month"}.get(axis.kind)


def _ends_month(day: datetime.date) -> bool:
    return (day + datetime.timedelta(days=1)).day == 1


def calendar_of(axis: TimeAxis) -> np.ndarray | None:
    """Where each period lies, shape (n_periods,), float; null where the labels are no dates."""
    step = step_of(axis)
    if step is None:
        return None
    return np.array([_place(step, axis.kind, key) for key in axis.keys], dtype=float)


def place_of(axis: TimeAxis, label: Label) -> float | None:
    """Where `label` lies on the table's calendar, in the period that contains it; null where that cannot be told.

    A date belongs to its month, quarter, year or school year. A year does not tell the month.
    """
    step = step_of(axis)
    if step is None:
        return axis.position(label)
    key = axis.key(label)
    if key is not None:
        return _place(step, axis.kind, key)
    for kind in (*DATE_KINDS[:2], "month", "quarter", "year"):
        key = PARSERS[kind](label)
        if key is not None:
            return _place(step, kind, key)
    return None


def _place(step: str, kind: str, key: Any) -> float | None:
    """A parsed time on the calendar of `step`; null where it is coarser than a step."""
    own = {"number": "year", "academic_year": "school_year"}.get(kind, kind)
    if own == step:
        return float(key)
    if kind in DATE_KINDS:
        day = datetime.date.fromordinal(key)
        return float(key) if step == "day" else _month_on(step, day.year * 12 + day.month - 1)
    if kind == "month":
        return _month_on(step, key)
    if kind == "quarter" and step == "year":
        return float(key // 4)
    return None


def _month_on(step: str, month: int) -> float | None:
    year, of_year = divmod(month, 12)
    if step == "school_year":
        return float(year if of_year + 1 >= SCHOOL_YEAR_STARTS else year - 1)
    places = {"year": float(year), "quarter": float(month // 3), "month": float(month)}
    return places.get(step)

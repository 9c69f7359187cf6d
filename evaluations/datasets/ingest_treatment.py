"""Places first treatment among the periods. Never treated is an empty cell; a code for it is asked about."""

from __future__ import annotations

import re
from bisect import bisect_left

import numpy as np

from evaluations.datasets.ingest_calendar import place_of
from evaluations.datasets.ingest_columns import MISSING
from evaluations.datasets.ingest_periods import TimeAxis
from evaluations.datasets.ingest_raw import Problems, RawTable, shown
from evaluations.stats.results import Label
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts

_NEVER_WORDS = {
    "never", "never treated", "untreated", "none", "no", "control", "comparison", "not treated", "inf", "-inf",
    "infinity", "-", "–", "0", "-1", "n/a", "nan", "never-treated", "never_treated",
}  # fmt: skip
_NEVER_DATES = re.compile(r"(9999|2999|2099|1900|1899|0001)-\d\d-\d\d.*")


def is_never_code(label: Label, axis: TimeAxis) -> bool:
    """Whether a label looks like a code for "never treated" rather than a period."""
    if not isinstance(label, int | float):
        text = str(label).strip().lower()
        return text in _NEVER_WORDS or bool(_NEVER_DATES.fullmatch(text) and label not in axis.labels)
    low, high = axis.labels[0], axis.labels[-1]
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return label <= 0 or bool(re.fullmatch(r"9{3,}", str(label)))
    if low <= label <= high or not np.isfinite(float(label)):
        return not np.isfinite(float(label))
    nines = bool(re.fullmatch(r"9{2,}", str(int(label))))
    far = label > high + 100 and label > high + 10 * (high - low + 1)
    return label in (0, -1) or (label < 0 < low) or nines or far


def check_first_treated(raw: RawTable, problems: Problems, first_treated: Coded, axis: TimeAxis, name: str) -> None:
    """Note every label that is no period: codes for "never treated", and what is written another way."""
    for code, label in enumerate(first_treated.labels):
        if is_never_code(label, axis) or axis.key(label) is None:
            _note(raw, problems, label, axis, name, np.flatnonzero(first_treated.codes == code))


def cohorts_of(first_treated: Coded, axis: TimeAxis, every: TimeAxis | None = None) -> Cohorts:
    """When each row's unit was first treated, among the periods of `axis`, and on the calendar of `every`."""
    keys = [axis.key(label) for label in first_treated.labels]
    distinct = sorted(set(keys))
    rank = np.array([distinct.index(key) for key in keys] + [MISSING], dtype=np.int32)
    labels = tuple(first_treated.labels[keys.index(key)] for key in distinct)
    starts = np.array([bisect_left(axis.keys, key) for key in keys] + [NEVER_TREATED], dtype=np.int32)
    places = np.array([place_of(every or axis, label) for label in labels], dtype=float)
    is_in_order = np.array_equal(rank[:-1], np.arange(len(keys)))
    codes = first_treated.codes if is_in_order else rank[first_treated.codes]
    return Cohorts(starts[first_treated.codes], codes, labels, places)


def _note(raw: RawTable, problems: Problems, label: Label, axis: TimeAxis, name: str, rows: np.ndarray) -> None:
    line = raw.line(int(rows[0]))
    if is_never_code(label, axis):
        problems.add(
            "never_treated_code",
            f"{name} is {label} in {len(rows):,} row{'s' * (len(rows) > 1)}, first in row {line}. It looks like a code "
            "for “never treated”.",
            f"Leave {name} empty for units that are never treated. Never treated is not a number or a word.",
            row=line,
            column=name,
        )
        return
    problems.add(
        "first_treated_unreadable",
        f"{name} is {shown(label)} in {len(rows):,} row{'s' * (len(rows) > 1)}, first in row {line}, which is not "
        f"written as the periods are ({axis.labels[0]} to {axis.labels[-1]}).",
        f"Write in {name} the first period in which the unit was treated, as it is written in the period column, and "
        "leave it empty where the unit never was.",
        row=line,
        column=name,
    )

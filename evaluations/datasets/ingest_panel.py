"""What must hold within units: one row for each period, and one value of what describes the unit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from evaluations.datasets.ingest_columns import label_of
from evaluations.datasets.ingest_raw import SHOWN_PER_KIND, Problems, RawTable
from evaluations.stats.table import Coded, is_whole


def check_repeats(raw: RawTable, problems: Problems, unit: Coded, period: Coded, within: list[Coded]) -> None:
    """Note every row whose unit and period (and group within them) an earlier row has already."""
    if is_whole(unit, period):
        return
    known = (unit.codes >= 0) & (period.codes >= 0)
    key = unit.codes.astype(np.int64) * (period.n_labels + 1) + period.codes
    if not _repeats(key, known, (unit.n_labels + 1) * (period.n_labels + 1)):
        return
    for column in within:
        key = key * (column.n_labels + 1) + column.codes + 1
    rows = np.flatnonzero(known)
    order = rows[np.argsort(key[rows], kind="stable")]
    again = order[1:][key[order][1:] == key[order][:-1]]
    again.sort()
    for row in again[:SHOWN_PER_KIND]:
        first = next(index for index in order[np.searchsorted(key[order], key[row]) :])
        line = raw.line(int(row))
        problems.add(
            "unit_period_repeated",
            f"{label_of(unit, row)} appears again in {label_of(period, row)} (first in row {raw.line(int(first))}).",
            "Keep one row for each unit and period, or say that the rows are repeated cross-sections.",
            row=line,
            column=None,
        )
    problems.count_more("unit_period_repeated", None, len(again) - SHOWN_PER_KIND)


def _repeats(key: np.ndarray, known: np.ndarray, n_keys: int) -> bool:
    if np.all(key[1:] > key[:-1]):
        return False
    key = key if known.all() else key[known]
    if n_keys <= max(64_000_000, 4 * len(key)):
        seen = np.zeros(n_keys, dtype=bool)
        seen[key] = True
        return int(np.count_nonzero(seen)) < len(key)
    key = np.sort(key)
    return bool(np.any(key[1:] == key[:-1]))


def check_constant(
    raw: RawTable, problems: Problems, unit: Coded, unit_column: str
) -> Callable[[Any, str | None, str], None]:
    """A check that a column has one value within each unit; the second row that differs is named."""
    same_unit = unit.codes[1:] == unit.codes[:-1]
    is_together = int(np.count_nonzero(~same_unit)) + 1 == unit.n_labels and bool((unit.codes >= 0).all())

    @cache
    def first_rows() -> np.ndarray:
        known = np.flatnonzero(unit.codes >= 0)
        first = np.zeros(unit.n_labels, dtype=np.int64)
        first[unit.codes[known][::-1]] = known[::-1]
        return first[unit.codes]

    def check(column: Any, name: str | None, role: str) -> None:
        values = column.codes if isinstance(column, Coded) else column
        if is_together and not (same_unit & (values[1:] != values[:-1])).any():
            return
        first_row = first_rows()
        differs = values != values[first_row]
        if values.dtype.kind == "f":
            differs &= ~(np.isnan(values) & np.isnan(values[first_row]))
        differs &= unit.codes >= 0
        if not differs.any():
            return
        rows = np.flatnonzero(differs)
        _, per_unit = np.unique(unit.codes[rows], return_index=True)
        rows = np.sort(rows[per_unit])
        for row in rows[:SHOWN_PER_KIND]:
            line, other = raw.line(int(row)), raw.line(int(first_row[row]))
            problems.add(
                f"{role}_varies",
                f"{label_of(unit, row)} has {_value(column, row)} in {name} here and "
                f"{_value(column, int(first_row[row]))} in row {other}.",
                f"Give each {unit_column} one value of {name} in all its rows.",
                row=line,
                column=name,
            )
        problems.count_more(f"{role}_varies", name, len(rows) - SHOWN_PER_KIND)

    return check


def _value(column: Any, row: int) -> str:
    if isinstance(column, Coded):
        label = label_of(column, row)
        return "nothing" if label is None else str(label)
    return "nothing" if np.isnan(column[row]) else f"{column[row]:g}"

"""Part of a table as a table of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from evaluations.stats.table import Coded, Cohorts, Table

WHOLE = (
    "rows_read", "covariate_names", "placebo_names", "precision_km", "sites", "calendar", "periods_a_year", "dropped",
    "notes",
)  # fmt: skip
"""What belongs to the table and not to its rows."""
BY_ROW = tuple(item.name for item in fields(Table) if item.name not in WHOLE)


def taken(table: Table, rows: np.ndarray) -> Table:
    """The table of `rows` (positions). Labels that no row uses any more go, but those of periods stay."""
    changed = {name: _taken(getattr(table, name), rows, keep_labels=name == "period") for name in BY_ROW}
    return replace(table, **changed)


def _taken(part: Any, rows: np.ndarray, *, keep_labels: bool) -> Any:
    if part is None:
        return None
    if isinstance(part, tuple):
        return tuple(_taken(item, rows, keep_labels=keep_labels) for item in part)
    if isinstance(part, Cohorts):
        return replace(part, starts=part.starts[rows], codes=part.codes[rows])
    if isinstance(part, Coded):
        codes = part.codes[rows]
        if keep_labels:
            return Coded(codes, part.labels)
        used, numbered = np.unique(codes, return_inverse=True)
        return Coded(numbered.astype(np.int32), tuple(part.labels[code] for code in used))
    return part[rows]

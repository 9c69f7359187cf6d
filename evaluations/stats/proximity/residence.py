"""Whether each place was true while exposure counted, and what a headline says where that is taken for granted."""

from __future__ import annotations

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.table import Table


def check_residence(table: Table, rows: np.ndarray, first: np.ndarray, last: np.ndarray) -> None:
    """Raise `NotEstimable` where exposure counted in a time for which the place of a row is not known.

    `rows` are the rows of the table whose places are used; `first` and `last` (len(rows),) bound each
    one's exposure on the calendar. A design that names neither `location_from` nor `location_to`
    assumes that places held.
    """
    outside = np.zeros(len(rows), dtype=bool)
    if table.location_from is not None:
        outside |= table.location_from[rows] > first
    if table.location_to is not None:
        outside |= table.location_to[rows] < last
    if outside.any():
        raise NotEstimable(
            "exposure_outside_residence",
            f"For {int(outside.sum()):,} rows exposure counts at a time when the place given was not yet, or no longer,"
            " theirs.",
            "Leave those rows out, give their place at that time, or assume that places held by leaving out"
            " location_from and location_to: the assumption then stands in the headline.",
        )


def is_residence_known(table: Table) -> bool:
    """The data say from when or until when places were true."""
    return table.location_from is not None or table.location_to is not None


def residence_assumed(table: Table, *, is_followed: bool) -> str:
    """What the headline of rings must add where the data do not say when places were true."""
    if is_residence_known(table):
        return ""
    if is_followed:
        return ", taking the place each was first seen at to hold throughout"
    return ", taking the place given for each row to be the one at its time"

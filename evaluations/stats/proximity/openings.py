"""Which rows can be compared when sites open at their own dates, and whether there is one date or many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.panel import first_seen
from evaluations.stats.proximity.residence import check_residence, is_residence_known
from evaluations.stats.proximity.rings import BEFORE_ALL, RingRows, check_no_ring_is_empty, n_units
from evaluations.stats.results import Dropped
from evaluations.stats.table import Coded, Table


def opening_of(table: Table, found: RingRows) -> tuple[RingRows, np.ndarray | None]:
    """The rows to compare, and 0/1 for before and after their opening; null where there are several dates.

    Raises `BadInput` where the design does not say when sites opened.
    """
    if table.post is not None:
        return found, table.post[found.rows].astype(np.float64)
    if found.start is None or table.period is None:
        raise BadInput(
            [
                Issue(
                    "role_missing",
                    "The design does not say when the sites opened.",
                    "Set columns.post, or columns.period with opening dates (columns.first_treated, or the sites').",
                )
            ]
        )
    found = with_openings(table, found)
    dates = np.unique(starts_of(found)[opens_within(table, found)])
    if len(dates) > 1:
        return found, None
    start = starts_of(found).copy()
    start[:] = dates[0]
    return found, is_after(table, replace(found, start=start))


def is_after(table: Table, found: RingRows) -> np.ndarray:
    """1 for rows from after the opening of their site, else 0."""
    return (_periods(table).codes[found.rows] >= starts_of(found)).astype(np.float64)


def check_places_while_open(table: Table, found: RingRows, post: np.ndarray | None) -> None:
    """Raise `NotEstimable` where a row from after the opening is from a time when its place was not known.

    A followed unit's place is the one it was first seen at, so it must still have been theirs.
    """
    if table.period is None or not is_residence_known(table):
        return
    calendar = np.arange(table.period.n_labels) if table.calendar is None else table.calendar
    after = found.rows[(is_after(table, found) if post is None else post) > 0]
    time = np.asarray(calendar, dtype=np.float64)[table.period.codes[after]]
    check_residence(table, first_seen(table)[after], time, time)


def dated_by_post(table: Table, found: RingRows, post: np.ndarray) -> tuple[Table, RingRows] | None:
    """The table and rows with the one opening as a period; null where before and after do not follow the periods."""
    if table.period is None:
        whole = np.zeros(table.n_rows, dtype=np.int32)
        whole[found.rows] = post > 0
        return replace(table, period=Coded(whole, (0, 1))), _opened_in(found, 1)
    time = table.period.codes[found.rows]
    if not (post > 0).any() or not np.array_equal(post > 0, time >= time[post > 0].min()):
        return None
    return table, _opened_in(found, int(time[post > 0].min()))


def _opened_in(found: RingRows, start: int) -> RingRows:
    return replace(found, start=np.full(len(found.rows), start, dtype=np.int64))


def with_openings(table: Table, found: RingRows) -> RingRows:
    """The rows that can be compared: those near a site open throughout, or (off the outermost ring) never, dropped."""
    in_reference = found.ring == found.reference
    always = starts_of(found) == BEFORE_ALL
    never = ~always & ~opens_within(table, found) & ~in_reference
    kept = ~always & ~never
    dropped = [
        Dropped(reason, int(out.sum()), n_units(table, found.rows[out]))
        for reason, out in (("always_treated", always), ("site_not_opened", never))
        if out.any()
    ]
    if not opens_within(table, found)[kept].any():
        raise NotEstimable(
            "no_site_opens",
            "No site opens between the first and the last period of the data, so there is no before and after.",
            "Check the opening dates, or add earlier or later periods.",
        )
    left = replace(
        found,
        rows=found.rows[kept],
        ring=found.ring[kept],
        start=starts_of(found)[kept],
        dropped=(*found.dropped, *dropped),
    )
    check_no_ring_is_empty(left)
    return left


def opens_within(table: Table, found: RingRows) -> np.ndarray:
    """Whether each row's site opens after the first period and by the last."""
    return (starts_of(found) > 0) & (starts_of(found) < _periods(table).n_labels)


def _periods(table: Table) -> Coded:
    if table.period is None:
        raise ValueError("this table has no periods")
    return table.period


def starts_of(found: RingRows) -> np.ndarray:
    """The start of each row, where the rows have one."""
    if found.start is None:
        raise ValueError("these rows have no opening dates")
    return found.start

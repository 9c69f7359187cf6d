"""The checked table an estimator starts from: one array per role, rows in a canonical order.

`datasets` builds it from a file. By then every value has its type, rows that cannot be used
are gone and counted, and rows are sorted so that the order of the file changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import numpy as np

from evaluations.stats.results import Dropped, Label

Part = TypeVar("Part")

NEVER_TREATED = np.iinfo(np.int32).max
"""Position of the first treated period of a unit that is never treated."""


@dataclass(frozen=True)
class Coded:
    """A labelled column: `labels[codes[i]]` is row i's label. `codes` is int32, shape (n_rows,).

    Labels are distinct and sorted (periods in time order), as the file writes them.
    """

    codes: np.ndarray
    labels: tuple[Label, ...]

    @property
    def n_labels(self) -> int:
        """How many distinct labels there are."""
        return len(self.labels)

    def select(self, rows: np.ndarray, *, drop_labels: bool = False) -> Coded:
        """The rows of a mask or of positions, without the labels they no longer use if `drop_labels`."""
        codes = self.codes[rows]
        if not drop_labels:
            return Coded(codes, self.labels)
        used, codes = np.unique(codes, return_inverse=True)
        return Coded(codes.astype(np.int32), tuple(self.labels[code] for code in used))


def is_whole(unit: Coded, period: Coded) -> bool:
    """Every unit-period is there, in order, so that the long columns are the wide ones."""
    shape = (unit.n_labels, period.n_labels)
    if len(unit.codes) != shape[0] * shape[1]:
        return False
    units, periods = unit.codes.reshape(shape), period.codes.reshape(shape)
    if not (periods[:1000] == np.arange(shape[1], dtype=np.int32)).all():
        return False
    in_order = (units == np.arange(shape[0], dtype=np.int32)[:, None]).all()
    return bool(in_order and (periods == np.arange(shape[1], dtype=np.int32)).all())


@dataclass(frozen=True)
class Cohorts:
    """When each row's unit was first treated.

    `starts[i]` is the position (among the table's periods) of the first treated period of
    row i's unit, int32: 0 where it was treated at or before the first period (always treated),
    the number of periods where treatment begins after the last, `NEVER_TREATED` where it never
    begins. `codes[i]` indexes `labels`, the file's own labels in time order; -1 is never treated.
    Two labels can share a start, when a period between them is missing from the file. `places`,
    shape (n_labels,), is where each label lies on the table's calendar.
    """

    starts: np.ndarray
    codes: np.ndarray
    labels: tuple[Label, ...]
    places: np.ndarray | None = None


@dataclass(frozen=True)
class Sites:
    """Places that opened, and perhaps closed. Coordinates in degrees, shape (n_sites,).

    `opened` and `closed` are places on the table's calendar (float; -inf where open since ever, NaN
    where it never opened, +inf where never closed). A site counts from the period that contains its
    opening up to, but not including, the one that contains its closing.
    """

    names: tuple[str, ...]
    latitude: np.ndarray
    longitude: np.ndarray
    opened: np.ndarray
    closed: np.ndarray


@dataclass(frozen=True)
class Table:
    """One array per role, each of shape (n_rows,) unless said; null where the role is not played.

    `n` and `sd` make the rows aggregate cells whose mean is `outcome`. Covariates, float64, have
    shape (n_rows, n_covariates). `latitude` and `longitude` are in degrees, `distance_km` in
    kilometres. `context`, shape (n_rows, n_names), holds figures on each row's area, which are compared
    and not adjusted for, NaN where not known. `rows_read` counts the file's rows; those not here are in `dropped`.

    `calendar`, float, shape (period.n_labels,), is where each period lies on one calendar whose step
    is the file's own (years, school years, quarters, months): 2014 is 2014, the third quarter of
    2014 is 4 x 2014 + 2. `born`, `location_from`, `location_to` and the sites' dates lie on the same
    calendar, before the first period too, so that ages and exposure are differences. Where the
    labels are no dates (waves, rounds) it is null and those dates are positions. `periods_a_year`
    turns ages in years into its steps; it is 1 where the labels are no dates.
    """

    outcome: np.ndarray
    rows_read: int
    unit: Coded | None = None
    period: Coded | None = None
    cohorts: Cohorts | None = None
    treated: np.ndarray | None = None
    post: np.ndarray | None = None
    covariates: np.ndarray | None = None
    covariate_names: tuple[str, ...] = ()
    cluster: Coded | None = None
    weight: np.ndarray | None = None
    subgroup: Coded | None = None
    placebo_outcomes: np.ndarray | None = None
    placebo_names: tuple[str, ...] = ()
    fixed_effects: tuple[Coded, ...] = ()
    third_difference: Coded | None = None
    n: np.ndarray | None = None
    sd: np.ndarray | None = None
    latitude: np.ndarray | None = None
    longitude: np.ndarray | None = None
    distance_km: np.ndarray | None = None
    precision_km: float | None = None
    location_from: np.ndarray | None = None
    location_to: np.ndarray | None = None
    neighbourhood: Coded | None = None
    born: np.ndarray | None = None
    context: np.ndarray | None = None
    context_names: tuple[str, ...] = ()
    sites: Sites | None = None
    calendar: np.ndarray | None = None
    periods_a_year: float = 1.0
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def n_rows(self) -> int:
        """How many rows there are to use."""
        return len(self.outcome)

    def select(self, rows: np.ndarray) -> Table:
        """The table of some rows (a mask or positions); units and clusters that are gone lose their labels."""

        def part(name: str) -> Any:
            value = getattr(self, name)
            if isinstance(value, Coded):
                return value.select(rows, drop_labels=name in ("unit", "cluster"))
            if isinstance(value, Cohorts):
                return replace(value, starts=value.starts[rows], codes=value.codes[rows])
            if name == "fixed_effects":
                return tuple(coded.select(rows) for coded in value)
            is_by_row = isinstance(value, np.ndarray) and name != "calendar"
            return value[rows] if is_by_row else value

        return Table(**{item.name: part(item.name) for item in fields(self)})


def played(part: Part | None) -> Part:
    """What plays a role that the design's check has made sure of; raises `ValueError` where nothing did."""
    if part is None:
        raise ValueError("a role that this estimator needs was not checked")
    return part

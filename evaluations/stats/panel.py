"""A panel laid out wide: one row for each unit, one column for each period.

Most estimators start here. What the long table says about a unit (cohort, cluster, weight) is
kept once for it; a unit not observed in a period has NaN there, inside the engine only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.results import CohortCount, Dropped, Label
from evaluations.stats.table import NEVER_TREATED, Coded, Table, is_whole


@dataclass(frozen=True)
class Panel:
    """Units by periods, in the order of the table's unit labels.

    `outcome` has shape (n_units, n_periods), NaN where a unit was not observed. `starts[i]` is
    unit i's first treated period as a position (see `Cohorts`), `NEVER_TREATED` where there is
    none. `cluster[i]` numbers unit i's cluster from 0; cluster c is the table's `cluster_codes[c]`.
    `weight` is null where units count alike. `covariates` has shape (n_units, n_covariates) where
    they are constant within every unit and (n_units, n_periods, n_covariates) where they are not.
    `unit[i]` indexes `unit_labels`.
    """

    outcome: np.ndarray
    starts: np.ndarray
    cohort_codes: np.ndarray
    cohort_labels: tuple[Label, ...]
    periods: tuple[Label, ...]
    unit: np.ndarray
    unit_labels: tuple[Label, ...]
    cluster: np.ndarray
    n_clusters: int
    cluster_codes: np.ndarray
    is_clustered_above_unit: bool = False
    weight: np.ndarray | None = None
    covariates: np.ndarray | None = None
    covariate_names: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return len(self.outcome)

    @property
    def n_periods(self) -> int:
        """How many periods there are."""
        return len(self.periods)

    @cached_property
    def n_rows(self) -> int:
        """How many unit-periods were observed."""
        return int(np.count_nonzero(np.isfinite(self.outcome)))

    @property
    def is_balanced(self) -> bool:
        """Every unit was observed in every period."""
        return self.n_rows == self.outcome.size

    @cached_property
    def outcome_range(self) -> tuple[float, float]:
        """The smallest and the largest outcome of a panel that has units."""
        return float(np.nanmin(self.outcome)), float(np.nanmax(self.outcome))

    @property
    def covariates_vary(self) -> bool:
        """Covariates differ between periods within some unit."""
        return self.covariates is not None and self.covariates.ndim == 3

    @property
    def is_treated(self) -> np.ndarray:
        """Units first treated within the panel's periods, shape (n_units,), bool."""
        return self.starts < self.n_periods

    def covariates_at(self, period: int) -> np.ndarray | None:
        """Covariates in `period`, shape (n_units, n_covariates); null where there are none."""
        if self.covariates is None or self.covariates.ndim == 2:
            return self.covariates
        return self.covariates[:, period]

    def keep(self, units: np.ndarray | slice) -> Panel:
        """The panel of the units selected by a mask, positions or a slice; clusters keep their numbers."""
        return replace(
            self,
            outcome=self.outcome[units],
            starts=self.starts[units],
            cohort_codes=self.cohort_codes[units],
            unit=self.unit[units],
            cluster=self.cluster[units],
            weight=None if self.weight is None else self.weight[units],
            covariates=None if self.covariates is None else self.covariates[units],
        )

    def without(self, units: np.ndarray, reason: str) -> Panel:
        """The panel less the units of a mask, counted under `reason`, clusters numbered afresh."""
        if not units.any():
            return self
        rows = int(np.isfinite(self.outcome[units]).sum())
        kept = self.keep(~units)
        used, cluster = np.unique(kept.cluster, return_inverse=True)
        return replace(
            kept,
            cluster=cluster.astype(np.int32),
            n_clusters=len(used),
            cluster_codes=self.cluster_codes[used],
            dropped=(*self.dropped, Dropped(reason, rows, int(units.sum()))),
        )

    def cohort_counts(self) -> tuple[CohortCount, ...]:
        """How many units were first treated when, in time order, never treated last."""
        counts = np.bincount(self.cohort_codes + 1, minlength=len(self.cohort_labels) + 1)
        treated = [CohortCount(label, int(n)) for label, n in zip(self.cohort_labels, counts[1:], strict=True) if n > 0]
        never = [CohortCount(None, int(counts[0]))] if counts[0] else []
        return (*treated, *never)


def panel_from_table(table: Table) -> Panel:
    """The wide panel of a table that has units and periods.

    Units of weight 0 are dropped and counted. Raises `BadInput` where a unit appears twice in a
    period or changes cohort or weight, and `NotEstimable` where there are no rows, fewer than two
    periods, or a unit that moves between clusters.
    """
    _check_shape(table)
    unit, period, cohorts = _need(table.unit, "unit"), _need(table.period, "period"), table.cohorts
    shape = (unit.n_labels, period.n_labels)
    if is_whole(unit, period):
        cell, first_row = None, np.arange(0, table.n_rows, shape[1])
    else:
        cell = unit.codes.astype(np.int64) * shape[1] + period.codes
        _check_unique(cell, shape, table)
        first_row = _first_rows(unit)
    cluster, cluster_codes = _unit_clusters(table, unit, first_row)
    panel = Panel(
        outcome=_wide(table.outcome, cell, shape),
        starts=_of_unit(cohorts.starts, unit, first_row, "first_treated", is_whole=cell is None)
        if cohorts
        else np.full(shape[0], NEVER_TREATED, np.int32),
        cohort_codes=cohorts.codes[first_row] if cohorts else np.full(shape[0], -1, np.int32),
        cohort_labels=cohorts.labels if cohorts else (),
        periods=period.labels,
        unit=np.arange(shape[0], dtype=np.int32),
        unit_labels=unit.labels,
        cluster=cluster,
        n_clusters=len(cluster_codes),
        cluster_codes=cluster_codes,
        is_clustered_above_unit=table.cluster is not None,
        weight=None
        if table.weight is None
        else _of_unit(table.weight, unit, first_row, "weight", is_whole=cell is None),
        covariates=_wide_covariates(table.covariates, unit, first_row, cell, shape),
        covariate_names=table.covariate_names,
    )
    return panel if panel.weight is None else panel.without(panel.weight == 0, "weight_zero")


def _need(column: Coded | None, role: str) -> Coded:
    if column is None:
        raise BadInput([Issue("column_required", f"This design needs a {role} column.", f"Set columns.{role}.")])
    return column


def _check_shape(table: Table) -> None:
    if table.n_rows == 0:
        raise NotEstimable("no_rows", "There are no rows to analyse.", "Check the file and why rows were dropped.")
    if table.period is not None and table.period.n_labels < 2:
        raise NotEstimable(
            "one_period",
            "All rows are from one period, so there is no change to compare.",
            "Add rows from before and after treatment began.",
        )


def _check_unique(cell: np.ndarray, shape: tuple[int, int], table: Table) -> None:
    seen = np.zeros(shape[0] * shape[1], dtype=bool)
    seen[cell] = True
    if int(seen.sum()) == table.n_rows:
        return
    times = np.bincount(cell, minlength=len(seen))
    first = int(np.argmax(times > 1))
    unit, period = (
        _need(table.unit, "unit").labels[first // shape[1]],
        _need(table.period, "period").labels[first % shape[1]],
    )
    raise BadInput(
        [
            Issue(
                "unit_period_repeated",
                f"{int((times > 1).sum())} unit-periods appear more than once; the first is unit {unit} in {period}.",
                "Keep one row for each unit and period, or set options.panel to false.",
                column="period",
            )
        ]
    )


def _first_rows(unit: Coded) -> np.ndarray:
    """The first row of each unit, shape (n_units,)."""
    starts = np.concatenate([[0], np.flatnonzero(unit.codes[1:] != unit.codes[:-1]) + 1])
    if np.array_equal(unit.codes[starts], np.arange(unit.n_labels)):
        return starts
    rows = np.full(unit.n_labels, -1, dtype=np.int64)
    rows[unit.codes[::-1]] = np.arange(len(unit.codes) - 1, -1, -1)
    return rows


def _of_unit(values: np.ndarray, unit: Coded, first_row: np.ndarray, role: str, *, is_whole: bool) -> np.ndarray:
    """The value of each unit, which must not change within it."""
    by_unit = values[first_row]
    if is_whole and (values.reshape(len(first_row), -1) == by_unit[:, None]).all():
        return by_unit
    varies = values != by_unit[unit.codes]
    if not varies.any():
        return by_unit
    label = unit.labels[unit.codes[int(np.argmax(varies))]]
    raise BadInput(
        [
            Issue(
                f"{role}_varies",
                f"{role} changes within {len(np.unique(unit.codes[varies]))} units; the first is {label}.",
                f"Give each unit one value of {role}.",
                column=role,
            )
        ]
    )


def _unit_clusters(table: Table, unit: Coded, first_row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if table.cluster is None:
        every = np.arange(unit.n_labels, dtype=np.int32)
        return every, every
    cluster = table.cluster.codes[first_row]
    moves = table.cluster.codes != cluster[unit.codes]
    if moves.any():
        label = unit.labels[unit.codes[int(np.argmax(moves))]]
        raise NotEstimable(
            "cluster_varies",
            f"Some units move between clusters; the first is {label}.",
            "Cluster on something that each unit keeps throughout.",
        )
    used, codes = np.unique(cluster, return_inverse=True)
    return codes.astype(np.int32), used


def _wide(values: np.ndarray, cell: np.ndarray | None, shape: tuple[int, int]) -> np.ndarray:
    """The column by unit and period; `cell` is where each row belongs, null where rows are whole and in order."""
    if cell is None:
        return np.ascontiguousarray(values, dtype=np.float64).reshape(shape)
    wide = np.full(shape[0] * shape[1], np.nan)
    wide[cell] = values
    return wide.reshape(shape)


def _wide_covariates(
    covariates: np.ndarray | None, unit: Coded, first_row: np.ndarray, cell: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray | None:
    if covariates is None or covariates.shape[1] == 0:
        return None
    by_unit = covariates[first_row]
    if cell is None:
        wide = covariates.reshape(*shape, -1)
        return by_unit if (wide == wide[:, :1]).all() else wide
    if (covariates == by_unit[unit.codes]).all():
        return by_unit
    return np.stack([_wide(column, cell, shape) for column in covariates.T], axis=2)


def first_seen(table: Table) -> np.ndarray:
    """For each row, the first row of its unit in time; the row itself where there is no unit."""
    if table.unit is None:
        return np.arange(table.n_rows)
    when = np.zeros(table.n_rows) if table.period is None else table.period.codes
    order = np.lexsort((when, table.unit.codes))
    first = np.zeros(table.unit.n_labels, dtype=np.int64)
    first[table.unit.codes[order[::-1]]] = order[::-1]
    return first[table.unit.codes]

"""The rows a regression runs on: which are used, with which effects, weights and clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.regression.errors import Clusters
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import Cells
from evaluations.stats.results import Dropped
from evaluations.stats.spec import Spec
from evaluations.stats.table import NEVER_TREATED, Coded, Table, played


@dataclass(frozen=True, eq=False)
class Rows:
    """One array per role, each of shape (n_rows,); null where the role is not played.

    `starts` are positions among the table's periods (see `Cohorts`), `period` codes them.
    `covariates` has shape (n_rows, n_covariates). Cluster c is the table's `cluster_codes[c]`.
    """

    outcome: np.ndarray
    unit: Coded | None
    period: Coded | None
    starts: np.ndarray | None
    covariates: np.ndarray
    covariate_names: tuple[str, ...]
    weights: np.ndarray | None
    cells: Cells | None
    clusters: Clusters | None
    fixed_effects: tuple[Coded, ...]
    treated: np.ndarray | None
    post: np.ndarray | None
    latitude: np.ndarray | None
    longitude: np.ndarray | None
    dropped: tuple[Dropped, ...]
    cluster_codes: np.ndarray | None = None

    @property
    def n_rows(self) -> int:
        """How many rows are used."""
        return len(self.outcome)

    @property
    def n_units(self) -> int | None:
        """How many units have rows; null where rows have none."""
        return None if self.unit is None else count_present(self.unit)

    @property
    def event_time(self) -> np.ndarray:
        """Periods since treatment began; NEVER_TREATED where it does not begin within the periods."""
        starts, period = played(self.starts), played(self.period)
        untreated = starts >= period.n_labels
        return np.where(untreated, NEVER_TREATED, period.codes - np.where(untreated, 0, starts))

    def keep(self, mask: np.ndarray, reason: str) -> Rows:
        """The rows of the mask; the others are counted under `reason`."""
        left_out = int(mask.size - np.count_nonzero(mask))
        if not left_out:
            return self
        units = None
        if self.unit is not None:
            units = count_present(self.unit) - count_distinct(self.unit.codes[mask])
        kept = _taken(self, mask)
        return replace(kept, dropped=(*self.dropped, Dropped(reason, left_out, units or None)))


def rows_of(table: Table, spec: Spec) -> Rows:
    """The rows of the table that the design uses.

    Rows of weight 0 and units treated from the start are left out and counted. Raises
    `NotEstimable` where nothing is left, and `BadInput` where weights are negative.
    """
    if table.n_rows == 0:
        raise NotEstimable("no_rows", "There are no rows to analyse.", "Check the file and why rows were dropped.")
    cells, weights = _cells_and_weights(table)
    covariates = table.covariates if table.covariates is not None else np.empty((table.n_rows, 0))
    clusters, cluster_codes = _clusters(table)
    rows = Rows(
        outcome=np.asarray(table.outcome, dtype=np.float64),
        unit=table.unit,
        period=table.period,
        starts=None if table.cohorts is None else table.cohorts.starts,
        covariates=np.asarray(covariates, dtype=np.float64),
        covariate_names=table.covariate_names,
        weights=weights,
        cells=cells,
        clusters=clusters,
        fixed_effects=table.fixed_effects,
        treated=table.treated,
        post=table.post,
        latitude=table.latitude,
        longitude=table.longitude,
        dropped=table.dropped,
        cluster_codes=cluster_codes,
    )
    if weights is not None:
        rows = rows.keep(weights > 0, "weight_zero")
    if not rows.n_rows:
        raise NotEstimable("no_rows", "Every row has weight 0, so there are none to analyse.", "Check the weights.")
    if rows.starts is not None:
        rows = rows.keep(rows.starts - spec.options.anticipation > 0, "always_treated")
    if not rows.n_rows:
        raise NotEstimable(
            "no_pre_period",
            "Every unit is treated, or may anticipate treatment, from the first period, so nothing comes before.",
            "Add earlier periods, or units treated later or never.",
        )
    return rows


def check_outcome_varies(outcome: np.ndarray) -> None:
    """Raise `NotEstimable` where every outcome is the same."""
    if outcome.size and outcome.min() == outcome.max():
        raise NotEstimable(
            "outcome_constant",
            "The outcome has the same value in every row, so no effect can be measured.",
            "Check that the right column was chosen as the outcome.",
        )


def effects_of(rows: Rows, *, unit_trends: bool) -> tuple[Effect, ...]:
    """Unit, period and further effects; one common level where there are none."""
    if unit_trends and (rows.unit is None or rows.period is None):
        raise BadInput(
            [Issue("role_missing", "Unit trends need a unit and a period column.", "Set columns.unit and period.")]
        )
    effects = []
    if rows.unit is not None:
        slope = played(rows.period).codes.astype(np.float64) if unit_trends else None
        effects.append(_effect(rows.unit, "unit", slope))
    if rows.period is not None:
        effects.append(_effect(rows.period, "period"))
    effects += [_effect(coded, "fixed_effects") for coded in rows.fixed_effects]
    return tuple(effects) or (Effect(np.zeros(rows.n_rows, dtype=np.int32), 1, name="constant"),)


def left_out(names: Sequence[str], n_covariates: int, kept: np.ndarray) -> tuple[str, ...]:
    """A note of the covariates, of `n_covariates`, that are not `kept`: they depend on the effects or one another."""
    missing = sorted(set(range(n_covariates)) - set(kept.tolist()))
    if not missing:
        return ()
    said = ", ".join(names[j] if j < len(names) else "a main effect" for j in missing)
    return (f"Left out because fixed effects or other covariates already account for it: {said}.",)


def compressed(coded: Coded) -> tuple[np.ndarray, int]:
    """Codes without gaps, in the order of the labels, and how many levels have rows."""
    present = np.bincount(coded.codes, minlength=coded.n_labels) > 0
    if present.all():
        return coded.codes, coded.n_labels
    renumbered = np.cumsum(present, dtype=np.int32) - 1
    return renumbered[coded.codes], int(present.sum())


def count_present(coded: Coded) -> int:
    """How many levels have rows."""
    return count_distinct(coded.codes)


def count_distinct(codes: np.ndarray) -> int:
    """How many different codes there are. Codes are small and not negative."""
    return int(np.count_nonzero(np.bincount(codes)))


def _effect(coded: Coded, name: str, slope: np.ndarray | None = None) -> Effect:
    codes, n_levels = compressed(coded)
    return Effect(codes, n_levels, slope, name)


def _clusters(table: Table) -> tuple[Clusters | None, np.ndarray | None]:
    """The clusters and the table's code of each."""
    coded = table.cluster if table.cluster is not None else table.unit
    if coded is None:
        return None, None
    return Clusters(*compressed(coded)), np.flatnonzero(np.bincount(coded.codes))


def _cells_and_weights(table: Table) -> tuple[Cells | None, np.ndarray | None]:
    """Aggregate cells weigh their size, times their weight where there is one."""
    weights = None if table.weight is None else np.asarray(table.weight, dtype=np.float64)
    if weights is not None and (weights < 0).any():
        raise BadInput(
            [Issue("weight_negative", "Some weights are negative.", "Give every row a weight of 0 or more.")]
        )
    if table.n is None:
        return None, weights
    sizes = np.asarray(table.n, dtype=np.float64)
    spread = np.zeros_like(sizes) if table.sd is None else np.asarray(table.sd, dtype=np.float64)
    within = np.maximum(sizes - 1, 0) * spread**2
    return Cells(sizes, within, table.sd is not None), sizes if weights is None else sizes * weights


def _taken(rows: Rows, mask: np.ndarray) -> Rows:
    def take(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[mask]

    def take_coded(coded: Coded | None) -> Coded | None:
        return None if coded is None else Coded(coded.codes[mask], coded.labels)

    cells, clusters, cluster_codes = rows.cells, None, rows.cluster_codes
    if cells is not None:
        cells = Cells(cells.sizes[mask], cells.squares_within[mask], cells.has_spread)
    if rows.clusters is not None:
        labels = tuple(range(rows.clusters.n_clusters))
        codes = rows.clusters.codes[mask]
        clusters = Clusters(*compressed(Coded(codes, labels)))
        cluster_codes = played(rows.cluster_codes)[np.bincount(codes, minlength=len(labels)) > 0]
    return replace(
        rows,
        outcome=rows.outcome[mask],
        unit=take_coded(rows.unit),
        period=take_coded(rows.period),
        starts=take(rows.starts),
        covariates=rows.covariates[mask],
        weights=take(rows.weights),
        cells=cells,
        clusters=clusters,
        cluster_codes=cluster_codes,
        fixed_effects=tuple(Coded(coded.codes[mask], coded.labels) for coded in rows.fixed_effects),
        treated=take(rows.treated),
        post=take(rows.post),
        latitude=take(rows.latitude),
        longitude=take(rows.longitude),
    )

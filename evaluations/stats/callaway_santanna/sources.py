"""From a panel or cross-sections to group-time effects: which rounds to run on which blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from evaluations.stats.blocks import map_in_order, run_rounds, total
from evaluations.stats.callaway_santanna.adjusted import AdjustedEffects
from evaluations.stats.callaway_santanna.cells import Cell, Cohort, cells_of, cohorts_of, is_always_treated
from evaluations.stats.callaway_santanna.cross_sections import CrossSections, cross_section_effects
from evaluations.stats.callaway_santanna.designs import designs_of
from evaluations.stats.callaway_santanna.effects import GroupTimeEffects, adjusted_group_time_effects
from evaluations.stats.callaway_santanna.few_clusters import Spread, spread_of_clusters, spread_of_moments
from evaluations.stats.callaway_santanna.influence import InfluenceSums, block_cluster_sums
from evaluations.stats.callaway_santanna.means import (
    Contrasts,
    Moments,
    block_cluster_influence,
    contrasts_of,
    group_time_effects,
    mean_cluster_sums,
    unit_moments,
)
from evaluations.stats.callaway_santanna.unit_blocks import UnitBlock, UnitBlocks
from evaluations.stats.issues import NotEstimable
from evaluations.stats.nuisance import Standardisation
from evaluations.stats.panel import Panel
from evaluations.stats.results import CohortCount, Dropped, Label
from evaluations.stats.spec import Options
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import MANY_CLUSTERS

SMALL_COHORT = 30
MOST_CLUSTERS_DRAWN = 20_000

Progress = Callable[[float], None]

ClusterSums = Callable[[np.ndarray], np.ndarray]
"""Turns a load over rows of influence into each cluster's part of it, by the table's cluster codes."""


@dataclass(frozen=True)
class Presence:
    """Clusters by the cohorts they have units of: `has[p, c]` says whether those of kind p have some of cohort c."""

    has: np.ndarray
    n_clusters: np.ndarray

    @classmethod
    def of_units(cls, cohort: np.ndarray, n_cohorts: int) -> Presence:
        """Where every unit is its own cluster."""
        return cls(np.eye(n_cohorts, dtype=bool), np.bincount(cohort, minlength=n_cohorts))

    @classmethod
    def of_clusters(cls, cluster: np.ndarray, n_clusters: int, cohort: np.ndarray, n_cohorts: int) -> Presence:
        """From one entry for each unit or row."""
        seen = np.bincount(cluster.astype(np.int64) * n_cohorts + cohort, minlength=n_clusters * n_cohorts) > 0
        return cls(*np.unique(seen.reshape(n_clusters, n_cohorts), axis=0, return_counts=True))

    def count(self, cohorts: np.ndarray) -> int:
        """Clusters with a unit of any of these cohorts (a mask over positions)."""
        return int(self.n_clusters[(self.has & cohorts).any(axis=1)].sum())


@dataclass(frozen=True)
class Estimated:
    """Group-time effects with what the report says about their sample."""

    effects: GroupTimeEffects
    periods: tuple[Label, ...]
    cohort_labels: tuple[Label, ...]
    presence: Presence
    n_clusters: int
    n_rows: int
    cohorts: tuple[CohortCount, ...]
    dropped: tuple[Dropped, ...]
    scale: float
    cluster_sums: ClusterSums = field(repr=False)
    spread: Spread | None = field(default=None, repr=False)
    missing_share: float = 0.0

    def label(self, code: int) -> Label:
        """A cohort's label in the file."""
        return self.cohort_labels[code]


def from_panel(panel: Panel, options: Options, *, workers: int, tick: Progress) -> Estimated:
    """Effects on a panel, from pairs of periods in which a unit was observed."""
    panel = panel.without(is_always_treated(panel.starts, options.anticipation), "always_treated")
    if options.unbalanced == "balanced":
        panel = panel.without(~np.isfinite(panel.outcome).all(axis=1), "unit_not_in_every_period")
    _check_outcome(panel.n_units, panel.n_clusters, panel.outcome)
    cohorts = cohorts_of(panel.starts, panel.cohort_codes)
    cells = cells_of(cohorts, panel.n_periods, options)
    blocks = UnitBlocks.of(panel, cohorts)
    is_balanced, draws = panel.is_balanced, draws_for(options, panel.n_clusters, cohorts)
    if panel.covariates is None and is_balanced:
        effects, sums, spread = _from_means(blocks, cells, draws=(draws, options.seed), workers=workers, tick=tick)
    else:
        effects, sums = _adjusted(blocks, cells, options, draws=draws, workers=workers, tick=tick)
        spread = _panel_spread(blocks, sums)
    n_rows = panel.n_rows
    return Estimated(
        effects=effects,
        periods=panel.periods,
        cohort_labels=panel.cohort_labels,
        presence=_presence(panel, cohorts),
        n_clusters=panel.n_clusters,
        n_rows=n_rows,
        cohorts=panel.cohort_counts(),
        dropped=panel.dropped,
        scale=_scale(panel.outcome),
        cluster_sums=partial(_panel_cluster_sums, blocks, sums),
        spread=spread,
        missing_share=1 - n_rows / panel.outcome.size,
    )


def draws_for(options: Options, n_clusters: int, cohorts: tuple[Cohort, ...]) -> int:
    """Multiplier draws: where asked for, and for the band where a cohort is too small for its Gaussian limit."""
    smallest = min(cohort.n_units for cohort in cohorts)
    is_small = smallest < SMALL_COHORT and n_clusters <= MOST_CLUSTERS_DRAWN
    return options.draws if options.inference == "bootstrap" or is_small else 0


def _presence(panel: Panel, cohorts: tuple[Cohort, ...]) -> Presence:
    cohort = _positions(panel.cohort_codes, cohorts)
    if not panel.is_clustered_above_unit:
        return Presence.of_units(cohort, len(cohorts))
    return Presence.of_clusters(panel.cluster, panel.n_clusters, cohort, len(cohorts))


def _panel_cluster_sums(blocks: UnitBlocks, sums: Callable[[UnitBlock], np.ndarray], load: np.ndarray) -> np.ndarray:
    codes = blocks.panel.cluster_codes
    found = np.zeros(int(codes.max()) + 1)
    for number in range(len(blocks)):
        found[codes[blocks.clusters(number)]] += load @ sums(blocks.block(number))
    return found


def _panel_spread(blocks: UnitBlocks, sums: Callable[[UnitBlock], np.ndarray]) -> Spread | None:
    """Where clusters are few, by their influence one by one; null where they are many."""
    panel = blocks.panel
    if panel.n_clusters >= MANY_CLUSTERS:
        return None
    has = np.zeros((panel.n_clusters, len(blocks.cohorts)), dtype=bool)
    has[panel.cluster, _positions(panel.cohort_codes, blocks.cohorts)] = True
    numbers = range(len(blocks))
    influence = np.concatenate([sums(blocks.block(number)) for number in numbers], axis=1)
    return spread_of_clusters(influence.T, has[np.concatenate([blocks.clusters(number) for number in numbers])])


def _from_means(
    blocks: UnitBlocks, cells: tuple[Cell, ...], *, draws: tuple[int, int], workers: int, tick: Progress
) -> tuple[GroupTimeEffects, Callable[[UnitBlock], np.ndarray], Spread | None]:
    numbers = range(len(blocks))
    moments: Moments = total(map_in_order(partial(_block_moments, blocks), numbers, workers=workers))
    tick(0.5)

    def by_cluster(contrasts: Contrasts) -> InfluenceSums:
        work = partial(block_cluster_influence, contrasts=contrasts, mean=moments.mean, draws=draws)
        return total(map_in_order(lambda n: work(blocks.block(n)), numbers, workers=workers))

    needs_clusters = blocks.panel.is_clustered_above_unit or draws[0] > 0
    effects = group_time_effects(cells, blocks.cohorts, moments, by_cluster if needs_clusters else None)
    contrasts = contrasts_of(cells, blocks.cohorts, moments)
    sums = partial(mean_cluster_sums, contrasts=contrasts, mean=moments.mean)
    is_clustered = blocks.panel.is_clustered_above_unit
    return effects, sums, _panel_spread(blocks, sums) if is_clustered else spread_of_moments(contrasts, moments)


def _block_moments(blocks: UnitBlocks, index: int) -> Moments:
    units, panel = blocks.units_of(index), blocks.panel
    weight = None if panel.weight is None else panel.weight[units]
    return unit_moments(panel.outcome[units], blocks.cohort_positions(units), len(blocks.cohorts), weight)


def _adjusted(
    blocks: UnitBlocks, cells: tuple[Cell, ...], options: Options, *, draws: int, workers: int, tick: Progress
) -> tuple[GroupTimeEffects, Callable[[UnitBlock], np.ndarray]]:
    panel, cohorts = blocks.panel, blocks.cohorts
    designs = designs_of(
        cells,
        cohorts,
        n_periods=panel.n_periods,
        is_balanced=panel.is_balanced,
        covariates_vary=panel.covariates_vary,
    )
    estimation = "reg" if panel.covariates is None else options.estimation
    method = AdjustedEffects(blocks, designs, len(cells), estimation, draws, options.seed)
    state = run_rounds(method, range(len(blocks)), workers=workers, tick=tick)
    weight = np.ones(panel.n_units) if panel.weight is None else panel.weight
    cohort_weight = np.bincount(_positions(panel.cohort_codes, cohorts), weight, len(cohorts))
    effects = adjusted_group_time_effects(state, cells, cohorts, designs, cohort_weight)
    return effects, lambda block: block_cluster_sums(block, designs, state.fits, n_cells=len(cells))


def from_cross_sections(table: Table, options: Options) -> Estimated:
    """Effects on rows that are not matched over time; rows of a unit share a cluster where units are known."""
    if table.n_rows == 0:
        raise NotEstimable("no_rows", "There are no rows to analyse.", "Check the file and why rows were dropped.")
    if table.period is None or table.cohorts is None:
        raise ValueError("the design was not checked")
    if table.period.n_labels < 2:
        raise one_period()
    weight = np.ones(table.n_rows) if table.weight is None else table.weight
    always, empty = is_always_treated(table.cohorts.starts, options.anticipation), weight == 0
    kept = np.flatnonzero(~always & ~empty)
    dropped = [Dropped("always_treated", int(always.sum())), Dropped("weight_zero", int((empty & ~always).sum()))]
    cluster = _row_clusters(table)[kept]
    names, cluster = np.unique(cluster, return_inverse=True)
    _check_outcome(len(kept), len(names), table.outcome[kept])
    starts, codes = table.cohorts.starts[kept], table.cohorts.codes[kept]
    cohorts = cohorts_of(starts, codes)
    cells = cells_of(cohorts, table.period.n_labels, options)
    position = _positions(codes, cohorts)
    unit = np.arange(len(kept)) if table.unit is None else table.unit.codes[kept]
    data = CrossSections(
        outcome=table.outcome[kept],
        period=table.period.codes[kept],
        cohort=position,
        design=_row_design(table, kept),
        weight=weight[kept],
        member_weight=_once_a_unit(unit, weight[kept]),
        cluster=cluster,
        n_clusters=len(names),
    )
    estimation = "reg" if table.covariates is None else options.estimation
    draws = options.draws if options.inference == "bootstrap" else 0
    effects, influence = cross_section_effects(data, cells, cohorts, estimation, draws=(draws, options.seed))
    return Estimated(
        effects=effects,
        periods=table.period.labels,
        cohort_labels=table.cohorts.labels,
        presence=Presence.of_clusters(cluster, len(names), position, len(cohorts)),
        n_clusters=len(names),
        n_rows=len(kept),
        cohorts=tuple(
            CohortCount(None if c.code < 0 else table.cohorts.labels[c.code], _n_units(unit[position == place]))
            for place, c in enumerate(cohorts)
        ),
        dropped=tuple(item for item in dropped if item.rows),
        scale=_scale(table.outcome[kept]),
        cluster_sums=lambda load: _at_codes(influence @ load, names),
        spread=_row_spread(influence, cluster, position, len(cohorts)),
    )


def _row_spread(influence: np.ndarray, cluster: np.ndarray, cohort: np.ndarray, n_cohorts: int) -> Spread | None:
    if len(influence) >= MANY_CLUSTERS:
        return None
    has = np.zeros((len(influence), n_cohorts), dtype=bool)
    has[cluster, cohort] = True
    return spread_of_clusters(influence, has)


def _at_codes(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    found = np.zeros(int(codes.max()) + 1)
    found[codes] = values
    return found


def one_period() -> NotEstimable:
    """All rows are from one period."""
    return NotEstimable(
        "one_period",
        "All rows are from one period, so there is no change to compare.",
        "Add rows from before and after treatment began.",
    )


def _row_clusters(table: Table) -> np.ndarray:
    column = table.cluster or table.unit
    return np.arange(table.n_rows) if column is None else column.codes


def _row_design(table: Table, kept: np.ndarray) -> np.ndarray:
    if table.covariates is None or table.covariates.shape[1] == 0:
        return np.ones((1, len(kept)))
    return Standardisation.of(table.covariates[kept]).design(table.covariates[kept])


def _once_a_unit(unit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    first = np.unique(unit, return_index=True)[1]
    member = np.zeros(len(unit))
    member[first] = weight[first]
    return member


def _n_units(unit: np.ndarray) -> int:
    return len(np.unique(unit))


def _positions(codes: np.ndarray, cohorts: tuple[Cohort, ...]) -> np.ndarray:
    lookup = np.zeros(max(cohort.code for cohort in cohorts) + 2, dtype=np.int64)
    for place, cohort in enumerate(cohorts):
        lookup[cohort.code + 1] = place
    return lookup[codes + 1]


def _scale(outcome: np.ndarray) -> float:
    return float(np.nanmax(np.abs(outcome)))


def _check_outcome(n_units: int, n_clusters: int, outcome: np.ndarray) -> None:
    low, high = (np.nanmin(outcome), np.nanmax(outcome)) if outcome.size else (0.0, 0.0)
    check_sample(n_units, n_clusters, float(low), float(high))


def check_sample(n_units: int, n_clusters: int, lowest: float, highest: float) -> None:
    """Raise `NotEstimable` where nobody is left, all are in one cluster or the outcome never varies."""
    if n_units == 0:
        raise NotEstimable(
            "no_pre_period",
            "Every unit is treated, or may anticipate treatment, from the first period, so nothing comes before.",
            "Add earlier periods, or units treated later or never.",
        )
    if n_clusters < 2:
        raise NotEstimable(
            "one_cluster",
            "All rows belong to one cluster, so nothing shows how far the estimate might be off.",
            "Cluster on something with many values, or leave the cluster out.",
        )
    if lowest == highest:
        raise NotEstimable(
            "outcome_constant",
            "The outcome has the same value in every row, so no effect can be measured.",
            "Check that the right column was chosen as the outcome.",
        )

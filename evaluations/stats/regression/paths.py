"""Regressions of a balanced panel whose regressors depend on cohort and period alone.

In a panel where every unit is seen in every period, taking unit and period effects out of such a
regressor leaves one that again depends on cohort and period alone: a small table. Its fit and
clustered errors then follow from sums by cohort (`PathSums`), and no column as long as the data
is ever made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluations.stats.panel import Panel
from evaluations.stats.regression.errors import Clusters, Errors, check_clusters, small_sample_factor
from evaluations.stats.regression.fixed_effects import Absorber, Effect
from evaluations.stats.regression.least_squares import independent_columns, symmetric_inverse
from evaluations.stats.regression.path_sums import PathSums, first_centre, path_of, path_sums

ROUNDING = 1e-7
"""Share of its terms' absolute sum below which a sum of squares may have lost half its digits."""


@dataclass(frozen=True, eq=False)
class PathFit:
    """A fit on paths: coefficients of the kept columns and their errors.

    `loadings`, shape (n_paths, n_periods + 1, k), are how units' paths, a 1 put last, load on the
    coefficients' errors; `value_loadings`, shape (n_paths, n_periods, k), how they load on the
    coefficients. `is_rounding` says that so little is left over that the rows themselves are needed.
    """

    coefficients: np.ndarray
    kept: np.ndarray
    errors: Errors
    is_rounding: bool
    n_obs: int
    sums: PathSums
    loadings: np.ndarray
    value_loadings: np.ndarray


def treated_paths(n_periods: int) -> np.ndarray:
    """1 from the first treated period on, shape (n_periods + 1, n_periods, 1); the last row is never treated."""
    start, period = np.arange(n_periods + 1)[:, None], np.arange(n_periods)[None, :]
    return (period >= start).astype(np.float64)[:, :, None]


def event_time_paths(n_periods: int, event_times: np.ndarray) -> np.ndarray:
    """One indicator for each event time, shape (n_periods + 1, n_periods, n_event_times)."""
    start, period = np.arange(n_periods + 1)[:, None, None], np.arange(n_periods)[None, :, None]
    return ((period - start == event_times) & (start < n_periods)).astype(np.float64)


def cell_paths(n_periods: int, starts: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """One indicator for each (start, period), shape (n_periods + 1, n_periods, n_cells)."""
    start, period = np.arange(n_periods + 1)[:, None, None], np.arange(n_periods)[None, :, None]
    return ((start == starts) & (period == periods)).astype(np.float64)


def fit_paths(
    panel: Panel,
    paths: np.ndarray,
    *,
    used: np.ndarray | None = None,
    sums: PathSums | None = None,
    tick: Callable[[float], None] = lambda share: None,
) -> PathFit:
    """The fit of a balanced panel's outcome on `paths`, unit and period effects absorbed, errors clustered.

    `paths` has shape (n_periods + 1, n_periods, k): each start's regressors (see `path_of`). `used`,
    bool, shape (n_periods + 1, n_periods), leaves out whole cells of start and period; null uses all.
    `sums` are the panel's, about its `first_centre`, where they are known already.
    """
    check_clusters(Clusters(panel.cluster, panel.n_clusters))
    sums = sums or path_sums(panel, first_centre(panel), tick=tick)
    cells = CellEffects.of(sums.weights, used, panel.n_periods)
    table = cells.residuals(paths)
    gram = np.einsum("gt,gti,gtj->ij", cells.weights, table, table, optimize=True)
    kept = independent_columns(gram, _scales(paths, cells.weights))
    table, bread = table[:, :, kept], symmetric_inverse(gram[np.ix_(kept, kept)])
    explained = np.einsum("gti,gt->i", table, sums.outcomes)
    coefficients = bread @ explained
    loadings = _loadings(table, coefficients, cells, sums)
    scores = scores_of(panel, loadings, sums)
    n_obs = int(np.einsum("g,gt->", sums.counts, cells.weights > 0))
    factor = small_sample_factor(n_obs, len(kept) + cells.n_periods, panel.n_clusters)
    covariance = factor * (bread @ scores.products @ bread)
    df = float(panel.n_clusters - 1)
    errors = Errors(
        "cluster",
        (covariance + covariance.T) / 2,
        lambda _: df,
        panel.n_clusters,
        None if scores.by_cluster is None else scores.by_cluster @ bread * np.sqrt(factor),
    )
    return PathFit(
        coefficients,
        kept,
        errors,
        scores.is_rounding,
        n_obs,
        sums,
        loadings=loadings @ bread * np.sqrt(factor),
        value_loadings=table @ bread,
    )


@dataclass(frozen=True, eq=False)
class CellEffects:
    """Unit and period effects among cells of start and period: what is absorbed from a path.

    `weights`, shape (n_paths, n_periods), are 0 in cells not used; all units of a start are alike.
    """

    weights: np.ndarray
    absorber: Absorber | None
    where: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, weights: np.ndarray, used: np.ndarray | None, n_periods: int) -> CellEffects:
        """The effects among the cells `used`, where each start's units weigh `weights`."""
        cells = np.repeat(weights[:, None], n_periods, axis=1)
        if used is None:
            return cls(cells, None, (np.empty(0, int), np.empty(0, int)))
        cells = np.where(used, cells, 0.0)
        start, period = np.nonzero(cells)
        effects = (Effect(start, len(weights)), Effect(period, n_periods))
        return cls(cells, Absorber(effects, cells[start, period]), (start, period))

    @property
    def n_periods(self) -> int:
        """How many periods have cells."""
        return int((self.weights.sum(axis=0) > 0).sum())

    def residuals(self, paths: np.ndarray) -> np.ndarray:
        """The paths with the effects taken out, 0 in cells not used."""
        if self.absorber is None:
            within = paths - paths.mean(axis=1, keepdims=True)
            weight = self.weights[:, 0]
            return within - np.einsum("g,gti->ti", weight, within)[None] / weight.sum()
        out = np.zeros(paths.shape)
        out[self.where] = self.absorber.residuals(paths[self.where])
        return out

    def period_effects(self, outcomes: np.ndarray) -> np.ndarray:
        """The period effects of weighted sums of outcomes, shape (n_paths, n_periods), up to a constant."""
        if self.absorber is None:
            return outcomes.sum(axis=0) / self.weights[:, 0].sum()
        by_cell = outcomes[self.where] / self.weights[self.where]
        return self.absorber.coefficients(self.absorber.sums(by_cell))[1]


def _scales(paths: np.ndarray, weights: np.ndarray) -> np.ndarray:
    about_mean = paths - np.einsum("gt,gti->i", weights, paths) / weights.sum()
    return np.einsum("gt,gti,gti->i", weights, about_mean, about_mean)


def _loadings(table: np.ndarray, coefficients: np.ndarray, cells: CellEffects, sums: PathSums) -> np.ndarray:
    """How a unit's path of outcomes, a 1 put last, loads on its scores, by start; shape (n_paths, T + 1, k).

    A score is x'(y - period effect - x b): the unit's own effect drops out, x adding to 0 over periods.
    """
    constants = -np.einsum("gti,gt->gi", table, cells.period_effects(sums.outcomes) + table @ coefficients)
    return np.concatenate([table, constants[:, None, :]], axis=1)


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of q sums: `by_cluster`, shape (n_clusters, q), where clusters are larger than units, else null.

    `products`, shape (q, q), are the cross-products of clusters' scores. `is_rounding` says that
    terms cancelled so far in them that the rows themselves are needed.
    """

    by_cluster: np.ndarray | None
    products: np.ndarray
    is_rounding: bool


def scores_of(panel: Panel, loadings: np.ndarray, sums: PathSums) -> Scores:
    """The scores of a panel, given how each unit's path loads on them.

    A unit's score is its path of outcomes less the panel's `first_centre`, a 1 put last, times the
    loadings of its start, shape (n_paths, n_periods + 1, q), times its weight.
    """
    products = np.einsum("gui,guv,gvj->ij", loadings, sums.moments, loadings, optimize=True)
    size = np.abs(loadings)
    terms = np.einsum("gui,guv,gvi->i", size, np.abs(sums.moments), size, optimize=True)
    is_rounding = bool((np.diag(products) <= ROUNDING * terms).any())
    if not panel.is_clustered_above_unit:
        return Scores(None, products, is_rounding)
    starts, clusters, outcomes = _sums_by_cluster_and_start(panel, first_centre(panel))
    by_pair = np.einsum("pu,pui->pi", outcomes, loadings[starts])
    by_cluster = Clusters(clusters, panel.n_clusters).sums(by_pair)
    return Scores(by_cluster, by_cluster.T @ by_cluster, is_rounding)


def _sums_by_cluster_and_start(panel: Panel, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted paths, a 1 put last, summed over the units of each cluster and start present."""
    n_paths = panel.n_periods + 1
    pair = panel.cluster.astype(np.int64) * n_paths + path_of(panel.starts, panel.n_periods)
    order = np.argsort(pair, kind="stable")
    first = np.flatnonzero(np.diff(pair[order], prepend=-1))
    weight = np.ones(panel.n_units) if panel.weight is None else panel.weight
    outcomes = np.empty((len(first), panel.n_periods + 1))
    for period in range(panel.n_periods):
        column = (panel.outcome[:, period] - centre[period]) * weight
        outcomes[:, period] = np.add.reduceat(column[order], first)
    outcomes[:, -1] = np.add.reduceat(weight[order], first)
    present = pair[order][first]
    return present % n_paths, present // n_paths, outcomes

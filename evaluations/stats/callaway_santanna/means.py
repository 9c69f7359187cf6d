"""Group-time effects without covariates on balanced panels: cohort means and covariances say it all.

For each cohort c: the number of units, the mean vector over periods and its covariance. Effects are
contrasts of the means, and their covariance the same contrasts of the covariances. One pass, sums
small enough to store and send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.blocks import Sums
from evaluations.stats.callaway_santanna.cells import Cell, Cohort
from evaluations.stats.callaway_santanna.effects import GroupTimeEffects
from evaluations.stats.callaway_santanna.influence import InfluenceSums, multiplier_sums
from evaluations.stats.callaway_santanna.unit_blocks import UnitBlock

FEW_COHORTS = 16
"""Cohorts up to which their units are looked for one cohort at a time."""


@dataclass(frozen=True)
class Moments(Sums):
    """By cohort: units, weight W, the weighted mean, and sums of w^2, w^2 d and w^2 d d', d from that mean.

    Means are merged and the sums moved to the merged mean (Chan, Golub and LeVeque 1983), so that
    large levels cost no digits.
    """

    count: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def __add__(self, other: Moments) -> Moments:
        """The moments of both blocks together."""
        weight = self.weight + other.weight
        share = np.divide(other.weight, weight, out=np.zeros_like(weight), where=weight > 0)[:, None]
        mean = self.mean + share * (other.mean - self.mean)
        mine, theirs = self._about(mean), other._about(mean)
        return Moments(
            self.count + other.count,
            weight,
            mean,
            self.square + other.square,
            mine[0] + theirs[0],
            mine[1] + theirs[1],
        )

    def _about(self, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`first` and `second` about another mean."""
        move = self.mean - mean
        outer = self.first[:, :, None] * move[:, None, :]
        second = self.second + outer + outer.transpose(0, 2, 1)
        second += self.square[:, None, None] * move[:, :, None] * move[:, None, :]
        return self.first + self.square[:, None] * move, second


def unit_moments(outcome: np.ndarray, cohort: np.ndarray, n_cohorts: int, weight: np.ndarray | None = None) -> Moments:
    """The moments of some units: `outcome`, shape (n_units, n_periods), whole; `cohort`, shape (n_units,), from 0."""
    members = members_of(cohort, n_cohorts)
    weights = None if weight is None else [weight[units] for units in members]
    return moments_of((outcome.take(units, axis=0) for units in members), n_cohorts, outcome.shape[1], weights)


def members_of(cohort: np.ndarray, n_cohorts: int) -> list[np.ndarray]:
    """The units of each cohort, in order."""
    if n_cohorts <= FEW_COHORTS:
        return [np.flatnonzero(cohort == place) for place in range(n_cohorts)]
    ends = np.cumsum(np.bincount(cohort, minlength=n_cohorts))
    return np.split(np.argsort(cohort, kind="stable"), ends[:-1])


def moments_of(
    outcomes: Iterable[np.ndarray], n_cohorts: int, n_periods: int, weights: Sequence[np.ndarray] | None = None
) -> Moments:
    """The moments of cohorts: each one's outcomes, shape (n_units, n_periods), which are written over, and weights.

    A cohort's outcomes can be made as they are asked for, so that they are still in the processor's cache.
    """
    count = np.zeros(n_cohorts, dtype=np.int64)
    total, square = np.zeros(n_cohorts), np.zeros(n_cohorts)
    mean, first = np.zeros((n_cohorts, n_periods)), np.zeros((n_cohorts, n_periods))
    second = np.zeros((n_cohorts, n_periods, n_periods))
    for place, away in enumerate(outcomes):
        if not len(away):
            continue
        w = np.ones(len(away)) if weights is None else weights[place]
        away -= away[:, :1].copy()
        count[place], total[place], square[place] = len(away), w.sum(), (w**2).sum()
        mean[place] = w @ away / total[place]
        away -= mean[place]
        if weights is not None:
            away *= w[:, None]
        first[place] = w @ away
        second[place] = away.T @ away
    return Moments(count, total, mean, square, first, second)


@dataclass(frozen=True)
class Contrasts:
    """How each cell is made: rows are cells.

    Cell k is `own[k] @ mean[treated cohort]` less the pooled mean of its controls. `load[c]`, shape
    (n_cells, n_periods), and `shift[c]`, shape (n_cells,), turn a unit of cohort c, at d from its
    cohort's mean with weight w, into its influence w (load d + shift).
    """

    value: np.ndarray
    load: np.ndarray
    shift: np.ndarray
    n_treated: np.ndarray
    n_controls: np.ndarray


def contrasts_of(cells: Sequence[Cell], cohorts: Sequence[Cohort], moments: Moments) -> Contrasts:
    """The cells' values and what each cohort contributes to them."""
    n_periods = moments.mean.shape[1]
    position = {cohort.code: place for place, cohort in enumerate(cohorts)}
    value, n_treated, n_controls = np.zeros(len(cells)), np.zeros(len(cells), int), np.zeros(len(cells), int)
    load, shift = np.zeros((len(cohorts), len(cells), n_periods)), np.zeros((len(cohorts), len(cells)))
    change = moments.mean[:, [cell.period for cell in cells]] - moments.mean[:, [cell.base for cell in cells]]
    for number, cell in enumerate(cells):
        treated = position[cell.cohort]
        controls = np.array([place for place, cohort in enumerate(cohorts) if cell.is_control(cohort)])
        weight = moments.weight[controls]
        control_change = weight @ change[controls, number] / weight.sum()
        value[number] = change[treated, number] - control_change
        n_treated[number], n_controls[number] = moments.count[treated], moments.count[controls].sum()
        load[treated, number, [cell.period, cell.base]] = np.array([1, -1]) / moments.weight[treated]
        load[controls, number, cell.period] = -1 / weight.sum()
        load[controls, number, cell.base] = 1 / weight.sum()
        shift[controls, number] = -(change[controls, number] - control_change) / weight.sum()
    return Contrasts(value, load, shift, n_treated, n_controls)


def group_time_effects(
    cells: tuple[Cell, ...],
    cohorts: tuple[Cohort, ...],
    moments: Moments,
    by_cluster: Callable[[Contrasts], InfluenceSums] | None = None,
) -> GroupTimeEffects:
    """The effects from the moments. `by_cluster` brings the influence sums where units do not stand alone."""
    contrasts = contrasts_of(cells, cohorts, moments)
    sums = by_cluster(contrasts) if by_cluster else InfluenceSums(influence_cross(contrasts, moments), np.zeros((0, 0)))
    return GroupTimeEffects(
        cells=cells,
        cohorts=cohorts,
        value=contrasts.value,
        failure=(None,) * len(cells),
        n_treated=contrasts.n_treated,
        n_controls=contrasts.n_controls,
        is_alone=(contrasts.n_treated < 2) | (contrasts.n_controls < 2),
        cohort_weight=moments.weight,
        cross=sums.cross,
        draws=sums.draws,
        n_trimmed=np.zeros(len(cells), int),
    )


def influence_cross(contrasts: Contrasts, moments: Moments) -> np.ndarray:
    """Cross-products of units' influence, from the moments alone."""
    n_cohorts, n_cells, _ = contrasts.load.shape
    cross = np.zeros((n_cells + n_cohorts, n_cells + n_cohorts))
    for place in range(n_cohorts):
        load, shift = _with_membership(contrasts, place)
        mixed = load @ moments.first[place][:, None] * shift
        cross += load @ moments.second[place] @ load.T + mixed + mixed.T
        cross += moments.square[place] * np.outer(shift, shift)
    return cross


def _with_membership(contrasts: Contrasts, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Load and shift of one cohort with the cohorts' own rows below the cells'."""
    n_cohorts, n_cells, n_periods = contrasts.load.shape
    load = np.zeros((n_cells + n_cohorts, n_periods))
    load[:n_cells] = contrasts.load[place]
    shift = np.zeros(n_cells + n_cohorts)
    shift[:n_cells], shift[n_cells + place] = contrasts.shift[place], 1.0
    return load, shift


def block_cluster_influence(
    block: UnitBlock, contrasts: Contrasts, mean: np.ndarray, *, draws: tuple[int, int]
) -> InfluenceSums:
    """Influence sums over the clusters of one block, units being clusters where none are given."""
    sums = mean_cluster_sums(block, contrasts, mean)
    return InfluenceSums(sums @ sums.T, multiplier_sums(sums, draws[0], (draws[1], block.index)))


def mean_cluster_sums(block: UnitBlock, contrasts: Contrasts, mean: np.ndarray) -> np.ndarray:
    """Influence summed within the block's clusters, in their order, shape (n_rows, n_clusters_in_block)."""
    cluster = np.arange(block.n_units) if block.cluster is None else block.cluster
    names, local = np.unique(cluster, return_inverse=True)
    n_cohorts, n_cells, _ = contrasts.load.shape
    sums = np.zeros((n_cells + n_cohorts, len(names)))
    for place in np.flatnonzero(np.diff(block.edges)):
        units = slice(int(block.edges[place]), int(block.edges[place + 1]))
        w = block.weight[units]
        away = (block.outcome[:, units] - mean[place][:, None]) * w
        load, shift = _with_membership(contrasts, int(place))
        by_cluster = np.stack([np.bincount(local[units], row, len(names)) for row in (*away, w)])
        sums += load @ by_cluster[:-1] + shift[:, None] * by_cluster[-1]
    return sums

"""Influence values of group-time effects, block by block, kept only as their cross-products.

A block's influence matrix has a row for each cell and, below them, a row for each cohort with the
units' weights: averages over cohorts weight cells by cohort sizes, which are estimated too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evaluations.stats.blocks import Sums
from evaluations.stats.callaway_santanna.designs import Design, Family
from evaluations.stats.callaway_santanna.fits import Fit, View, odds_of, view_of
from evaluations.stats.callaway_santanna.unit_blocks import UnitBlock

LOW_OF_256 = 185
"""Mammen's chance of the lower weight, (sqrt 5 + 1) / (2 sqrt 5), in 256ths."""

DRAWN_AT_ONCE = 1_024
"""Clusters whose weights are drawn at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class InfluenceSums(Sums):
    """Cross-products of clusters' influence, shape (n_rows, n_rows), and multiplier draws of its sum."""

    cross: np.ndarray
    draws: np.ndarray


def block_influence(
    block: UnitBlock, designs: Sequence[Design], fits: Sequence[Fit], *, n_cells: int, draws: tuple[int, int]
) -> InfluenceSums:
    """The influence sums of one block. `draws` is how many multiplier draws to take, and their seed."""
    n_draws, seed = draws
    if block.cluster is None:
        return _sums_by_cohort(block, designs, fits, n_cells, draws)
    sums = block_cluster_sums(block, designs, fits, n_cells=n_cells)
    return InfluenceSums(sums @ sums.T, multiplier_sums(sums, n_draws, (seed, block.index)))


def block_cluster_sums(block: UnitBlock, designs: Sequence[Design], fits: Sequence[Fit], *, n_cells: int) -> np.ndarray:
    """Influence summed within the block's clusters, in their order, shape (n_rows, n_clusters_in_block)."""
    views = [view_of(block, design) for design in designs]
    whole = np.zeros((n_cells + len(block.edges) - 1, block.n_units))
    for position in range(len(block.edges) - 1):
        rows, values = cohort_influence(block, position, designs, fits, views, n_cells)
        whole[rows, block.edges[position] : block.edges[position + 1]] = values
    return _by_cluster(whole, block.cluster)


def _sums_by_cohort(
    block: UnitBlock, designs: Sequence[Design], fits: Sequence[Fit], n_cells: int, draws: tuple[int, int]
) -> InfluenceSums:
    """The sums where units stand alone, cohort by cohort: a unit touches few cells, so most rows of a cohort are 0."""
    n_rows, (n_draws, seed) = n_cells + len(block.edges) - 1, draws
    views = [view_of(block, design) for design in designs]
    cross, drawn = np.zeros((n_rows, n_rows)), np.zeros((n_draws, n_rows))
    for position in range(len(block.edges) - 1):
        if block.edges[position] == block.edges[position + 1]:
            continue
        rows, values = cohort_influence(block, position, designs, fits, views, n_cells)
        cross[np.ix_(rows, rows)] += values @ values.T
        drawn[:, rows] += multiplier_sums(values, n_draws, (seed, block.index, position))
    return InfluenceSums(cross, drawn)


def _by_cluster(whole: np.ndarray, cluster: np.ndarray | None) -> np.ndarray:
    if cluster is None:
        return whole
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
    return np.add.reduceat(whole[:, order], starts, axis=1)


def multiplier_sums(sums: np.ndarray, n_draws: int, seed: tuple[int, ...]) -> np.ndarray:
    """Sums over a block's clusters of Mammen's two-point weight times influence, shape (n_draws, n_rows).

    Which of the two a weight is takes 8 random bits: the chance of the lower one is right to 1e-3, at which the
    weights' mean and variance are exactly 0 and 1 and their third moment is 0.995 rather than 1. Products are in
    single precision: a draw only has to be placed among the others.
    """
    drawn = np.zeros((n_draws, len(sums)))
    if not n_draws:
        return drawn
    chance = LOW_OF_256 / 256
    low, high = -np.sqrt((1 - chance) / chance), np.sqrt(chance / (1 - chance))
    size = np.abs(sums).max(axis=1, initial=0.0)
    scaled = (sums / np.where(size > 0, size, 1.0)[:, None]).astype(np.float32)
    for start in range(0, sums.shape[1], DRAWN_AT_ONCE):
        part = scaled[:, start : start + DRAWN_AT_ONCE]
        n = n_draws * part.shape[1]
        bits = np.random.PCG64([*seed, start]).random_raw(-(-n // 8)).view(np.uint8)[:n]
        is_low = (bits < LOW_OF_256).astype(np.float32).reshape(n_draws, -1)
        drawn += is_low @ part.T
    drawn *= low - high
    drawn += high * scaled.sum(axis=1, dtype=np.float64)
    return drawn * size


def cohort_influence(
    block: UnitBlock, position: int, designs: Sequence[Design], fits: Sequence[Fit], views: list[View], n_cells: int
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a cohort's units touch, and their values, shape (n_touched, n_units_of_cohort)."""
    rows = _touched(position, designs, n_cells)
    values = np.zeros((len(rows), block.edges[position + 1] - block.edges[position]))
    values[-1] = block.weight[block.edges[position] : block.edges[position + 1]]
    for design, fit, view in zip(designs, fits, views, strict=True):
        units = view.cohort(position)
        if units.start == units.stop:
            continue
        columns = slice(None)
        if isinstance(view.columns, np.ndarray):
            columns = view.columns[units] - block.edges[position]
        for family, influence in _family_influences(view, units, design, fit, position):
            _place(values, np.searchsorted(rows, family.cells), columns, influence)
    return rows, values


def _touched(position: int, designs: Sequence[Design], n_cells: int) -> np.ndarray:
    cells = [
        family.cells
        for design in designs
        for family in design.families
        if family.treated == position or family.controls[position]
    ]
    return np.concatenate([np.sort(np.concatenate(cells)) if cells else np.zeros(0, int), [n_cells + position]])


def _place(values: np.ndarray, rows: np.ndarray, columns: slice | np.ndarray, influence: np.ndarray) -> None:
    if isinstance(columns, slice) and rows[-1] - rows[0] == len(rows) - 1:
        values[rows[0] : rows[-1] + 1] = influence
    elif isinstance(columns, slice):
        values[rows] = influence
    else:
        values[np.ix_(rows, columns)] = influence


def _family_influences(view: View, units: slice, design: Design, fit: Fit, position: int):
    """Each family the cohort belongs to, with its units' influence on that family's cells."""
    covariates, outcome, weight = view.design[:, units], view.outcome[:, units], view.weight[units]
    treated = [number for number in design.treated_by(position) if fit.failure[number] is None]
    for number in treated:
        family = design.families[number]
        yield family, treated_influence(family, fit, number, covariates, outcome, weight)
    controlled = np.array([n for n in design.controlled_by(position) if fit.failure[n] is None], dtype=int)
    if len(controlled) == 0:
        return
    propensity, odds = odds_of(fit, controlled, covariates, weight)
    for place, number in enumerate(controlled):
        family = design.families[number]
        yield (
            family,
            control_influence(family, fit, number, covariates, outcome, weight, propensity[place], odds[place]),
        )


def _change(values: np.ndarray, family: Family) -> np.ndarray:
    """Differences between each cell's period and its base, along the last axis but for outcomes' first."""
    return values[..., family.period] - values[..., family.base]


def treated_influence(
    family: Family, fit: Fit, number: int, covariates: np.ndarray, outcome: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Influence of treated units on a family's cells, shape (n_cells_of_family, n_units)."""
    share = weight / fit.treated_weight[number]
    influence = outcome[family.period] - outcome[family.base]
    influence -= _change(fit.slope[number], family).T @ covariates
    influence -= _change(fit.treated_mean[number], family)[:, None]
    influence *= share
    if fit.uses_odds:
        unexplained = weight * (1 - expit(fit.logit[number] @ covariates))
        influence -= _change(fit.odds_moment[number], family).T @ (covariates * unexplained)
    return influence


def control_influence(
    family: Family,
    fit: Fit,
    number: int,
    covariates: np.ndarray,
    outcome: np.ndarray,
    weight: np.ndarray,
    propensity: np.ndarray,
    odds: np.ndarray,
) -> np.ndarray:
    """Influence of control units on a family's cells, shape (n_cells_of_family, n_units)."""
    pull = -weight * (fit.regression_moment[number] @ covariates)
    if not fit.uses_odds:
        influence = outcome[family.period] - outcome[family.base]
        influence -= _change(fit.slope[number], family).T @ covariates
        influence *= pull
        return influence
    pull -= odds / fit.odds_weight[number]
    k = len(covariates)
    terms = np.empty((2 * k + 1, len(weight)))
    np.multiply(covariates, pull, out=terms[:k])
    np.multiply(covariates, weight * propensity, out=terms[k : 2 * k])
    terms[2 * k] = odds / fit.odds_weight[number]
    loads = np.concatenate(
        [
            -_change(fit.slope[number], family),
            _change(fit.odds_moment[number], family),
            _change(fit.odds_mean[number], family)[None, :],
        ]
    )
    influence = outcome[family.period] - outcome[family.base]
    influence *= pull
    influence += loads.T @ terms
    return influence

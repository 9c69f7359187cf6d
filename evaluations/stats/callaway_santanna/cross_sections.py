"""Group-time effects on repeated cross-sections: rows are not matched over time.

Also serves unbalanced panels treated as cross-sections, where a unit's rows share a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.adjusted_did import AdjustedEffect, Comparison, adjusted_effect
from evaluations.stats.blocks import sums_by_cluster
from evaluations.stats.callaway_santanna.cells import Cell, Cohort
from evaluations.stats.callaway_santanna.effects import GroupTimeEffects
from evaluations.stats.callaway_santanna.influence import multiplier_sums


@dataclass(frozen=True)
class CrossSections:
    """Rows with what each estimate needs. `cohort` is a position among the cohorts.

    `member_weight` is the row's weight where it stands for its unit (once a unit), else 0: cohort
    sizes count units. `cluster` numbers from 0.
    """

    outcome: np.ndarray
    period: np.ndarray
    cohort: np.ndarray
    design: np.ndarray
    weight: np.ndarray
    member_weight: np.ndarray
    cluster: np.ndarray
    n_clusters: int


def cross_section_effects(
    data: CrossSections,
    cells: tuple[Cell, ...],
    cohorts: tuple[Cohort, ...],
    estimation: str,
    *,
    draws: tuple[int, int] = (0, 1),
) -> tuple[GroupTimeEffects, np.ndarray]:
    """The group-time effects, by dr, ipw or reg, and the clusters' influence, shape (n_clusters, n_rows).

    `draws` is how many multiplier draws, and their seed.
    """
    found, influence = [], np.zeros((data.n_clusters, len(cells) + len(cohorts)))
    counts = np.zeros((2, len(cells)), int)
    for number, cell in enumerate(cells):
        position = next(place for place, cohort in enumerate(cohorts) if cohort.code == cell.cohort)
        is_control = np.array([cell.is_control(cohort) for cohort in cohorts])
        in_cell = (data.cohort == position) | is_control[data.cohort]
        rows = np.flatnonzero(in_cell & ((data.period == cell.period) | (data.period == cell.base)))
        effect = _effect(data, rows, cell, position, estimation)
        found.append(effect)
        influence[:, number] = np.bincount(data.cluster[rows], effect.influence, data.n_clusters)
        treated = data.cohort[rows] == position
        counts[:, number] = [_fewest(data, rows[side], cell) for side in (treated, ~treated)]
    member = np.eye(len(cohorts))[data.cohort] * data.member_weight[:, None]
    influence[:, len(cells) :] = sums_by_cluster(member, data.cluster, data.n_clusters)
    effects = GroupTimeEffects(
        cells=cells,
        cohorts=cohorts,
        value=np.array([effect.value for effect in found]),
        failure=tuple(effect.failure for effect in found),
        n_treated=counts[0],
        n_controls=counts[1],
        is_alone=(counts[0] < 2) | (counts[1] <= len(data.design)),
        cohort_weight=member.sum(axis=0),
        cross=influence.T @ influence,
        draws=multiplier_sums(influence.T, draws[0], (draws[1], 0)),
        n_trimmed=np.array([effect.n_trimmed for effect in found]),
    )
    return effects, influence


def _effect(data: CrossSections, rows: np.ndarray, cell: Cell, position: int, estimation: str) -> AdjustedEffect:
    return adjusted_effect(
        Comparison(
            outcome=data.outcome[rows],
            is_after=data.period[rows] == cell.period,
            is_treated=data.cohort[rows] == position,
            design=data.design[:, rows],
            weight=data.weight[rows],
        ),
        estimation,
    )


def _fewest(data: CrossSections, rows: np.ndarray, cell: Cell) -> int:
    """Rows of one side in the thinner of the two periods."""
    after = data.period[rows] == cell.period
    return int(min(after.sum(), (~after).sum()))

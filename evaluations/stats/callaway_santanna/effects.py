"""Group-time effects as they leave the rounds, before any averaging."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.callaway_santanna.adjusted import State
from evaluations.stats.callaway_santanna.cells import Cell, Cohort
from evaluations.stats.callaway_santanna.designs import Design


@dataclass(frozen=True)
class GroupTimeEffects:
    """Values, NaN where a cell cannot be estimated (`failure` says why), and influence cross-products.

    `cross` and `draws` have a row, and a column, for each cell and then for each cohort's weights.
    `is_alone` marks cells whose error does not exist: one treated unit, or no more controls than
    coefficients. `cohort_weight` sums the units' weights. `n_effective`, where controls are weighted
    by odds, is how many equally weighted ones they amount to.
    """

    cells: tuple[Cell, ...]
    cohorts: tuple[Cohort, ...]
    value: np.ndarray
    failure: tuple[str | None, ...]
    n_treated: np.ndarray
    n_controls: np.ndarray
    is_alone: np.ndarray
    cohort_weight: np.ndarray
    cross: np.ndarray
    draws: np.ndarray
    n_trimmed: np.ndarray
    n_effective: np.ndarray | None = None

    @property
    def is_known(self) -> np.ndarray:
        """Cells that could be estimated, shape (n_cells,), bool."""
        return np.isfinite(self.value)


def adjusted_group_time_effects(
    state: State,
    cells: tuple[Cell, ...],
    cohorts: tuple[Cohort, ...],
    designs: tuple[Design, ...],
    cohort_weight: np.ndarray,
) -> GroupTimeEffects:
    """The effects that the rounds of `AdjustedEffects` end with."""
    n = len(cells)
    value, failure = np.full(n, np.nan), [""] * n
    n_treated, n_controls, trimmed = np.zeros(n, int), np.zeros(n, int), np.zeros(n, int)
    is_alone, effective = np.zeros(n, bool), np.full(n, np.inf)
    for design, fit in zip(designs, state.fits, strict=True):
        level = fit.treated_mean - fit.odds_mean
        for number, family in enumerate(design.families):
            own = family.cells
            n_treated[own], n_controls[own] = fit.n_treated[number], fit.n_controls[number]
            trimmed[own] = fit.n_trimmed[number]
            is_alone[own] = (fit.n_treated[number] < 2) | (fit.n_controls[number] <= fit.slope.shape[1])
            if fit.uses_odds and fit.odds_square[number] > 0:
                effective[own] = fit.odds_weight[number] ** 2 / fit.odds_square[number]
            if fit.failure[number] is None:
                value[own] = level[number, family.period] - level[number, family.base]
            for cell in own:
                failure[cell] = fit.failure[number] or ""
    influence = state.influence
    if influence is None:
        raise ValueError("the rounds have not finished")
    return GroupTimeEffects(
        cells=cells,
        cohorts=cohorts,
        value=value,
        failure=tuple(code or None for code in failure),
        n_treated=n_treated,
        n_controls=n_controls,
        is_alone=is_alone,
        cohort_weight=cohort_weight,
        cross=influence.cross,
        draws=influence.draws,
        n_trimmed=trimmed,
        n_effective=effective if state.fits[0].uses_odds else None,
    )

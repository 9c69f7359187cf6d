"""Group-time effects with covariates, or on unbalanced panels: doubly robust, regression or weighting.

Every quantity is a sum over units, so the whole runs in rounds over blocks (`stats.blocks`):
sums of covariates by cohort; a Newton step of each propensity a round until they settle; sums
weighted by the odds of treatment; and the cross-products of influence values.

For a family (cohort g against its controls C) with D = 1 for g, weights w, covariates X (an
intercept first), the change dY = Y_t - Y_base, the fitted propensity p, odds weights
o = w (1 - D) p / (1 - p) and the regression b of dY on X among controls, the doubly robust effect is

    ATT = mean_{w D}(dY - X'b) - mean_{o}(dY - X'b)        (Sant'Anna and Zhao 2020, section 3.1)

with both means normalised; `reg` leaves out the second mean, `ipw` the regression. The influence
of a unit adds what estimating p and b contributes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from evaluations.stats.blocks import Sums
from evaluations.stats.callaway_santanna.designs import Design
from evaluations.stats.callaway_santanna.fits import (
    CohortSums,
    Fit,
    OddsSums,
    PropensitySums,
    cohort_sums,
    first_family_fit,
    odds_sums,
    propensity_sums,
    stepped,
    view_of,
)
from evaluations.stats.callaway_santanna.influence import InfluenceSums, block_influence
from evaluations.stats.callaway_santanna.unit_blocks import UnitBlocks


@dataclass(frozen=True)
class State:
    """Where the rounds have got to: `stage` says which sums come next."""

    stage: str
    fits: tuple[Fit, ...] = ()
    iteration: int = 0
    influence: InfluenceSums | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AdjustedEffects:
    """The method, as rounds over block numbers. `estimation` is dr, reg or ipw."""

    blocks: UnitBlocks
    designs: tuple[Design, ...]
    n_cells: int
    estimation: str
    draws: int = 0
    seed: int = 1

    @property
    def uses_odds(self) -> bool:
        """Controls are weighted by the odds of treatment."""
        return self.estimation in ("dr", "ipw")

    @property
    def uses_regression(self) -> bool:
        """Outcomes are adjusted by the controls' regression."""
        return self.estimation in ("dr", "reg")

    def start(self) -> State:
        """Nothing known yet."""
        return State("cohorts")

    def is_finished(self, state: State) -> bool:
        """The influence sums are in."""
        return state.stage == "finished"

    def reduce_block(self, block: int, state: State) -> Sums:
        """The sums that this stage needs from block number `block`."""
        units = self.blocks.block(block)
        if state.stage == "influence":
            draws = (self.draws, self.seed)
            return block_influence(units, self.designs, state.fits, n_cells=self.n_cells, draws=draws)
        reduce_view: Callable[..., tuple] = {"cohorts": cohort_sums, "propensity": propensity_sums, "odds": odds_sums}[
            state.stage
        ]
        kind: type[Sums] = {"cohorts": CohortSums, "propensity": PropensitySums, "odds": OddsSums}[state.stage]
        parts = [
            reduce_view(view_of(units, design), design, state.fits[number] if state.fits else None)
            for number, design in enumerate(self.designs)
        ]
        return kind(*(tuple(column) for column in zip(*parts, strict=True)))

    def solve(self, state: State, total: Sums) -> State:
        """What follows from a round's sums."""
        if isinstance(total, CohortSums):
            return self._after_cohorts(total)
        if isinstance(total, PropensitySums):
            return self._after_propensity(state, total)
        if isinstance(total, OddsSums):
            return self._after_odds(state, total)
        if not isinstance(total, InfluenceSums):
            raise TypeError(type(total).__name__)
        return replace(state, stage="finished", influence=total)

    def _after_cohorts(self, total: CohortSums) -> State:
        fits = tuple(
            self._first_fit(*of_design)
            for of_design in zip(self.designs, total.count, total.gram, total.cross, strict=True)
        )
        return State("propensity" if self.uses_odds else "influence", fits)

    def _first_fit(self, design: Design, count: np.ndarray, gram: np.ndarray, cross: np.ndarray) -> Fit:
        families = [first_family_fit(family, count, gram, cross) for family in design.families]
        stacked = {name: np.array([family[name] for family in families]) for name in families[0] if name != "failure"}
        slope = stacked["slope"] if self.uses_regression else np.zeros_like(stacked["slope"])
        adjusted = stacked["treated_outcome"] - np.einsum("fk,fkm->fm", stacked["treated_covariates"], slope)
        moment = np.einsum("fkl,fl->fk", stacked["control_inverse"], stacked["treated_covariates"])
        n, k, m = slope.shape
        return Fit(
            n_treated=stacked["n_treated"],
            n_controls=stacked["n_controls"],
            failure=tuple(family["failure"] for family in families),
            treated_weight=stacked["treated_weight"],
            treated_mean=adjusted,
            treated_covariates=stacked["treated_covariates"],
            control_inverse=stacked["control_inverse"],
            slope=slope,
            logit=stacked["logit"],
            is_settled=np.array([family["failure"] is not None for family in families]),
            information_inverse=np.zeros((n, k, k)),
            odds_weight=np.ones(n),
            odds_mean=np.zeros((n, m)),
            odds_square=np.zeros(n),
            odds_moment=np.zeros((n, k, m)),
            regression_moment=moment if self.uses_regression else np.zeros((n, k)),
            n_trimmed=np.zeros(n, dtype=int),
            uses_odds=self.uses_odds,
        )

    def _after_propensity(self, state: State, total: PropensitySums) -> State:
        fits = tuple(
            stepped(fit, score, information, state.iteration)
            for fit, score, information in zip(state.fits, total.score, total.information, strict=True)
        )
        settled = all(fit.is_settled.all() for fit in fits)
        return State("odds" if settled else "propensity", fits, state.iteration + 1)

    def _after_odds(self, state: State, total: OddsSums) -> State:
        fits = tuple(
            self._weighted(*of_design)
            for of_design in zip(state.fits, total.gram, total.cross, total.square, total.trimmed, strict=True)
        )
        return State("influence", fits, state.iteration)

    def _weighted(self, fit: Fit, gram: np.ndarray, cross: np.ndarray, square: np.ndarray, trimmed: np.ndarray) -> Fit:
        weight = gram[:, 0, 0]
        failure = tuple(
            code or (None if total > 0 else "no_overlap") for code, total in zip(fit.failure, weight, strict=True)
        )
        safe = np.where(weight > 0, weight, 1.0)
        covariates = gram[:, 0] / safe[:, None]
        residual = (cross - np.einsum("fkl,flm->fkm", gram, fit.slope)) / safe[:, None, None]
        mean = residual[:, 0]
        moment = residual - covariates[:, :, None] * mean[:, None, :]
        regression = np.einsum("fkl,fl->fk", fit.control_inverse, fit.treated_covariates - covariates)
        return replace(
            fit,
            failure=failure,
            odds_weight=safe,
            odds_mean=mean,
            odds_square=square,
            odds_moment=np.einsum("fkl,flm->fkm", fit.information_inverse, moment),
            regression_moment=regression if self.uses_regression else fit.regression_moment,
            n_trimmed=trimmed.astype(int),
        )

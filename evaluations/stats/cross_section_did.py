"""The 2x2 difference-in-differences on rows that are not matched over time, with covariates.

For each period t in {before, after}, with D = 1 for treated rows, weights w, covariates X (an
intercept first), the propensity p fitted on all rows, odds weights o = w (1 - D) p / (1 - p) and
regressions b_dt of the outcome on X among rows of group d in period t, the level of the effect is

    dr    mean_{w D in t}(Y - X'b_0t) - mean_{o in t}(Y - X'b_0t)
          + mean_{w D}(X'(b_1t - b_0t)) - mean_{w D in t}(X'(b_1t - b_0t))
    ipw   mean_{w D in t}(Y) - mean_{o in t}(Y)
    reg   mean_{w D in t}(Y) - mean_{w D}(X'b_0t)

all means normalised, and the effect is the level after less the level before: Sant'Anna and Zhao
(2020), equation 3.4 for `dr` (their locally efficient estimator, with logit and least squares);
Abadie (2005) and Heckman, Ichimura and Todd (1997) for the others. Influence values add what
estimating p and the b contributes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evaluations.stats.nuisance import TRIM_ABOVE, inverse, is_full_rank, logit_start, logit_step


@dataclass(frozen=True)
class CrossSectionEffect:
    """The effect, each row's influence on it (shape (n_rows,)), or the code of why there is none."""

    value: float
    influence: np.ndarray
    failure: str | None = None
    n_trimmed: int = 0


@dataclass(frozen=True)
class Rows:
    """The rows of one comparison. `design` has shape (k, n_rows), an intercept first."""

    outcome: np.ndarray
    is_after: np.ndarray
    is_treated: np.ndarray
    design: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class _Regression:
    slope: np.ndarray
    influence: np.ndarray


@dataclass(frozen=True)
class _Odds:
    weight: np.ndarray
    score: np.ndarray
    n_trimmed: int


class _Impossible(Exception):
    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def cross_section_effect(rows: Rows, estimation: str) -> CrossSectionEffect:
    """The 2x2 effect by `estimation`: dr, ipw or reg."""
    try:
        odds = None if estimation == "reg" else _odds(rows)
        after = _level(rows, rows.is_after, odds, estimation)
        before = _level(rows, ~rows.is_after, odds, estimation, is_before=True)
    except _Impossible as reason:
        return CrossSectionEffect(np.nan, np.zeros(len(rows.outcome)), reason.code)
    trimmed = 0 if odds is None else odds.n_trimmed
    return CrossSectionEffect(after[0] - before[0], after[1] - before[1], None, trimmed)


def _odds(rows: Rows) -> _Odds:
    """Odds weights of controls, and each row's influence on the propensity's coefficients, shape (k, n_rows)."""
    treated, weight = rows.is_treated, rows.weight
    totals = weight[treated].sum(), weight[~treated].sum()
    if min(totals) <= 0:
        raise _Impossible("no_treated_observed" if totals[0] <= 0 else "no_controls_observed")
    coefficients = logit_start(*totals, len(rows.design))
    iteration = 0
    while True:
        propensity = expit(coefficients @ rows.design)
        unexplained = weight * (treated - propensity)
        information = (rows.design * (weight * propensity * (1 - propensity))) @ rows.design.T
        step = logit_step(coefficients, rows.design @ unexplained, information, iteration)
        if step.has_failed:
            raise _Impossible("no_overlap")
        if step.is_settled:
            break
        coefficients, iteration = step.coefficients, iteration + 1
    is_used = ~treated & (propensity < TRIM_ABOVE)
    odds = np.where(is_used, weight * propensity / np.maximum(1 - propensity, 1e-12), 0.0)
    return _Odds(odds, inverse(information) @ (rows.design * unexplained), int((~treated & ~is_used).sum()))


def _level(
    rows: Rows, in_period: np.ndarray, odds: _Odds | None, estimation: str, *, is_before: bool = False
) -> tuple[float, np.ndarray]:
    """The level of the effect in one period, and each row's influence on it."""
    treated_now = rows.weight * (rows.is_treated & in_period)
    if treated_now.sum() <= 0:
        raise _Impossible("no_treated_observed")
    if estimation == "ipw":
        return _weighting_level(rows, treated_now, in_period, _need(odds), rows.outcome)
    control = _regression(rows, ~rows.is_treated & in_period)
    if estimation == "reg":
        return _regression_level(rows, treated_now, control)
    return _doubly_robust_level(rows, treated_now, in_period, _need(odds), control, is_before=is_before)


def _need(odds: _Odds | None) -> _Odds:
    if odds is None:
        raise ValueError("this estimation needs odds weights")
    return odds


def _regression(rows: Rows, among: np.ndarray) -> _Regression:
    """Least squares among some rows, and each row's influence on the slope, shape (k, n_rows)."""
    weight = rows.weight * among
    if weight.sum() <= 0:
        raise _Impossible("no_controls_observed")
    gram = (rows.design * weight) @ rows.design.T
    if not is_full_rank(gram):
        raise _Impossible("covariates_collinear" if among.sum() > len(rows.design) else "too_few_controls")
    inverted = inverse(gram)
    slope = inverted @ (rows.design @ (weight * rows.outcome))
    residual = weight * (rows.outcome - slope @ rows.design)
    return _Regression(slope, inverted @ (rows.design * residual))


def _mean(weight: np.ndarray, values: np.ndarray) -> tuple[float, np.ndarray]:
    """A weighted mean and each row's influence on it."""
    total = weight.sum()
    mean = float(weight @ values / total)
    return mean, weight * (values - mean) / total


def _regression_level(rows: Rows, treated_now: np.ndarray, control: _Regression) -> tuple[float, np.ndarray]:
    always = rows.weight * rows.is_treated
    seen, seen_influence = _mean(treated_now, rows.outcome)
    expected, expected_influence = _mean(always, control.slope @ rows.design)
    covariates = rows.design @ always / always.sum()
    return seen - expected, seen_influence - expected_influence - covariates @ control.influence


def _weighting_level(
    rows: Rows, treated_now: np.ndarray, in_period: np.ndarray, odds: _Odds, outcome: np.ndarray
) -> tuple[float, np.ndarray]:
    controls_now = odds.weight * in_period
    if controls_now.sum() <= 0:
        raise _Impossible("no_overlap")
    treated, treated_influence = _mean(treated_now, outcome)
    control, control_influence = _mean(controls_now, outcome)
    moment = rows.design @ (controls_now * (outcome - control)) / controls_now.sum()
    return treated - control, treated_influence - control_influence - moment @ odds.score


def _doubly_robust_level(
    rows: Rows, treated_now: np.ndarray, in_period: np.ndarray, odds: _Odds, control: _Regression, *, is_before: bool
) -> tuple[float, np.ndarray]:
    value, influence = _weighting_level(rows, treated_now, in_period, odds, rows.outcome - control.slope @ rows.design)
    treated = _regression(rows, rows.is_treated & in_period)
    always, controls_now = rows.weight * rows.is_treated, odds.weight * in_period
    gap = (treated.slope - control.slope) @ rows.design
    overall, overall_influence = _mean(always, gap)
    now, now_influence = _mean(treated_now, gap)
    mean_now = rows.design @ treated_now / treated_now.sum()
    mean_control = rows.design @ controls_now / controls_now.sum()
    mean_always = rows.design @ always / always.sum()
    # The reference software adds this term for both periods, where the derivative subtracts the earlier one.
    # It vanishes where the propensity is right; with its sign the errors are its own to the last digit.
    imbalance = (mean_control - mean_now) if is_before else (mean_now - mean_control)
    influence = influence - imbalance @ control.influence
    influence = influence + overall_influence - now_influence
    influence = influence + (mean_always - mean_now) @ (treated.influence - control.influence)
    return value + overall - now, influence

"""The 2x2 difference-in-differences with covariates: doubly robust, weighting or regression.

With D = 1 for treated rows, weights w, covariates X (an intercept first), the propensity p, odds
weights o = w (1 - D) p / (1 - p), and all means normalised:

Units seen before and after, with dY the change and b its regression on X among controls
(Sant'Anna and Zhao 2020, section 3.1; Abadie 2005; Heckman, Ichimura and Todd 1997):

    dr     mean_{w D}(dY - X'b) - mean_{o}(dY - X'b)
    ipw    mean_{w D}(dY) - mean_{o}(dY)
    reg    mean_{w D}(dY - X'b)

Rows that are not matched over time: the level after less the level before, where for period t and
regressions b_dt of the outcome on X among rows of group d in t the level is

    dr     mean_{w D in t}(Y - X'b_0t) - mean_{o in t}(Y - X'b_0t)
           + mean_{w D}(X'(b_1t - b_0t)) - mean_{w D in t}(X'(b_1t - b_0t))
    ipw    mean_{w D in t}(Y) - mean_{o in t}(Y)
    reg    mean_{w D in t}(Y) - mean_{w D}(X'b_0t)

with p fitted on all rows (their section 3.2 for `dr`, the locally efficient estimator, with logit
and least squares). Influence values add what estimating p and the b contributes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evaluations.stats.nuisance import TRIM_ABOVE, inverse, is_full_rank, logit_start, logit_step


@dataclass(frozen=True)
class AdjustedEffect:
    """The effect, each row's influence on it (shape (n_rows,)), or the code of why there is none."""

    value: float
    influence: np.ndarray
    failure: str | None = None
    n_trimmed: int = 0


@dataclass(frozen=True)
class Comparison:
    """The rows of one comparison. `design` has shape (k, n_rows), an intercept first.

    Where rows are units seen before and after, `outcome` is their change and `is_after` is null.
    """

    outcome: np.ndarray
    is_treated: np.ndarray
    design: np.ndarray
    weight: np.ndarray
    is_after: np.ndarray | None = None


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


def adjusted_effect(rows: Comparison, estimation: str) -> AdjustedEffect:
    """The 2x2 effect by `estimation`: dr, ipw or reg."""
    try:
        odds = None if estimation == "reg" else _odds(rows)
        value, influence = _effect(rows, odds, estimation)
    except _Impossible as reason:
        return AdjustedEffect(np.nan, np.zeros(len(rows.outcome)), reason.code)
    return AdjustedEffect(value, influence, None, 0 if odds is None else odds.n_trimmed)


def _effect(rows: Comparison, odds: _Odds | None, estimation: str) -> tuple[float, np.ndarray]:
    if rows.is_after is None:
        everywhere = np.ones(len(rows.outcome), dtype=bool)
        if estimation == "dr":
            return _matched_doubly_robust(rows, everywhere, _need(odds))
        return _level(rows, everywhere, odds, estimation)
    after = _level(rows, rows.is_after, odds, estimation)
    before = _level(rows, ~rows.is_after, odds, estimation, is_before=True)
    return after[0] - before[0], after[1] - before[1]


def _matched_doubly_robust(rows: Comparison, everywhere: np.ndarray, odds: _Odds) -> tuple[float, np.ndarray]:
    treated, control = rows.weight * rows.is_treated, _regression(rows, ~rows.is_treated)
    residual = rows.outcome - control.slope @ rows.design
    value, influence = _weighting_level(rows, treated, everywhere, odds, residual)
    gap = rows.design @ treated / treated.sum() - rows.design @ odds.weight / odds.weight.sum()
    return value, influence - gap @ control.influence


def _odds(rows: Comparison) -> _Odds:
    """Odds weights of controls, and each row's influence on the propensity's coefficients, shape (k, n_rows)."""
    treated, weight = rows.is_treated, rows.weight
    totals = weight[treated].sum(), weight[~treated].sum()
    if min(totals) <= 0:
        raise _Impossible("no_treated_observed" if totals[0] <= 0 else "no_controls_observed")
    if not is_full_rank((rows.design * weight) @ rows.design.T):
        raise _Impossible("covariates_collinear")
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
    rows: Comparison, in_period: np.ndarray, odds: _Odds | None, estimation: str, *, is_before: bool = False
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


def _regression(rows: Comparison, among: np.ndarray) -> _Regression:
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


def _regression_level(rows: Comparison, treated_now: np.ndarray, control: _Regression) -> tuple[float, np.ndarray]:
    always = rows.weight * rows.is_treated
    seen, seen_influence = _mean(treated_now, rows.outcome)
    expected, expected_influence = _mean(always, control.slope @ rows.design)
    covariates = rows.design @ always / always.sum()
    return seen - expected, seen_influence - expected_influence - covariates @ control.influence


def _weighting_level(
    rows: Comparison, treated_now: np.ndarray, in_period: np.ndarray, odds: _Odds, outcome: np.ndarray
) -> tuple[float, np.ndarray]:
    controls_now = odds.weight * in_period
    if controls_now.sum() <= 0:
        raise _Impossible("no_overlap")
    treated, treated_influence = _mean(treated_now, outcome)
    control, control_influence = _mean(controls_now, outcome)
    moment = rows.design @ (controls_now * (outcome - control)) / controls_now.sum()
    return treated - control, treated_influence - control_influence - moment @ odds.score


def _doubly_robust_level(
    rows: Comparison,
    treated_now: np.ndarray,
    in_period: np.ndarray,
    odds: _Odds,
    control: _Regression,
    *,
    is_before: bool,
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

"""Whether small studies tell a different story from large ones.

Sources: Egger et al. (1997), BMJ 315; Duval and Tweedie (2000), Biometrics 56(2), estimator L0;
Begg and Mazumdar (1994), Biometrics 50(4). None of these can say why small studies differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evidence.synthesis.random_effects import TO_THE_END, Coefficient, Pooled, Stopping, pool


@dataclass(frozen=True, slots=True)
class AsymmetryTest:
    """A test that effects do not move with their precision; `df` is null where it uses the normal."""

    statistic: float
    p_value: float
    df: int | None = None


@dataclass(frozen=True, slots=True)
class TrimAndFill:
    """How many effects seem to be missing on one side, and the pooled effect with them filled in."""

    n_missing: int
    side: str
    filled: Pooled


def egger_random_effects(
    effects: np.ndarray, variances: np.ndarray, *, tau2_method: str = "REML", stopping: Stopping = TO_THE_END
) -> AsymmetryTest:
    """Egger's test as a meta-regression of the effects on their standard errors."""
    slope = _slope(effects, variances, tau2_method, stopping)
    return AsymmetryTest(slope.value / slope.std_error, slope.p_value)


def egger_regression(effects: np.ndarray, variances: np.ndarray) -> AsymmetryTest:
    """Egger's test as a weighted regression with a free residual variance."""
    fixed = pool(effects, variances, moderators=np.sqrt(variances)[:, None], tau2_method="FE", test="knha")
    slope = fixed.coefficients[1]
    return AsymmetryTest(slope.value / slope.std_error, slope.p_value, fixed.df)


def rank_correlation(effects: np.ndarray, variances: np.ndarray) -> AsymmetryTest:
    """Begg and Mazumdar's test: Kendall's tau between standardised effects and their variances."""
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    centre = np.sum(y / v) / np.sum(1 / v)
    standardised = (y - centre) / np.sqrt(v - 1 / np.sum(1 / v))
    ties = len(np.unique(standardised)) < len(y) or len(np.unique(v)) < len(v)
    found = stats.kendalltau(standardised, v, method="asymptotic" if ties else "exact")
    return AsymmetryTest(float(found.statistic), float(found.pvalue))


def trim_and_fill(
    effects: np.ndarray,
    variances: np.ndarray,
    *,
    tau2_method: str = "REML",
    test: str = "z",
    stopping: Stopping = TO_THE_END,
) -> TrimAndFill:
    """The effects mirrored to make the funnel even, on the side that Egger's slope says is thin."""
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    side, sign = ("left", 1.0) if _slope(y, v, tau2_method, stopping).value > 0 else ("right", -1.0)
    order = np.argsort(sign * y, kind="stable")
    flipped, spread = sign * y[order], v[order]
    n_missing, centre = _missing(flipped, spread, tau2_method, stopping)
    extreme = slice(len(y) - n_missing, None)
    filled_y = np.concatenate([flipped, 2 * centre - flipped[extreme]])
    filled_v = np.concatenate([spread, spread[extreme]])
    filled = pool(sign * filled_y, filled_v, tau2_method=tau2_method, test=test, stopping=stopping)
    return TrimAndFill(n_missing, side, filled)


def _slope(effects: np.ndarray, variances: np.ndarray, tau2_method: str, stopping: Stopping) -> Coefficient:
    spread = np.sqrt(variances)[:, None]
    return pool(
        effects, variances, moderators=spread, tau2_method=tau2_method, test="z", stopping=stopping
    ).coefficients[1]


def _missing(y: np.ndarray, v: np.ndarray, tau2_method: str, stopping: Stopping) -> tuple[int, float]:
    """The estimator L0 of the number missing on the left, iterated until it settles, and the centre used."""
    k, n_missing = len(y), 0
    for _ in range(100):
        kept = slice(0, k - n_missing)
        centre = pool(y[kept], v[kept], tau2_method=tau2_method, test="z", stopping=stopping).value
        deviation = y - centre
        ranks = stats.rankdata(np.abs(deviation), method="ordinal")
        positive = float(ranks[deviation > 0].sum())
        found = max(0, round((4 * positive - k * (k + 1)) / (2 * k - 1)))
        found = min(found, k - 2)
        if found == n_missing:
            break
        n_missing = found
    return n_missing, centre

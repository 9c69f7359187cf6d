"""How likely a pre-trend test was to notice a trend that would matter.

Source: Roth (2022), Pretest with Caution, AER: Insights 4(3), section 1. Two tests are known: that
some lead differs from zero on its own, which the paper studies, and the joint test of all leads,
which is the one reported with a result, so its power is the one given there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import brentq


@dataclass(frozen=True, slots=True)
class PretrendPower:
    """A linear violation of parallel trends, in outcome units a period, that the test detects with `power`."""

    slope: float
    power: float


def rejection_probability(violation: np.ndarray, covariance: np.ndarray, *, level: float = 0.95) -> float:
    """The probability that some lead is significant when the leads' true means are `violation`.

    `violation` has shape (n_leads,), `covariance` (n_leads, n_leads).
    """
    std_error = np.sqrt(np.diag(covariance))
    limit = stats.norm.ppf(0.5 + level / 2) * std_error
    if len(limit) == 1:
        inside = stats.norm.cdf(limit, violation, std_error) - stats.norm.cdf(-limit, violation, std_error)
        return float(1 - inside[0])
    correlation = covariance / np.outer(std_error, std_error)
    box = stats.multivariate_normal(
        violation / std_error, correlation, allow_singular=True, seed=np.random.default_rng(1), abseps=1e-7
    )
    box.maxpts = 2_000_000
    inside_all = box.cdf(limit / std_error, lower_limit=-limit / std_error, rng=np.random.default_rng(1))
    return float(1 - inside_all)


def joint_rejection_probability(violation: np.ndarray, covariance: np.ndarray, *, level: float = 0.95) -> float:
    """The probability that the joint test of the leads rejects when their true means are `violation`."""
    df = len(violation)
    distance = float(violation @ np.linalg.lstsq(covariance, violation, rcond=None)[0])
    return float(stats.ncx2.sf(stats.chi2.ppf(level, df), df, distance))


def linear_violation(event_times: np.ndarray, slope: float, *, reference: int = -1) -> np.ndarray:
    """A violation that grows by `slope` a period and is zero at the reference period."""
    return slope * (np.asarray(event_times, dtype=float) - reference)


def slope_for_power(
    event_times: np.ndarray, covariance: np.ndarray, *, power: float, level: float = 0.95, reference: int = -1
) -> PretrendPower:
    """The linear violation that the test of single leads would notice with probability `power`.

    `event_times` are those of the leads, in the order of `covariance`. Zero where chance alone does.
    """
    return _slope(rejection_probability, event_times, covariance, power=power, level=level, reference=reference)


def joint_slope_for_power(
    event_times: np.ndarray, covariance: np.ndarray, *, power: float, level: float = 0.95, reference: int = -1
) -> PretrendPower:
    """The linear violation that the joint test of the leads would notice with probability `power`."""
    return _slope(joint_rejection_probability, event_times, covariance, power=power, level=level, reference=reference)


def _slope(
    rejects: Callable[..., float],
    event_times: np.ndarray,
    covariance: np.ndarray,
    *,
    power: float,
    level: float,
    reference: int,
) -> PretrendPower:
    def excess(slope: float) -> float:
        violation = linear_violation(event_times, slope, reference=reference)
        return rejects(violation, covariance, level=level) - power

    if excess(0.0) >= 0:
        return PretrendPower(0.0, power)
    reach = np.abs(np.asarray(event_times, dtype=float) - reference)
    upper = float(np.max(np.sqrt(np.diag(covariance)) / np.maximum(reach, 1)))
    while excess(upper) < 0:
        upper *= 2
    return PretrendPower(slope=float(brentq(excess, 0.0, upper, xtol=1e-10)), power=power)

"""What is said about a result once it is there: power of its pre-test, bounds, standing.

Nothing here changes an estimate; it only adds to what surrounds it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluations.stats.diagnostics.honest_did import FirstEffect, breakdown_bound, relative_magnitudes, smoothness
from evaluations.stats.diagnostics.pretrend_power import joint_slope_for_power
from evaluations.stats.results import Diagnostic, LongDifferences, Result, SensitivityBound
from evaluations.stats.spec import Spec
from evaluations.stats.standing import standing

POWER_STATED = 0.5
MOST_LEADS = 30


def assess(spec: Spec, result: Result) -> Result:
    """`result` with the power of its pre-test, its bounds and its standing."""
    if result.refusal or not result.estimates:
        return result
    result = _with_power(spec, _with_bounds(spec, result))
    return replace(result, standing=standing(spec, result))


def _with_power(spec: Spec, result: Result) -> Result:
    path = result.long_differences
    leads = _usable(path, path.event_times < path.reference) if path else None
    if leads is None or len(leads.values) == 0:
        return result
    slope = joint_slope_for_power(
        leads.event_times, leads.covariance, power=POWER_STATED, level=spec.options.level, reference=leads.reference
    ).slope
    after = [item.event_time for item in result.event_study if item.event_time >= 0 and item.value is not None]
    reach = float(np.mean(after)) - leads.reference if after else 1.0
    return result.with_diagnostics(
        Diagnostic(
            "pretrend_power",
            "Had the groups been drifting apart steadily by this much a period, the test of earlier trends would have"
            " noticed only half the time. A drift that small or smaller cannot be ruled out.",
            statistic=slope,
            details={"power": POWER_STATED, "slope": slope, "bias_at_half_power": slope * reach},
        )
    )


def _with_bounds(spec: Spec, result: Result) -> Result:
    first = first_effect(result.long_differences)
    if first is None or not spec.options.sensitivity or result.estimates[0].ci_lower is None:
        return result
    level, seed = spec.options.level, spec.options.seed
    magnitudes = [
        SensitivityBound("relative_magnitudes", bound, found.ci_lower, found.ci_upper)
        for bound in spec.options.sensitivity
        for found in [relative_magnitudes(first, bound, level=level, rng=np.random.default_rng(seed))]
    ]
    step = _typical_bend(first)
    smooth = [
        SensitivityBound("smoothness", share * step, found.ci_lower, found.ci_upper)
        for share in (0.0, 0.5, 1.0)
        for found in [smoothness(first, share * step, level=level)]
    ]
    breakdown = breakdown_bound(first, level=level, rng=np.random.default_rng(seed))
    return replace(result, sensitivity=(*magnitudes, *smooth)).with_diagnostics(_breakdown(breakdown))


def _breakdown(bound: float | None) -> Diagnostic:
    if bound is None:
        reading = "The effect in the first treated period cannot be told from zero even if trends are exactly parallel."
    else:
        reading = (
            "The effect in the first treated period can be told from zero as long as the groups' break after treatment"
            f" is at most {bound:.2g} times the largest break seen before it. Whether that is so, the data cannot say."
        )
    return Diagnostic("breakdown_value", reading, statistic=bound)


def _typical_bend(first: FirstEffect) -> float:
    """The standard error of the first effect: a scale for how much a violation's slope might change in a period."""
    return first.std_error


def first_effect(path: LongDifferences | None) -> FirstEffect | None:
    """The leads up to the reference period and the effect at event time 0; null where either is missing.

    Leads must run without a gap to the reference, and the first effect must follow it directly.
    """
    if path is None or path.reference != -1:
        return None
    chosen = _usable(path, (path.event_times < path.reference) | (path.event_times == 0))
    leads = chosen.event_times[:-1]
    if len(leads) == 0 or chosen.event_times[-1] != 0:
        return None
    unbroken = np.flatnonzero(leads - path.reference == np.arange(-len(leads), 0))
    keep = np.append(unbroken[-MOST_LEADS:], len(leads))
    if len(keep) < 2:
        return None
    return FirstEffect(chosen.values[keep], chosen.covariance[np.ix_(keep, keep)])


def _usable(path: LongDifferences, chosen: np.ndarray) -> LongDifferences:
    """The part of the path chosen that has a value and a positive variance."""
    variance = np.diag(path.covariance)
    keep = np.flatnonzero(chosen & np.isfinite(path.values) & np.isfinite(variance) & (variance > 0))
    return replace(
        path,
        event_times=path.event_times[keep],
        values=path.values[keep],
        covariance=path.covariance[np.ix_(keep, keep)],
    )

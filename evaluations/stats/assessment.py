"""What is said about a result once it is there: power of its pre-test, bounds, standing.

Nothing here changes an estimate; it only adds to what surrounds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from evaluations.stats.diagnostics.clearinghouse import attrition_diagnostic, baseline_diagnostic
from evaluations.stats.diagnostics.composition import composition_change
from evaluations.stats.diagnostics.honest_did import FirstEffect, breakdown_bound, relative_magnitudes, smoothness
from evaluations.stats.diagnostics.placebos import Run, placebo_outcomes, placebo_time
from evaluations.stats.diagnostics.pretrend_power import joint_slope_for_power
from evaluations.stats.diagnostics.stability import agreement, leave_one_out
from evaluations.stats.diagnostics.two_way import bacon_diagnostic
from evaluations.stats.proximity.place_checks import with_place_checks
from evaluations.stats.results import Diagnostic, LongDifferences, Result, SensitivityBound
from evaluations.stats.spec import Spec
from evaluations.stats.standing import standing
from evaluations.stats.table import Table

POWER_STATED = 0.5
MOST_ROWS_REPEATED = 200_000
MOST_LEADS = 30


def assess(table: Table, spec: Spec, result: Result, runs: Mapping[str, Run]) -> Result:
    """`result` with the power of its pre-test, its bounds, the checks that repeat the design, and its standing.

    `runs` has the estimators by name, the design's own among them. Checks that repeat the design
    are left out of tables of more than `MOST_ROWS_REPEATED` rows, and the result says so.
    """
    if result.refusal or not result.estimates:
        return result
    return _with_stability(table, spec, judged(table, spec, _with_bounds(spec, result), runs), runs)


def assess_alone(spec: Spec, result: Result, *, n_rows: int) -> Result:
    """`result` with what can be said without its rows: the power of its pre-test, its bounds and its standing."""
    if result.refusal or not result.estimates:
        return result
    result = _with_power(spec, _with_bounds(spec, result)).with_diagnostics(_not_repeated(n_rows))
    return replace(result, standing=standing(spec, result))


def judged(table: Table, spec: Spec, result: Result, runs: Mapping[str, Run]) -> Result:
    """`result` with its standing and the checks that the standing rests on."""
    result = _with_checks(table, spec, _with_power(spec, result), runs)
    return replace(result, standing=standing(spec, result))


def _with_checks(table: Table, spec: Spec, result: Result, runs: Mapping[str, Run]) -> Result:
    """The checks that look at the data again, and on which the standing rests."""
    if spec.method == "proximity":
        return with_place_checks(table, spec, result, runs[spec.estimator])
    decomposition, shares = bacon_diagnostic(table, spec)
    result = replace(result, decomposition=(*result.decomposition, *decomposition))
    result = result.with_diagnostics(
        *shares, *baseline_diagnostic(table), *attrition_diagnostic(table), *composition_change(table, spec)
    )
    if table.n_rows > MOST_ROWS_REPEATED:
        return result.with_diagnostics(_not_repeated(table.n_rows))
    run = runs[spec.estimator]
    return result.with_diagnostics(*placebo_time(table, spec, run), *placebo_outcomes(table, spec, run))


def _with_stability(table: Table, spec: Spec, result: Result, runs: Mapping[str, Run]) -> Result:
    """Whether the headline hangs on one cohort or cluster, or on the estimator."""
    headline = result.estimates[0].value
    if spec.method != "did" or table.n_rows > MOST_ROWS_REPEATED or headline is None:
        return result
    left_out = leave_one_out(table, spec, runs[spec.estimator], headline) if _is_fast(spec) else ()
    specifications = (*result.specifications, *agreement(table, spec, result, runs))
    return replace(result, specifications=specifications).with_diagnostics(*left_out)


def _is_fast(spec: Spec) -> bool:
    """Whether the estimator is quick enough to be repeated for every cohort and cluster."""
    return spec.estimator != "synthetic_did"


def _not_repeated(n_rows: int) -> Diagnostic:
    return Diagnostic(
        "checks_not_repeated",
        f"With {n_rows:,} rows, the checks that repeat the analysis (placebos, leaving one out, other estimators) were"
        f" not run; they are below {MOST_ROWS_REPEATED:,}. Run them on a part of the data.",
        statistic=n_rows,
    )


def _with_power(spec: Spec, result: Result) -> Result:
    path = result.long_differences
    leads = _usable(path, path.event_times < path.reference) if path else None
    if leads is None or len(leads.values) == 0 or not _is_covariance(leads.covariance):
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

    Leads must run without a gap to the reference, and the first effect must follow it directly. Null too
    where the covariance gives a combination of them a negative variance.
    """
    if path is None or path.reference != -1:
        return None
    chosen = _usable(path, (path.event_times < path.reference) | (path.event_times == 0))
    leads = chosen.event_times[:-1]
    if len(leads) == 0 or chosen.event_times[-1] != 0:
        return None
    unbroken = np.flatnonzero(leads - path.reference == np.arange(-len(leads), 0))
    keep = np.append(unbroken[-MOST_LEADS:], len(leads))
    freedom = None if chosen.freedom is None else float(chosen.freedom[keep].min())
    if freedom is not None:
        keep = keep[-max(2, int(freedom) // 2) :]
    covariance = chosen.covariance[np.ix_(keep, keep)]
    if len(keep) < 2 or not _is_covariance(covariance):
        return None
    return FirstEffect(chosen.values[keep], covariance, freedom)


def _is_covariance(matrix: np.ndarray) -> bool:
    """Whether no combination has a negative variance, as Conley's uniform kernel can give."""
    size = np.linalg.eigvalsh(matrix)
    return bool(size[0] > -1e-12 * max(float(size[-1]), 0.0))


def _usable(path: LongDifferences, chosen: np.ndarray) -> LongDifferences:
    """The part of the path chosen that has a value and a positive variance."""
    variance = np.diag(path.covariance)
    keep = np.flatnonzero(chosen & np.isfinite(path.values) & np.isfinite(variance) & (variance > 0))
    return replace(
        path,
        event_times=path.event_times[keep],
        values=path.values[keep],
        covariance=path.covariance[np.ix_(keep, keep)],
        freedom=None if path.freedom is None else path.freedom[keep],
    )

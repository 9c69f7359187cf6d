"""Whether the headline hangs on one cohort, one cluster, or the choice of estimator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from evaluations.stats.diagnostics.placebos import Run
from evaluations.stats.issues import NotEstimable
from evaluations.stats.results import Diagnostic, Result, Specification
from evaluations.stats.spec import Spec
from evaluations.stats.table import Coded, Table

MOST_LEFT_OUT = 60
OTHERS = ("callaway_santanna", "sun_abraham", "imputation", "twfe")
IN_WORDS = {
    "callaway_santanna": "Callaway and Sant'Anna",
    "sun_abraham": "Sun and Abraham",
    "imputation": "Imputation (Borusyak, Jaravel and Spiess)",
    "twfe": "Two-way fixed effects",
}


def leave_one_out(table: Table, spec: Spec, run: Run, headline: float) -> tuple[Diagnostic, ...]:
    """The range of the headline when each cohort, and each cluster, is left out in turn."""
    found = []
    if table.cohorts is not None and len(np.unique(table.cohorts.codes[table.cohorts.codes >= 0])) > 1:
        groups = [(str(label), table.cohorts.codes == code) for code, label in enumerate(table.cohorts.labels)]
        found.append(_range("leave_out_cohort", "cohort", groups, table, spec, run, headline))
    groups = list(_clusters(table.cluster or table.unit))
    if 2 < len(groups) <= MOST_LEFT_OUT:
        found.append(_range("leave_out_cluster", "cluster", groups, table, spec, run, headline))
    return tuple(item for item in found if item is not None)


def _clusters(cluster: Coded | None) -> Iterable[tuple[str, np.ndarray]]:
    if cluster is not None and cluster.n_labels <= MOST_LEFT_OUT:
        for code, label in enumerate(cluster.labels):
            yield str(label), cluster.codes == code


def _range(
    code: str,
    what: str,
    groups: list[tuple[str, np.ndarray]],
    table: Table,
    spec: Spec,
    run: Run,
    headline: float,
) -> Diagnostic | None:
    values = {label: _headline(table.select(~rows), spec, run) for label, rows in groups if rows.any()}
    known = {label: value for label, value in values.items() if value is not None}
    if not known:
        return None
    lowest, highest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    farthest = max(known, key=lambda label: abs(known[label] - headline))
    not_done = [label for label, value in values.items() if value is None]
    reading = (
        f"Leaving out one {what} at a time, the estimate runs from {known[lowest]:.4g} (without {lowest}) to"
        f" {known[highest]:.4g} (without {highest}). A wide range means that it hangs on few; a narrow one does not"
        " make it right."
    )
    if not_done:
        reading += f" Without {', '.join(not_done)} it cannot be estimated."
    details = {"lowest": known[lowest], "highest": known[highest], "most_influential": farthest, "n": len(values)}
    return Diagnostic(code, reading, statistic=known[farthest] - headline, details=details)


def _headline(table: Table, spec: Spec, run: Run) -> float | None:
    plain = replace(spec, options=replace(spec.options, sensitivity=(), inference="analytic"))
    try:
        return run(replace(table, subgroup=None, placebo_outcomes=None, placebo_names=()), plain).estimates[0].value
    except NotEstimable:
        return None


def agreement(table: Table, spec: Spec, result: Result, run_of: Mapping[str, Run]) -> tuple[Specification, ...]:
    """The headline by every estimator that can answer the same question on these data, the design's own first.

    `run_of` has the estimators by name. Those that refuse are listed with the reason.
    """
    if spec.estimator not in OTHERS or table.cohorts is None or table.covariates is not None or table.unit is None:
        return ()
    own = result.estimates[0]
    first = Specification(IN_WORDS[spec.estimator], own.value, own.std_error, own.ci_lower, own.ci_upper, "This design")
    return (first, *(_by(name, table, spec, run_of[name]) for name in OTHERS if name != spec.estimator))


def _by(name: str, table: Table, spec: Spec, run: Run) -> Specification:
    options = replace(spec.options, sensitivity=(), inference="analytic", std_errors="auto")
    try:
        plain = replace(table, subgroup=None, placebo_outcomes=None, placebo_names=())
        found = run(plain, replace(spec, estimator=name, options=options)).estimates[0]
    except NotEstimable as reason:
        return Specification(IN_WORDS[name], None, note=reason.message)
    return Specification(IN_WORDS[name], found.value, found.std_error, found.ci_lower, found.ci_upper)

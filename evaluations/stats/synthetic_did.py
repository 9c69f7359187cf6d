"""Synthetic difference-in-differences (Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.options import check_options
from evaluations.stats.panel import Panel, panel_from_table
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.averages import labels_of_starts
from evaluations.stats.regression.path_model import outcome_size
from evaluations.stats.regression.rows import check_outcome_varies
from evaluations.stats.results import CohortEffect, Diagnostic, Estimate, EventTimeEffect, Label, Result, Sample
from evaluations.stats.spec import Spec
from evaluations.stats.synthetic.adoption import Adoption, Adoptions, Averages, placebo_assignments
from evaluations.stats.synthetic.covariates import without_covariates
from evaluations.stats.synthetic.weights import Solution
from evaluations.stats.table import Table, played
from evaluations.stats.treated_starts import check_panel_roles, starts_within
from evaluations.stats.uncertainty import (
    FEW_TREATED_CLUSTERS,
    WARN_CLUSTERS,
    Reference,
    cluster_diagnostics,
    detectable_effect,
    finish,
    known_error,
    large_sample_reference,
)

ESTIMAND = (
    "Average effect of treatment on those treated, over all their treated periods, against a weighted average of units"
    " never treated whose path before treatment runs parallel to theirs"
)
LEAST_BEFORE = 2
MOST_WEIGHTS_SHOWN = 20
ERROR_NOTES = {
    "placebo": "Standard errors: the spread of {n} placebo estimates among units never treated.",
    "jackknife": "Standard errors: jackknife over units, weights kept.",
    "randomisation": "P-value and interval: the rank of the estimate among {n} placebo estimates.",
}


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Errors of everything reported, in `Averages.stacked` order; null where they cannot be had.

    `placebos` are the overall estimates under placebo assignments.
    """

    how: str
    errors: np.ndarray | None
    placebos: np.ndarray | None = None


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The effect on treated units, with errors from placebos or the jackknife.

    `inference` analytic means the jackknife, or placebos where fewer than five units, or a single
    one of a cohort, are treated. Units not seen in every period are left out and counted. Raises
    `NotEstimable` without units never treated or with fewer than two periods before treatment.
    """
    check_options(
        spec, errors=("auto",), inference=("analytic", "placebo", "jackknife", "randomisation"), unit_trends=False
    )
    check_panel_roles(table)
    starts_within(table, spec.options)
    _check_not_clustered(table)
    panel = _complete(panel_from_table(table), spec)
    cleaned = without_covariates(panel)
    adoptions = _adoptions(cleaned.panel, spec)
    tick("finding weights of units and periods", 0.1)
    found, solutions = adoptions.estimate()
    uncertainty = _uncertainty(adoptions, found, solutions, spec, tick)
    tick("estimating", 1.0)
    result = _result(table, panel, spec, adoptions, found, solutions, uncertainty)
    sample = played(result.sample)
    return replace(result, sample=replace(sample, notes=(*sample.notes, *cleaned.notes)))


def _check_not_clustered(table: Table) -> None:
    if table.cluster is not None:
        raise NotEstimable(
            "cluster_not_available",
            "The errors of synthetic difference-in-differences are by unit; they cannot be clustered above it.",
            "Leave out the cluster column, or average the data to one row for each cluster and period.",
        )


def _complete(panel: Panel, spec: Spec) -> Panel:
    """The panel of units seen in every period, always treated and too-early cohorts aside, all counted."""
    panel = panel.without(panel.starts - spec.options.anticipation <= 0, "always_treated")
    holes = ~np.isfinite(panel.outcome).all(axis=1)
    if panel.covariates is not None:
        holes |= ~np.isfinite(panel.covariates.reshape(panel.n_units, -1)).all(axis=1)
    panel = panel.without(holes, "not_in_every_period")
    early = panel.starts - spec.options.anticipation < LEAST_BEFORE
    if panel.n_units and not (panel.is_treated & ~early).any():
        raise NotEstimable(
            "too_few_periods_before" if early.any() else "no_treated_units",
            f"No treated unit that is seen in every period has {LEAST_BEFORE} periods before treatment.",
            "Add earlier periods, or fill the gaps in the treated units' periods.",
        )
    panel = panel.without(early, "too_few_periods_before")
    if int((~panel.is_treated).sum()) < LEAST_BEFORE:
        raise NotEstimable(
            "no_untreated_units",
            f"Fewer than {LEAST_BEFORE} units are seen in every period and never treated: there is no comparison.",
            "Add units that were not treated, or fill the gaps in their periods.",
        )
    check_outcome_varies(panel.outcome)
    return panel


def _adoptions(panel: Panel, spec: Spec) -> Adoptions:
    weights = np.ones(panel.n_units) if panel.weight is None else panel.weight
    cohorts = []
    for start in np.unique(panel.starts[panel.is_treated]).tolist():
        treated = np.flatnonzero(panel.starts == start)
        before = np.arange(start - spec.options.anticipation)
        columns = np.concatenate([before, np.arange(start, panel.n_periods)])
        share = weights[treated] / weights[treated].sum()
        cohorts.append(Adoption(start, treated, share, columns, len(before)))
    return Adoptions(panel.outcome, np.flatnonzero(~panel.is_treated), tuple(cohorts))


def _uncertainty(
    adoptions: Adoptions, found: Averages, solutions: list[Solution], spec: Spec, tick: Tick
) -> Uncertainty:
    how = _chosen(adoptions, spec)
    if how == "jackknife":
        replicates = adoptions.jackknife(solutions)
        if replicates is None:
            return Uncertainty(how, None)
        n = len(adoptions.outcome)
        away = replicates.stacked() - found.stacked()
        return Uncertainty(how, np.sqrt((n - 1) / n * (away**2).sum(axis=0)))
    if len(adoptions.controls) - adoptions.n_treated < LEAST_BEFORE:
        return Uncertainty(how, None)
    rng = np.random.default_rng(spec.options.seed)
    assignments = np.array(list(placebo_assignments(adoptions, spec.options.draws, rng)))
    placebos = adoptions.placebos(assignments, tick=lambda share: tick("estimating placebos", 0.1 + 0.9 * share))
    return Uncertainty(how, placebos.stacked().std(axis=0), placebos.overall)


def _chosen(adoptions: Adoptions, spec: Spec) -> str:
    if spec.options.inference != "analytic":
        return spec.options.inference
    alone = any(len(cohort.treated) < 2 for cohort in adoptions.cohorts)
    return "placebo" if alone or adoptions.n_treated < FEW_TREATED_CLUSTERS else "jackknife"


def _result(
    table: Table,
    panel: Panel,
    spec: Spec,
    adoptions: Adoptions,
    found: Averages,
    solutions: list[Solution],
    uncertainty: Uncertainty,
) -> Result:
    reference = _reference(adoptions, uncertainty, spec)
    size = outcome_size(panel.outcome)
    values = found.stacked()[0]
    errors = [None] * len(values) if uncertainty.errors is None else uncertainty.errors.tolist()
    answers = [
        finish({"value": float(value), "std_error": known_error(error, size)}, reference)
        for value, error in zip(values, errors, strict=True)
    ]
    headline = _ranked(answers[0], uncertainty, spec)
    n_times = len(found.event_times)
    cohorts = played(table.cohorts)
    labels = labels_of_starts(cohorts.starts, cohorts.codes, cohorts.labels)
    return Result(
        estimates=(
            Estimate(
                name="att",
                estimand=ESTIMAND,
                level=spec.options.level,
                n_obs=panel.n_rows,
                n_units=panel.n_units,
                n_treated_units=adoptions.n_treated,
                **headline,
            ),
        ),
        event_study=_event_study(adoptions, found.event_times, answers[1 : 1 + n_times]),
        by_cohort=tuple(
            CohortEffect(labels[cohort.start], **answer, n_treated_units=len(cohort.treated))
            for cohort, answer in zip(adoptions.cohorts, answers[1 + n_times :], strict=True)
        ),
        diagnostics=(
            *(
                _weights_diagnostic(panel, adoptions, *pair, labels)
                for pair in zip(adoptions.cohorts, solutions, strict=True)
            ),
            *_error_diagnostics(adoptions, uncertainty, reference),
        ),
        detectable_effect=detectable_effect(headline["std_error"], reference),
        sample=_sample(table, panel, uncertainty, spec),
    )


def _reference(adoptions: Adoptions, uncertainty: Uncertainty, spec: Spec) -> Reference:
    """The normal, or t with one degree of freedom less than units where they are few; few controls withhold."""
    units = len(adoptions.controls) if uncertainty.how != "jackknife" else len(adoptions.outcome)
    treated = adoptions.n_treated if uncertainty.how == "jackknife" else None
    reference = large_sample_reference(spec.options.level, units, treated, len(adoptions.controls))
    return replace(reference, n_clusters=None)


def _ranked(answer: dict, uncertainty: Uncertainty, spec: Spec) -> dict:
    """The headline, by its rank among placebos where randomisation inference was asked for.

    The p-value counts the estimate itself; the interval holds the effects whose removal would not
    leave the estimate among the most extreme.
    """
    if uncertainty.how != "randomisation":
        return answer
    if uncertainty.placebos is None:
        return {**answer, "ci_lower": None, "ci_upper": None, "p_value": None}
    sizes = np.sort(np.abs(uncertainty.placebos))
    n = len(sizes)
    p_value = (1 + int((sizes >= abs(answer["value"])).sum())) / (n + 1)
    rank = int(np.floor((1 - spec.options.level) * (n + 1) + 1e-9))
    if rank < 1:
        return {**answer, "ci_lower": None, "ci_upper": None, "p_value": p_value}
    reach = float(sizes[n - rank])
    return {**answer, "ci_lower": answer["value"] - reach, "ci_upper": answer["value"] + reach, "p_value": p_value}


def _event_study(adoptions: Adoptions, times: np.ndarray, answers: list[dict]) -> tuple[EventTimeEffect, ...]:
    return tuple(
        EventTimeEffect(
            int(e),
            **answer,
            n_treated_units=sum(len(cohort.treated) for cohort in adoptions.cohorts if e in cohort.event_times),
        )
        for e, answer in zip(times.tolist(), answers, strict=True)
    )


def _weights_diagnostic(
    panel: Panel, adoptions: Adoptions, cohort: Adoption, solution: Solution, labels: dict[int, Label]
) -> Diagnostic:
    """How close the weighted controls come before treatment, and which units and periods carry the comparison."""
    units, periods = solution.unit_weights[0], solution.period_weights[0]
    gaps = solution.effects[0, : cohort.n_before]
    away = float(np.sqrt(np.mean((gaps - gaps.mean()) ** 2)))
    largest = np.argsort(-units, kind="stable")[:MOST_WEIGHTS_SHOWN]
    details = {
        "cohort": labels[cohort.start],
        "controls_that_carry_weight": int((units > 0).sum()),
        "effective_controls": float(1 / (units**2).sum()),
        "unit_weights": {
            str(panel.unit_labels[panel.unit[adoptions.controls[i]]]): float(units[i]) for i in largest if units[i] > 0
        },
        "period_weights": {str(panel.periods[cohort.columns[t]]): float(w) for t, w in enumerate(periods) if w > 0},
    }
    reading = (
        "How far, before treatment, the treated units' path strays from running parallel to their weighted controls, in"
        " the outcome's unit. The weights were chosen to make this small, so it is no test of parallel trends."
    )
    return Diagnostic("synthetic_fit", reading, statistic=away, details=details)


def _error_diagnostics(adoptions: Adoptions, uncertainty: Uncertainty, reference: Reference) -> tuple[Diagnostic, ...]:
    if uncertainty.errors is not None:
        return cluster_diagnostics(replace(reference, n_clusters=max(len(adoptions.outcome), WARN_CLUSTERS)))
    if uncertainty.how == "jackknife":
        words = "The jackknife needs two treated units in each cohort, and more than one control with weight."
    else:
        words = (
            f"Placebos need more controls than treated units; there are {len(adoptions.controls)} controls for"
            f" {adoptions.n_treated} treated."
        )
    return (Diagnostic("no_standard_error", f"{words} The estimate has no error of its own."),)


def _sample(table: Table, panel: Panel, uncertainty: Uncertainty, spec: Spec) -> Sample:
    n = 0 if uncertainty.placebos is None else len(uncertainty.placebos)
    notes = [ERROR_NOTES[uncertainty.how].format(n=n)]
    if panel.weight is not None:
        notes.append("Weights apply to treated units; controls are weighted by how well they match.")
    if panel.covariates is not None:
        notes.append("Covariates were taken out first, by a regression on untreated rows with unit and period effects.")
    if spec.options.anticipation:
        notes.append(f"The {spec.options.anticipation} periods before treatment were left out as anticipation.")
    return Sample(
        table.rows_read, panel.n_rows, (*table.dropped, *panel.dropped), panel.cohort_counts(), (*table.notes, *notes)
    )

"""Two groups, before and after: the change among the treated less the change among the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evaluations.stats.did_2x2.adjusted import Adjusted, adjusted_difference
from evaluations.stats.did_2x2.comparison import TwoByTwo, comparison_of
from evaluations.stats.did_2x2.linear import Linear, linear_effect, no_error_diagnostic
from evaluations.stats.issues import NotEstimable
from evaluations.stats.options import REGRESSION_ERRORS, REGRESSION_INFERENCE, check_no_unit_trends, check_options
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.path_model import Counts
from evaluations.stats.regression.reassigned import with_randomisation
from evaluations.stats.results import Diagnostic, Estimate, Result, Sample
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import (
    Reference,
    cluster_diagnostics,
    detectable_effect,
    finished_estimate,
    known_error,
    large_sample_reference,
)

ESTIMAND = "Average effect on the treated after treatment began: their change less the comparison group's change"
ADJUSTED = {
    "dr": "adjusted for covariates by outcome regression and propensity (doubly robust)",
    "reg": "adjusted for covariates by outcome regression among the comparison group",
    "ipw": "the comparison group weighted by its odds of treatment given covariates",
    "linear": "with covariates added to the regression",
}


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The 2x2 estimate. Raises `NotEstimable` where the data cannot give it."""
    tick("Comparing changes", 0.0)
    made = comparison_of(table, spec)
    _check_options(made, spec)
    counts = _counts(made)
    if _is_linear(made, spec.options):
        result = _linear_result(made, spec, counts, linear_effect(made, spec, counts))
        return _reassigned(result, table, spec, tick) if spec.options.inference == "randomisation" else result
    return _adjusted_result(made, spec, counts, adjusted_difference(made, spec.options.estimation))


def estimand_of(made: TwoByTwo, spec: Spec) -> str:
    """What the number means, in words."""
    words = ESTIMAND
    if made.group is not None:
        words = f"Difference between {made.group_labels[1]} and {made.group_labels[0]} in: {ESTIMAND[0].lower()}"
        words += ESTIMAND[1:]
    return words if made.table.covariates is None else f"{words}, {ADJUSTED[spec.options.estimation]}"


def _is_linear(made: TwoByTwo, options: Options) -> bool:
    return made.table.covariates is None or options.estimation == "linear"


def _check_options(made: TwoByTwo, spec: Spec) -> None:
    options = spec.options
    if _is_linear(made, options):
        check_options(spec, errors=REGRESSION_ERRORS, inference=REGRESSION_INFERENCE, unit_trends=False)
        return
    check_no_unit_trends(options)
    if made.table.n is not None:
        raise NotEstimable(
            "aggregate_cells_need_linear",
            "Rows are means of several people, whose own covariates are not known.",
            "Choose estimation 'linear', leave the covariates out, or use rows of people.",
        )
    if options.std_errors not in ("auto", "hc1", "cluster"):
        raise NotEstimable(
            "std_errors_not_available",
            f"Standard errors of type {options.std_errors} are not available for estimation {options.estimation}.",
            "Choose auto, or estimation 'linear'.",
        )
    if options.inference != "analytic":
        raise NotEstimable(
            "inference_not_available",
            f"Inference by {options.inference} is not available for estimation {options.estimation}.",
            "Choose analytic inference, or estimation 'linear'.",
        )


def _counts(made: TwoByTwo) -> Counts:
    table = made.table
    people = table.n_rows if table.n is None else round(float(table.n.sum()))
    unit = None if table.unit is None else table.unit.codes
    treated, control = made.sides()
    return Counts(
        people,
        None if unit is None else len(np.unique(unit)),
        None if unit is None else len(np.unique(unit[made.treated])),
        made.n_clusters,
        treated,
        control,
    )


def _linear_result(made: TwoByTwo, spec: Spec, counts: Counts, found: Linear) -> Result:
    one = np.ones(1)
    diagnostics, lone = _cell_notes(made), _lone_side(made, spec.options)
    model = found.model
    answer = {"value": found.value, "std_error": None, "ci_lower": None, "ci_upper": None, "p_value": None}
    reference = counts.reference(spec.options.level)
    notes: tuple[str, ...] = ()
    if model is not None:
        reference, notes = model.judge.reference_for(one), model.sample.notes
        answer = answer if lone else model.judge.answer(one)
        diagnostics += model.judge.diagnostics(one)
    if found.why_no_error:
        diagnostics += (no_error_diagnostic(found.why_no_error),)
    headline = Estimate(
        name="att",
        estimand=estimand_of(made, spec),
        level=spec.options.level,
        n_obs=counts.n_obs,
        n_units=counts.n_units,
        n_treated_units=counts.n_treated_units,
        n_clusters=reference.n_clusters,
        **answer,
    )
    result = _result(made, headline, reference, (*diagnostics, *lone), notes=notes)
    return replace(result, cluster_influence=_linear_influence(made, found))


def _reassigned(result: Result, table: Table, spec: Spec, tick: Tick) -> Result:
    """The result with the p-value and interval of randomisation inference in place of the plain ones."""
    plain = replace(spec, options=replace(spec.options, inference="analytic"))

    def value(other: Table) -> float:
        made = comparison_of(other, plain)
        return linear_effect(made, plain, _counts(made)).value

    headline, test = with_randomisation(
        result.estimates[0],
        replace(table, cohorts=None),
        spec,
        value,
        lambda share: tick("assigning treatment anew", share),
        fast=None,
    )
    kept = tuple(item for item in result.diagnostics if not item.code.startswith(("few_", "clusters_below_")))
    return replace(result, estimates=(headline,), diagnostics=(*kept, *test))


def _linear_influence(made: TwoByTwo, found: Linear) -> Callable[[], np.ndarray] | None:
    """Clusters' influence by the table's cluster codes, where errors are clustered."""
    if found.model is None or made.cluster is None or found.model.judge.errors.influence is None:
        return None
    influence, codes = found.model.judge.errors.influence[:, 0], np.unique(made.cluster.codes)

    def by_code() -> np.ndarray:
        values = np.zeros(int(codes.max()) + 1)
        values[codes] = influence
        return values

    return by_code


def _adjusted_result(made: TwoByTwo, spec: Spec, counts: Counts, found: Adjusted) -> Result:
    size = float(np.abs(made.table.outcome).max())
    lone = _lone_side(made, spec.options)
    error = None if lone else known_error(float(np.sqrt(found.influence @ found.influence)), size)
    if made.n_clusters is None:
        reference = replace(large_sample_reference(spec.options.level, found.n_rows), n_clusters=None)
    else:
        reference = large_sample_reference(spec.options.level, made.n_clusters, *made.sides())
    headline = finished_estimate(
        "att",
        estimand_of(made, spec),
        found.value,
        error,
        reference,
        n_obs=found.n_rows,
        n_units=counts.n_units,
        n_treated_units=counts.n_treated_units,
    )
    diagnostics = (*_trimmed(found), *cluster_diagnostics(reference), *lone)
    result = _result(made, headline, reference, diagnostics, rows_used=found.n_rows, dropped=found.dropped)
    return result if made.cluster is None else replace(result, cluster_influence=lambda: found.influence)


def _result(
    made: TwoByTwo,
    headline: Estimate,
    reference: Reference,
    diagnostics: tuple[Diagnostic, ...],
    *,
    notes: tuple[str, ...] = (),
    rows_used: int | None = None,
    dropped: tuple = (),
) -> Result:
    table = made.table
    rows = table.n_rows if rows_used is None else rows_used
    return Result(
        estimates=(headline,),
        diagnostics=diagnostics,
        detectable_effect=detectable_effect(headline.std_error, reference),
        sample=Sample(table.rows_read, rows, (*table.dropped, *made.dropped, *dropped), (), notes or table.notes),
    )


def _trimmed(found: Adjusted) -> tuple[Diagnostic, ...]:
    if not found.n_trimmed:
        return ()
    return (
        Diagnostic(
            "overlap",
            "Comparison rows whose covariates make treatment almost certain get no weight: they have no treated"
            " counterpart among the untreated that could be told from them. Many of them mean that the two groups"
            " hardly overlap.",
            statistic=found.n_trimmed,
        ),
    )


def _cell_notes(made: TwoByTwo) -> tuple[Diagnostic, ...]:
    if made.table.n is None or made.cluster is not None:
        return ()
    return (
        Diagnostic(
            "errors_of_independent_people",
            "Rows are means of several people. Their errors treat the people behind them as independent; errors"
            " clustered on people or places within them cannot be recovered from means.",
        ),
    )


def _lone_side(made: TwoByTwo, options: Options) -> tuple[Diagnostic, ...]:
    """Where one side of the comparison has a single cluster, or a mean a single row, its spread is unknown."""
    treated, control = made.sides()
    if treated == 1 or control == 1:
        what = f"one {'treated' if treated == 1 else 'comparison'} cluster"
    elif made.cluster is None and options.std_errors != "classical" and _has_lone_cell(made):
        what = "one row in one of the groups before or after"
    else:
        return ()
    return (
        Diagnostic(
            "no_error_for_lone_units",
            f"There is only {what}, so nothing shows how far it might have strayed by chance. The value is shown"
            " without a standard error; randomisation inference or placebo comparisons can help.",
        ),
    )


def _has_lone_cell(made: TwoByTwo) -> bool:
    people = np.ones(len(made.treated)) if made.table.n is None else made.table.n
    by_cell = np.bincount(made.cell, people)
    return bool((by_cell[by_cell > 0] <= 1).any())

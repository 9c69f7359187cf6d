"""Callaway and Sant'Anna (2021): difference-in-differences with staggered adoption."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from evaluations.stats.callaway_santanna.checks import fit_for_small_cohorts, holes, overlap, pretrend_tests
from evaluations.stats.callaway_santanna.report import (
    Averages,
    Reporter,
    averages_of,
    build_result,
    diagnostic_cells,
)
from evaluations.stats.callaway_santanna.sources import Estimated, from_cross_sections, from_panel
from evaluations.stats.callaway_santanna.spatial import estimated_by_place
from evaluations.stats.issues import NotEstimable
from evaluations.stats.options import check_no_unit_trends
from evaluations.stats.panel import panel_from_table
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.conley import conley_words
from evaluations.stats.results import Diagnostic, Result, Sample
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table, played

DOING = "Estimating the effect on each cohort in each period"


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress, workers: int = 2) -> Result:
    """Group-time effects and their averages. Raises `NotEstimable` where the data cannot give them."""
    check_options(spec.options)
    result = reported(estimated(table, spec.options, tick=tick, workers=workers), spec.options)
    sample = played(result.sample)
    return replace(
        result,
        sample=replace(
            sample,
            rows_read=table.rows_read,
            dropped=(*table.dropped, *sample.dropped),
            notes=(*table.notes, *error_notes(spec.options)),
        ),
    )


def error_notes(options: Options) -> tuple[str, ...]:
    """What errors other than the usual ones are, in words."""
    return (f"Standard errors: {conley_words(options)}.",) if options.std_errors == "conley" else ()


def reported(found: Estimated, options: Options) -> Result:
    """The result of an estimation. Its sample knows only the rows that the estimation saw."""
    averages = averages_of(found)
    result = build_result(found, options, averages)
    return replace(
        result,
        diagnostics=(*_diagnostics(found, options, averages, result), *result.diagnostics),
        sample=Sample(found.n_rows, found.n_rows, found.dropped, found.cohorts),
    )


def estimated(table: Table, options: Options, *, tick: Tick = ignore_progress, workers: int = 1) -> Estimated:
    """The group-time effects, by the way the rows are matched over time."""
    tick(DOING, 0.0)
    if options.std_errors == "conley":
        return estimated_by_place(table, options, partial(_estimated, tick=tick, workers=workers))
    return _estimated(table, options, tick=tick, workers=workers)


def _estimated(table: Table, options: Options, *, tick: Tick, workers: int) -> Estimated:
    if not options.panel or options.unbalanced == "cross_sections":
        return from_cross_sections(table, options)
    panel = panel_from_table(table)
    return from_panel(panel, options, workers=workers, tick=lambda share: tick(DOING, share))


def check_options(options: Options) -> None:
    """Raise `NotEstimable` where an option is asked for that this estimator does not have."""
    check_no_unit_trends(options)
    if options.inference not in ("analytic", "bootstrap"):
        raise NotEstimable(
            "inference_not_available",
            f"Inference by {options.inference} is not available for callaway_santanna.",
            "Choose analytic or bootstrap.",
        )
    if options.std_errors not in ("auto", "cluster", "conley"):
        raise NotEstimable(
            "std_errors_not_available",
            f"Standard errors of type {options.std_errors} are not available for callaway_santanna.",
            "Choose auto (errors clustered by the cluster column, else by unit) or conley.",
        )
    if options.std_errors == "conley" and options.inference != "analytic":
        raise NotEstimable(
            "inference_not_available",
            "A multiplier bootstrap draws clusters, and Conley errors have none.",
            "Set options.inference to analytic.",
        )
    if options.estimation == "linear":
        raise NotEstimable(
            "estimation_not_available",
            "Covariates cannot be added linearly here: with staggered treatment that is biased.",
            "Choose dr, reg or ipw.",
        )


def _diagnostics(found: Estimated, options: Options, averages: Averages, result: Result) -> tuple[Diagnostic, ...]:
    whole, *others = pretrend_tests(found, options, Reporter(found, options).reference(averages.overall))
    return (
        fit_for_small_cohorts(whole, found, result),
        *others,
        *overlap(found),
        *holes(found, options),
        *diagnostic_cells(found),
    )

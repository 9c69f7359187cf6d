"""Callaway and Sant'Anna (2021): difference-in-differences with staggered adoption."""

from __future__ import annotations

from dataclasses import replace

from evaluations.stats.callaway_santanna.checks import fit_for_small_cohorts, holes, overlap, pretrend_tests
from evaluations.stats.callaway_santanna.report import (
    Averages,
    Reporter,
    averages_of,
    build_result,
    diagnostic_cells,
    sample_of,
)
from evaluations.stats.callaway_santanna.sources import Estimated, from_cross_sections, from_panel
from evaluations.stats.issues import NotEstimable
from evaluations.stats.panel import panel_from_table
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.results import Diagnostic, Result
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table

SMALL_COHORT = 30
MOST_CLUSTERS_DRAWN = 20_000


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress, workers: int = 2) -> Result:
    """Group-time effects and their averages. Raises `NotEstimable` where the data cannot give them."""
    options = spec.options
    _check_options(options)
    found = estimated(table, options, tick=tick, workers=workers)
    averages = averages_of(found)
    result = build_result(found, options, averages)
    return replace(
        result,
        diagnostics=(*_diagnostics(found, options, averages, result), *result.diagnostics),
        sample=sample_of(found, rows_read=table.rows_read, dropped=table.dropped, notes=table.notes),
    )


def estimated(table: Table, options: Options, *, tick: Tick = ignore_progress, workers: int = 1) -> Estimated:
    """The group-time effects, by the way the rows are matched over time."""
    doing = "Estimating the effect on each cohort in each period"
    tick(doing, 0.0)
    if not options.panel or options.unbalanced == "cross_sections":
        return from_cross_sections(table, options, draws=_draws(options, table.n_rows, 0))
    panel = panel_from_table(table)
    smallest = min((c.n_units for c in panel.cohort_counts() if c.cohort is not None), default=0)
    draws = _draws(options, panel.n_clusters, smallest)
    return from_panel(panel, options, draws=draws, workers=workers, tick=lambda share: tick(doing, share))


def _draws(options: Options, n_clusters: int, smallest_cohort: int) -> int:
    """Multiplier draws: where asked for, and for the band where a cohort is too small for its Gaussian limit."""
    is_small = 0 < smallest_cohort < SMALL_COHORT and n_clusters <= MOST_CLUSTERS_DRAWN
    return options.draws if options.inference == "bootstrap" or is_small else 0


def _check_options(options: Options) -> None:
    if options.inference not in ("analytic", "bootstrap"):
        raise NotEstimable(
            "inference_not_available",
            f"Inference by {options.inference} is not available for callaway_santanna.",
            "Choose analytic or bootstrap.",
        )
    if options.std_errors not in ("auto", "cluster"):
        raise NotEstimable(
            "std_errors_not_available",
            f"Standard errors of type {options.std_errors} are not available for callaway_santanna.",
            "Choose auto: errors clustered by the cluster column, else by unit.",
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

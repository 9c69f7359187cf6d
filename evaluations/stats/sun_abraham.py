"""Interaction-weighted event study (Sun and Abraham 2021): effects by cohort and period, averaged by cohort shares.

One regression has a coefficient for each cohort in each period but the one of reference, so that no
cohort's effects contaminate another's. An event time's effect is the average over the cohorts seen
there, weighted by their size (equation 26); weights are taken as known, as in R fixest.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.options import REGRESSION_ERRORS, REGRESSION_INFERENCE, check_options
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.averages import CellAverages, cohort_effects, labels_of_starts, period_effects
from evaluations.stats.regression.event_path import event_path
from evaluations.stats.regression.path_model import PathModel, path_model
from evaluations.stats.regression.paths import cell_paths
from evaluations.stats.regression.reassigned import fast_for, with_randomisation
from evaluations.stats.results import Estimate, Result
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table, played
from evaluations.stats.treated_starts import Comparable, comparable
from evaluations.stats.uncertainty import detectable_effect

ESTIMAND = (
    "Average effect of treatment on those treated, over all periods since treatment began, each cohort's effects"
    " estimated apart and weighted by its size"
)
MOST_CELLS = 6_000


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """Effects by event time and their averages, against units untreated throughout.

    With control_group not_yet_treated and no such units, the last cohort takes their place, and
    periods from its treatment on are left out. Raises `NotEstimable` without either.
    """
    check_options(spec, errors=REGRESSION_ERRORS, inference=REGRESSION_INFERENCE)
    model, averages = _model(table, spec, tick)
    judge, overall, by_event = model.judge, averages.overall(), averages.by_event_time()
    units = {e: _units(model, averages, e) for e in by_event}
    path = event_path(judge, by_event, units, options=spec.options)
    headline = _headline(model, overall, spec)
    diagnostics = judge.diagnostics(overall)
    if spec.options.inference == "randomisation":
        headline, test = with_randomisation(
            headline,
            table,
            spec,
            lambda other: _value(other, spec),
            lambda share: tick("assigning treatment anew", share),
            fast=fast_for(model.panel, model.loadings, overall),
        )
        diagnostics = (*diagnostics, *test)
    cohorts = played(table.cohorts)
    labels = labels_of_starts(cohorts.starts, cohorts.codes, cohorts.labels)
    tick("estimating", 1.0)
    return Result(
        estimates=(headline,),
        **path.parts(),
        by_cohort=cohort_effects(judge, averages.by_start(), labels, model.path_counts),
        by_period=period_effects(judge, averages.by_period(), played(table.period).labels),
        diagnostics=(path.pretrend, *diagnostics),
        detectable_effect=detectable_effect(headline.std_error, judge.reference_for(overall)),
        sample=model.sample,
        cluster_influence=None if model.influence is None else partial(model.influence, overall),
    )


def _headline(model: PathModel, contrast: np.ndarray, spec: Spec) -> Estimate:
    return Estimate(
        name="att",
        estimand=ESTIMAND,
        level=spec.options.level,
        n_obs=model.counts.n_obs,
        n_units=model.counts.n_units,
        n_treated_units=model.counts.n_treated_units,
        n_clusters=model.counts.n_clusters,
        **model.judge.answer(contrast),
    )


def _value(table: Table, spec: Spec) -> float:
    model, averages = _model(table, spec, ignore_progress)
    return float(averages.overall() @ model.judge.coefficients)


def _model(table: Table, spec: Spec, tick: Tick) -> tuple[PathModel, CellAverages]:
    """The regression, and averages of the cells that have a coefficient."""
    within = comparable(table, spec.options)
    starts, periods = _cells(within, spec.options)

    def progress(share: float) -> None:
        tick("summing over blocks of units", 0.9 * share)

    model = path_model(
        table, spec, lambda n: cell_paths(n, starts, periods), tick=progress, last_period=within.n_periods
    )
    kept = model.kept
    weights = model.cell_weights[starts[kept], periods[kept]]
    averages = CellAverages(starts[kept], periods[kept], weights)
    if not (averages.event_times >= 0).any():
        raise NotEstimable(
            "treatment_not_identified",
            "No effect after treatment began can be told from unit and period effects and covariates.",
            "Add units or periods without treatment, or take out covariates that repeat the treatment.",
        )
    return model, averages


def _cells(within: Comparable, options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Start and period of every cohort's every period but the one of reference."""
    reference = -1 - options.anticipation
    grid = [(int(g), t) for g in within.starts for t in range(within.n_periods) if t - g != reference]
    if len(grid) > MOST_CELLS:
        raise NotEstimable(
            "too_many_cells",
            f"There are {len(grid):,} cohorts by periods, more than this estimator can treat apart ({MOST_CELLS:,}).",
            "Use coarser periods (years, not months), or another estimator.",
        )
    cells = np.array(grid, dtype=int).reshape(-1, 2)
    return cells[:, 0], cells[:, 1]


def _units(model: PathModel, averages: CellAverages, event_time: int) -> int:
    return int(model.path_counts[averages.starts[averages.event_times == event_time]].sum())

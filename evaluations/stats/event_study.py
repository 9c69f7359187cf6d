"""Event study by two-way fixed effects: one coefficient for each period before and after treatment begins."""

from __future__ import annotations

from functools import partial

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.options import REGRESSION_ERRORS, REGRESSION_INFERENCE, check_options
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.event_path import event_path
from evaluations.stats.regression.path_model import PathModel, path_model
from evaluations.stats.regression.paths import event_time_paths
from evaluations.stats.regression.reassigned import fast_for, with_randomisation
from evaluations.stats.results import Estimate, Result
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table
from evaluations.stats.treated_starts import Comparable, comparable
from evaluations.stats.uncertainty import detectable_effect

ESTIMAND = (
    "Plain average over event times 0 and later of the effect of treatment on those treated, by two-way fixed effects"
    " with leads and lags; where effects differ between cohorts, each lead and lag mixes them"
)


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """Effects by event time against the period before treatment (and its anticipation), and the test of the leads.

    Needs units untreated throughout; with control_group not_yet_treated the last cohort takes their
    place, and periods from its treatment on are left out. Raises `NotEstimable` without either.
    """
    check_options(spec, errors=REGRESSION_ERRORS, inference=REGRESSION_INFERENCE)
    model, known, average = _model(table, spec, tick)
    path = event_path(model.judge, known, _treated_units(model, known), options=spec.options)
    headline = _headline(model, average, spec)
    diagnostics = model.judge.diagnostics(average)
    if spec.options.inference == "randomisation":
        headline, test = with_randomisation(
            headline,
            table,
            spec,
            lambda other: _value(other, spec),
            lambda share: tick("assigning treatment anew", share),
            fast=fast_for(model.panel, model.loadings, average),
        )
        diagnostics = (*diagnostics, *test)
    tick("estimating", 1.0)
    return Result(
        estimates=(headline,),
        **path.parts(),
        diagnostics=(path.pretrend, *diagnostics),
        detectable_effect=detectable_effect(headline.std_error, model.judge.reference_for(average)),
        sample=model.sample,
        cluster_influence=None if model.influence is None else partial(model.influence, average),
    )


def _value(table: Table, spec: Spec) -> float:
    model, _, average = _model(table, spec, ignore_progress)
    return float(average @ model.judge.coefficients)


def _model(table: Table, spec: Spec, tick: Tick) -> tuple[PathModel, dict[int, np.ndarray], np.ndarray]:
    """The regression, each event time's contrast, and that of the average after treatment began."""
    within = comparable(table, spec.options)
    times = _event_times(within, spec.options)

    def progress(share: float) -> None:
        tick("summing over blocks of units", 0.9 * share)

    model = path_model(table, spec, lambda n: event_time_paths(n, times), tick=progress, last_period=within.n_periods)
    known = {int(times[j]): model.contrast(row) for j, row in enumerate(np.eye(len(times))) if j in model.kept}
    after = [contrast for e, contrast in known.items() if e >= 0]
    if not after:
        raise NotEstimable(
            "treatment_not_identified",
            "No effect after treatment began can be told from unit and period effects and covariates.",
            "Add units or periods without treatment, or take out covariates that repeat the treatment.",
        )
    return model, known, np.mean(after, axis=0)


def _event_times(within: Comparable, options: Options) -> np.ndarray:
    """The event times that occur, in order, without the period of reference."""
    times = {period - int(start) for start in within.starts for period in range(within.n_periods)}
    return np.array(sorted(times - {-1 - options.anticipation}), dtype=int)


def _treated_units(model: PathModel, known: dict[int, np.ndarray]) -> dict[int, int]:
    """How many units are seen at each event time, by their cohort's periods."""
    n_periods = len(model.path_counts) - 1
    return {e: int(sum(model.path_counts[g] for g in range(n_periods) if 0 <= g + e < n_periods)) for e in known}


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

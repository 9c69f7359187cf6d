"""Two-way fixed effects: one treatment coefficient, unit and period effects, covariates, further effects."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.options import REGRESSION_ERRORS, REGRESSION_INFERENCE, check_options
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.path_model import Counts, PathModel, cohort_counts, path_model, rows_model
from evaluations.stats.regression.paths import treated_paths
from evaluations.stats.regression.reassigned import fast_for, with_randomisation
from evaluations.stats.regression.rows import Rows, count_distinct, rows_of
from evaluations.stats.results import Estimate, Result
from evaluations.stats.spec import Spec
from evaluations.stats.table import Coded, Table, played
from evaluations.stats.uncertainty import detectable_effect

ESTIMAND = (
    "Effect of treatment on those treated, by two-way fixed effects: an average over units and periods whose weights"
    " the regression chooses, and which can be negative where effects differ between cohorts or grow over time"
)
ESTIMAND_PRODUCT = "Effect of being treated after treatment began, by regression with fixed effects"
ESTIMAND_COLUMN = "Change in the outcome for each unit of the treatment variable, by regression with fixed effects"


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The treatment's coefficient, with fixed effects absorbed.

    Treatment is 1[period >= first_treated]; with `treated` and `post`, their product; with `treated`
    alone, that column. Raises `NotEstimable` where effects and covariates leave nothing of it.
    """
    check_options(spec, errors=REGRESSION_ERRORS, inference=REGRESSION_INFERENCE)
    model, estimand = _model(table, spec, tick)
    one = np.ones(1)
    headline = Estimate(
        name="att",
        estimand=estimand,
        level=spec.options.level,
        n_obs=model.counts.n_obs,
        n_units=model.counts.n_units,
        n_treated_units=model.counts.n_treated_units,
        n_clusters=model.counts.n_clusters,
        **model.judge.answer(one),
    )
    diagnostics = model.judge.diagnostics(one)
    if spec.options.inference == "randomisation":
        fast = fast_for(model.panel, model.loadings, one)
        headline, test = with_randomisation(
            headline,
            table,
            spec,
            lambda other: _value(other, spec),
            lambda share: tick("assigning treatment anew", share),
            fast=fast,
        )
        diagnostics = test
    tick("estimating", 1.0)
    return Result(
        estimates=(headline,),
        diagnostics=diagnostics,
        detectable_effect=detectable_effect(headline.std_error, model.judge.reference_for(one)),
        sample=model.sample,
        cluster_influence=None if model.influence is None else partial(model.influence, one),
    )


def _value(table: Table, spec: Spec) -> float:
    return float(_model(table, spec, ignore_progress)[0].judge.coefficients[0])


def _model(table: Table, spec: Spec, tick: Tick) -> tuple[PathModel, str]:
    """The regression, whose one path has a coefficient, and what it estimates."""
    if table.cohorts is None:
        return _model_of_columns(table, spec)
    if table.period is None:
        raise BadInput([Issue("role_missing", "first_treated needs a period column beside it.", "Set columns.period.")])
    if table.unit is None:
        cohorts = Coded(
            np.minimum(table.cohorts.starts, table.period.n_labels), tuple(range(table.period.n_labels + 1))
        )
        table = replace(
            table,
            fixed_effects=(*table.fixed_effects, cohorts),
            notes=(*table.notes, "There is no unit column: cohort effects stand in for unit effects."),
        )

    def progress(share: float) -> None:
        tick("summing over blocks of units", 0.9 * share)

    return path_model(table, spec, treated_paths, tick=progress, leave_window=True), ESTIMAND


def _model_of_columns(table: Table, spec: Spec) -> tuple[PathModel, str]:
    """The regression on `treated`, or on `treated` times `post` and whichever of the two no effect absorbs."""
    rows = rows_of(table, spec)
    if rows.treated is None:
        raise BadInput(
            [Issue("role_missing", "The design names no treatment.", "Set columns.first_treated or treated.")]
        )
    treatment = rows.treated
    estimand = ESTIMAND_COLUMN
    if rows.post is not None:
        treatment, estimand = rows.treated * rows.post, ESTIMAND_PRODUCT
        rows = _with_main_effects(rows)
    model = rows_model(rows, treatment[:, None], spec, table, counts=_column_counts(rows, treatment))
    return model, estimand


def _with_main_effects(rows: Rows) -> Rows:
    """The rows with `treated` as a covariate where there are no unit effects, and `post` where no period effects."""
    extra = {
        "treated": rows.treated if rows.unit is None else None,
        "post": rows.post if rows.period is None else None,
    }
    added = {name: values for name, values in extra.items() if values is not None}
    if not added:
        return rows
    return replace(
        rows,
        covariates=np.column_stack([rows.covariates, *added.values()]),
        covariate_names=(*rows.covariate_names, *added),
    )


def _column_counts(rows: Rows, treatment: np.ndarray) -> Counts:
    """Counts where treatment is a column: with two values, its higher one is treated.

    Without units a row untreated is a comparison; with units, one of a unit never treated is.
    """
    counts = cohort_counts(replace(rows, starts=None))
    group = treatment if rows.post is None else played(rows.treated)
    values = np.unique(group)
    if len(values) != 2:
        return counts
    treated = group == values[1]
    if rows.unit is not None:
        ever = np.zeros(rows.unit.n_labels, dtype=bool)
        ever[rows.unit.codes[treated]] = True
        counts = replace(counts, n_treated_units=int(ever.sum()))
        treated = ever[rows.unit.codes]
    if rows.clusters is None:
        return counts
    return replace(
        counts,
        n_treated_clusters=count_distinct(rows.clusters.codes[treated]),
        n_control_clusters=count_distinct(rows.clusters.codes[~treated]) or None,
    )

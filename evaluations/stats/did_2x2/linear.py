"""The 2x2 comparison as least squares on treated, post and their product, covariates added linearly.

Without covariates and weights, rows are first reduced to sums over the four means (within clusters):
the same estimate and the same classical, HC1 and clustered errors, at the cost of reading the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.did_2x2.comparison import TwoByTwo
from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.regression.path_model import Counts, PathModel, rows_model
from evaluations.stats.regression.rows import Rows, rows_of
from evaluations.stats.results import Diagnostic
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table

SUMMED_ERRORS = ("auto", "classical", "hc1", "cluster")
WITHOUT_ERROR = ("no_residual_variation", "cell_spread_unknown")


@dataclass(frozen=True)
class Linear:
    """The regression, or, where no error can be had, its value alone and why."""

    model: PathModel | None
    value: float
    why_no_error: NotEstimable | None = None


def linear_effect(made: TwoByTwo, spec: Spec, counts: Counts) -> Linear:
    """The coefficient of treated x post (x group). Raises `NotEstimable` where a covariate takes its place."""
    rows, table = _rows(_summed(made) if _can_be_summed(made, spec) else made, spec)
    product = rows.covariates[:, : 3 if made.group is not None else 2].prod(axis=1)
    try:
        model = rows_model(rows, product[:, None], spec, table, counts=counts)
    except NotEstimable as reason:
        if reason.code not in WITHOUT_ERROR:
            raise
        return Linear(None, _value(rows, product), reason)
    if not len(model.kept):
        raise _taken_by_covariates()
    return Linear(model, float(model.judge.coefficients[0]))


def _can_be_summed(made: TwoByTwo, spec: Spec) -> bool:
    table = made.table
    return (
        table.covariates is None
        and table.weight is None
        and table.n is None
        and spec.options.std_errors in SUMMED_ERRORS
        and spec.options.inference == "analytic"
    )


def _summed(made: TwoByTwo) -> TwoByTwo:
    """One row for each mean in each cluster: its size, mean and spread."""
    cell = made.cell
    if made.cluster is not None:
        cell = made.cluster.codes.astype(np.int64) * 8 + cell
    used, place = np.unique(cell, return_inverse=True)
    first = np.zeros(len(used), dtype=np.int64)
    first[place[::-1]] = np.arange(len(cell) - 1, -1, -1)
    n = np.bincount(place).astype(float)
    mean = np.bincount(place, made.table.outcome) / n
    away = made.table.outcome - mean[place]
    mean += np.bincount(place, away) / n
    spread = np.sqrt(np.bincount(place, (made.table.outcome - mean[place]) ** 2) / np.maximum(n - 1, 1))
    part = made.part(first)
    return replace(part, table=replace(part.table, outcome=mean, n=n, sd=spread))


def _rows(made: TwoByTwo, spec: Spec) -> tuple[Rows, Table]:
    """The rows for the regression: main effects among the covariates, no unit or period effects."""
    main = [made.treated, made.post]
    if made.group is not None:
        main += [made.group, made.group & made.treated, made.group & made.post, made.treated & made.post]
    covariates = [] if made.table.covariates is None else [made.table.covariates]
    table = replace(
        made.table,
        unit=None,
        period=None,
        cohorts=None,
        cluster=made.cluster,
        treated=made.treated.astype(float),
        post=made.post.astype(float),
        covariates=np.column_stack([*(column.astype(float) for column in main), *covariates]),
        covariate_names=(*("a main effect",) * len(main), *made.table.covariate_names),
        fixed_effects=(),
    )
    return rows_of(table, spec), table


def _value(rows: Rows, product: np.ndarray) -> float:
    constant = Effect(np.zeros(rows.n_rows, dtype=np.int32), 1, name="constant")
    columns = np.column_stack([rows.covariates, product])
    found = fit(rows.outcome, columns, (constant,), weights=rows.weights, cells=rows.cells)
    position = found.position(columns.shape[1] - 1)
    if position is None:
        raise _taken_by_covariates()
    return float(found.coefficients[position])


def _taken_by_covariates() -> NotEstimable:
    return NotEstimable(
        "treatment_not_identified",
        "The covariates say the same as the treatment: nothing of it is left to compare.",
        "Leave out the covariates that change with the treatment itself.",
    )


def no_error_diagnostic(reason: NotEstimable) -> Diagnostic:
    """Why a value stands without a standard error."""
    return Diagnostic("no_standard_error", f"{reason.message} {reason.hint} The value is shown without an error.")

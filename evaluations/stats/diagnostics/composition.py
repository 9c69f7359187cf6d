"""Whether the people in repeated cross-sections change when treatment begins.

Difference-in-differences on rows that are other people in every period supposes that the make-up of
each group stays as it was, or changes alike (Sant'Anna and Zhao 2020, assumption 1(b); Hong 2013). What
was measured of it can be tested: the design is repeated with every covariate in the outcome's place,
and the effects on their means are tested together, with the covariance of their errors.
"""

from __future__ import annotations

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.errors import Clusters, n_parameters, small_sample_factor
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.results import Diagnostic
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import FEW_CLUSTERS, LARGE_SAMPLE_CLUSTERS, wald_test

CODE = "composition_change"
READING = (
    "Rows are other people in every period. Tests whether the covariates' means moved differently among the treated"
    " when treatment began. A small p-value means that other kinds of people are compared after than before; a large"
    " one cannot show that people did not change in what was not measured."
)
UNKNOWN = (
    "Rows are other people in every period, and nothing is known of them but the outcome: whether other kinds of people"
    " are compared after treatment began than before cannot be checked. Naming covariates would let it be."
)
NOTHING_TO_TEST = (
    "Rows are other people in every period, and no covariate's change at treatment can be told from chance: each is the"
    " same for all, follows from group and period, or rests on too few rows or clusters. Whether other kinds of people"
    " are compared after treatment began than before is not known."
)


def composition_change(table: Table, spec: Spec) -> tuple[Diagnostic, ...]:
    """The joint test that no covariate's mean changed with treatment; none where units are followed."""
    if (spec.options.panel and table.unit is not None) or table.n is not None:
        return ()
    found = _groups(table)
    if found is None:
        return ()
    if table.covariates is None or table.covariates.shape[1] == 0:
        return (Diagnostic(CODE, UNKNOWN),)
    treatment, effects = found
    names, values, influence, clusters = [], [], [], _clusters(table)
    for name, column in zip(table.covariate_names, table.covariates.T, strict=True):
        part = _effect_on(column, treatment, effects, clusters, table.weight)
        if part is not None:
            names.append(name)
            values.append(part[0])
            influence.append(part[1])
    return (_tested(names, np.array(values), influence, clusters.n_clusters),)


def _tested(names: list[str], values: np.ndarray, influence: list[np.ndarray], n_clusters: int) -> Diagnostic:
    df2 = None if n_clusters >= LARGE_SAMPLE_CLUSTERS else float(max(n_clusters - 1, 1))
    stacked = np.array(influence)
    test = wald_test(values, stacked @ stacked.T, df2=df2) if names else None
    if test is None:
        return Diagnostic(CODE, NOTHING_TO_TEST)
    if n_clusters < FEW_CLUSTERS:
        return Diagnostic(CODE, f"{READING} There are too few clusters for a p-value.")
    details = {"changes": dict(zip(names, values.tolist(), strict=True))}
    return Diagnostic(CODE, READING, test.statistic, float(test.df), test.p_value, details)


def _effect_on(
    column: np.ndarray, treatment: np.ndarray, effects: list[Effect], clusters: Clusters, weights: np.ndarray | None
) -> tuple[float, np.ndarray] | None:
    """The treatment's coefficient and what each cluster adds to its error; null where there is none."""
    if not np.ptp(column) > 0 or clusters.n_clusters <= 1:
        return None
    centred = (column - column.mean()) / column.std()
    found = fit(centred, treatment[:, None], effects, weights=weights)
    if not len(found.kept) or found.perfect:
        return None
    try:
        k = n_parameters(len(found.kept), effects, clusters)
        factor = small_sample_factor(found.n_obs, k, clusters.n_clusters)
    except NotEstimable:
        return None
    return float(found.coefficients[0]), (clusters.sums(found.scores) @ found.bread)[:, 0] * np.sqrt(factor)


def _groups(table: Table) -> tuple[np.ndarray, list[Effect]] | None:
    """1 where a row is treated, and the effects of its group and its period; null where the design has no such."""
    if table.cohorts is not None and table.period is not None:
        treatment = (table.period.codes >= table.cohorts.starts).astype(np.float64)
        groups, period = table.cohorts.codes + 1, table.period.codes
    elif table.treated is not None and table.post is not None and set(np.unique(table.treated)) <= {0.0, 1.0}:
        treatment = table.treated * table.post
        groups, period = table.treated.astype(np.int32), table.post.astype(np.int32)
    else:
        return None
    return treatment, [_effect_of(groups), _effect_of(period)]


def _effect_of(codes: np.ndarray) -> Effect:
    used, places = np.unique(codes, return_inverse=True)
    return Effect(places.astype(np.int32), len(used))


def _clusters(table: Table) -> Clusters:
    column = table.cluster or table.unit
    if column is None:
        return Clusters(np.arange(table.n_rows, dtype=np.int32), table.n_rows)
    used, codes = np.unique(column.codes, return_inverse=True)
    return Clusters(codes.astype(np.int32), len(used))

"""Effects by subgroup: one estimate each, adjusted for there being several, and tests that they differ.

A subgroup's effect that is "significant" beside another's that is not is no evidence that the two
differ; only the test of their difference is (Gelman and Stern 2006). Where clusters hold several
subgroups, the test allows for their errors being related.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.results import Diagnostic, Estimate, Label, Result
from evaluations.stats.table import Coded, Table
from evaluations.stats.uncertainty import LARGE_SAMPLE_CLUSTERS, adjusted_for_many, wald_test

Run = Callable[[Table], Result]

MOST_SUBGROUPS = 50


@dataclass(frozen=True)
class _Part:
    """One subgroup's headline, or why there is none; `influence` by the whole table's cluster codes."""

    label: Label
    estimate: Estimate
    influence: np.ndarray | None
    reason: NotEstimable | None = None


def units_within_subgroups(table: Table) -> Table:
    """The table with units split by subgroup where one unit has rows of several."""
    return units_split_by(table, table.subgroup)


def units_split_by(table: Table, column: Coded | None) -> Table:
    """The table with units split by a column where one unit has rows of several values, clustered on what they were.

    A school with a row for each of two groups of pupils in every year becomes two units in one cluster.
    """
    if column is None or table.unit is None:
        return table
    pair = table.unit.codes.astype(np.int64) * column.n_labels + column.codes
    used, codes = np.unique(pair, return_inverse=True)
    if len(used) == table.unit.n_labels:
        return table
    labels = tuple(
        f"{table.unit.labels[unit]} / {column.labels[group]}"
        for unit, group in zip(*np.divmod(used, column.n_labels), strict=True)
    )
    return replace(table, unit=Coded(codes.astype(np.int32), labels), cluster=table.cluster or table.unit)


def with_subgroups(result: Result, table: Table, run: Run) -> Result:
    """`result` with an estimate for each subgroup after its own, and the tests of their differences.

    Raises `NotEstimable` where there are too many subgroups to say anything of each.
    """
    if table.subgroup is None or result.refusal is not None:
        return result
    present = np.unique(table.subgroup.codes)
    if len(present) > MOST_SUBGROUPS:
        raise NotEstimable(
            "too_many_subgroups",
            f"The subgroup column has {len(present)} values; at most {MOST_SUBGROUPS} can be told apart.",
            "Use broader groups.",
        )
    parts = [_part(table, int(code), run) for code in present]
    estimates = adjusted_for_many([part.estimate for part in parts])
    reports = [*_failures(parts), *_difference_tests([part for part in parts if part.reason is None], table)]
    return replace(result, estimates=(*result.estimates, *estimates), diagnostics=(*result.diagnostics, *reports))


def _part(table: Table, code: int, run: Run) -> _Part:
    if table.subgroup is None:
        raise ValueError("there are no subgroups")
    label = table.subgroup.labels[code]
    own = replace(table.select(table.subgroup.codes == code), subgroup=None)
    try:
        result = run(own)
    except NotEstimable as reason:
        missing = Estimate(name="att", estimand=f"The same effect in the subgroup {label}", value=None, subgroup=label)
        return _Part(label, missing, None, reason)
    influence = None
    if table.cluster is not None and own.cluster is not None and result.cluster_influence is not None:
        place = {name: number for number, name in enumerate(table.cluster.labels)}
        influence = np.zeros(table.cluster.n_labels)
        values = result.cluster_influence()
        influence[[place[name] for name in own.cluster.labels[: len(values)]]] = values
    return _Part(label, replace(result.estimates[0], subgroup=label), influence)


def _failures(parts: list[_Part]) -> list[Diagnostic]:
    failed = [part for part in parts if part.reason is not None]
    if not failed:
        return []
    listed = [{"subgroup": part.label, "reason": part.reason.code} for part in failed if part.reason]
    return [
        Diagnostic(
            "subgroups_not_estimable",
            f"{len(failed)} of {len(parts)} subgroups cannot be estimated by themselves, for the reasons listed.",
            statistic=len(failed),
            details={"subgroups": listed},
        )
    ]


def _difference_tests(parts: list[_Part], table: Table) -> list[Diagnostic]:
    known = [part for part in parts if part.estimate.std_error is not None]
    if len(known) < 2:
        return []
    covariance = _covariance(known, table)
    if covariance is None:
        return [
            Diagnostic(
                "subgroup_difference",
                "Clusters hold several subgroups and this estimator does not say how their errors are related, so"
                " whether the subgroups differ is not tested.",
            )
        ]
    values = np.array([part.estimate.value for part in known], dtype=float)
    contrasts = np.eye(len(known))[1:] - np.eye(len(known))[0]
    found = [_test("subgroup_difference", DIFFER, contrasts, values, covariance, known)]
    if len(known) > 2 and all(isinstance(part.label, int | float) for part in known):
        scale = np.array([part.label for part in known], dtype=float)
        steps = (scale - scale.mean()) / ((scale - scale.mean()) ** 2).sum()
        found.append(_test("subgroup_gradient", GRADIENT, steps[None, :], values, covariance, known))
    return found


DIFFER = (
    "Tests whether the effect is the same in every subgroup. A small p-value is evidence that it differs; a large one"
    " does not show that it is the same. One subgroup's interval clear of zero beside another's that is not shows"
    " nothing."
)
GRADIENT = (
    "Tests whether the effect rises or falls in a straight line along the subgroups' own scale. It cannot see effects"
    " that are largest in the middle."
)


def _covariance(known: list[_Part], table: Table) -> np.ndarray | None:
    """The covariance of the subgroups' errors; null where they are related in a way that is not known."""
    errors = np.array([part.estimate.std_error for part in known], dtype=float)
    if table.cluster is None or not _clusters_hold_several(table):
        return np.diag(errors**2)
    if any(part.influence is None for part in known):
        return None
    influence = np.array([part.influence for part in known])
    related = influence @ influence.T
    size = np.sqrt(np.diag(related))
    return related / np.outer(size, size) * np.outer(errors, errors) if (size > 0).all() else None


def _clusters_hold_several(table: Table) -> bool:
    if table.cluster is None or table.subgroup is None:
        return False
    pairs = np.unique(table.cluster.codes.astype(np.int64) * table.subgroup.n_labels + table.subgroup.codes)
    return len(pairs) > len(np.unique(table.cluster.codes))


def _test(
    code: str, reading: str, contrasts: np.ndarray, values: np.ndarray, covariance: np.ndarray, known: list[_Part]
) -> Diagnostic:
    counts = [part.estimate.n_clusters for part in known if part.estimate.n_clusters is not None]
    fewest = min(counts, default=LARGE_SAMPLE_CLUSTERS)
    df2 = None if fewest >= LARGE_SAMPLE_CLUSTERS else max(fewest - 1, 1)
    test = wald_test(contrasts @ values, contrasts @ covariance @ contrasts.T, df2=df2)
    if test is None:
        return Diagnostic(code, reading)
    is_withheld = any(part.estimate.p_value is None for part in known)
    details = {"difference": float(contrasts[0] @ values)} if len(contrasts) == 1 else None
    return Diagnostic(code, reading, test.statistic, test.df, None if is_withheld else test.p_value, details)

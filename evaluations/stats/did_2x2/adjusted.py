"""The 2x2 comparison with covariates by doubly robust, weighting or regression estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.adjusted_did import AdjustedEffect, Comparison, adjusted_effect
from evaluations.stats.did_2x2.comparison import TwoByTwo
from evaluations.stats.issues import NotEstimable
from evaluations.stats.nuisance import Standardisation
from evaluations.stats.results import Dropped

WHY = {
    "covariates_collinear": (
        "The covariates are combinations of each other among the rows to compare with.",
        "Leave out covariates that repeat others, or that never change.",
    ),
    "too_few_controls": (
        "There are fewer rows in one of the four groups than covariates.",
        "Use fewer covariates, or add rows.",
    ),
    "no_overlap": (
        "The covariates separate the treated from everybody else: nobody comparable is left.",
        "Use fewer or coarser covariates, or estimation 'reg' or 'linear'.",
    ),
}
NOBODY = ("One of the means to compare has no rows left.", "Check weights and missing covariates.")


@dataclass(frozen=True)
class Adjusted:
    """The effect, the summed influence of each cluster (or row), and what became of the rows."""

    value: float
    influence: np.ndarray
    n_rows: int
    n_trimmed: int
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True)
class _Compared:
    """The rows to compare, the table's row that each stands for, and their group in a third difference."""

    rows: Comparison
    place: np.ndarray
    group: np.ndarray | None
    dropped: tuple[Dropped, ...]


def adjusted_difference(made: TwoByTwo, estimation: str) -> Adjusted:
    """The effect of a comparison.

    With a third difference, the treated of the second group are compared with each of the three
    other groups: the first two comparisons less the third. All three adjust to the covariates of those
    treated; the difference of two adjusted comparisons, each for its own group, would not
    (Ortiz-Villavicencio and Sant'Anna 2025).
    """
    compared = _matched(made) if made.is_matched else _unmatched(made)
    value, trimmed, influence = 0.0, 0, np.zeros(len(made.treated))
    for sign, treated, controls in _comparisons(compared):
        chosen = treated | controls
        found = adjusted_effect(_chosen(compared.rows, chosen, treated), estimation)
        _refuse(found)
        value, trimmed = value + sign * found.value, max(trimmed, found.n_trimmed)
        influence[compared.place[chosen]] += sign * found.influence
    kept = len(made.treated) - sum(item.rows for item in compared.dropped)
    return Adjusted(value, _by_cluster(influence, made), kept, trimmed, compared.dropped)


def _by_cluster(influence: np.ndarray, made: TwoByTwo) -> np.ndarray:
    if made.cluster is None:
        return influence
    return np.bincount(made.cluster.codes, influence, made.cluster.n_labels)


def _comparisons(compared: _Compared) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Signs, treated and comparison rows of the comparisons that make up the estimate."""
    treated, group = compared.rows.is_treated, compared.group
    if group is None:
        return [(1, treated, ~treated)]
    of_interest = treated & group
    return [
        (1, of_interest, treated & ~group),
        (1, of_interest, ~treated & group),
        (-1, of_interest, ~treated & ~group),
    ]


def _chosen(rows: Comparison, chosen: np.ndarray, treated: np.ndarray) -> Comparison:
    return Comparison(
        rows.outcome[chosen],
        treated[chosen],
        rows.design[:, chosen],
        rows.weight[chosen],
        None if rows.is_after is None else rows.is_after[chosen],
    )


def _refuse(found: AdjustedEffect) -> None:
    if found.failure is not None:
        message, hint = WHY.get(found.failure, NOBODY)
        raise NotEstimable(found.failure, message, hint)


def _unmatched(made: TwoByTwo) -> _Compared:
    table = made.table
    weight = np.ones(table.n_rows) if table.weight is None else table.weight
    rows = Comparison(table.outcome, made.treated, _design(table.covariates, table.n_rows), weight, made.post)
    return _Compared(rows, np.arange(table.n_rows), made.group, ())


def _matched(made: TwoByTwo) -> _Compared:
    """Units with the change in their mean outcome, and their mean covariates before treatment."""
    table = made.table
    if table.unit is None:
        raise ValueError("units were not checked")
    unit, n = table.unit.codes, table.unit.n_labels
    before, after = np.bincount(unit[~made.post], minlength=n), np.bincount(unit[made.post], minlength=n)
    both = (before > 0) & (after > 0)
    lost = ~both[unit]
    dropped = (Dropped("unit_not_before_and_after", int(lost.sum()), len(np.unique(unit[lost]))),) if lost.any() else ()
    if not both.any():
        raise NotEstimable(
            "no_unit_before_and_after",
            "No unit has rows both before and after treatment began.",
            "Set options.panel to false if rows are different people in each period.",
        )

    def mean(values: np.ndarray, rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.bincount(unit[rows], values[rows], n)[both] / counts[both]

    change = mean(table.outcome, made.post, after) - mean(table.outcome, ~made.post, before)
    covariates = (
        None
        if table.covariates is None
        else np.column_stack([mean(column, ~made.post, before) for column in table.covariates.T])
    )
    first = np.zeros(n, dtype=np.int64)
    first[unit[::-1]] = np.arange(len(unit) - 1, -1, -1)
    place = first[both]
    weight = np.ones(len(place)) if table.weight is None else table.weight[place]
    rows = Comparison(change, made.treated[place], _design(covariates, len(change)), weight)
    return _Compared(rows, place, None if made.group is None else made.group[place], dropped)


def _design(covariates: np.ndarray | None, n_rows: int) -> np.ndarray:
    if covariates is None:
        return np.ones((1, n_rows))
    return Standardisation.of(covariates).design(covariates)

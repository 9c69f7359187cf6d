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
    sides: tuple[int, int]


def adjusted_difference(made: TwoByTwo, estimation: str) -> Adjusted:
    """The effect of a comparison; with a third difference, the second group's less the first's."""
    if made.group is None:
        return _adjusted(made, estimation)
    second, first = (_adjusted(made.part(rows), estimation) for rows in (made.group, ~made.group))
    influence = second.influence, -first.influence
    return Adjusted(
        second.value - first.value,
        influence[0] + influence[1] if made.cluster is not None else np.concatenate(influence),
        second.n_rows + first.n_rows,
        second.n_trimmed + first.n_trimmed,
        (*second.dropped, *first.dropped),
        (second.sides[0] + first.sides[0], second.sides[1] + first.sides[1]),
    )


def _adjusted(made: TwoByTwo, estimation: str) -> Adjusted:
    rows, cluster, dropped = _matched(made) if made.is_matched else _unmatched(made)
    found = adjusted_effect(rows, estimation)
    _refuse(found)
    influence = found.influence
    if made.cluster is not None:
        influence = np.bincount(cluster, influence, made.cluster.n_labels)
    kept = len(made.treated) - sum(item.rows for item in dropped)
    sides = int(rows.is_treated.sum()), int((~rows.is_treated).sum())
    return Adjusted(found.value, influence, kept, found.n_trimmed, dropped, sides)


def _refuse(found: AdjustedEffect) -> None:
    if found.failure is not None:
        message, hint = WHY.get(found.failure, NOBODY)
        raise NotEstimable(found.failure, message, hint)


def _unmatched(made: TwoByTwo) -> tuple[Comparison, np.ndarray, tuple[Dropped, ...]]:
    table = made.table
    weight = np.ones(table.n_rows) if table.weight is None else table.weight
    rows = Comparison(table.outcome, made.treated, _design(table.covariates, table.n_rows), weight, made.post)
    return rows, _codes(made), ()


def _matched(made: TwoByTwo) -> tuple[Comparison, np.ndarray, tuple[Dropped, ...]]:
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
    weight = np.ones(int(both.sum())) if table.weight is None else table.weight[first[both]]
    rows = Comparison(change, made.treated[first[both]], _design(covariates, len(change)), weight)
    return rows, _codes(made)[first[both]], dropped


def _codes(made: TwoByTwo) -> np.ndarray:
    return np.arange(len(made.treated)) if made.cluster is None else made.cluster.codes


def _design(covariates: np.ndarray | None, n_rows: int) -> np.ndarray:
    if covariates is None:
        return np.ones((1, n_rows))
    return Standardisation.of(covariates).design(covariates)

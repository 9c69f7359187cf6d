"""Likeness at the start and loss along the way, against the What Works Clearinghouse's limits.

Source: What Works Clearinghouse Handbook 4.0, table II.1 (attrition) and section II.A.3 (baseline
equivalence: 0.05 and 0.25 standard deviations).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.results import Diagnostic
from evaluations.stats.table import Table

SATISFIED, SATISFIED_IF_ADJUSTED = 0.05, 0.25
CAUTIOUS = (
    5.7, 5.8, 5.9, 5.9, 6, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6, 5.9, 5.9, 5.8, 5.7, 5.5,
    5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1, 2.9, 2.8,
    2.6, 2.5, 2.3, 2.1, 2, 1.8, 1.6, 1.5, 1.3, 1.2, 1, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2, 0,
)  # fmt: skip
OPTIMISTIC = (
    10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8, 10.7, 10.6, 10.5,
    10.3, 10.2, 10, 9.9, 9.7, 9.5, 9.4, 9.2, 9, 8.8, 8.6, 8.4, 8.2, 8, 7.8, 7.6, 7.4, 7.2, 7, 6.7, 6.5,
    6.3, 6, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5, 3.2, 3, 2.8, 2.6, 2.3,
)  # fmt: skip
"""The largest differential attrition, in percentage points, at overall attrition of 0, 1, 2 ... 57 per cent."""


@dataclass(frozen=True, slots=True)
class Attrition:
    """Loss of units from both arms together and the difference between the arms, in per cent and points."""

    overall: float
    differential: float

    def is_low(self, boundary: tuple[float, ...]) -> bool:
        """Whether the differential loss is within the boundary at this overall loss."""
        place = int(self.overall)
        return place < len(boundary) and self.differential <= boundary[place]


def attrition(kept: tuple[int, int], assigned: tuple[int, int]) -> Attrition:
    """The attrition of two arms from the units assigned to each and those still there at the end."""
    lost = [100 * (1 - have / had) for have, had in zip(kept, assigned, strict=True)]
    return Attrition(100 * (1 - sum(kept) / sum(assigned)), abs(lost[0] - lost[1]))


def attrition_diagnostic(table: Table) -> tuple[Diagnostic, ...]:
    """Units seen in the first period that are gone in the last, in each arm; none where there are no units."""
    arms = _arms(table)
    if arms is None or table.unit is None or table.period is None or table.period.n_labels < 2:
        return ()
    is_treated, period, unit = arms, table.period.codes, table.unit.codes
    at_start, at_end = set(unit[period == 0]), set(unit[period == table.period.n_labels - 1])
    treated_units = set(unit[is_treated])
    sides = [at_start & treated_units, at_start - treated_units]
    if not all(sides):
        return ()
    found = attrition((len(sides[0] & at_end), len(sides[1] & at_end)), (len(sides[0]), len(sides[1])))
    level = "low" if found.is_low(CAUTIOUS) else "low_if_optimistic" if found.is_low(OPTIMISTIC) else "high"
    said = {
        "low": "within the cautious boundary",
        "low_if_optimistic": "outside the cautious boundary, within the optimistic one",
        "high": "outside both boundaries",
    }
    reading = (
        f"{found.overall:.1f} % of the units seen first are missing at the end, and the arms differ by"
        f" {found.differential:.1f} points: {said[level]} of the What Works Clearinghouse. It counts"
        " losses; it cannot show whether those lost were different."
    )
    details = {"overall": found.overall, "differential": found.differential, "level": level}
    return (Diagnostic("attrition_wwc", reading, statistic=found.differential, details=details),)


def baseline_diagnostic(table: Table) -> tuple[Diagnostic, ...]:
    """Standardised differences between the arms before treatment, of the outcome and of every covariate."""
    arms = _arms(table)
    before = _before(table)
    if arms is None or before is None or table.n is not None:
        return ()
    measures = {"outcome": table.outcome}
    if table.covariates is not None:
        measures |= {name: table.covariates[:, k] for k, name in enumerate(table.covariate_names)}
    found = {name: _difference(values, arms, before, table) for name, values in measures.items()}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return ()
    worst = max(known, key=lambda name: abs(known[name]))
    size = abs(known[worst])
    level = "satisfied" if size <= SATISFIED else "adjusted" if size <= SATISFIED_IF_ADJUSTED else "fails"
    said = {
        "satisfied": "alike",
        "adjusted": "alike enough if the analysis adjusts for it",
        "fails": "too different to call alike",
    }
    reading = (
        f"Before treatment the groups differ most in {worst}, by {known[worst]:.2f} standard deviations: {said[level]}"
        " by the What Works Clearinghouse's limits. Difference-in-differences does not need equal levels, only"
        " parallel trends."
    )
    details = {"level": level, "differences": known}
    return (Diagnostic("baseline_wwc", reading, statistic=known[worst], details=details),)


def _arms(table: Table) -> np.ndarray | None:
    """Rows of units that are ever treated, shape (n_rows,)."""
    if table.cohorts is not None and table.period is not None:
        return table.cohorts.starts < table.period.n_labels
    return None if table.treated is None or table.post is None else table.treated > 0


def _before(table: Table) -> np.ndarray | None:
    """Rows before anyone's treatment, shape (n_rows,)."""
    if table.cohorts is not None and table.period is not None:
        starts = table.cohorts.starts
        treated = starts[starts < table.period.n_labels]
        return table.period.codes < treated.min() if len(treated) else None
    return None if table.post is None else table.post == 0


def _difference(values: np.ndarray, arms: np.ndarray, before: np.ndarray, table: Table) -> float | None:
    """Hedges's g of the arms' unit averages before treatment; null where it has no spread."""
    one, other = (_unit_means(values, before & side, table) for side in (arms, ~arms))
    if min(len(one), len(other)) < 2:
        return None
    n = len(one) + len(other)
    pooled = ((len(one) - 1) * one.var(ddof=1) + (len(other) - 1) * other.var(ddof=1)) / (n - 2)
    if pooled <= 0 or not np.isfinite(pooled):
        return None
    return float((1 - 3 / (4 * n - 9)) * (one.mean() - other.mean()) / np.sqrt(pooled))


def _unit_means(values: np.ndarray, rows: np.ndarray, table: Table) -> np.ndarray:
    if table.unit is None:
        return values[rows]
    codes = table.unit.codes[rows]
    counts = np.bincount(codes, minlength=table.unit.n_labels)
    totals = np.bincount(codes, weights=values[rows], minlength=table.unit.n_labels)
    return totals[counts > 0] / counts[counts > 0]

"""Which group-time effects there are: each cohort in each period, against a base and clean controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.spec import Options


@dataclass(frozen=True, slots=True)
class Cohort:
    """Units first treated at the same label. `code` is -1 for the never treated."""

    code: int
    start: int
    n_units: int


@dataclass(frozen=True, slots=True)
class Cell:
    """ATT(g, t): cohort `cohort` in `period` against `base`.

    Its controls are the other units whose treatment starts after position `clean_after`: a unit
    treated between base and period, in either order, is dirty, and so is one that may already
    anticipate its treatment by the later of the two.
    """

    cohort: int
    start: int
    period: int
    base: int
    clean_after: int

    @property
    def event_time(self) -> int:
        """Periods since treatment began; 0 is the first treated period."""
        return self.period - self.start

    def is_control(self, cohort: Cohort) -> bool:
        """Units of `cohort` are controls here."""
        return cohort.start > self.clean_after and cohort.code != self.cohort


def cohorts_of(starts: np.ndarray, codes: np.ndarray) -> tuple[Cohort, ...]:
    """The cohorts present, by start, then label; the never treated come last."""
    present, first, counts = np.unique(codes, return_index=True, return_counts=True)
    found = [
        Cohort(int(code), int(starts[index]), int(count))
        for code, index, count in zip(present, first, counts, strict=True)
    ]
    return tuple(sorted(found, key=lambda cohort: (cohort.start, cohort.code)))


def is_always_treated(starts: np.ndarray, anticipation: int) -> np.ndarray:
    """Units without a period before treatment, or its anticipation, could act: nothing to compare them with."""
    return starts - anticipation <= 0


def cells_of(cohorts: tuple[Cohort, ...], n_periods: int, options: Options) -> tuple[Cell, ...]:
    """The group-time effects that can be asked of these cohorts, by cohort and period.

    Raises `NotEstimable` where no unit is treated, or none is left untreated. Without units
    untreated throughout, the last cohort serves as a control only (Callaway and Sant'Anna 2021, section 2).
    """
    treated = [cohort for cohort in cohorts if cohort.start < n_periods]
    if not treated:
        raise NotEstimable(
            "no_treated_units",
            "No unit starts treatment after the first period and by the last.",
            "Check the first_treated column: it needs periods that fall inside the data.",
        )
    if len(treated) == len(cohorts):
        treated = _without_last(treated, options)
    cells = [cell for cohort in treated for cell in _cells_of_cohort(cohort, n_periods, options)]
    found = tuple(cell for cell in cells if any(cell.is_control(cohort) for cohort in cohorts))
    if not any(cell.period >= cell.start for cell in found):
        raise _no_untreated(options)
    return found


def _without_last(treated: list[Cohort], options: Options) -> list[Cohort]:
    last = max(cohort.start for cohort in treated)
    earlier = [cohort for cohort in treated if cohort.start < last]
    if options.control_group == "never_treated" or not earlier:
        raise _no_untreated(options)
    return earlier


def _no_untreated(options: Options) -> NotEstimable:
    if options.control_group == "never_treated":
        return NotEstimable(
            "no_untreated_units",
            "Every unit is treated by the last period, so there are no never-treated units to compare with.",
            "Add units that were not treated, or compare with units not yet treated (control_group not_yet_treated).",
        )
    return NotEstimable(
        "no_untreated_units",
        "No unit is still untreated in any period in which another has been treated.",
        "Add units that were not treated, or that were treated later.",
    )


def _cells_of_cohort(cohort: Cohort, n_periods: int, options: Options) -> list[Cell]:
    before = cohort.start - options.anticipation - 1
    if options.base_period == "universal":
        pairs = [(period, before) for period in range(n_periods) if period != before]
    else:
        pairs = [(period, before if period >= cohort.start else period - 1) for period in range(1, n_periods)]
    return [
        Cell(cohort.code, cohort.start, period, base, _clean_after(max(period, base), n_periods, options))
        for period, base in pairs
    ]


def _clean_after(latest: int, n_periods: int, options: Options) -> int:
    by_then = latest + options.anticipation
    return by_then if options.control_group == "not_yet_treated" else max(by_then, n_periods - 1)

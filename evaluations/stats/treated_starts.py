"""Which cohorts are treated within the periods, and up to when there is anything to compare them with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.spec import Options
from evaluations.stats.table import Table, played


@dataclass(frozen=True, eq=False)
class Comparable:
    """What can be compared: the first `n_periods` periods, and the starts of units treated within them, in order."""

    n_periods: int
    starts: np.ndarray


def starts_within(table: Table, options: Options) -> np.ndarray:
    """The starts of units treated within the periods, in order, always treated units aside.

    Raises `NotEstimable` where there are none.
    """
    return _treated(_present_starts(table), options, played(table.period).n_labels)


def comparable(table: Table, options: Options) -> Comparable:
    """The periods that have units not treated by then: all, where some never are.

    Without such units, and with control_group not_yet_treated, periods end where the last cohort's
    treatment (or its anticipation) begins. Raises `NotEstimable` where that leaves nothing.
    """
    check_panel_roles(table)
    n_periods = played(table.period).n_labels
    present = _present_starts(table)
    starts = _treated(present, options, n_periods)
    if (present >= n_periods).any():
        return Comparable(n_periods, starts)
    if options.control_group == "never_treated":
        raise NotEstimable(
            "no_untreated_units",
            "Every unit is treated by the last period, so there are no never-treated units to compare with.",
            "Add units that were not treated, or compare with units not yet treated (control_group not_yet_treated).",
        )
    last = int(starts[-1]) - options.anticipation
    if not (starts < last).any():
        raise NotEstimable(
            "no_untreated_units",
            "No unit is still untreated in any period in which another has been treated.",
            "Add units that were not treated, or that were treated later.",
        )
    return Comparable(last, starts[starts < last])


def _treated(present: np.ndarray, options: Options, n_periods: int) -> np.ndarray:
    """The starts present that fall within the periods, always treated units aside."""
    found = present[(present - options.anticipation > 0) & (present < n_periods)]
    if not len(found) and len(present) and (present - options.anticipation <= 0).all():
        raise NotEstimable(
            "no_pre_period",
            "Every unit is treated, or may anticipate treatment, from the first period, so nothing comes before.",
            "Add earlier periods, or units treated later or never.",
        )
    if not len(found):
        raise NotEstimable(
            "no_treated_units",
            "No unit starts treatment after the first period and by the last.",
            "Check the first_treated column: it needs periods that fall inside the data.",
        )
    return found


def check_panel_roles(table: Table) -> None:
    """Raise where the table has no units, periods or starts, no rows, or one period only."""
    for role, column in (("unit", table.unit), ("period", table.period), ("first_treated", table.cohorts)):
        if column is None:
            raise BadInput([Issue("role_missing", f"This design needs a column for {role}.", f"Set columns.{role}.")])
    if table.n_rows == 0:
        raise NotEstimable("no_rows", "There are no rows to analyse.", "Check the file and why rows were dropped.")
    if played(table.period).n_labels < 2:
        raise NotEstimable(
            "one_period",
            "All rows are from one period, so there is no change to compare.",
            "Add rows from before and after treatment began.",
        )


def _present_starts(table: Table) -> np.ndarray:
    """The distinct starts of rows that weigh something."""
    n_periods = played(table.period).n_labels
    starts = np.minimum(played(table.cohorts).starts, n_periods)
    if table.weight is not None:
        starts = starts[table.weight > 0]
    return np.flatnonzero(np.bincount(starts, minlength=n_periods + 1))

"""The estimate under other assignments of the same treatments, for randomisation inference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.inference.randomisation import assignments, n_assignments, randomisation_test
from evaluations.stats.issues import NotEstimable
from evaluations.stats.panel import Panel
from evaluations.stats.regression.judging import NO_END
from evaluations.stats.regression.path_sums import path_of
from evaluations.stats.results import Diagnostic, Estimate
from evaluations.stats.spec import Spec
from evaluations.stats.table import Cohorts, Table, played

Value = Callable[[Table], float]
"""The headline's value on a table."""

READING = (
    "Share of {n} assignments of the same treatments to the same {groups} whose estimate is at least as far from zero."
    " It is exact if treatment was drawn at random among them, however few; where it was not drawn at random, it only"
    " describes how unusual the estimate is."
)


@dataclass(frozen=True, eq=False)
class Assignment:
    """Who was given what: `group[i]` is row i's group, `given[g]` what group g was given.

    What is given is a row of `starts` and `codes` (as in `Cohorts`), or a value of the treatment column.
    """

    group: np.ndarray
    given: np.ndarray
    groups: str


def with_randomisation(
    headline: Estimate, table: Table, spec: Spec, value: Value, tick: Callable[[float], None], *, fast: Fast | None
) -> tuple[Estimate, tuple[Diagnostic, ...]]:
    """The headline with the p-value and interval of randomisation inference, and what explains them.

    `value` gives the headline of a table; `fast` does so for a balanced panel without weights, null elsewhere.
    """
    table = _comparable(table, spec)
    assignment = assignment_of(table)
    options = spec.options
    ways = n_assignments(assignment.given, most=options.draws)
    if headline.std_error is None or ways * (1 - options.level) < 1:
        return replace(headline, p_value=None, ci_lower=None, ci_upper=None), (_too_few(ways, assignment),)
    rng = np.random.default_rng(options.seed)
    orders = assignments(assignment.given, options.draws, rng)
    is_enumerated = ways <= options.draws
    if fast is not None and fast.fits(assignment):
        drawn, on_treatment = fast.values(assignment, orders), fast.on_treatment
    else:
        drawn, on_treatment = _slowly(table, assignment, orders, value), value(_treatment_as_outcome(table))
    actual = (float(played(headline.value)), on_treatment)
    test = randomisation_test(
        actual,
        _ticking(drawn, options.draws, tick),
        is_enumerated=is_enumerated,
        level=options.level,
        std_error=headline.std_error,
    )
    diagnostic = Diagnostic(
        "randomisation",
        READING.format(n=f"{'all ' if is_enumerated else ''}{test.n_assignments:,}", groups=assignment.groups),
        statistic=headline.value,
        p_value=test.p_value,
        details={"assignments": test.n_assignments, "enumerated": is_enumerated},
    )
    found = replace(headline, p_value=test.p_value, ci_lower=test.ci_lower, ci_upper=test.ci_upper)
    return found, (diagnostic,) if test.ci_lower is not None else (diagnostic, NO_END)


def _too_few(ways: int, assignment: Assignment) -> Diagnostic:
    reading = (
        f"There are {ways} ways to assign these treatments to the {assignment.groups}, or nothing is left over after"
        " the fit: too little to tell the estimate from chance, so the p-value and interval are withheld."
    )
    return Diagnostic("too_few_assignments", reading, statistic=ways)


def _comparable(table: Table, spec: Spec) -> Table:
    """The table less rows of weight 0 and units always treated, which no assignment should give to others."""
    keep = np.ones(table.n_rows, dtype=bool)
    if table.weight is not None:
        keep &= table.weight > 0
    if table.cohorts is not None:
        keep &= table.cohorts.starts - spec.options.anticipation > 0
    return table if keep.all() else table.select(np.flatnonzero(keep))


def assignment_of(table: Table) -> Assignment:
    """The largest groups given one treatment each: clusters, else units, else rows.

    Raises `NotEstimable` where treatment changes within units other than by starting.
    """
    given = _given(table)
    for column, groups in ((table.cluster, "clusters"), (table.unit, "units")):
        if column is None:
            continue
        first = np.zeros(column.n_labels, dtype=given.dtype)
        first[column.codes] = given
        if (first[column.codes] == given).all():
            present = np.bincount(column.codes, minlength=column.n_labels) > 0
            group = (np.cumsum(present) - 1)[column.codes]
            return Assignment(group, first[present], groups)
    if table.unit is None and (table.cohorts is None or table.period is None):
        return Assignment(np.arange(table.n_rows), given, "rows")
    raise NotEstimable(
        "assignment_varies",
        "Treatment changes within units, so it is not clear what might have been assigned otherwise.",
        "Give each unit one date of first treatment (first_treated), or choose another inference.",
    )


def _given(table: Table) -> np.ndarray:
    """What each row's group was given: the code of its cohort, or its treatment."""
    return played(table.treated) if table.cohorts is None else table.cohorts.codes


def _reassigned(table: Table, assignment: Assignment, order: np.ndarray) -> Table:
    """The table with treatments given in another order."""
    given = order[assignment.group]
    if table.cohorts is None:
        return replace(table, treated=given)
    starts = _starts_of_codes(table.cohorts)
    return replace(table, cohorts=Cohorts(starts[given], given, table.cohorts.labels))


def _starts_of_codes(cohorts: Cohorts) -> np.ndarray:
    """The start of each code; the last entry, which -1 finds, is that of the never treated."""
    out = np.full(len(cohorts.labels) + 1, np.iinfo(np.int32).max, dtype=np.int32)
    out[cohorts.codes] = cohorts.starts
    return out


def _treatment_as_outcome(table: Table, of: Table | None = None) -> Table:
    """The table whose outcome is the treatment that `of` (itself by default) gives its rows."""
    of = of or table
    if of.cohorts is not None:
        treatment = (played(of.period).codes >= of.cohorts.starts).astype(np.float64)
    else:
        treatment = played(of.treated) if of.post is None else played(of.treated) * of.post
    return replace(table, outcome=treatment.astype(np.float64))


def _slowly(
    table: Table, assignment: Assignment, orders: Iterator[np.ndarray], value: Value
) -> Iterator[tuple[float, float]]:
    """The headline under each order. One that cannot be estimated counts as extreme."""
    for order in orders:
        other = _reassigned(table, assignment, order)
        try:
            yield value(other), value(_treatment_as_outcome(other, table))
        except NotEstimable:
            yield np.inf, 0.0


@dataclass(frozen=True, eq=False)
class Fast:
    """A balanced panel without weights, where the estimate is a sum over units of numbers known beforehand.

    `loadings`, shape (n_paths, n_periods), are what the headline puts on a unit's outcomes, by its
    start. Giving treatments in another order changes which row each unit takes, not the rows.
    """

    panel: Panel
    loadings: np.ndarray

    @property
    def on_treatment(self) -> float:
        """The headline with treatment itself as outcome."""
        rows = path_of(self.panel.starts, self.panel.n_periods)
        return float((self._treatment() * self.loadings[rows]).sum())

    def fits(self, assignment: Assignment) -> bool:
        """Whether each unit of the panel is a group of its own, in the panel's order, all of one weight."""
        return (
            assignment.groups == "units" and self.panel.weight is None and len(assignment.given) == self.panel.n_units
        )

    def values(self, assignment: Assignment, orders: Iterator[np.ndarray]) -> Iterator[tuple[float, float]]:
        """The headline under each order, for the outcome and for treatment itself."""
        rows = path_of(self.panel.starts, self.panel.n_periods)
        row_of_code = np.full(int(assignment.given.max(initial=0)) + 2, self.panel.n_periods)
        row_of_code[assignment.given] = rows
        centred = self.panel.outcome - self.panel.outcome.mean(axis=0)
        by_row = centred @ self.loadings.T
        on_treatment = self._treatment() @ self.loadings.T
        units = np.arange(self.panel.n_units)
        for order in orders:
            taken = row_of_code[order]
            yield float(by_row[units, taken].sum()), float(on_treatment[units, taken].sum())

    def _treatment(self) -> np.ndarray:
        return (np.arange(self.panel.n_periods)[None, :] >= self.panel.starts[:, None]).astype(np.float64)


def fast_for(panel: Panel | None, loadings: np.ndarray | None, contrast: np.ndarray) -> Fast | None:
    """What gives a contrast of coefficients quickly, given how outcomes load on each; null where that is not known."""
    return None if panel is None or loadings is None else Fast(panel, loadings @ contrast)


def _ticking(
    drawn: Iterator[tuple[float, float]], n: int, tick: Callable[[float], None]
) -> Iterator[tuple[float, float]]:
    for done, pair in enumerate(drawn, start=1):
        yield pair
        tick(min(done / n, 1.0))

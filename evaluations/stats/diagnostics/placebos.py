"""Effects where there should be none: at a date before treatment, and on outcomes it should not move.

Each repeats the design on changed data. One that finds an effect speaks against the headline; one
that finds none does not prove it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.results import Diagnostic, Result
from evaluations.stats.spec import Spec
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table

Run = Callable[[Table, Spec], Result]
"""The design's own estimator."""

LEADS = (2, 1)
"""How many periods earlier the pretended date is: the first that the data allow."""


def placebo_outcomes(table: Table, spec: Spec, run: Run) -> tuple[Diagnostic, ...]:
    """The headline again with each outcome named as a placebo in place of the real one."""
    if table.placebo_outcomes is None:
        return ()
    plain = _plain(spec)
    return tuple(
        _placebo_outcome(name, table, table.placebo_outcomes[:, column], plain, run)
        for column, name in enumerate(table.placebo_names)
    )


def _placebo_outcome(name: str, table: Table, outcome: np.ndarray, spec: Spec, run: Run) -> Diagnostic:
    known = np.isfinite(outcome)
    changed = replace(table, outcome=outcome, placebo_outcomes=None, placebo_names=()).select(known)
    reading = (
        f"The same design on {name}, which treatment should not have moved. An effect here points to something else"
        " that changed; none does not show that nothing else did."
    )
    return _as_diagnostic("placebo_outcome", reading, changed, spec, run, outcome=name)


def placebo_time(table: Table, spec: Spec, run: Run) -> tuple[Diagnostic, ...]:
    """The headline again on the time before treatment, pretending that it began a little earlier."""
    for lead in LEADS:
        earlier = before_treatment(table, lead)
        if earlier is None:
            continue
        plural = "" if lead == 1 else "s"
        reading = (
            f"The same design before treatment, as if it had begun {lead} period{plural} early. An effect here means"
            " that the groups were already moving apart or acted early; none does not show that they would have stayed"
            " together."
        )
        found = _as_diagnostic("placebo_time", reading, earlier, _plain(spec), run, periods_early=lead)
        if found.statistic is not None:
            return (found,)
    return ()


def _plain(spec: Spec) -> Spec:
    """The design without what belongs to the headline only."""
    return replace(
        spec,
        columns=replace(spec.columns, placebo_outcomes=(), subgroup=None),
        options=replace(spec.options, sensitivity=()),
    )


def _as_diagnostic(code: str, reading: str, table: Table, spec: Spec, run: Run, **details: object) -> Diagnostic:
    try:
        headline = run(replace(table, subgroup=None), spec).estimates[0]
    except NotEstimable as reason:
        return Diagnostic(code, f"{reading} It could not be done: {reason.message}", details=details)
    if headline.value is None or headline.std_error is None:
        return Diagnostic(code, f"{reading} It gave no error to judge by.", details=details)
    return Diagnostic(
        code,
        reading,
        statistic=headline.value / headline.std_error,
        p_value=headline.p_value,
        details={**details, "value": headline.value, "std_error": headline.std_error},
    )


def before_treatment(table: Table, lead: int) -> Table | None:
    """The rows before anyone's treatment took hold, each start moved `lead` periods back; null where too few are left.

    Cohorts without `lead` + 1 earlier periods leave.
    """
    if table.period is None:
        return None
    if table.cohorts is None:
        return _before_two_groups(table, lead)
    period, starts = table.period.codes, table.cohorts.starts
    is_treated = starts < table.period.n_labels
    stays = ~is_treated | ((period < starts) & (starts - lead >= 1))
    if not (stays & is_treated).any():
        return None
    last = int(starts[stays & is_treated].max())
    rows = stays & (period < last)
    kept = table.select(rows)
    moved = np.where(starts < table.period.n_labels, starts - lead, NEVER_TREATED).astype(np.int32)[rows]
    return replace(
        kept,
        period=Coded(period[rows], table.period.labels[:last]),
        calendar=None if table.calendar is None else table.calendar[:last],
        cohorts=Cohorts(moved, table.cohorts.codes[rows], table.cohorts.labels, table.cohorts.places),
        placebo_outcomes=None,
        placebo_names=(),
    )


def _before_two_groups(table: Table, lead: int) -> Table | None:
    """As `before_treatment`, for designs with a column that says which rows are after."""
    if table.post is None or table.period is None or not (table.post > 0).any():
        return None
    start = int(table.period.codes[table.post > 0].min())
    if start - lead < 1:
        return None
    rows = table.period.codes < start
    kept, period = table.select(rows), table.period.codes[rows]
    return replace(
        kept,
        period=Coded(period, table.period.labels[:start]),
        calendar=None if table.calendar is None else table.calendar[:start],
        post=(period >= start - lead).astype(float),
        placebo_outcomes=None,
        placebo_names=(),
    )

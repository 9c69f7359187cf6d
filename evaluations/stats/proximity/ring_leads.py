"""Ring by period against the last period before opening: trends before it, and the innermost ring's course after."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.proximity.fitting import Fitted, fitted
from evaluations.stats.proximity.rings import RingRows, n_units
from evaluations.stats.regression.event_path import event_path, pretrend_test
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.results import Diagnostic
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table


@dataclass(frozen=True, eq=False)
class RingLeads:
    """The innermost ring's event study, as the parts of a `Result`, and the tests of trends before opening."""

    parts: dict[str, Any] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, eq=False)
class _Leads:
    """Which column of the fit is which ring in which period, -1 for none; `first_after` is the opening's period."""

    columns: np.ndarray
    first_after: int
    fit: Fitted

    def contrast(self, ring: int, period: int) -> np.ndarray | None:
        """The ring's difference in a period from the last before opening; null where it cannot be told."""
        column = int(self.columns[ring, period])
        return self.fit.contrast([column]) if column >= 0 and self.fit.is_kept(column) else None


def ring_leads(table: Table, spec: Spec, found: RingRows, post: np.ndarray, *, is_panel: bool) -> RingLeads:
    """Nothing where there are fewer than three periods, or `post` does not follow the periods."""
    if table.period is None:
        return RingLeads()
    periods, time = np.unique(table.period.codes[found.rows], return_inverse=True)
    after = np.bincount(time, weights=post > 0) / np.bincount(time)
    first_after = int(np.argmax(after > 0))
    follows = np.array_equal(after, (np.arange(len(periods)) >= first_after).astype(float))
    if first_after == 0 or not follows or len(periods) < 3:
        return RingLeads()
    try:
        leads = _fit(table, spec, found, time, first_after, is_panel=is_panel)
    except NotEstimable as reason:
        reading = f"Earlier trends cannot be tested. {reason.message}"
        return RingLeads(diagnostics=(Diagnostic("pretrend_joint", reading),) if first_after >= 2 else ())
    judge = leads.fit.judge_of(found.ring == 0, found.ring == found.reference)
    course = {period - first_after: leads.contrast(0, period) for period in range(len(periods))}
    known = {event_time: contrast for event_time, contrast in course.items() if contrast is not None}
    size = n_units(table, found.rows[found.ring == 0])
    options = replace(spec.options, anticipation=0)
    path = event_path(judge, known, dict.fromkeys(known, size), options=options)
    if first_after < 2:
        return RingLeads(path.parts())
    return RingLeads(path.parts(), tuple(_tests(leads, found)))


def _fit(table: Table, spec: Spec, found: RingRows, time: np.ndarray, first_after: int, *, is_panel: bool) -> _Leads:
    """Ring x period dummies, the outermost ring and the last period before opening left out, then covariates."""
    n_periods = int(time.max()) + 1
    others = [period for period in range(n_periods) if period != first_after - 1]
    columns = np.full((found.reference, n_periods), -1)
    columns[:, others] = np.arange(found.reference * len(others)).reshape(found.reference, len(others))
    inner = np.flatnonzero(found.ring < found.reference)
    marked = columns[found.ring[inner], time[inner]]
    dummies = np.zeros((len(time), columns.max() + 1))
    dummies[inner[marked >= 0], marked[marked >= 0]] = 1.0
    if table.covariates is not None:
        dummies = np.column_stack([dummies, table.covariates[found.rows]])
    group = found.ring
    if is_panel and table.unit is not None:
        _, group = np.unique(table.unit.codes[found.rows], return_inverse=True)
    effects = (Effect(group, int(group.max()) + 1), Effect(time, n_periods))
    return _Leads(columns, first_after, fitted(table, found.rows, spec, dummies, effects))


def _tests(leads: _Leads, found: RingRows) -> list[Diagnostic]:
    """The joint test of all rings' leads, then one a ring."""
    by_ring = [
        [contrast for period in range(leads.first_after - 1) if (contrast := leads.contrast(ring, period)) is not None]
        for ring in range(found.reference)
    ]
    outermost = found.ring == found.reference
    inner = leads.fit.judge_of(~outermost, outermost)
    made = [pretrend_test(inner, np.array([contrast for ring in by_ring for contrast in ring]))]
    for ring, contrasts in enumerate(by_ring):
        test = pretrend_test(leads.fit.judge_of(found.ring == ring, outermost), np.array(contrasts))
        where = {"inner_km": found.edges_km[ring], "outer_km": found.edges_km[ring + 1]}
        reading = f"The ring {found.name(ring)} against the outermost. {test.reading}"
        made.append(replace(test, code="pretrend_ring", reading=reading, details={**(test.details or {}), **where}))
    return made

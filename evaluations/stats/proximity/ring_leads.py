"""Ring by period against the last period before opening: trends before it, and the innermost ring's course after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.proximity.fitting import Fitted, fitted
from evaluations.stats.proximity.rings import RingRows
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.results import Diagnostic, EventTimeEffect
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import Reference, WaldTest, band_critical_value, finish, wald_test

CANNOT_SHOW = "It cannot show that they would have gone on together, and with few periods or units it can miss a drift."


@dataclass(frozen=True, eq=False)
class RingLeads:
    """The innermost ring's event study with its covariance, and the tests of trends before opening."""

    event_study: tuple[EventTimeEffect, ...] = ()
    covariance: np.ndarray | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, eq=False)
class _Cells:
    """Which column of the fit is which ring in which period; -1 where there is none."""

    columns: np.ndarray
    first_after: int


def ring_leads(table: Table, spec: Spec, found: RingRows, post: np.ndarray, *, is_panel: bool) -> RingLeads:
    """Nothing where there are fewer than two periods before opening, or `post` does not follow the periods."""
    if table.period is None:
        return RingLeads()
    periods, time = np.unique(table.period.codes[found.rows], return_inverse=True)
    after = np.bincount(time, weights=post > 0) / np.bincount(time)
    first_after = int(np.argmax(after > 0))
    if first_after == 0 or not np.array_equal(after, (np.arange(len(periods)) >= first_after).astype(float)):
        return RingLeads()
    if len(periods) < 3:
        return RingLeads()
    columns, fit = _fit(table, spec, found, time, first_after, is_panel=is_panel)
    cells = _Cells(columns, first_after)
    event_study, covariance = _event_study(table, spec, found, fit, cells)
    return RingLeads(event_study, covariance, _tests(fit, cells, found) if first_after >= 2 else ())


def _fit(
    table: Table, spec: Spec, found: RingRows, time: np.ndarray, first_after: int, *, is_panel: bool
) -> tuple[np.ndarray, Fitted]:
    """Ring x period dummies, the outermost ring and the last period before opening left out, then covariates."""
    n_periods = int(time.max()) + 1
    others = [period for period in range(n_periods) if period != first_after - 1]
    columns = np.full((found.reference, n_periods), -1)
    columns[:, others] = np.arange(found.reference * len(others)).reshape(found.reference, len(others))
    dummies = np.zeros((len(time), columns.max() + 1))
    inner = np.flatnonzero(found.ring < found.reference)
    marked = columns[found.ring[inner], time[inner]]
    dummies[inner[marked >= 0], marked[marked >= 0]] = 1.0
    if table.covariates is not None:
        dummies = np.column_stack([dummies, table.covariates[found.rows]])
    _, unit = np.unique(table.unit.codes[found.rows], return_inverse=True) if is_panel else (None, found.ring)
    effects = (Effect(unit, int(unit.max()) + 1), Effect(time, n_periods))
    return columns, fitted(table, found.rows, spec, dummies, effects)


def _event_study(
    table: Table, spec: Spec, found: RingRows, fit: Fitted, cells: _Cells
) -> tuple[tuple[EventTimeEffect, ...], np.ndarray | None]:
    places = [place for place in np.flatnonzero(cells.columns[0] >= 0) if fit.is_kept([cells.columns[0, place]])]
    if not places:
        return (), None
    columns = cells.columns[0, places]
    covariance = fit.covariance(columns)
    contrasts = [fit.contrast([column], np.ones(1)) for column in columns]
    reference = Reference(spec.options.level, contrasts[0].df, fit.errors.n_clusters)
    rng = np.random.default_rng(spec.options.seed)
    band = None if reference.is_withheld else band_critical_value(covariance, reference, rng)
    effects = []
    for place, contrast in zip(places, contrasts, strict=True):
        known = finish({"value": contrast.value, "std_error": contrast.std_error}, reference)
        if band is not None and contrast.std_error is not None:
            reach = band * contrast.std_error
            known |= {"band_lower": contrast.value - reach, "band_upper": contrast.value + reach}
        effects.append(EventTimeEffect(int(place) - cells.first_after, **known))
    return tuple(effects), covariance


def _tests(fit: Fitted, cells: _Cells, found: RingRows) -> tuple[Diagnostic, ...]:
    """The joint test of all leads, then one a ring."""
    made = []
    leads = cells.columns[:, : cells.first_after - 1]
    whole = _wald(fit, leads.ravel())
    if whole is not None:
        words = f"Whether the rings moved together before opening. {CANNOT_SHOW}"
        made.append(_diagnostic("pretrend_joint", words, whole))
    for ring in range(found.reference):
        test = _wald(fit, leads[ring])
        if test is not None:
            words = f"Whether the ring {found.name(ring)} moved with the outermost one before opening. {CANNOT_SHOW}"
            details = {"inner_km": found.edges_km[ring], "outer_km": found.edges_km[ring + 1]}
            made.append(_diagnostic("pretrend_ring", words, test, details))
    return tuple(made)


def _wald(fit: Fitted, columns: np.ndarray) -> WaldTest | None:
    kept = [int(column) for column in columns if fit.is_kept([column])]
    if not kept or fit.is_perfect:
        return None
    df2 = fit.errors.df(np.eye(len(fit.fit.kept))[0])
    return wald_test(fit.values(kept), fit.covariance(kept), df2=df2)


def _diagnostic(code: str, reading: str, test: WaldTest, details: dict[str, float] | None = None) -> Diagnostic:
    df = float(test.df) if test.df2 is None else (float(test.df), float(test.df2))
    return Diagnostic(code, reading, test.statistic, df, test.p_value, details)

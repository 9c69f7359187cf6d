"""Covariates taken out of a balanced panel's outcomes before weights are sought."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.panel import Panel
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.regression.rows import left_out


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A panel whose covariates are taken out of its outcomes, and a note of those that were left alone."""

    panel: Panel
    notes: tuple[str, ...] = ()


def without_covariates(panel: Panel) -> Cleaned:
    """The panel whose outcomes are less what covariates explain among untreated rows.

    Coefficients come from untreated unit-periods with unit and period effects (Kranz 2022), so that
    effects of treatment do not enter them. Covariates constant within units are left alone: unit
    effects account for them.
    """
    names = panel.covariate_names
    if panel.covariates is None:
        return Cleaned(panel)
    if not panel.covariates_vary:
        return Cleaned(panel, left_out(names, len(names), np.empty(0, dtype=int)))
    n_units, n_periods = panel.outcome.shape
    untreated = (np.arange(n_periods)[None, :] < panel.starts[:, None]).ravel()
    columns = panel.covariates.reshape(n_units * n_periods, -1)
    unit = np.repeat(np.arange(n_units), n_periods)[untreated]
    period = np.tile(np.arange(n_periods), n_units)[untreated]
    found = fit(
        panel.outcome.ravel()[untreated],
        columns[untreated],
        (Effect(unit, n_units), Effect(period, n_periods)),
        weights=None if panel.weight is None else panel.weight[unit],
    )
    explained = columns[:, found.kept] @ found.coefficients
    cleaned = replace(panel, outcome=panel.outcome - explained.reshape(n_units, n_periods))
    return Cleaned(cleaned, left_out(names, len(names), found.kept))

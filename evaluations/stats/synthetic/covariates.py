"""Covariates taken out of a balanced panel's outcomes before weights are sought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluations.stats.panel import Panel
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit


def without_covariates(panel: Panel) -> Panel:
    """The panel whose outcomes are less what covariates explain among untreated rows.

    Coefficients come from untreated unit-periods with unit and period effects (Kranz 2022), so that
    effects of treatment do not enter them. Covariates constant within units are left alone: unit
    effects account for them.
    """
    if panel.covariates is None or not panel.covariates_vary:
        return panel
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
    return replace(panel, outcome=panel.outcome - explained.reshape(n_units, n_periods))

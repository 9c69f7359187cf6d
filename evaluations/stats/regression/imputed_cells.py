"""Imputation in a balanced panel without covariates, from sums by start (see `imputation`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.panel import Panel
from evaluations.stats.regression.fixed_effects import Absorber, Effect
from evaluations.stats.regression.path_sums import PathSums


@dataclass(frozen=True, eq=False)
class ImputedCells:
    """Effects by start and period, shape (n_paths, n_periods), and what averages of them load on.

    `treated` marks the cells whose untreated outcome can be imputed.
    """

    effects: np.ndarray
    treated: np.ndarray
    untreated: np.ndarray
    period_effects: np.ndarray
    centred_effects: np.ndarray
    absorber: Absorber
    where: tuple[np.ndarray, np.ndarray]
    weights: np.ndarray

    def value(self, average: np.ndarray) -> float:
        """An average of effects; `average`, shape as `effects`, adds to 1 over treated cells."""
        return float((average[self.treated] * self.effects[self.treated]).sum())

    def loadings(self, average: np.ndarray) -> np.ndarray:
        """How a unit's path, a 1 put last, loads on the average's error, by start, shape (n_paths, n_periods + 1)."""
        by_start, by_period = self.absorber.coefficients((average.sum(axis=1), average.sum(axis=0)))
        weights = np.where(self.weights > 0, self.weights, 1.0)[:, None]
        table = np.where(self.treated, average / weights, 0.0)
        table -= np.where(self.untreated, by_start[:, None] + by_period[None, :], 0.0)
        fitted = self.period_effects + np.where(self.treated, self.centred_effects, 0.0)
        return np.concatenate([table, -(table * fitted).sum(axis=1, keepdims=True)], axis=1)


def impute_cells(panel: Panel, sums: PathSums, anticipation: int) -> ImputedCells:
    """The effects in a balanced panel whose sums are `sums`."""
    n_periods = panel.n_periods
    start, period = np.arange(n_periods + 1)[:, None], np.arange(n_periods)[None, :]
    present = sums.weights[:, None] > 0
    untreated = present & ((period < start - anticipation) | (start == n_periods))
    treated = present & (period >= start) & untreated.any(axis=0)[None, :]
    starts, periods = np.nonzero(untreated)
    where = (starts, periods)
    absorber = Absorber((Effect(where[0], n_periods + 1), Effect(where[1], n_periods)), sums.weights[where[0]])
    means = sums.outcomes / np.where(sums.weights > 0, sums.weights, 1.0)[:, None]
    by_start, by_period = absorber.coefficients(absorber.sums(means[where]))
    effects = np.where(treated, means - by_start[:, None] - by_period[None, :], 0.0)
    centred = np.where(treated, _centred(sums, untreated, by_period), 0.0)
    return ImputedCells(
        effects, treated, untreated, by_period, _pooled(centred, treated, sums), absorber, where, sums.weights
    )


def _centred(sums: PathSums, untreated: np.ndarray, by_period: np.ndarray) -> np.ndarray:
    """Mean effects under squared weights: what each unit's effect is measured from in its error.

    They are measured from the start's mean untreated outcome, which drops out of a unit's error.
    """
    squared = np.where(sums.counts > 0, sums.moments[:, -1, -1], 1.0)
    means = sums.moments[:, -1, :-1] / squared[:, None]
    left = means - by_period[None, :]
    n_before = np.maximum(untreated.sum(axis=1), 1)
    return left - (np.where(untreated, left, 0.0).sum(axis=1) / n_before)[:, None]


def _pooled(effects: np.ndarray, treated: np.ndarray, sums: PathSums) -> np.ndarray:
    """The effects, those of a start with one unit replaced by the mean of all starts at its event time.

    A single unit measured from itself would have no error (Borusyak, Jaravel and Spiess 2024, section 4.3).
    """
    n_paths, n_periods = effects.shape
    event_time = np.arange(n_periods)[None, :] - np.arange(n_paths)[:, None]
    squared = np.where(treated, sums.moments[:, -1, -1][:, None], 0.0)
    out = effects.copy()
    for start in np.flatnonzero((sums.counts == 1) & treated.any(axis=1)):
        for t in np.flatnonzero(treated[start]):
            same = treated & (event_time == event_time[start, t])
            if sums.counts[same.any(axis=1)].sum() < 2:
                same = treated
            if sums.counts[same.any(axis=1)].sum() >= 2:
                out[start, t] = np.average(effects[same], weights=squared[same])
    return out

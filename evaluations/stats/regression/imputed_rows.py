"""Imputation row by row: any panel, covariates, weights and further effects (see `imputation`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.errors import Clusters
from evaluations.stats.regression.fixed_effects import Absorber, Effect
from evaluations.stats.regression.least_squares import Fit, fit
from evaluations.stats.regression.rows import Rows, check_outcome_varies, effects_of
from evaluations.stats.table import played


@dataclass(frozen=True, eq=False)
class ImputedRows:
    """Effects on the treated rows, and what is needed for the errors of averages of them.

    `effects`, `centred` (effects less what they are measured from), `starts`, `periods` and
    `weights` have one entry a treated row; `fit` is of the untreated rows, `rows0` and `rows1` are
    both kinds.
    """

    effects: np.ndarray
    centred: np.ndarray
    rows0: Rows
    rows1: Rows
    fit: Fit
    absorber: Absorber
    levels1: tuple[Effect, ...]

    @property
    def event_times(self) -> np.ndarray:
        """Periods since treatment began, by treated row."""
        return played(self.rows1.period).codes - played(self.rows1.starts)

    @property
    def weights(self) -> np.ndarray:
        """Sampling weights of the treated rows."""
        return np.ones(self.rows1.n_rows) if self.rows1.weights is None else self.rows1.weights

    def influence(self, average: np.ndarray, clusters0: Clusters, clusters1: Clusters) -> np.ndarray:
        """Each cluster's part in the error of an average of effects; `average` has one weight a treated row."""
        sums = [effect.sums(average) for effect in self.levels1]
        coefficients = self.absorber.coefficients(sums)
        fitted = sum(part[effect.codes] for part, effect in zip(coefficients, self.fit.effects, strict=True))
        loads = fitted if self.fit.weights is None else fitted * self.fit.weights
        if len(self.fit.kept):
            kept = self.fit.kept
            on_covariates = self.rows1.covariates[:, kept].T @ average - self.rows0.covariates[:, kept].T @ loads
            extra = self.fit.x @ (self.fit.bread @ on_covariates)
            loads = loads + (extra if self.fit.weights is None else extra * self.fit.weights)
        untreated = np.bincount(clusters0.codes, weights=-loads * self.fit.residuals, minlength=clusters0.n_clusters)
        return untreated + np.bincount(clusters1.codes, weights=average * self.centred, minlength=clusters0.n_clusters)


def impute_rows(rows: Rows, anticipation: int) -> tuple[ImputedRows, Rows]:
    """The effects on treated rows, and the rows used; treated rows that cannot be imputed are left out and counted.

    Raises `NotEstimable` where none can.
    """
    event_time = rows.event_time
    rows = rows.keep((event_time >= 0) | (event_time < -anticipation), "anticipation_window")
    rows = _imputable(rows)
    check_outcome_varies(rows.outcome)
    is_treated = _is_treated(rows)
    effects = effects_of(rows, unit_trends=False)
    rows0, rows1 = rows.keep(~is_treated, "treated"), rows.keep(is_treated, "untreated")
    levels0 = [_part(effect, ~is_treated) for effect in effects]
    levels1 = tuple(_part(effect, is_treated) for effect in effects)
    absorber = Absorber(levels0, rows0.weights)
    found = fit(rows0.outcome, rows0.covariates, levels0, weights=rows0.weights, absorber=absorber)
    slopes = found.coefficients
    left = rows0.outcome - rows0.covariates[:, found.kept] @ slopes
    coefficients = absorber.coefficients(absorber.sums(left))
    imputed = rows1.covariates[:, found.kept] @ slopes
    for part, effect in zip(coefficients, levels1, strict=True):
        imputed = imputed + part[effect.codes]
    tau = rows1.outcome - imputed
    return ImputedRows(tau, tau - _reference_effects(rows1, tau), rows0, rows1, found, absorber, levels1), rows


def split_clusters(rows: Rows) -> tuple[Clusters, Clusters]:
    """The clusters of untreated and treated rows, numbered alike."""
    is_treated = _is_treated(rows)
    clusters = played(rows.clusters)
    codes, n = clusters.codes, clusters.n_clusters
    return Clusters(codes[~is_treated], n), Clusters(codes[is_treated], n)


def _is_treated(rows: Rows) -> np.ndarray:
    starts, period = played(rows.starts), played(rows.period)
    return (starts < period.n_labels) & (period.codes >= starts)


def _part(effect: Effect, mask: np.ndarray) -> Effect:
    return Effect(effect.codes[mask], effect.n_levels, None, effect.name)


def _imputable(rows: Rows) -> Rows:
    """The rows less treated ones whose unit or period is not tied to the untreated rows."""
    is_treated = _is_treated(rows)
    if not is_treated.any():
        raise NotEstimable(
            "no_treated_units",
            "No unit starts treatment after the first period and by the last.",
            "Check the first_treated column: it needs periods that fall inside the data.",
        )
    effects = effects_of(rows, unit_trends=False)
    tied = _tied(effects[:2], is_treated)
    for effect in effects[2:]:
        seen = np.bincount(effect.codes[~is_treated], minlength=effect.n_levels) > 0
        tied &= seen[effect.codes]
    rows = rows.keep(~is_treated | tied, "not_imputable")
    if not _is_treated(rows).any():
        raise NotEstimable(
            "no_untreated_units",
            "No unit is still untreated in any period in which another has been treated.",
            "Add units that were not treated, or that were treated later.",
        )
    return rows


def _tied(effects: Sequence[Effect], is_treated: np.ndarray) -> np.ndarray:
    """Rows whose unit and period are connected by untreated rows."""
    unit, period = effects
    edges = (unit.codes[~is_treated], period.codes[~is_treated] + unit.n_levels)
    n = unit.n_levels + period.n_levels
    graph = coo_array((np.ones(len(edges[0]), dtype=np.int8), edges), shape=(n, n))
    _, part = connected_components(graph.tocsr(), directed=False)
    return part[unit.codes] == part[period.codes + unit.n_levels]


def _reference_effects(rows: Rows, tau: np.ndarray) -> np.ndarray:
    """The mean effect that each treated row's is measured from: of its cohort in its period, by squared weights.

    Where a cohort has one unit in a period, of all cohorts at that event time; failing that, of all.
    """
    weights = np.ones(rows.n_rows) if rows.weights is None else rows.weights
    starts, period = played(rows.starts), played(rows.period)
    cell = starts.astype(np.int64) * period.n_labels + period.codes
    event_time = period.codes - starts
    out, settled = np.empty(rows.n_rows), np.zeros(rows.n_rows, dtype=bool)
    for group in (cell, event_time, np.zeros(rows.n_rows, dtype=np.int64)):
        _, code = np.unique(group, return_inverse=True)
        means = np.bincount(code, weights=weights**2 * tau) / np.bincount(code, weights=weights**2)
        enough = (np.bincount(code) >= 2)[code] & ~settled
        out[enough] = means[code[enough]]
        settled |= enough
    out[~settled] = tau[~settled]
    return out

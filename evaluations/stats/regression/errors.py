"""Covariances of least-squares coefficients: classical, HC1, clustered, with fixest's small-sample factors.

Factors: (n - 1)/(n - K) and, with clusters, G/(G - 1). K counts coefficients and fixed effects,
but a set of effects nested in the clusters counts once: the clustering already allows for it
(Cameron and Miller 2015, section III.B). HC1 is the same with every row its own cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import Fit, cross_products

MANY_IN_EACH = 200
"""Rows a cluster above which sums go cluster by cluster."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which rows belong together: `codes[i]` in [0, n_clusters)."""

    codes: np.ndarray
    n_clusters: int

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """Sums of `rows`, shape (n_rows, k), by cluster, shape (n_clusters, k)."""
        out = np.empty((self.n_clusters, rows.shape[1]))
        for j in range(rows.shape[1]):
            out[:, j] = np.bincount(self.codes, weights=rows[:, j], minlength=self.n_clusters)
        return out

    def products(self, rows: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Sums of `rows`, each times its entry of `column`, by cluster, shape (n_clusters, k)."""
        if self.bounds is not None:
            return np.stack([rows[a:b].T @ column[a:b] for a, b in pairwise(self.bounds)])
        return self.sums(rows * column[:, None])

    @cached_property
    def bounds(self) -> np.ndarray | None:
        """Where clusters begin, and the end, where rows come cluster by cluster and are many in each; else null."""
        if len(self.codes) < MANY_IN_EACH * self.n_clusters or (np.diff(self.codes) < 0).any():
            return None
        return np.searchsorted(self.codes, np.arange(self.n_clusters + 1))


@dataclass(frozen=True, eq=False)
class Errors:
    """The covariance of a fit's kept coefficients, and the degrees of freedom of a contrast of them.

    `influence`, shape (n_clusters, k), are the clusters' contributions to the coefficients' errors,
    where errors are clustered. `df` maps a contrast, shape (k,), to its degrees of freedom, null
    where errors are judged against the normal.
    """

    kind: str
    covariance: np.ndarray
    df: Callable[[np.ndarray], float | None]
    n_clusters: int | None = None
    influence: np.ndarray | None = field(default=None, repr=False)


def n_parameters(n_coefficients: int, effects: Sequence[Effect], clusters: Clusters | None = None) -> int:
    """K: coefficients and fixed effects, one being common to all sets; a set nested in the clusters counts 1."""
    total = n_coefficients + sum(effect.n_coefficients for effect in effects) - max(len(effects) - 1, 0)
    if clusters is None:
        return total
    return total - sum(effect.n_coefficients - 1 for effect in effects if is_nested(effect, clusters))


def is_nested(effect: Effect, clusters: Clusters) -> bool:
    """Whether no level of `effect` has rows in two clusters."""
    if effect.n_levels < clusters.n_clusters:
        return False
    cluster_of_level = np.zeros(effect.n_levels, dtype=clusters.codes.dtype)
    cluster_of_level[effect.codes] = clusters.codes
    return bool((cluster_of_level[effect.codes] == clusters.codes).all())


def residual_df(fit: Fit) -> int:
    """n - K, K counting every fixed effect.

    Raises `NotEstimable` where nothing is left to measure error with.
    """
    left = fit.n_obs - n_parameters(len(fit.kept), fit.effects)
    if left <= 0:
        raise NotEstimable(
            "no_residual_variation",
            "There are as many quantities to estimate as rows: nothing is left to measure error with.",
            "Use fewer covariates or fixed effects, or more periods or units.",
        )
    return left


def classical_errors(fit: Fit) -> Errors:
    """Errors of equal variance, independent across rows."""
    df = residual_df(fit)
    weighted = fit.residuals if fit.weights is None else fit.residuals * fit.weights
    squares = float(weighted @ fit.residuals)
    if fit.cells is not None:
        squares += float((_weight_per_person(fit) * fit.cells.squares_within).sum())
    return Errors("classical", fit.bread * (squares / df), lambda _: float(df))


def hc1_errors(fit: Fit) -> Errors:
    """Errors robust to unequal variance, independent across rows."""
    df = residual_df(fit)
    if fit.cells is None:
        meat = cross_products(fit.scores, fit.scores, None)
    else:
        squares = fit.cells.sizes * fit.residuals**2 + fit.cells.squares_within
        meat = cross_products(fit.x, fit.x, squares * _weight_per_person(fit) ** 2)
    return Errors("hc1", _sandwich(fit.bread, meat) * (fit.n_obs / df), lambda _: float(df))


def clustered_errors(fit: Fit, clusters: Clusters, *, small_sample: bool = True) -> Errors:
    """Errors that may be dependent within clusters in any way (CR1 with fixest's factors; CR0 without)."""
    check_clusters(clusters)
    influence = clusters.sums(fit.scores) @ fit.bread
    factor = 1.0
    if small_sample:
        factor = small_sample_factor(fit.n_obs, n_parameters(len(fit.kept), fit.effects, clusters), clusters.n_clusters)
    influence = influence * np.sqrt(factor)
    df = float(clusters.n_clusters - 1)
    return Errors("cluster", influence.T @ influence, lambda _: df, clusters.n_clusters, influence)


def check_clusters(clusters: Clusters) -> None:
    """Raise `NotEstimable` where there is one cluster only."""
    if clusters.n_clusters < 2:
        raise NotEstimable(
            "one_cluster",
            "All rows belong to one cluster, so the spread between clusters cannot be measured.",
            "Cluster at a finer level, or choose other standard errors.",
        )


def small_sample_factor(n_obs: int, n_parameters: int, n_clusters: int) -> float:
    """(n - 1)/(n - K) G/(G - 1)."""
    if n_obs <= n_parameters:
        raise NotEstimable(
            "no_residual_variation",
            "There are as many quantities to estimate as rows: nothing is left to measure error with.",
            "Use fewer covariates or fixed effects, or more periods or units.",
        )
    return (n_obs - 1) / (n_obs - n_parameters) * n_clusters / (n_clusters - 1)


def _weight_per_person(fit: Fit) -> np.ndarray:
    """The sampling weight of the people in each cell, whose sizes the fit's weights already count."""
    if fit.cells is None or fit.weights is None:
        return np.ones(len(fit.residuals))
    return fit.weights / fit.cells.sizes


def _sandwich(bread: np.ndarray, meat: np.ndarray) -> np.ndarray:
    out = bread @ meat @ bread
    return (out + out.T) / 2

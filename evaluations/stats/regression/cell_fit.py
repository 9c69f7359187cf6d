"""Many coefficients on many rows: regressions on paths of a panel with holes, without a column for each coefficient.

Where regressors depend on start and period alone, X = C P: C says which cell of start and period a
row is in, and P is a small table. Period effects are C E. With M taking unit effects out, all that
a fit needs of the rows is C'W M C and C'W M y (Frisch and Waugh), which are sparse and small, and
all that clustered errors need is residuals summed by cluster and cell: where units lie within
clusters, a unit's residuals add up to 0, so taking unit effects out of X again changes no sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array

from evaluations.stats.regression.errors import Clusters, Errors, check_clusters, n_parameters, small_sample_factor
from evaluations.stats.regression.fixed_effects import Effect, PivotedCholesky
from evaluations.stats.regression.least_squares import independent_columns, symmetric_inverse

MOST_ENTRIES = 20_000_000
"""Rows times coefficients up to which a column is made for each coefficient; 160 MB each time it is copied."""


@dataclass(frozen=True, eq=False)
class CellRows:
    """Rows of a panel. `cell[i]` is start x n_periods + period of row i; `weights`, shape (n_rows,), are positive."""

    outcome: np.ndarray
    weights: np.ndarray
    unit: Effect
    period: Effect
    cell: np.ndarray
    clusters: Clusters

    def within(self, column: np.ndarray) -> np.ndarray:
        """The column less each unit's weighted mean."""
        totals = self.unit.sums(self.weights)
        means = self.unit.sums(self.weights * column) / np.where(totals > 0, totals, 1.0)
        return column - means[self.unit.codes]


@dataclass(frozen=True, eq=False)
class CellFit:
    """Coefficients of the kept columns of P and their clustered errors.

    `influence` maps a contrast of them to each cluster's part in its error, shape (n_clusters,).
    """

    coefficients: np.ndarray
    kept: np.ndarray
    errors: Errors
    influence: Callable[[np.ndarray], np.ndarray]


def fit_cells(rows: CellRows, paths: np.ndarray) -> CellFit:
    """The fit on `paths`, shape (n_paths, n_periods, k), unit and period effects absorbed, units within clusters."""
    check_clusters(rows.clusters)
    n_periods, k = paths.shape[1:]
    n_cells = paths.shape[0] * n_periods
    table = csr_array(paths.reshape(n_cells, k))
    period = csr_array(np.tile(np.eye(n_periods), (paths.shape[0], 1)))
    weight = np.bincount(rows.cell, weights=rows.weights, minlength=n_cells)
    gram_of_cells = _within_gram(rows, weight)
    outcome = np.bincount(rows.cell, weights=rows.weights * rows.within(rows.outcome), minlength=n_cells)

    by_period = (period.T @ gram_of_cells @ period).toarray()
    effects = PivotedCholesky(by_period, scale=float((period.T @ weight).max()))
    mixed = (period.T @ gram_of_cells @ table).toarray()
    absorbed = effects.solve(mixed)
    gram = (table.T @ gram_of_cells @ table).toarray() - mixed.T @ absorbed
    gram = (gram + gram.T) / 2
    kept = independent_columns(gram, _scales(table, weight))
    bread = symmetric_inverse(gram[np.ix_(kept, kept)])
    coefficients = bread @ (table.T @ outcome - absorbed.T @ (period.T @ outcome))[kept]
    fitted = table[:, kept] @ coefficients
    fitted = fitted + period @ effects.solve(period.T @ (outcome - gram_of_cells @ fitted))
    residuals = rows.weights * rows.within(rows.outcome - fitted[rows.cell])

    sums = csr_array((residuals, (rows.clusters.codes, rows.cell)), shape=(rows.clusters.n_clusters, n_cells))
    loadings = table[:, kept].toarray() - period @ absorbed[:, kept]
    meat = loadings.T @ ((sums.T @ sums) @ loadings)
    n_parameter = n_parameters(len(kept), (rows.unit, rows.period), rows.clusters)
    factor = small_sample_factor(len(rows.outcome), n_parameter, rows.clusters.n_clusters)
    covariance = factor * (bread @ meat @ bread)
    df = float(rows.clusters.n_clusters - 1)
    errors = Errors("cluster", (covariance + covariance.T) / 2, lambda _: df, rows.clusters.n_clusters)
    return CellFit(coefficients, kept, errors, lambda one: sums @ (loadings @ (bread @ one)) * np.sqrt(factor))


def _within_gram(rows: CellRows, weight: np.ndarray) -> csr_array:
    """C'W M C, shape (n_cells, n_cells): cells that share no unit have 0."""
    shape = (rows.unit.n_levels, len(weight))
    by_unit = csr_array(coo_array((rows.weights, (rows.unit.codes, rows.cell)), shape=shape))
    totals = rows.unit.sums(rows.weights)
    shares = diags_array(1 / np.where(totals > 0, totals, 1.0))
    return csr_array(diags_array(weight) - by_unit.T @ (shares @ by_unit))


def _scales(table: csr_array, weight: np.ndarray) -> np.ndarray:
    """Each column's weighted sum of squares about its mean, and at least a trace of that about zero."""
    about_zero = (table * table).T @ weight
    return np.maximum(about_zero - (table.T @ weight) ** 2 / weight.sum(), about_zero * 1e-10)

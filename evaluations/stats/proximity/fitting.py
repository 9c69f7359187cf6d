"""Least squares on part of a table: weights, cells and errors as the design asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.conley import conley_errors
from evaluations.stats.regression.errors import Clusters, Errors, classical_errors, clustered_errors, hc1_errors
from evaluations.stats.regression.few_clusters import bias_reduced_errors
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import Cells, Fit, fit
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table


@dataclass(frozen=True, eq=False)
class Contrast:
    """A sum of coefficients: its value, error and degrees of freedom."""

    value: float
    std_error: float | None
    df: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fit with its errors. Coefficients are asked for by the position of their column."""

    fit: Fit
    errors: Errors

    def is_kept(self, columns: Sequence[int]) -> bool:
        """Whether every one of `columns` has a coefficient of its own."""
        return set(columns) <= set(self.fit.kept.tolist())

    def values(self, columns: Sequence[int]) -> np.ndarray:
        """The coefficients of `columns`, all kept."""
        return self.fit.coefficients[self._positions(columns)]

    def covariance(self, columns: Sequence[int]) -> np.ndarray:
        """The covariance of the coefficients of `columns`, all kept."""
        positions = self._positions(columns)
        return self.errors.covariance[np.ix_(positions, positions)]

    def contrast(self, columns: Sequence[int], weights: np.ndarray) -> Contrast:
        """The weighted sum of the coefficients of `columns`, all kept."""
        pull = np.zeros(len(self.fit.kept))
        pull[self._positions(columns)] = weights
        variance = float(pull @ self.errors.covariance @ pull)
        known = np.isfinite(variance) and variance > 0 and not self.is_perfect
        std_error = float(np.sqrt(variance)) if known else None
        return Contrast(float(pull @ self.fit.coefficients), std_error, self.errors.df(pull))

    @property
    def is_perfect(self) -> bool:
        """Nothing is left unexplained, inside cells neither, so there is no error to measure."""
        return self.fit.perfect and (self.fit.cells is None or not self.fit.cells.squares_within.any())

    def _positions(self, columns: Sequence[int]) -> np.ndarray:
        return np.searchsorted(self.fit.kept, np.asarray(columns, dtype=np.intp))


def fitted(table: Table, rows: np.ndarray, spec: Spec, columns: np.ndarray, effects: Sequence[Effect]) -> Fitted:
    """The fit of the outcome of `rows` on `columns`, shape (len(rows), k), with the errors the design asks for."""
    solved = fit(table.outcome[rows], columns, effects, weights=row_weights(table, rows), cells=cells(table, rows))
    return Fitted(solved, _errors(solved, table, rows, spec))


def row_weights(table: Table, rows: np.ndarray) -> np.ndarray | None:
    """The weight of each row in least squares: the sampling weight, or the size of the cell."""
    if table.n is not None and table.weight is not None:
        raise NotEstimable(
            "weighted_cells",
            "Rows that are averages of cells cannot also carry sampling weights.",
            "Leave out columns.weight, or use weighted means and effective sizes as the cells.",
        )
    column = table.weight if table.n is None else table.n
    return None if column is None else column[rows].astype(np.float64)


def cells(table: Table, rows: np.ndarray) -> Cells | None:
    """What makes `rows` aggregate cells, where they are. Without `sd`, spread within cells is unknown."""
    if table.n is None:
        return None
    sizes = table.n[rows].astype(np.float64)
    spread = np.zeros(len(rows)) if table.sd is None else table.sd[rows]
    return Cells(sizes, (sizes - 1) * spread**2)


def error_kind(table: Table, spec: Spec) -> str:
    """The kind of standard errors that `auto` stands for here, or the kind asked for.

    Raises `NotEstimable` where the data cannot give them.
    """
    kind = spec.options.std_errors
    if kind == "auto":
        kind = "hc1" if table.cluster is None and table.unit is None else "cluster"
    if kind in ("cluster", "cr2", "cr3") and table.cluster is None and table.unit is None:
        raise NotEstimable(
            "cluster_missing",
            "Clustered errors need a cluster or a unit, and the design names neither.",
            "Set columns.cluster, or choose hc1 or conley errors.",
        )
    if kind == "conley" and (spec.options.conley_km is None or table.latitude is None):
        raise NotEstimable(
            "conley_incomplete",
            "Conley errors need coordinates and the distance beyond which places are independent.",
            "Set options.conley_km and the coordinates, or choose other standard errors.",
        )
    if kind in ("classical", "hc1") and table.n is not None and table.sd is None:
        raise NotEstimable(
            "spread_within_cells_missing",
            "Rows are averages of cells, and the spread inside the cells is not given.",
            "Set columns.sd, or cluster the errors.",
        )
    return kind


def clusters(table: Table, rows: np.ndarray) -> Clusters:
    """The clusters of `rows`: by `cluster`, else by `unit`, numbered without gaps."""
    column = table.unit if table.cluster is None else table.cluster
    if column is None:
        raise ValueError("clusters need a cluster or a unit")
    used, codes = np.unique(column.codes[rows], return_inverse=True)
    return Clusters(codes, len(used))


def _errors(solved: Fit, table: Table, rows: np.ndarray, spec: Spec) -> Errors:
    kind = error_kind(table, spec)
    if kind == "classical":
        return classical_errors(solved)
    if kind == "hc1":
        return hc1_errors(solved)
    if kind == "conley":
        return conley_errors(
            solved,
            np.asarray(table.latitude)[rows],
            np.asarray(table.longitude)[rows],
            cutoff_km=float(spec.options.conley_km or 0),
            kernel=spec.options.conley_kernel,
        )
    if kind == "cluster":
        return clustered_errors(solved, clusters(table, rows))
    return bias_reduced_errors(solved, clusters(table, rows), kind=kind)

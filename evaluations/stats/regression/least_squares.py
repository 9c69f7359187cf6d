"""Weighted least squares on columns from which fixed effects have been taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.regression.fixed_effects import Absorber, Effect

COLLINEAR = 1e-12
"""Share of a column's sum of squares that must be left for it to have a coefficient of its own."""

NO_VARIATION = 1e-22
"""Share of the outcome's sum of squares below which what is left is rounding."""


@dataclass(frozen=True, eq=False)
class Cells:
    """What makes rows aggregate cells: their sizes and the sums of squares within them, by row.

    Without `has_spread` the squares within are not known, and are 0.
    """

    sizes: np.ndarray
    squares_within: np.ndarray
    has_spread: bool = True


@dataclass(frozen=True, eq=False)
class Fit:
    """A least-squares fit. k columns were asked for, of which `kept` have coefficients.

    `x`, shape (n_rows, len(kept)), and `residuals`, shape (n_rows,), have the fixed effects taken
    out; `bread` is (X'WX)^-1; `outcome` is the outcome with the fixed effects taken out.
    """

    coefficients: np.ndarray
    kept: np.ndarray
    x: np.ndarray
    residuals: np.ndarray
    outcome: np.ndarray
    bread: np.ndarray
    effects: tuple[Effect, ...]
    weights: np.ndarray | None
    cells: Cells | None
    perfect: bool

    @property
    def n_obs(self) -> int:
        """Rows, or the people behind them where rows are aggregate cells."""
        return len(self.residuals) if self.cells is None else round(float(self.cells.sizes.sum()))

    @property
    def scores(self) -> np.ndarray:
        """w e x by row, shape (n_rows, len(kept))."""
        weighted = self.residuals if self.weights is None else self.residuals * self.weights
        return self.x * weighted[:, None]

    def position(self, column: int) -> int | None:
        """Where column `column` of those asked for stands among the kept; null where it was left out."""
        found = np.flatnonzero(self.kept == column)
        return int(found[0]) if len(found) else None


def fit(
    outcome: np.ndarray,
    columns: np.ndarray,
    effects: Sequence[Effect],
    *,
    weights: np.ndarray | None = None,
    cells: Cells | None = None,
    absorber: Absorber | None = None,
) -> Fit:
    """The fit of `outcome` on `columns`, shape (n_rows, k), with `effects` absorbed.

    A column that depends on the effects or on the columns before it is left out: put what may be
    left out last, and what must not (a covariate that would steal the treatment's place) first.
    """
    absorber = absorber or Absorber(effects, weights)
    x = absorber.residuals(columns)
    y = absorber.residuals(outcome)
    gram = cross_products(x, x, weights)
    kept = independent_columns(gram, scales(columns, weights))
    x = x if len(kept) == x.shape[1] else x[:, kept]
    bread = symmetric_inverse(gram[np.ix_(kept, kept)])
    coefficients = bread @ cross_products(x, y[:, None], weights)[:, 0]
    residuals = y - x @ coefficients
    return Fit(
        coefficients=coefficients,
        kept=kept,
        x=x,
        residuals=residuals,
        outcome=y,
        bread=bread,
        effects=tuple(effects),
        weights=weights,
        cells=cells,
        perfect=weighted_squares(residuals, weights) <= NO_VARIATION * weighted_squares(outcome, weights),
    )


def cross_products(left: np.ndarray, right: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """left'W right."""
    return left.T @ (right if weights is None else right * weights[:, None])


def weighted_squares(column: np.ndarray, weights: np.ndarray | None) -> float:
    """The weighted sum of squares of a column."""
    return float(column @ (column if weights is None else column * weights))


def scales(columns: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Each column's weighted sum of squares about its mean, and at least a trace of that about zero."""
    total = float(len(columns)) if weights is None else float(weights.sum())
    out = np.empty(columns.shape[1])
    for j in range(columns.shape[1]):
        column = columns[:, j]
        about_zero = weighted_squares(column, weights)
        mean = float(column.sum() if weights is None else column @ weights) / total
        centred = column - mean
        out[j] = max(weighted_squares(centred, weights), about_zero * 1e-10)
    return out


def independent_columns(gram: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The columns, in order, that do not depend on those before them. `scale` is their size before absorption."""
    work = gram.astype(np.float64).copy()
    kept = []
    for j in range(len(work)):
        if work[j, j] <= COLLINEAR * scale[j] or work[j, j] <= 0:
            continue
        kept.append(j)
        row = work[j] / work[j, j]
        work = work - np.outer(work[j], row)
    return np.array(kept, dtype=np.intp)


def symmetric_inverse(gram: np.ndarray) -> np.ndarray:
    """The inverse of a positive definite matrix, computed on the scale of correlations."""
    if not len(gram):
        return gram.copy()
    root = np.sqrt(np.diag(gram))
    inverse = np.linalg.inv(gram / np.outer(root, root)) / np.outer(root, root)
    return (inverse + inverse.T) / 2

"""Fixed effects absorbed exactly: the largest within its groups, the others by one small solve.

With Z1 the indicators of the largest set and Z2 those of the others, the normal equations of
[Z1 Z2] reduce to S b = Z2'W M1 x with S = Z2'W M1 Z2 (the Schur complement), where M1 takes
out group means. S has one row for each level of the smaller sets, so that a panel of a million
units and ten periods needs a 10 x 10 solve. Where S would be large it is never formed:
conjugate gradients use its product with a vector only. Every sum runs in row order, so the same
rows give the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from scipy.linalg import lapack, solve_triangular
from scipy.sparse import csr_array

from evaluations.stats.issues import NotEstimable
from evaluations.stats.table import played

LARGEST_DENSE = 2_500
"""The most levels of the smaller sets for which S is formed; 50 MB, about a second to factor."""

TOLERANCE = 1e-13
"""Relative size of the residual at which conjugate gradients stop."""

SMALLEST_PIVOT = 1e-11
"""Share of its scale below which a pivot is a linear dependence."""

MOST_ITERATIONS = 20_000


@dataclass(frozen=True, eq=False)
class Effect:
    """One set of fixed effects: `codes[i]` in [0, n_levels) is row i's level.

    With `slope`, shape (n_rows,), each level also has its own coefficient on it.
    """

    codes: np.ndarray
    n_levels: int
    slope: np.ndarray | None = None
    name: str = ""

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums of `values` by level, shape (n_levels,)."""
        if self.n_levels == 1:
            return values.sum(keepdims=True)
        return np.bincount(self.codes, weights=values, minlength=self.n_levels)

    def spread(self, by_level: np.ndarray) -> np.ndarray:
        """Each row's entry of `by_level`, or the one number there is."""
        return by_level if self.n_levels == 1 else by_level[self.codes]

    @property
    def n_coefficients(self) -> int:
        """How many coefficients the set has: one a level, two with a slope."""
        return self.n_levels * (1 if self.slope is None else 2)


class Absorber:
    """Takes fixed effects out of columns, by weighted least squares.

    `weights`, shape (n_rows,), are positive; null means equal weights. With no effects at all,
    nothing is taken out: give a single-level `Effect` for an intercept.
    """

    def __init__(self, effects: Sequence[Effect], weights: np.ndarray | None = None) -> None:
        ordered = sorted(effects, key=lambda effect: (effect.slope is None, -effect.n_levels))
        if sum(effect.slope is not None for effect in ordered) > 1:
            raise NotEstimable(
                "two_sets_of_trends",
                "Separate trends can be taken out for one grouping only.",
                "Ask for trends by unit alone.",
            )
        self.effects = tuple(effects)
        self.weights = weights
        self._is_empty = not ordered
        self._first = ordered[0] if ordered else Effect(np.empty(0, dtype=np.int32), 0)
        self._others = tuple(ordered[1:])

    def residuals(self, columns: np.ndarray) -> np.ndarray:
        """`columns` with the fixed effects taken out; shape (n_rows,) or (n_rows, k), as given."""
        if columns.ndim == 1:
            return self._residuals(columns)
        out = np.empty(columns.shape, dtype=np.float64, order="F")
        for k in range(columns.shape[1]):
            out[:, k] = self._residuals(np.ascontiguousarray(columns[:, k]))
        return out

    def coefficients(self, sums: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """(Z'WZ)^- r, one array an effect, for a right-hand side r given level by level in the same way.

        With r = Z'Wy these are the fixed effects of y; other right-hand sides give the weights with
        which a contrast of them loads on outcomes. Levels without rows, and one level of each
        connected part of the data, have 0. Trends are not handled.
        """
        right = {id(effect): part for effect, part in zip(self.effects, sums, strict=True)}
        own = right[id(self._first)] / self._first_weight
        if not self._others:
            return (own,)
        reduced = [right[id(effect)] - effect.sums(self._weighted(own[self._first.codes])) for effect in self._others]
        solved = self._solve(np.concatenate(reduced))
        parts = {id(effect): solved[start : start + effect.n_levels] for effect, start in self._offsets()}
        own = own - self._first.sums(self._weighted(self._expand(solved))) / self._first_weight
        parts[id(self._first)] = own
        return tuple(parts[id(effect)] for effect in self.effects)

    def sums(self, column: np.ndarray) -> tuple[np.ndarray, ...]:
        """Z'W column, one array an effect."""
        weighted = self._weighted(column)
        return tuple(effect.sums(weighted) for effect in self.effects)

    def _residuals(self, column: np.ndarray) -> np.ndarray:
        column = column.astype(np.float64, copy=False)
        if self._is_empty:
            return column.copy()
        within = self._within(column)
        if not self._others:
            return within
        weighted = self._weighted(within)
        right = np.concatenate([effect.sums(weighted) for effect in self._others])
        return within - self._within(self._expand(self._solve(right)))

    def _weighted(self, column: np.ndarray) -> np.ndarray:
        return column if self.weights is None else column * self.weights

    @cached_property
    def _first_weight(self) -> np.ndarray:
        if self.weights is None:
            totals = np.bincount(self._first.codes, minlength=self._first.n_levels).astype(np.float64)
        else:
            totals = self._first.sums(self.weights)
        return np.where(totals > 0, totals, 1.0)

    @cached_property
    def _centred_slope(self) -> tuple[np.ndarray, np.ndarray]:
        """The slope variable less its mean in each level, and its weighted sum of squares there."""
        slope = played(self._first.slope).astype(np.float64)
        centred = slope - (self._first.sums(self._weighted(slope)) / self._first_weight)[self._first.codes]
        squares = self._first.sums(self._weighted(centred * centred))
        return centred, np.where(squares > SMALLEST_PIVOT, squares, np.inf)

    def _within(self, column: np.ndarray) -> np.ndarray:
        means = self._first.sums(self._weighted(column)) / self._first_weight
        out = column - self._first.spread(means)
        if self._first.slope is not None:
            centred, squares = self._centred_slope
            slopes = self._first.sums(self._weighted(out * centred)) / squares
            out -= slopes[self._first.codes] * centred
        return out

    def _expand(self, coefficients: np.ndarray) -> np.ndarray:
        """The fitted value of the smaller sets, by row."""
        parts = (coefficients[start : start + effect.n_levels][effect.codes] for effect, start in self._offsets())
        return reduce(np.add, parts)

    @property
    def _n_others(self) -> int:
        return sum(effect.n_levels for effect in self._others)

    def _solve(self, right: np.ndarray) -> np.ndarray:
        if self._n_others <= LARGEST_DENSE:
            return self._factor.solve(right)
        return self._conjugate_gradients(right)

    @cached_property
    def _factor(self) -> PivotedCholesky:
        weights = np.ones(len(self._first.codes)) if self.weights is None else self.weights
        largest = max(float(effect.sums(weights).max(initial=0.0)) for effect in self._others)
        return PivotedCholesky(self._schur_complement(weights), scale=largest)

    def _schur_complement(self, weights: np.ndarray) -> np.ndarray:
        """Z2'W M1 Z2, one column at a time where there are trends, else from counts in cells."""
        if self._first.slope is not None:
            return self._schur_by_column()
        rows = np.concatenate([effect.codes + start for effect, start in self._offsets()])
        first = np.tile(self._first.codes, len(self._others))
        shape = (self._n_others, self._first.n_levels)
        cross = csr_array((np.tile(weights, len(self._others)), (rows, first)), shape=shape)
        cross.sum_duplicates()
        gram = self._others_gram(weights)
        scaled = cross * (1 / self._first_weight)[None, :]
        return gram - (scaled @ cross.T).toarray()

    def _offsets(self) -> list[tuple[Effect, int]]:
        starts = np.cumsum([0, *(effect.n_levels for effect in self._others)])
        return list(zip(self._others, starts[:-1].tolist(), strict=True))

    def _others_gram(self, weights: np.ndarray) -> np.ndarray:
        """Z2'W Z2: weights in each pair of levels."""
        gram = np.zeros((self._n_others, self._n_others))
        for left, i in self._offsets():
            for right, j in self._offsets():
                pair = left.codes.astype(np.int64) * right.n_levels + right.codes
                cells = np.bincount(pair, weights=weights, minlength=left.n_levels * right.n_levels)
                gram[i : i + left.n_levels, j : j + right.n_levels] = cells.reshape(left.n_levels, right.n_levels)
        return gram

    def _schur_by_column(self) -> np.ndarray:
        columns = []
        for effect, _ in self._offsets():
            for level in range(effect.n_levels):
                within = self._weighted(self._within((effect.codes == level).astype(np.float64)))
                columns.append(np.concatenate([other.sums(within) for other in self._others]))
        return np.column_stack(columns)

    def _conjugate_gradients(self, right: np.ndarray) -> np.ndarray:
        scale = np.concatenate([effect.sums(self._weighted(np.ones(len(effect.codes)))) for effect in self._others])
        scale = np.where(scale > 0, scale, 1.0)
        solution = np.zeros_like(right)
        residual = right.copy()
        step = residual / scale
        direction, size = step.copy(), float(residual @ step)
        goal = TOLERANCE**2 * size
        for _ in range(MOST_ITERATIONS):
            if size <= goal or size == 0:
                return solution
            weighted = self._weighted(self._within(self._expand(direction)))
            product = np.concatenate([effect.sums(weighted) for effect in self._others])
            length = size / float(direction @ product)
            solution += length * direction
            residual -= length * product
            step = residual / scale
            size, before = float(residual @ step), size
            direction = step + (size / before) * direction
        raise NotEstimable(
            "fixed_effects_not_solved",
            "The fixed effects could not be separated from one another to full precision.",
            "Leave out one set of fixed effects, or join levels that hold very few rows.",
        )


class PivotedCholesky:
    """Solves a symmetric positive semi-definite system, leaving out what depends on the rest.

    `scale` is the size of the numbers that were subtracted to make the matrix: a pivot is zero
    by comparison with it, not with what was left.
    """

    def __init__(self, matrix: np.ndarray, *, scale: float) -> None:
        threshold = scale * SMALLEST_PIVOT
        largest = float(np.max(np.diag(matrix), initial=0.0))
        factor, pivots, rank, _ = lapack.dpstrf(np.asfortranarray(matrix), tol=threshold, lower=1)
        self.rank = int(rank) if largest > threshold else 0
        self.kept = pivots[: self.rank] - 1
        self._factor = np.tril(factor[: self.rank, : self.rank])

    def solve(self, right: np.ndarray) -> np.ndarray:
        """One solution of the system; entries left out are 0. Shape as `right`."""
        out = np.zeros_like(right, dtype=np.float64)
        if self.rank:
            half = solve_triangular(self._factor, right[self.kept], lower=True)
            out[self.kept] = solve_triangular(self._factor, half, lower=True, trans="T")
        return out


def balanced_residuals(values: np.ndarray, unit_weights: np.ndarray | None = None) -> np.ndarray:
    """Rows less their own mean and the weighted mean of each column: unit and period effects at once.

    `values` has shape (n_units, n_periods), every cell present; `unit_weights`, shape (n_units,),
    do not vary over periods.
    """
    within = values - values.mean(axis=1, keepdims=True)
    return within - np.average(within, axis=0, weights=unit_weights)

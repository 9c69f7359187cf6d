"""Least squares with weights that are positive and add to 1, many problems at once.

Frank-Wolfe with exact steps, which needs no more of a problem than columns of its Gram matrix and
stops when a step gains too little (Arkhangelsky et al. 2021, supplementary material, section on
implementation). Problems solved together share their size, not their data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FIRST_STEPS = 100
MOST_STEPS = 10_000
SPARSE_BELOW = 0.25
"""After the first steps, weights of at most this share of the largest are set to 0."""


@dataclass(frozen=True, eq=False)
class Problems:
    """R problems: minimise |A x - b|^2 + ridge |x|^2 over weights x, each of p entries.

    `column(rows, i)` gives column i[r] of A'A for each of the problems `rows`, shape (len(rows), p);
    `own`, shape (R, p), is the diagonal of A'A and `target`, shape (R, p), is A'b.
    """

    column: Callable[[np.ndarray, np.ndarray], np.ndarray]
    own: np.ndarray
    target: np.ndarray
    ridge: float


def simplex_weights(problems: Problems, *, least_gain: float, start: np.ndarray | None = None) -> np.ndarray:
    """The weights, shape (R, p). A step that gains no more than `least_gain` is the last."""
    n, p = problems.own.shape
    weights = np.full((n, p), 1 / p) if start is None else start.copy()
    _descend(problems, weights, least_gain, FIRST_STEPS)
    weights[weights <= SPARSE_BELOW * weights.max(axis=1, keepdims=True)] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    _descend(problems, weights, least_gain, MOST_STEPS)
    return weights


def _descend(problems: Problems, weights: np.ndarray, least_gain: float, most_steps: int) -> None:
    """Improve `weights` in place, problem by problem, until a step gains too little."""
    rows = np.arange(len(weights))
    product = _products(problems, weights)
    for step in range(most_steps):
        if not len(rows):
            return
        gain = _step(problems, weights, product, rows)
        if step >= 1:
            rows = rows[gain > least_gain]


def _step(problems: Problems, weights: np.ndarray, product: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """One exact step of the problems `rows` towards one vertex each; the gain of each."""
    x, gx = weights[rows], product[rows]
    slope = gx - problems.target[rows] + problems.ridge * x
    vertex = slope.argmin(axis=1)
    every = np.arange(len(rows))
    along = slope[every, vertex] - np.einsum("rp,rp->r", slope, x)
    fit = problems.own[rows, vertex] - 2 * gx[every, vertex] + np.einsum("rp,rp->r", gx, x)
    length = 1 - 2 * x[every, vertex] + np.einsum("rp,rp->r", x, x)
    curvature = fit + problems.ridge * length
    size = np.clip(-along / np.where(curvature > 0, curvature, np.inf), 0, 1)
    x *= 1 - size[:, None]
    x[every, vertex] += size
    weights[rows] = x
    product[rows] = gx * (1 - size[:, None]) + size[:, None] * problems.column(rows, vertex)
    return -(2 * size * along + size**2 * curvature)


def _products(problems: Problems, weights: np.ndarray) -> np.ndarray:
    """A'A x of every problem."""
    rows = np.arange(len(weights))
    out = np.zeros_like(weights)
    for i in range(weights.shape[1]):
        used = rows[weights[:, i] != 0]
        if len(used):
            out[used] += weights[used, i][:, None] * problems.column(used, np.full(len(used), i))
    return out

"""Least squares with weights that are positive and add to 1, many problems at once.

Frank-Wolfe with exact steps, which needs no more of a problem than columns of its Gram matrix and
stops when a step gains too little (Arkhangelsky et al. 2021, supplementary material, section on
implementation). Problems solved together share their size, not their data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

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
    running = _Running.all_of(problems, weights)
    for step in range(most_steps):
        if len(running.rows) == 1:
            running.step_alone(problems, least_gain, range(step, most_steps))
            break
        gain = running.step(problems)
        if step >= 1 and not (going_on := gain > least_gain).all():
            weights[running.rows] = running.weights
            running = running.only(going_on)
    weights[running.rows] = running.weights


@dataclass(frozen=True, eq=False)
class _Running:
    """The problems still improving, side by side in memory: `state` holds their slopes, A'A x and their weights.

    A step is a few dozen additions on short rows, so what it costs is mostly the calls: what is done to
    two or three arrays alike is done at once, arrays are cut down only when a problem ends, and entries
    are picked by their place in the flat array.
    """

    rows: np.ndarray
    own: np.ndarray
    target: np.ndarray
    state: np.ndarray

    @classmethod
    def all_of(cls, problems: Problems, weights: np.ndarray) -> _Running:
        product = _products(problems, weights)
        own, target = (np.ascontiguousarray(each) for each in (problems.own, problems.target))
        return cls(np.arange(len(weights)), own, target, np.stack([product, product, weights]))

    @property
    def weights(self) -> np.ndarray:
        """The weights so far."""
        return self.state[2]

    def only(self, going_on: np.ndarray) -> _Running:
        """Those of them that go on."""
        state = np.ascontiguousarray(self.state[:, going_on])
        return _Running(self.rows[going_on], self.own[going_on], self.target[going_on], state)

    @cached_property
    def _offsets(self) -> np.ndarray:
        """Where each problem's row begins in a flat array."""
        return np.arange(len(self.rows)) * self.own.shape[1]

    @cached_property
    def _room(self) -> np.ndarray:
        """Room for one array of the problems' shape."""
        return np.empty_like(self.own)

    def step(self, problems: Problems) -> np.ndarray:
        """One exact step of each towards one vertex; the gain of each."""
        slope, gx, x = self.state
        np.subtract(gx, self.target, out=slope)
        slope += np.multiply(x, problems.ridge, out=self._room)
        vertex = slope.argmin(axis=1)
        at = self._offsets + vertex
        here_slope, here_gx, here_x = self.state.reshape(3, -1).take(at, axis=1)
        by_slope, by_gx, by_x = np.einsum("krp,rp->kr", self.state, x)
        along = here_slope - by_slope
        fit = self.own.take(at) - 2 * here_gx + by_gx
        curvature = fit + problems.ridge * (1 - 2 * here_x + by_x)
        size = np.minimum(np.maximum(-along / np.where(curvature > 0, curvature, np.inf), 0), 1)
        self.state[1:] *= (1 - size)[:, None]
        x.ravel()[at] += size
        gx += np.multiply(problems.column(self.rows, vertex), size[:, None], out=self._room)
        return -(2 * size * along + size**2 * curvature)

    def step_alone(self, problems: Problems, least_gain: float, steps: range) -> None:
        """All steps of the one problem that is left: the same sums, of numbers instead of arrays of one number."""
        own, target = self.own[0], self.target[0]
        _, gx, x = self.state[:, 0]
        vertex = np.empty(1, dtype=np.intp)
        for step in steps:
            slope = gx - target
            slope += problems.ridge * x
            i = vertex[0] = int(slope.argmin())
            along = float(slope[i]) - float(np.einsum("p,p->", slope, x))
            fit = float(own[i]) - 2 * float(gx[i]) + float(np.einsum("p,p->", gx, x))
            curvature = fit + problems.ridge * (1 - 2 * float(x[i]) + float(np.einsum("p,p->", x, x)))
            size = min(max(-along / curvature, 0.0), 1.0) if curvature > 0 else 0.0
            x *= 1 - size
            x[i] += size
            gx *= 1 - size
            gx += size * problems.column(self.rows, vertex)[0]
            if step >= 1 and not -(2 * size * along + size**2 * curvature) > least_gain:
                return


def _products(problems: Problems, weights: np.ndarray) -> np.ndarray:
    """A'A x of every problem."""
    rows = np.arange(len(weights))
    out = np.zeros_like(weights)
    for i in range(weights.shape[1]):
        used = rows[weights[:, i] != 0]
        if len(used):
            out[used] += weights[used, i][:, None] * problems.column(used, np.full(len(used), i))
    return out

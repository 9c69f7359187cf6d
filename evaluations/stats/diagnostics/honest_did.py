"""How far parallel trends may fail before the effect in the first treated period is in doubt.

Source: Rambachan and Roth (2023), A More Credible Approach to Parallel Trends, Review of Economic
Studies 90(5). Relative magnitudes: definition (8), with the conditional and least favourable hybrid
test of section 4.1 after Andrews, Roth and Pakes (2023). Smoothness: definition (7), with the
fixed-length interval of section 4.2.

The target is the effect at event time 0. Later effects are free parameters, so the inequalities on
later periods do not bind on it and are left out; then the linear programme of the general test
reduces to a maximum of normal moments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import ndtr, ndtri, stdtrit

LEAST_FAVOURABLE_SHARE = 0.1
LEAST_FAVOURABLE_DRAWS = 10_000
GRID_POINTS = 200
FINER_POINTS, FINER_GRIDS = 32, 4

Accepts = Callable[[np.ndarray], np.ndarray]
"""Which of the values of the effect, shape (n,), are not rejected, shape (n,), bool."""


@dataclass(frozen=True, slots=True)
class RobustInterval:
    """A confidence set for the effect at event time 0 under a bounded failure of parallel trends."""

    bound: float
    ci_lower: float
    ci_upper: float


@dataclass(frozen=True)
class FirstEffect:
    """Leads in time order, ending just before the reference period, then the effect at event time 0.

    `values` has shape (n_leads + 1,), `covariance` (n_leads + 1, n_leads + 1), resting on `freedom` degrees of
    freedom where clusters are few.
    """

    values: np.ndarray
    covariance: np.ndarray
    freedom: float | None = None

    @property
    def n_leads(self) -> int:
        """How many pre-period coefficients there are."""
        return len(self.values) - 1

    @property
    def std_error(self) -> float:
        """The standard error of the effect at event time 0."""
        return float(np.sqrt(self.covariance[-1, -1]))


def relative_magnitudes(
    effect: FirstEffect, bound: float, *, level: float = 0.95, rng: np.random.Generator
) -> RobustInterval:
    """The set under which the trend's break is at most `bound` times the largest break seen before treatment."""
    draws = rng.standard_normal((LEAST_FAVOURABLE_DRAWS, len(effect.values)))
    tests = [
        _MomentTest(effect, _worst_break_rows(effect.n_leads, worst, sign, bound), draws, 1 - level)
        for worst in range(effect.n_leads)
        for sign in (1.0, -1.0)
    ]

    def accepted(theta: np.ndarray) -> np.ndarray:
        return np.any([test.accepts(theta) for test in tests], axis=0)

    breaks = np.abs(np.diff(np.append(effect.values[:-1], 0.0)))
    reach = bound * (breaks.max(initial=0.0) + 4 * effect.std_error) + 6 * effect.std_error
    return RobustInterval(bound, *_edges(accepted, centre=float(effect.values[-1]), reach=float(reach)))


def _worst_break_rows(n_leads: int, worst: int, sign: float, bound: float) -> np.ndarray:
    """Rows A with A @ violation <= 0 when break number `worst`, of this sign, is the largest before treatment.

    Violations are ordered as `FirstEffect.values`; the reference period's is zero.
    """
    breaks = np.zeros((n_leads + 1, n_leads + 1))
    for k in range(n_leads):
        breaks[k, k] = -1.0
        if k + 1 < n_leads:
            breaks[k, k + 1] = 1.0
    breaks[n_leads, n_leads] = 1.0
    largest = sign * breaks[worst]
    before = [way * breaks[k] - largest for k in range(n_leads) for way in (1.0, -1.0) if k != worst or way != sign]
    after = [way * breaks[n_leads] - bound * largest for way in (1.0, -1.0)]
    return np.array(before + after)


class _MomentTest:
    """The hybrid test that moments A(values - theta e) have no positive mean, for many thetas at once."""

    def __init__(self, effect: FirstEffect, rows: np.ndarray, draws: np.ndarray, size: float) -> None:
        covariance = rows @ effect.covariance @ rows.T
        scale = np.sqrt(np.diag(covariance))
        root = np.linalg.cholesky(effect.covariance + 1e-14 * np.trace(effect.covariance) * np.eye(len(effect.values)))
        self.at_zero = rows @ effect.values / scale
        self.slope = rows[:, -1] / scale
        self.correlation = covariance / np.outer(scale, scale)
        first_size = LEAST_FAVOURABLE_SHARE * size
        simulated = np.max(draws @ root.T @ (rows / scale[:, None]).T, axis=1)
        self.first_critical = float(np.quantile(simulated, 1 - first_size))
        self.size = (size - first_size) / (1 - first_size)

    def accepts(self, theta: np.ndarray) -> np.ndarray:
        """Whether each theta is not rejected, shape of `theta`."""
        moments = self.at_zero - np.outer(theta, self.slope)
        largest = np.argmax(moments, axis=1)
        top = np.take_along_axis(moments, largest[:, None], axis=1)[:, 0]
        correlation = self.correlation[largest]
        gap = 1 - correlation
        with np.errstate(divide="ignore", invalid="ignore"):
            floors = np.where(gap > 1e-10, (moments - correlation * top[:, None]) / gap, -np.inf)
        lower = np.minimum(floors.max(axis=1), top)
        critical = _truncated_quantile(1 - self.size, lower, self.first_critical)
        return (top <= self.first_critical) & (top <= np.maximum(critical, 0.0))


def _truncated_quantile(probability: float, lower: np.ndarray, upper: float) -> np.ndarray:
    """Quantiles of a standard normal kept to [lower, upper], by survival functions for accuracy in the tail."""
    tail_low, tail_up = ndtr(-lower), ndtr(-upper)
    return -ndtri(tail_low - probability * (tail_low - tail_up))


def _edges(accepted: Accepts, *, centre: float, reach: float) -> tuple[float, float]:
    """The ends of the set of accepted values, found on a grid that is then made finer around each end."""
    for _ in range(20):
        grid = np.linspace(centre - reach, centre + reach, GRID_POINTS + 1)
        inside = accepted(grid)
        if not inside[0] and not inside[-1] and inside.any():
            break
        reach = reach * 2 if inside.any() else reach / 4
    hits = np.flatnonzero(inside)
    step = float(grid[1] - grid[0])
    return (
        _refined(accepted, inside=float(grid[hits[0]]), outside=float(grid[hits[0]]) - step),
        _refined(accepted, inside=float(grid[hits[-1]]), outside=float(grid[hits[-1]]) + step),
    )


def _refined(accepted: Accepts, *, inside: float, outside: float) -> float:
    """The last accepted value on the way from `inside` to `outside`, to a millionth of a grid step."""
    for _ in range(FINER_GRIDS):
        way = np.linspace(inside, outside, FINER_POINTS + 1)
        last = int(np.flatnonzero(accepted(way))[-1])
        inside, outside = float(way[last]), float(way[min(last + 1, FINER_POINTS)])
    return inside


def smoothness(effect: FirstEffect, bound: float, *, level: float = 0.95) -> RobustInterval:
    """The fixed-length interval when the slope of the violation changes by at most `bound` a period."""
    plan = _SmoothnessPlan(effect, bound, 1 - level)
    weights = plan.best_weights()
    centre = float(effect.values[-1] + weights @ effect.values[:-1])
    half = plan.half_length(weights)
    return RobustInterval(bound, centre - half, centre + half)


class _SmoothnessPlan:
    """Estimators `effect + weights @ leads` free of any linear trend, their worst bias and their spread.

    With m = 1, 2 ... periods before the reference, a violation is its slope at the reference and
    its second differences; the bias is `bound` times the sum of absolute weights on the latter.
    """

    def __init__(self, effect: FirstEffect, bound: float, size: float) -> None:
        n = effect.n_leads
        self.distance = np.arange(n, 0, -1, dtype=float)
        knots = np.arange(n)
        self.bends = np.maximum(self.distance[None, :] - knots[:, None], 0.0)
        self.covariance, self.bound, self.size = effect.covariance, bound, size
        self.widening = 1.0 if effect.freedom is None else _widening(effect.freedom, n - 1, size)

    def bias(self, weights: np.ndarray) -> float:
        """The largest bias of the estimator with these weights on the leads."""
        return float(self.bound * np.abs(self.bends @ weights).sum())

    def spread(self, weights: np.ndarray) -> float:
        """The standard error of that estimator."""
        full = np.append(weights, 1.0)
        return float(np.sqrt(full @ self.covariance @ full))

    def half_length(self, weights: np.ndarray) -> float:
        """Half the length of the interval: the folded normal's quantile at the bias, in standard errors."""
        spread = self.spread(weights) * self.widening
        return spread * folded_normal_quantile(self.bias(weights) / spread, 1 - self.size)

    def best_weights(self) -> np.ndarray:
        """The trend-free weights, sum of weight times distance = 1, that make the interval shortest."""
        start = self._least_variance()
        if self.bound == 0 or len(start) == 1:
            return start
        null_space = self._trend_free_directions()
        smallest = (
            start
            + null_space
            @ minimize(
                lambda z: self._penalised(start + null_space @ z, 1e6), np.zeros(null_space.shape[1]), method="Powell"
            ).x
        )
        ends = (self.spread(start), max(self.spread(smallest), self.spread(start) * (1 + 1e-9)))
        best = minimize_scalar(
            lambda limit: self.half_length(self._least_bias(start, null_space, limit)),
            bounds=ends,
            method="bounded",
            options={"xatol": 1e-7 * ends[1]},
        )
        candidates = [start, self._least_bias(start, null_space, float(best.x))]
        return min(candidates, key=self.half_length)

    def _penalised(self, weights: np.ndarray, price: float) -> float:
        return price * self.bias(weights) / max(self.bound, 1e-300) + self.spread(weights)

    def _trend_free_directions(self) -> np.ndarray:
        _, _, rows = np.linalg.svd(self.distance[None, :])
        return rows[1:].T

    def _least_variance(self) -> np.ndarray:
        leads, cross = self.covariance[:-1, :-1], self.covariance[:-1, -1]
        unconstrained = -np.linalg.solve(leads, cross)
        towards = np.linalg.solve(leads, self.distance)
        return unconstrained + towards * (1 - self.distance @ unconstrained) / (self.distance @ towards)

    def _least_bias(self, start: np.ndarray, null_space: np.ndarray, limit: float) -> np.ndarray:
        """The weights of least bias among those with a standard error of at most `limit`."""
        n_free, n_bends = null_space.shape[1], len(self.bends)
        direction = self.bends @ null_space
        offset = self.bends @ start

        def weights_of(point: np.ndarray) -> np.ndarray:
            return start + null_space @ point[:n_free]

        def variance_slope(point: np.ndarray) -> np.ndarray:
            full = np.append(weights_of(point), 1.0)
            slope = 2 * null_space.T @ (self.covariance @ full)[:-1]
            return np.concatenate([-slope / limit**2, np.zeros(n_bends)])

        above, below = np.hstack([-direction, np.eye(n_bends)]), np.hstack([direction, np.eye(n_bends)])
        constraints = [
            {"type": "ineq", "fun": lambda p: above @ p - offset, "jac": lambda p: above},
            {"type": "ineq", "fun": lambda p: below @ p + offset, "jac": lambda p: below},
            {"type": "ineq", "fun": lambda p: 1 - (self.spread(weights_of(p)) / limit) ** 2, "jac": variance_slope},
        ]
        gradient = np.concatenate([np.zeros(n_free), np.ones(n_bends)])
        found = minimize(
            lambda p: gradient @ p,
            np.concatenate([np.zeros(n_free), np.abs(offset)]),
            jac=lambda p: gradient,
            constraints=constraints,
            method="SLSQP",
            options={"maxiter": 500, "ftol": 1e-12},
        )
        return weights_of(found.x)


def _widening(freedom: float, n_free: int, size: float) -> float:
    """What the spread is multiplied by where weights and variance are estimated from few clusters.

    Weights that make the variance least use up `n_free` of the degrees of freedom, and add the noise of their own
    estimation: (v - 1) / (v - n_free - 1) on average (Rao 1967 on growth curves); then t in place of the normal.
    """
    left = max(freedom - n_free, 1.0)
    noise = (freedom - 1) / (left - 1) if left > 1 and n_free else 1.0
    return float(np.sqrt(freedom / left * noise) * stdtrit(left, 1 - size / 2) / ndtri(1 - size / 2))


def folded_normal_quantile(mean: float, probability: float) -> float:
    """The quantile of |Z + mean|, Z standard normal."""

    def excess(value: float) -> float:
        return ndtr(value - mean) - ndtr(-value - mean) - probability

    return float(brentq(excess, 0.0, abs(mean) + 10.0, xtol=1e-12))


def breakdown_bound(
    effect: FirstEffect, *, level: float = 0.95, rng: np.random.Generator, largest: float = 10.0
) -> float | None:
    """The largest relative magnitude at which the set still excludes zero; null where even 0 does not.

    Found to 0.01; `largest` where the set excludes zero all the way there.
    """
    draws_seed = int(rng.integers(2**62))

    def excludes_zero(bound: float) -> bool:
        found = relative_magnitudes(effect, bound, level=level, rng=np.random.default_rng(draws_seed))
        return found.ci_lower > 0 or found.ci_upper < 0

    if not excludes_zero(0.0):
        return None
    if excludes_zero(largest):
        return largest
    low, high = 0.0, largest
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if excludes_zero(middle) else (low, middle)
    return low

"""The wild cluster bootstrap with the null imposed (WCR), and its inverted interval.

Cameron, Gelbach and Miller (2008); Roodman, MacKinnon, Nielsen and Webb (2019) for the algebra:
a draw multiplies each cluster's restricted residuals by one random number, and everything a draw's
t statistic needs is linear in those numbers with coefficients that are sums over clusters. No draw
touches a row. The null value enters linearly too, so that the interval costs no further draws.
Effects nested in clusters drop out of the algebra; only those that cross clusters need columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evaluations.stats.inference.inversion import inverted_interval
from evaluations.stats.regression.errors import Clusters, check_clusters
from evaluations.stats.regression.few_clusters import orthonormal_basis
from evaluations.stats.regression.least_squares import Fit

TIE = 1e-10
"""Relative difference below which a draw's squared statistic ties with the estimate's; ties do not count as larger."""

BLOCK_NUMBERS = 4_000_000
"""Random numbers held at once."""

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))


@dataclass(frozen=True, slots=True)
class WildTest:
    """A wild bootstrap test of one contrast against zero, and the interval that inverts it.

    The p-value is the share of draws whose t statistic is larger than the estimate's in absolute
    value, and no less than one draw (two sign patterns where they are enumerated: all + and all -
    give the estimate itself). The interval is null where no value in one direction is ever rejected.
    """

    p_value: float
    ci_lower: float | None
    ci_upper: float | None
    n_draws: int
    is_enumerated: bool


@dataclass(frozen=True, eq=False)
class _ClusterSums:
    """Sums by cluster for one contrast: x is its regressor less the others, u = e + (estimate - null) x.

    `xe` and `xx`, shape (n_clusters,): x'e and x'x; `le` and `lx`, shape (n_clusters, q): U'e and U'x,
    U being orthonormal columns that span everything else that crosses clusters.
    """

    estimate: float
    xe: np.ndarray
    xx: np.ndarray
    le: np.ndarray
    lx: np.ndarray


@dataclass(frozen=True, eq=False)
class _Draws:
    """What each draw contributes: numerators and squared scores as polynomials in (estimate - null)."""

    numerator: np.ndarray
    slope: np.ndarray
    square: np.ndarray
    cross: np.ndarray
    slope_square: np.ndarray


class WildBootstrap:
    """Tests of contrasts of one fit, each with the same draws. `weights`: webb, rademacher, mammen or normal.

    Rademacher weights are enumerated where all 2^G of them are no more than `draws`.
    """

    def __init__(
        self, fit: Fit, clusters: Clusters, *, weights: str, draws: int, seed: int, level: float = 0.95
    ) -> None:
        check_clusters(clusters)
        self._fit, self._clusters = fit, clusters
        self._weights, self._draws, self._seed, self._level = weights, draws, seed, level
        self._known: dict[bytes, WildTest] = {}

    def __call__(self, contrast: np.ndarray) -> WildTest:
        """The test of contrast'coefficients = 0, and its interval."""
        key = np.asarray(contrast, dtype=np.float64).tobytes()
        if key not in self._known:
            self._known[key] = self._test(contrast)
        return self._known[key]

    @cached_property
    def _basis(self) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal columns, on the scale of square roots of weights, and the root of the bread."""
        return orthonormal_basis(self._fit, self._clusters)

    def _test(self, contrast: np.ndarray) -> WildTest:
        sums = _cluster_sums(self._fit, self._clusters, contrast, *self._basis)
        rng = np.random.default_rng(self._seed)
        polynomials = _Draws(*np.concatenate(list(_draw(sums, self._weights, self._draws, rng)), axis=1))
        enumerated = is_enumerated(self._weights, self._clusters.n_clusters, self._draws)
        n_draws = len(polynomials.numerator)
        smallest = (2 if enumerated else 1) / n_draws

        def p_value(null: float) -> float:
            return max(_share_larger(sums, polynomials, sums.estimate - null), smallest)

        std_error = float(np.sqrt((sums.xe**2).sum())) / float(sums.xx.sum())
        ends: tuple[float | None, float | None] = (None, None)
        if std_error > 0:
            ends = inverted_interval(p_value, centre=sums.estimate, std_error=std_error, level=self._level)
        return WildTest(p_value(0.0), *ends, n_draws, enumerated)


def is_enumerated(weights: str, n_clusters: int, draws: int) -> bool:
    """Whether every sign pattern is used instead of random ones."""
    return weights == "rademacher" and n_clusters <= 20 and 2**n_clusters <= draws


def _cluster_sums(
    fit: Fit, clusters: Clusters, contrast: np.ndarray, basis: np.ndarray, root: np.ndarray
) -> _ClusterSums:
    """Rotate the regressors so that the contrast is one coefficient, and sum by cluster."""
    k = len(fit.kept)
    rotation, estimate = _contrast_rotation(root, contrast, fit.coefficients)
    x = basis[:, :k] @ (rotation[:, 0] / np.sqrt(contrast @ fit.bread @ contrast))
    others = np.empty((len(x), basis.shape[1] - 1), order="F")
    np.matmul(basis[:, :k], rotation[:, 1:], out=others[:, : k - 1])
    others[:, k - 1 :] = basis[:, k:]
    error = fit.residuals if fit.weights is None else fit.residuals * np.sqrt(fit.weights)
    n = clusters.n_clusters
    return _ClusterSums(
        estimate=estimate,
        xe=np.bincount(clusters.codes, weights=x * error, minlength=n),
        xx=np.bincount(clusters.codes, weights=x * x, minlength=n),
        le=clusters.products(others, error),
        lx=clusters.products(others, x),
    )


def _contrast_rotation(root: np.ndarray, contrast: np.ndarray, coefficients: np.ndarray) -> tuple[np.ndarray, float]:
    """A rotation of the orthonormal regressors whose first column carries the contrast, and its estimate."""
    direction = root.T @ contrast
    frame = np.column_stack([direction, np.eye(len(direction))])
    rotation, _ = np.linalg.qr(frame)
    if rotation[:, 0] @ direction < 0:
        rotation[:, 0] = -rotation[:, 0]
    return rotation, float(contrast @ coefficients)


def _draw(sums: _ClusterSums, weights: str, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    total = sums.xx.sum()
    for v in _multipliers(weights, len(sums.xx), draws, rng):
        numerator, slope = v @ sums.xe, v @ sums.xx
        constant = v * sums.xe - np.outer(numerator / total, sums.xx) - (v @ sums.le) @ sums.lx.T
        linear = v * sums.xx - np.outer(slope / total, sums.xx) - (v @ sums.lx) @ sums.lx.T
        yield np.stack(
            [
                numerator,
                slope,
                np.einsum("ij,ij->i", constant, constant),
                np.einsum("ij,ij->i", constant, linear),
                np.einsum("ij,ij->i", linear, linear),
            ]
        )


def _multipliers(weights: str, n_clusters: int, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Blocks of random numbers, shape (some draws, n_clusters), of mean 0 and variance 1."""
    if is_enumerated(weights, n_clusters, draws):
        patterns = np.arange(2**n_clusters)[:, None] >> np.arange(n_clusters)[None, :]
        yield 1.0 - 2.0 * (patterns & 1)
        return
    size = max(1, BLOCK_NUMBERS // n_clusters)
    for start in range(0, draws, size):
        yield _random_multipliers(weights, (min(size, draws - start), n_clusters), rng)


def _random_multipliers(weights: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    if weights == "webb":
        return np.concatenate([-WEBB, WEBB])[rng.integers(0, 6, shape, dtype=np.int8)]
    if weights == "rademacher":
        return 1.0 - 2.0 * rng.integers(0, 2, shape, dtype=np.int8)
    if weights == "mammen":
        golden = (1 + np.sqrt(5)) / 2
        return np.where(rng.random(shape) < golden / np.sqrt(5), 1 - golden, golden)
    return rng.standard_normal(shape)


def _share_larger(sums: _ClusterSums, draws: _Draws, distance: float) -> float:
    """The share of draws whose t statistic is larger than the estimate's, `distance` from the null."""
    actual = (distance * sums.xx.sum()) ** 2 / (sums.xe**2).sum()
    numerator = (draws.numerator + distance * draws.slope) ** 2
    squares = draws.square + 2 * distance * draws.cross + distance**2 * draws.slope_square
    return float(np.mean(numerator > actual * (1 + TIE) * squares))

"""How many rings of equal numbers of people the data can carry, and where their edges lie.

Cutting people into J groups of equal size by distance and taking means errs by B / J^2 (the effect
changes inside a group) and J V / n (groups get small). The J that makes the sum least is
(2 B n / V)^(1/3) (Cattaneo, Crump, Farrell and Feng 2024, for means; used for rings by Butts 2023).
With groups of equal size B is the mean of m'(u)^2 / 12, where m(u) is the change at the u-th
quantile of distance; m is taken from a pilot fit of a polynomial.
"""

from __future__ import annotations

import numpy as np

from evaluations.stats.issues import NotEstimable

PILOT_DEGREE = 4
FEWEST_RINGS = 4
MOST_RINGS = 40
PEOPLE_IN_A_RING = 20
"""No ring has fewer people than this, before or after where they are not followed."""


def quantile_edges(distance_km: np.ndarray, n_rings: int, *, narrowest_km: float = 0.0) -> tuple[float, ...]:
    """Edges of `n_rings` rings of equal numbers, fewer where distances are tied or rings would be too narrow.

    The first edge is 0 and the last just beyond the greatest distance.
    """
    inner = np.quantile(distance_km, np.linspace(0, 1, n_rings + 1)[1:-1], method="higher")
    last = float(np.nextafter(distance_km.max(), np.inf))
    edges = [0.0]
    for edge in inner:
        is_wide = edge - edges[-1] > narrowest_km and last - edge > narrowest_km
        if is_wide and edge > distance_km.min():
            edges.append(float(edge))
    return (*edges, last)


def best_number_of_rings(change: np.ndarray, distance_km: np.ndarray, *, n_smallest: int) -> int:
    """The number of rings that makes the expected squared error least, kept within sense.

    `change` has one value a unit: its outcome after less before, or, where units are not followed,
    its outcome signed and scaled so that its mean at a distance is the change there. `n_smallest`
    is how many units the smaller side of the comparison has.
    """
    most = min(MOST_RINGS, n_smallest // PEOPLE_IN_A_RING)
    if most < 2:
        raise NotEstimable(
            "too_few_for_a_curve",
            f"A curve needs at least {2 * PEOPLE_IN_A_RING} people near enough; there are {n_smallest}.",
            "Use ring_did with two wide rings, or add data.",
        )
    n = len(change)
    rank = (np.argsort(np.argsort(distance_km, kind="stable"), kind="stable") + 0.5) / n
    basis = np.polynomial.legendre.legvander(2 * rank - 1, PILOT_DEGREE)
    gram_inverse = np.linalg.inv(basis.T @ basis)
    coefficients = gram_inverse @ (basis.T @ change)
    variance = float(np.sum((change - basis @ coefficients) ** 2)) / max(n - PILOT_DEGREE - 1, 1)
    roughness = _mean_squared_slope(coefficients, gram_inverse * variance)
    if variance <= 0:
        return most
    ideal = (2 * roughness / 12 * n / variance) ** (1 / 3)
    return int(np.clip(np.ceil(ideal), min(FEWEST_RINGS, most), most))


def _mean_squared_slope(coefficients: np.ndarray, covariance: np.ndarray) -> float:
    """The mean over u in (0, 1) of m'(u)^2, less what noise in the coefficients adds to it; at least 0."""
    points = np.polynomial.legendre.leggauss(PILOT_DEGREE + 1)
    slopes = np.stack(
        [
            2 * np.polynomial.legendre.legval(points[0], np.polynomial.legendre.legder(unit))
            for unit in np.eye(PILOT_DEGREE + 1)
        ]
    )
    weighted = (slopes * (points[1] / 2)) @ slopes.T
    return max(float(coefficients @ weighted @ coefficients) - float(np.sum(weighted * covariance)), 0.0)

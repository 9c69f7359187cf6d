"""Errors that may be dependent between places near one another (Conley 1999).

Scores are first summed by place, so that all rows of one place, and of one unit that does not
move, count as dependent whatever their periods. Distances are along great circles; neighbours
come from a k-d tree of points on the unit sphere, where a great circle is a chord.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from evaluations.stats.blocks import bounded_runs
from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.regression.errors import Errors, residual_df
from evaluations.stats.regression.least_squares import Fit
from evaluations.stats.spec import Options

EARTH_RADIUS_KM = 6376.0
"""The radius R fixest takes, so that one cutoff picks the same pairs in both; the mean radius is 0.08 % less."""

PAIRS_AT_ONCE = 500_000
"""Pairs of neighbours held at once, few enough to stay in cache; a place by itself may have more."""

KERNEL_WORDS = {"uniform": "every pair counting alike", "triangular": "pairs counting less the farther they are apart"}


def conley_words(options: Options) -> str:
    """The cut-off and the kernel, as a result states them."""
    kernel = options.conley_kernel
    return (
        f"dependent between places up to {options.conley_km:g} km apart and not beyond, {KERNEL_WORDS[kernel]}"
        f" (Conley, {kernel} kernel, cut-off {options.conley_km:g} km)"
    )


def conley_cutoff(latitude: np.ndarray | None, longitude: np.ndarray | None, options: Options) -> float:
    """The cut-off in kilometres. Raises `BadInput` where it, or where rows are, is not stated."""
    if latitude is None or longitude is None:
        raise BadInput(
            [Issue("place_not_named", "Conley errors need to know where rows are.", "Name coordinates or postcodes.")]
        )
    if options.conley_km is None:
        raise BadInput(
            [
                Issue(
                    "conley_km_missing",
                    "Conley errors need a distance within which places count as related.",
                    "Set options.conley_km.",
                )
            ]
        )
    return options.conley_km


def conley_errors(
    fit: Fit,
    latitude: np.ndarray,
    longitude: np.ndarray,
    *,
    cutoff_km: float,
    kernel: str = "uniform",
    small_sample: bool = True,
    earth_radius_km: float = EARTH_RADIUS_KM,
) -> Errors:
    """Errors that allow dependence within `cutoff_km`; degrees, shape (n_rows,).

    `kernel` is the weight of a pair: 1 (uniform) or 1 - distance/cutoff (triangular). The uniform
    kernel can give a negative variance: that entry is NaN.
    """
    df = residual_df(fit)
    place, points = places_of(latitude, longitude)
    scores = np.column_stack([np.bincount(place, weights=column, minlength=len(points)) for column in fit.scores.T])
    meat = scores.T @ neighbour_sums(points, scores, angle=min(cutoff_km / earth_radius_km, np.pi), kernel=kernel)
    covariance = fit.bread @ ((meat + meat.T) / 2) @ fit.bread
    if small_sample:
        covariance = covariance * (fit.n_obs / df)
    return Errors("conley", _without_negatives(covariance), lambda _: float(df))


def neighbour_sums(points: np.ndarray, values: np.ndarray, *, angle: float, kernel: str) -> np.ndarray:
    """Sums of `values`, shape (n_places, k), over the places within `angle` radians, weighted by the kernel.

    `points` are on the unit sphere, shape (n_places, 3).
    """
    chord = 2 * np.sin(angle / 2) * (1 + 1e-12)
    tree = cKDTree(points)
    out = np.empty_like(values)
    n_near = tree.query_ball_point(points, chord, return_length=True)
    for block in bounded_runs(n_near, PAIRS_AT_ONCE):
        pairs = cKDTree(points[block]).sparse_distance_matrix(tree, chord, output_type="coo_matrix").tocsr()
        pairs.sort_indices()
        if kernel == "uniform":
            pairs.data[:] = 1.0
        else:
            distance = 2 * np.arcsin(np.clip(pairs.data / 2, 0, 1))
            pairs.data = 1.0 - np.clip(distance / angle, 0, 1)
        out[block] = pairs @ values
    return out


def unit_sphere(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Points on the unit sphere, shape (n, 3), of degrees."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def places_of(latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row's place, and the places on the unit sphere. Raises `NotEstimable` where one is not known."""
    if not (np.isfinite(latitude).all() and np.isfinite(longitude).all()):
        raise NotEstimable(
            "place_missing",
            "Some rows have no place, so how near they are to others is not known.",
            "Give every row coordinates, or choose other standard errors.",
        )
    both = np.column_stack([latitude, longitude])
    distinct, place = np.unique(both, axis=0, return_inverse=True)
    return place.ravel(), unit_sphere(distinct[:, 0], distinct[:, 1])


def _without_negatives(covariance: np.ndarray) -> np.ndarray:
    negative = np.diag(covariance) < 0
    covariance = covariance.copy()
    covariance[negative, :] = np.nan
    covariance[:, negative] = np.nan
    return covariance

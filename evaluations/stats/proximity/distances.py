"""Distances from people to sites: nearest, within a radius, and over time.

Points are placed in three dimensions on the WGS 84 ellipsoid and searched with k-d trees by the
straight line between them, which grows with the distance over ground; the arc is worked out after.
Against the geodesic the distances err by less than 0.01 % up to 1,000 km.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from evaluations.stats.blocks import bounded_runs

SEMI_MAJOR_KM = 6378.137
ECCENTRICITY_SQUARED = 0.00669437999014
MEAN_RADIUS_KM = 6371.0088
MANY_POINTS = 50_000
CELL_KM = 4.0
COUNTING_LEAF = 32
THREADS = 2
PAIRS_AT_ONCE = 2_000_000
"""How many pairs are held at a time: 24 bytes each in the search, and as much again in what is yielded."""


@dataclass(frozen=True)
class Nearest:
    """The nearest site of each person: its position among the sites, and how far it is."""

    site: np.ndarray
    distance_km: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """People and sites within a radius of each other, one element a pair."""

    person: np.ndarray
    site: np.ndarray
    distance_km: np.ndarray


def cartesian_km(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Points in kilometres from the centre of the WGS 84 ellipsoid, shape (n, 3); degrees in."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    sine, cosine = np.sin(phi), np.cos(phi)
    normal = SEMI_MAJOR_KM / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine**2)
    return np.column_stack(
        [normal * cosine * np.cos(lam), normal * cosine * np.sin(lam), normal * (1.0 - ECCENTRICITY_SQUARED) * sine]
    )


def arc_km(chord: np.ndarray) -> np.ndarray:
    """Distance over ground for a straight line of `chord` kilometres."""
    return 2.0 * MEAN_RADIUS_KM * np.arcsin(np.minimum(np.asarray(chord) / (2.0 * MEAN_RADIUS_KM), 1.0))


def chord_km(arc: float) -> float:
    """The straight line for `arc` kilometres over ground."""
    return float(2.0 * MEAN_RADIUS_KM * np.sin(min(arc / (2.0 * MEAN_RADIUS_KM), np.pi / 2)))


def nearest_site(people: np.ndarray, sites: np.ndarray) -> Nearest:
    """The nearest of `sites` to each of `people`, both as `cartesian_km` gives them; at least one site."""
    order = _neighbours_together(people)
    chord, site = cKDTree(sites).query(people[order], workers=THREADS)
    found, distance = np.empty(len(people), dtype=np.int32), np.empty(len(people))
    found[order], distance[order] = site, arc_km(chord)
    return Nearest(found, distance)


def pairs_within(people: np.ndarray, sites: np.ndarray, radius_km: float) -> Iterator[Pairs]:
    """Every person and site no more than `radius_km` apart, a bounded number of pairs at a time."""
    reach = chord_km(radius_km)
    tree = cKDTree(people, balanced_tree=False, compact_nodes=False)
    in_reach = tree.query_ball_point(sites, reach, return_length=True)
    for some in bounded_runs(in_reach, PAIRS_AT_ONCE):
        found = cKDTree(sites[some]).sparse_distance_matrix(tree, reach, output_type="ndarray")
        yield Pairs(found["j"], found["i"] + some.start, arc_km(found["v"]))


def sites_within(people: np.ndarray, sites: np.ndarray, radius_km: float) -> np.ndarray:
    """How many of `sites` lie within `radius_km` of each person, shape (n_people,), int."""
    order, counts = _neighbours_together(people), np.empty(len(people), dtype=np.int64)
    tree = cKDTree(sites, leafsize=COUNTING_LEAF)
    counts[order] = tree.query_ball_point(people[order], chord_km(radius_km), return_length=True, workers=THREADS)
    return counts


def _neighbours_together(points: np.ndarray) -> np.ndarray:
    """An order of many points in which neighbours follow one another, so that a search finds its nodes in cache."""
    if len(points) < MANY_POINTS:
        return np.arange(len(points))
    cell = np.floor(points / CELL_KM).astype(np.int32)
    cell -= cell.min(axis=0)
    width = cell.max(axis=0).astype(np.int64) + 1
    return np.argsort((cell[:, 2] * width[0] + cell[:, 0]) * width[1] + cell[:, 1])

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
from threadpoolctl import threadpool_limits

from evaluations.stats.blocks import bounded_runs

SEMI_MAJOR_KM = 6378.137
ECCENTRICITY_SQUARED = 0.00669437999014
MEAN_RADIUS_KM = 6371.0088
MANY_POINTS = 50_000
CELL_KM = 4.0
COUNTING_LEAF = 64
RUN = 256
"""People who are compared with sites at once."""
MOST_CANDIDATES = 150
"""Sites that a run of people may be compared with, on average; a tree is quicker beyond."""
THREADS = 2
PAIRS_AT_ONCE = 2_000_000
"""How many pairs are held at a time: 24 bytes each in the search, and as much again in what is yielded."""


@dataclass(frozen=True)
class Nearest:
    """The nearest site of each person: its position, how far it is, and how many sites are in reach if asked."""

    site: np.ndarray
    distance_km: np.ndarray
    n_within: np.ndarray | None = None


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
    normal = SEMI_MAJOR_KM / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    return np.column_stack(
        [normal * cosine * np.cos(lam), normal * cosine * np.sin(lam), normal * (1.0 - ECCENTRICITY_SQUARED) * sine]
    )


def arc_km(chord: np.ndarray) -> np.ndarray:
    """Distance over ground for a straight line of `chord` kilometres."""
    return 2.0 * MEAN_RADIUS_KM * np.arcsin(np.minimum(np.asarray(chord) / (2.0 * MEAN_RADIUS_KM), 1.0))


def chord_km(arc: float) -> float:
    """The straight line for `arc` kilometres over ground."""
    return float(2.0 * MEAN_RADIUS_KM * np.sin(min(arc / (2.0 * MEAN_RADIUS_KM), np.pi / 2)))


def nearest_site(people: np.ndarray, sites: np.ndarray, *, within_km: float | None = None) -> Nearest:
    """The nearest of `sites` to each of `people`, both as `cartesian_km` gives them; at least one site.

    With `within_km` also how many of them lie within that of each person, shape (n_people,), int.
    """
    order = _neighbours_together(people)
    together = people[order]
    chord, site = cKDTree(sites).query(together, workers=THREADS)
    found, distance = np.empty(len(people), dtype=np.int32), np.empty(len(people))
    found[order], distance[order] = site, arc_km(chord)
    if within_km is None:
        return Nearest(found, distance)
    counts = np.zeros(len(people), dtype=np.int64)
    near = np.flatnonzero(chord <= chord_km(within_km))
    counts[order[near]] = _counts_within(together[near], sites, within_km)
    return Nearest(found, distance, counts)


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
    counts[order] = _counts_within(people[order], sites, radius_km)
    return counts


def _counts_within(people: np.ndarray, sites: np.ndarray, radius_km: float) -> np.ndarray:
    """How many of `sites` lie within `radius_km` of each of `people`, who are ordered so that neighbours are together.

    Runs of people are compared at once with the sites that any of them may reach; where these are
    many, or people few, a tree is searched for each person.
    """
    if len(people) >= MANY_POINTS:
        counts = _counts_by_runs(people, sites, chord_km(radius_km))
        if counts is not None:
            return counts
    tree = cKDTree(sites, leafsize=COUNTING_LEAF)
    return tree.query_ball_point(people, chord_km(radius_km), return_length=True, workers=THREADS)


def _counts_by_runs(people: np.ndarray, sites: np.ndarray, reach: float) -> np.ndarray | None:
    """How many sites lie within the straight line `reach` of each person; null where candidates are too many."""
    starts = np.arange(0, len(people), RUN)
    sizes = np.diff(starts, append=len(people))
    middle = np.add.reduceat(people, starts) / sizes[:, None]
    off = people - np.repeat(middle, sizes, axis=0)
    squared = np.einsum("ij,ij->i", off, off)
    candidates = cKDTree(sites).query_ball_point(middle, reach + np.sqrt(np.maximum.reduceat(squared, starts)))
    if sum(map(len, candidates)) > MOST_CANDIDATES * len(candidates):
        return None
    counts = np.zeros(len(people), dtype=np.int64)
    with threadpool_limits(limits=1, user_api="blas"):
        for run, near in enumerate(candidates):
            part = slice(starts[run], starts[run] + sizes[run])
            site = sites[near] - middle[run]
            excess = off[part] @ (2 * site.T) + (reach**2 - np.einsum("ij,ij->i", site, site))
            counts[part] = np.count_nonzero(excess >= squared[part, None], axis=1)
    return counts


def _neighbours_together(points: np.ndarray) -> np.ndarray:
    """An order of many points in which neighbours follow one another, so that a search finds its nodes in cache."""
    if len(points) < MANY_POINTS:
        return np.arange(len(points))
    cell = np.floor(points / CELL_KM).astype(np.int32)
    cell -= cell.min(axis=0)
    width = cell.max(axis=0).astype(np.int64) + 1
    return np.argsort((cell[:, 2] * width[0] + cell[:, 0]) * width[1] + cell[:, 1])

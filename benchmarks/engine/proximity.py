"""Distances beside scikit-learn's BallTree, Conley errors beside diff-diff; rings and access on many people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contest import Contender, Contest
from evaluations.stats.engine import estimated
from evaluations.stats.proximity.distances import cartesian_km, nearest_site, pairs_within
from evaluations.stats.regression.conley import conley_errors
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.spec import parse_spec
from evaluations.stats.table import Coded, Sites, Table

EARTH_KM = 6371.0088
DIFF_DIFF_EARTH_KM = 6371.01


def world(n_people: int, n_sites: int, n_towns: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude of people and sites in towns, degrees, shapes (n, 2)."""
    rng = np.random.default_rng(seed)
    town = np.column_stack([rng.uniform(51, 55, n_towns), rng.uniform(-3, 0, n_towns)])

    def scattered(n: int) -> np.ndarray:
        return town[rng.integers(0, n_towns, n)] + rng.normal(0, (0.035, 0.055), (n, 2))

    return scattered(n_people), scattered(n_sites)


def uplift(*, radius_km: float, **size: int) -> Callable[[], list[float]]:
    """Ours: degrees to points, nearest sites, counts within the radius."""
    people, sites = world(**size)

    def work() -> list[float]:
        home, site = cartesian_km(*people.T), cartesian_km(*sites.T)
        found = nearest_site(home, site, within_km=radius_km)
        return [float(found.distance_km.mean()), 0.0 if found.n_within is None else float(found.n_within.sum())]

    return work


def ball_tree(*, radius_km: float, **size: int) -> Callable[[], list[float]]:
    """scikit-learn: a tree of sites by the haversine formula, nearest sites, counts within the radius."""
    from sklearn.neighbors import BallTree

    people, sites = (np.radians(points) for points in world(**size))

    def work() -> list[float]:
        tree = BallTree(sites, metric="haversine")
        distance, _ = tree.query(people)
        counts = tree.query_radius(people, radius_km / EARTH_KM, count_only=True)
        return [float(distance.mean() * EARTH_KM), float(counts.sum())]

    return work


def all_pairs(*, radius_km: float, **size: int) -> Callable[[], list[float]]:
    """Ours: every person and site within the radius, a bounded number at a time."""
    people, sites = world(**size)

    def work() -> list[float]:
        home, site = cartesian_km(*people.T), cartesian_km(*sites.T)
        counted = [(len(pairs.person), float(pairs.distance_km.sum())) for pairs in pairs_within(home, site, radius_km)]
        return [float(sum(count for count, _ in counted)), sum(total for _, total in counted)]

    return work


def rings(*, n_people: int, n_periods: int) -> Callable[[], list[float | None]]:
    """Ours: rings around 3,000 sites that open at one date, a panel."""
    people, sites = world(n_people, 3_000)
    rng = np.random.default_rng(1)
    unit, period = np.repeat(np.arange(n_people, dtype=np.int32), n_periods), np.tile(np.arange(n_periods), n_people)
    table = Table(
        outcome=np.repeat(rng.normal(size=n_people), n_periods) + rng.normal(size=len(unit)),
        rows_read=len(unit),
        unit=Coded(unit, tuple(range(n_people))),
        period=Coded(period.astype(np.int32), tuple(range(n_periods))),
        latitude=np.repeat(people[:, 0], n_periods),
        longitude=np.repeat(people[:, 1], n_periods),
        sites=_opened(sites, np.full(3_000, n_periods // 2)),
        calendar=np.arange(n_periods, dtype=float),
    )
    columns = {"outcome": "y", "unit": "u", "period": "t", "latitude": "a", "longitude": "o"}
    proximity = {"edges_km": [0, 0.5, 1, 2, 20]}
    design = {"method": "proximity", "estimator": "ring_did", "columns": columns, "proximity": proximity}
    spec = parse_spec(design)
    return lambda: [ring.value for ring in estimated(table, spec).rings]


def access(*, n_people: int) -> Callable[[], list[float | None]]:
    """Ours: access to 800 sites at ages 0 to 4, by staggered openings, people of 600 neighbourhoods."""
    people, sites = world(n_people, 800)
    rng = np.random.default_rng(2)
    table = Table(
        outcome=rng.normal(size=n_people),
        rows_read=n_people,
        born=rng.integers(1993, 2007, n_people).astype(float),
        latitude=people[:, 0],
        longitude=people[:, 1],
        neighbourhood=Coded(rng.integers(0, 600, n_people).astype(np.int32), tuple(range(600))),
        sites=_opened(sites, rng.integers(1999, 2005, 800)),
    )
    columns = {"outcome": "y", "born": "b", "latitude": "a", "longitude": "o", "neighbourhood": "n"}
    proximity: dict[str, Any] = {"exposure_ages": [0, 4]}
    design = {"method": "proximity", "estimator": "access_did", "columns": columns, "proximity": proximity}
    spec = parse_spec(design)
    return lambda: [estimated(table, spec).estimates[0].value]


def _surface(**size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points in degrees, shape (n, 2), with an outcome and a column that both change smoothly over ground."""
    points, _ = world(n_sites=1, **size)
    rng = np.random.default_rng(3)
    waves = np.sin(points[:, 0] * 40) + np.cos(points[:, 1] * 40)
    column = waves + rng.normal(size=len(points))
    return points, waves + 0.5 * column + rng.normal(size=len(points)), column


def conley(*, cutoff_km: float, kernel: str, **size: int) -> Callable[[], list[float]]:
    """Ours: a regression of the outcome on a column with a constant, and its Conley error."""
    points, outcome, column = _surface(**size)
    constant = Effect(np.zeros(len(points), dtype=np.int64), 1)

    def work() -> list[float]:
        found = fit(outcome, column[:, None], [constant])
        where = {"latitude": points[:, 0], "longitude": points[:, 1]}
        how = {"cutoff_km": cutoff_km, "kernel": kernel, "small_sample": False, "earth_radius_km": DIFF_DIFF_EARTH_KM}
        errors = conley_errors(found, **where, **how)
        return [float(found.coefficients[0]), float(np.sqrt(errors.covariance[0, 0]))]

    return work


def diff_diff_conley(*, cutoff_km: float, kernel: str, **size: int) -> Callable[[], list[float]]:
    """diff-diff: the same regression; its Bartlett kernel is our triangular one."""
    from diff_diff.linalg import solve_ols

    points, outcome, column = _surface(**size)
    design = np.column_stack([np.ones(len(points)), column])
    kernel = {"triangular": "bartlett"}.get(kernel, kernel)
    where = {"conley_coords": points, "conley_cutoff_km": cutoff_km, "conley_metric": "haversine"}

    def work() -> list[float]:
        found, _, covariance = solve_ols(design, outcome, vcov_type="conley", conley_kernel=kernel, **where)
        return [float(found[1]), float(np.sqrt(covariance[1, 1]))]

    return work


def _opened(sites: np.ndarray, opened: np.ndarray) -> Sites:
    names = tuple(f"site {place}" for place in range(len(sites)))
    return Sites(names, sites[:, 0], sites[:, 1], opened.astype(float), np.full(len(sites), np.inf))


HERE = "benchmarks.engine.proximity"
CONTESTS = (
    Contest(
        "proximity: nearest of 3,000 sites and counts within 2.5 km, 1,000,000 people",
        "at least 8 times as fast as BallTree",
        (Contender("uplift", f"{HERE}:uplift"), Contender("scikit-learn BallTree", f"{HERE}:ball_tree")),
        {"n_people": 1_000_000, "n_sites": 3_000, "radius_km": 2.5},
        repeats=3,
    ),
    Contest(
        "proximity: all pairs within 2.5 km, 1,000,000 people, 3,000 sites, dense towns",
        "under 2 GB",
        (Contender("uplift", f"{HERE}:all_pairs"),),
        {"n_people": 1_000_000, "n_sites": 3_000, "radius_km": 2.5, "n_towns": 25},
        repeats=3,
    ),
    Contest(
        "proximity: Conley errors, 100,000 points in towns, dependent within 2 km",
        "under 2 GB and 1.5 s",
        (Contender("uplift", f"{HERE}:conley"), Contender("diff-diff", f"{HERE}:diff_diff_conley")),
        {"n_people": 100_000, "cutoff_km": 2.0, "kernel": "triangular"},
        repeats=3,
    ),
    Contest(
        "proximity: Conley errors, 100,000 points in one city, dependent within 2 km",
        "under 2 GB",
        (Contender("uplift", f"{HERE}:conley"),),
        {"n_people": 100_000, "n_towns": 1, "cutoff_km": 2.0, "kernel": "uniform"},
        repeats=1,
        is_long=True,
        memory_limit_gb=2,
    ),
    Contest(
        "proximity: ring_did, 200,000 people x 10 periods, four rings",
        "a few seconds",
        (Contender("uplift", f"{HERE}:rings"),),
        {"n_people": 200_000, "n_periods": 10},
        repeats=1,
        is_long=True,
    ),
    Contest(
        "proximity: access_did, 1,000,000 people, 800 sites",
        "a few seconds",
        (Contender("uplift", f"{HERE}:access"),),
        {"n_people": 1_000_000},
        repeats=1,
        is_long=True,
    ),
)

"""Simulated homes around sites, and children of places where sites open, whose truth is known.

Openings at several dates come with effects that grow, where a two-way regression of being near an
open site goes wrong: the same draws are given to it beside the estimators meant for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluations.stats.results import Result
from evaluations.stats.spec import Spec, parse_spec
from evaluations.stats.table import Coded, Cohorts, Sites, Table

EDGES_KM = (0, 1, 2.5, 5)
OPENINGS = (3, 5, 7)
KM = 1 / 111.27
"""Degrees of latitude in a kilometre, near enough at 50 to 55 degrees north."""

N_PLACES, N_SITES = 60, 40
BIRTHS = range(1993, 2006)
AGES = (0, 4)
FEW_DRAWS = 99
"""Multiplier draws serve bands over time only, which are not judged here."""
POINTS_A_YEAR = 0.2


@dataclass(frozen=True)
class NearWorld:
    """A world to draw, the design that asks about it, and what is true in it.

    `curve` is the true effect by distance, where the band over distances is to be judged.
    """

    name: str
    words: str
    estimator: str
    make: Callable[[np.random.Generator], Table]
    true: float
    design: Mapping[str, Any]
    n_units: int
    is_sound: bool = True
    curve: Callable[[np.ndarray], np.ndarray] | None = field(default=None, repr=False)

    def draw(self, rng: np.random.Generator) -> Table:
        """One set of data."""
        return self.make(rng)

    def truth(self) -> float:
        """What the headline should be."""
        return self.true

    def path(self) -> dict[int, float]:
        """No path of effects is judged here."""
        return {}

    def spec(self, options: Mapping[str, Any]) -> Spec:
        """The design, with the options of a cell."""
        method = "did" if self.estimator == "twfe" else "proximity"
        stated = {"sensitivity": [], "draws": FEW_DRAWS, **self.design.get("options", {}), **options}
        return parse_spec({**self.design, "method": method, "estimator": self.estimator, "options": stated})

    def band_holds(self, result: Result) -> bool:
        """Whether the band over distances holds the true effect at every one of its points."""
        points = result.distance_curve
        if self.curve is None or not points:
            raise ValueError("this world has no curve")
        true = self.curve(np.array([point.distance_km for point in points]))
        return all(
            point.band_lower is not None and point.band_upper is not None and point.band_lower <= at <= point.band_upper
            for point, at in zip(points, true, strict=True)
        )


def _coded(values: np.ndarray) -> Coded:
    labels, codes = np.unique(values, return_inverse=True)
    return Coded(codes.astype(np.int32), tuple(labels.tolist()))


def _of_homes(outcome: np.ndarray, n: int, n_periods: int, **columns: Any) -> Table:
    """Homes seen in every period, rows home by home."""
    return Table(
        outcome=outcome,
        rows_read=len(outcome),
        unit=_coded(np.repeat(np.arange(n), n_periods)),
        period=_coded(np.tile(np.arange(1, n_periods + 1), n)),
        calendar=np.arange(1.0, n_periods + 1),
        **columns,
    )


def homes(
    rng: np.random.Generator,
    *,
    openings: tuple[int, ...],
    growth: float,
    scale: float = 1.0,
    n: int = 300,
    n_periods: int = 8,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, distances and openings of homes, by row: effects of 2 and 1 by ring that grow each period since."""
    distance, opens = rng.uniform(0, 5, n), rng.choice(openings, n)
    period = np.tile(np.arange(1, n_periods + 1), n)
    since = period - np.repeat(opens, n_periods)
    size = np.repeat(np.select([distance < 1, distance < 2.5], [2.0, 1.0], 0.0), n_periods)
    effect = np.where(since >= 0, scale * size * (1 + growth * since), 0.0)
    noise = rng.normal(size=(n, n_periods))
    for each in range(1, n_periods):
        noise[:, each] = 0.5 * noise[:, each - 1] + np.sqrt(0.75) * noise[:, each]
    outcome = np.repeat(rng.normal(0, 2, n), n_periods) + 0.2 * period + effect + noise.ravel()
    return outcome, np.repeat(distance, n_periods), np.repeat(opens, n_periods)


def growing_average(openings: tuple[int, ...], growth: float, n_periods: int = 8) -> float:
    """The average effect in the first ring over periods since opening, each opening being equally likely."""
    sizes = [2 * (1 + growth * since) for opens in openings for since in range(n_periods - opens + 1)]
    return float(np.mean(sizes))


def _rings(openings: tuple[int, ...], growth: float, scale: float = 1.0) -> Callable[[np.random.Generator], Table]:
    def make(rng: np.random.Generator) -> Table:
        outcome, distance, opens = homes(rng, openings=openings, growth=growth, scale=scale)
        labels = tuple(sorted(set(openings)))
        codes = np.searchsorted(np.array(labels), opens).astype(np.int32)
        starts = (opens - 1).astype(np.int32)
        return _of_homes(outcome, 300, 8, cohorts=Cohorts(starts, codes, labels), distance_km=distance)

    return make


def _naive_rings(rng: np.random.Generator) -> Table:
    """The first ring and the outermost, with a column for being near an open site."""
    outcome, distance, opens = homes(rng, openings=OPENINGS, growth=0.5)
    period = np.tile(np.arange(1, 9), 300)
    near = distance < 1
    table = _of_homes(outcome, 300, 8, treated=(near & (period >= opens)).astype(float))
    return table.select(np.flatnonzero(near | (distance >= 2.5)))


@dataclass(frozen=True)
class _Children:
    """Children by row: how far north of their place's middle they live, and the years they had a site in reach."""

    place: np.ndarray
    born: np.ndarray
    km_off: np.ndarray
    years: np.ndarray
    outcome: np.ndarray


def _first_openings() -> np.ndarray:
    """When each place's site opens; +inf where it has none."""
    place = np.arange(N_PLACES)
    return np.where(place < N_SITES, 1999.0 + place % 6, np.inf)


def _children(rng: np.random.Generator, a_birth: int = 5) -> _Children:
    n = N_PLACES * len(BIRTHS) * a_birth
    place = np.arange(n) % N_PLACES
    born = BIRTHS[0] + (np.arange(n) // N_PLACES) % len(BIRTHS)
    km_off = rng.uniform(-3, 3, n)
    km_off = np.where(np.abs(np.abs(km_off) - 2.5) < 0.02, 2.4, km_off)  # nobody on the edge
    opened = np.where(np.abs(km_off) <= 2.5, _first_openings()[place], np.inf)
    years = _years_in_reach(born, opened)
    level = 0.3 * rng.normal(size=N_PLACES)[place] + 0.05 * (born - BIRTHS[0])
    return _Children(place, born, km_off, years, level + POINTS_A_YEAR * years + rng.normal(size=n))


def _years_in_reach(born: np.ndarray, opened: np.ndarray) -> np.ndarray:
    return np.clip(born + AGES[1] - np.maximum(opened, born) + 1, 0, AGES[1] + 1)


def true_access_effect() -> float:
    """The average effect on children exposed: a birth in a place counts alike, and all have one chance to live near."""
    opened, born = np.meshgrid(_first_openings()[:N_SITES], np.array(BIRTHS, float))
    years = _years_in_reach(born, opened)
    return float(POINTS_A_YEAR * years[years > 0].mean())


def _access(rng: np.random.Generator) -> Table:
    found = _children(rng)
    n_sites = np.arange(N_SITES)
    opened = _first_openings()[:N_SITES]
    return Table(
        outcome=found.outcome,
        rows_read=len(found.outcome),
        born=found.born.astype(float),
        latitude=50 + (found.place * 8 + found.km_off) * KM,
        longitude=np.full(len(found.place), -2.0),
        neighbourhood=_coded(found.place),
        sites=Sites(
            tuple(f"site {i}" for i in n_sites),
            50 + n_sites * 8 * KM,
            np.full(N_SITES, -2.0),
            opened,
            np.full(N_SITES, np.inf),
        ),
    )


def _naive_access(rng: np.random.Generator) -> Table:
    """The same children, with a column for having had a site in reach at all."""
    found = _children(rng)
    return Table(
        outcome=found.outcome,
        rows_read=len(found.outcome),
        unit=_coded(found.place),
        period=_coded(found.born),
        treated=(found.years > 0).astype(float),
    )


def decay(distance_km: np.ndarray) -> np.ndarray:
    """A true effect of 2 beside the site that is gone by 8 km."""
    return 2 * np.exp(-distance_km / 1.5) * (distance_km < 8)


def mean_decay_within(radius_km: float) -> float:
    """The mean effect on homes spread evenly over the disc of this radius."""
    at = np.linspace(0, radius_km, 100_001)
    middle = (at[1:] + at[:-1]) / 2
    return float(np.average(decay(middle), weights=middle))


def _curve(rng: np.random.Generator) -> Table:
    """Homes spread evenly over a disc of 10 km, seen twice before and twice after."""
    n = 600
    distance = 10 * np.sqrt(rng.uniform(0, 1, n))
    post = np.tile([0.0, 0.0, 1.0, 1.0], n)
    outcome = np.repeat(rng.normal(0, 1, n), 4) + 0.3 * post + rng.normal(0, 1, 4 * n)
    outcome += np.repeat(decay(distance), 4) * post
    return _of_homes(outcome, n, 4, post=post, distance_km=np.repeat(distance, 4))


def _staggered_curve(rng: np.random.Generator) -> Table:
    """Homes of two openings; the effect by distance doubles in the second period since and stays."""
    n, n_periods = 400, 6
    distance, opens = 10 * np.sqrt(rng.uniform(0, 1, n)), rng.choice(CURVE_OPENINGS, n)
    since = np.tile(np.arange(1, n_periods + 1), n) - np.repeat(opens, n_periods)
    grown = np.select([since < 0, since == 0], [0.0, 1.0], 2.0)
    outcome = np.repeat(rng.normal(0, 1, n), n_periods) + rng.normal(0, 1, n * n_periods)
    outcome += np.repeat(decay(distance), n_periods) * grown
    codes = np.searchsorted(np.array(CURVE_OPENINGS), opens).astype(np.int32)
    starts = np.repeat(opens - 1, n_periods).astype(np.int32)
    cohorts = Cohorts(starts, np.repeat(codes, n_periods), CURVE_OPENINGS)
    return _of_homes(outcome, n, n_periods, cohorts=cohorts, distance_km=np.repeat(distance, n_periods))


CURVE_OPENINGS = (3, 5)
STAGGERED_GROWTH = float(np.mean([1.0 if since == 0 else 2.0 for o in CURVE_OPENINGS for since in range(7 - o)]))


def _staggered_decay(distance_km: np.ndarray) -> np.ndarray:
    return STAGGERED_GROWTH * decay(distance_km)


_HOMES = {"unit": "unit", "period": "period", "outcome": "outcome", "distance_km": "distance_km"}
_RINGS = {"columns": {**_HOMES, "first_treated": "opened"}, "proximity": {"edges_km": EDGES_KM}}
_ACCESS = {
    "columns": {
        "outcome": "outcome", "born": "born", "latitude": "lat", "longitude": "lon", "neighbourhood": "place",
    },
    "proximity": {"exposure_ages": AGES},
}  # fmt: skip
_DISC = {"radius_km": 2.5, "edges_km": [0, 10]}
_NAIVE = {"columns": {"unit": "unit", "period": "period", "outcome": "outcome", "treated": "near"}}

PROXIMITY_WORLDS: dict[str, NearWorld] = {
    world.name: world
    for world in (
        NearWorld(
            "rings_one_date", "Rings, sites opening at one date, effects that grow", "ring_did",
            _rings((5,), 0.5), growing_average((5,), 0.5), _RINGS, 300,
        ),
        NearWorld(
            "rings_staggered", "Rings, sites opening at several dates, effects that grow", "ring_did",
            _rings(OPENINGS, 0.5), growing_average(OPENINGS, 0.5), _RINGS, 300,
        ),
        NearWorld(
            "rings_none", "Rings, sites opening at several dates, no effect", "ring_did",
            _rings(OPENINGS, 0.5, 0.0), 0.0, _RINGS, 300,
        ),
        NearWorld(
            "rings_naive", "Rings, sites opening at several dates, effects that grow", "twfe",
            _naive_rings, growing_average(OPENINGS, 0.5), _NAIVE, 300, is_sound=False,
        ),
        NearWorld(
            "access", "Access at ages 0 to 4, sites opening at several dates, effects that grow", "access_did",
            _access, true_access_effect(), _ACCESS, N_PLACES,
        ),
        NearWorld(
            "access_naive", "Access at ages 0 to 4, sites opening at several dates, effects that grow", "twfe",
            _naive_access, true_access_effect(), {**_NAIVE, "options": {"panel": False}}, N_PLACES, is_sound=False,
        ),
        NearWorld(
            "curve", "Effects that fade with distance, one opening date", "distance_curve",
            _curve, mean_decay_within(2.5), {"columns": {**_HOMES, "post": "post"}, "proximity": _DISC}, 600,
            curve=decay,
        ),
        NearWorld(
            "curve_staggered", "Effects that fade with distance and grow, several opening dates", "distance_curve",
            _staggered_curve, STAGGERED_GROWTH * mean_decay_within(2.5),
            {"columns": {**_HOMES, "first_treated": "opened"}, "proximity": _DISC}, 400,
            curve=_staggered_decay,
        ),
    )
}  # fmt: skip

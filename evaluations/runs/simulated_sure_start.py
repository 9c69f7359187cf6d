"""A simulated Sure Start, after the design of the published studies, whose true effect is known.

Children are born from 1993 to 2006 in 120 neighbourhoods of a made-up county. From 1999 to 2004 centres open
in 70 of them, the poorer ones more often. Every year of ages 0 to 4 in which a centre within 2.5 km was open
adds to the points a child scores at 16; nothing else about the centre matters. Poorer neighbourhoods score
less throughout, and scores rise alike everywhere, so that trends are parallel by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEED = 20_110_401
N_NEIGHBOURHOODS = 120
N_CENTRES = 70
BIRTHS = range(1993, 2007)
OPENINGS = (1999, 2005)
CHILDREN_A_BIRTH_YEAR = 12
RADIUS_KM = 2.5
AGES = (0, 4)
POINTS_A_YEAR = 0.6
TRUE_EFFECT = 2.3956682175517408
"""What `SimulatedSureStart.true_effect` comes to; a test holds the two together."""
COUNTY = (53.2, 53.8, -2.6, -1.4)
KM_A_DEGREE = 111.3


@dataclass(frozen=True)
class SimulatedSureStart:
    """Children and centres, a column an array, and how many years each child had a centre in reach."""

    children: dict[str, np.ndarray]
    centres: dict[str, np.ndarray]
    years_exposed: np.ndarray

    @property
    def true_effect(self) -> float:
        """The average effect on the children who had a centre in reach for a year or more."""
        exposed = self.years_exposed > 0
        return float(POINTS_A_YEAR * self.years_exposed[exposed].mean())


def simulated_sure_start() -> SimulatedSureStart:
    """The simulation, drawn once and for all from a fixed seed."""
    rng = np.random.default_rng(SEED)
    south, north, west, east = COUNTY
    centre_of = np.column_stack(
        [rng.uniform(south, north, N_NEIGHBOURHOODS), rng.uniform(west, east, N_NEIGHBOURHOODS)]
    )
    deprivation = rng.normal(0, 1, N_NEIGHBOURHOODS)
    wanted = np.argsort(-(deprivation + rng.normal(0, 1, N_NEIGHBOURHOODS)))[:N_CENTRES]
    opened = rng.integers(*OPENINGS, N_CENTRES)
    neighbourhood = np.repeat(np.arange(N_NEIGHBOURHOODS), len(BIRTHS) * CHILDREN_A_BIRTH_YEAR)
    born = np.tile(np.repeat(np.array(BIRTHS), CHILDREN_A_BIRTH_YEAR), N_NEIGHBOURHOODS)
    home = (centre_of[neighbourhood] + _scatter(rng, len(born))).round(5)
    site = (centre_of[wanted] + _scatter(rng, N_CENTRES) / 3).round(5)
    years = years_in_reach(home, born, site, opened)
    level = 40 - 3 * deprivation + rng.normal(0, 1, N_NEIGHBOURHOODS)
    points = level[neighbourhood] + 0.3 * (born - BIRTHS[0]) + POINTS_A_YEAR * years + rng.normal(0, 8, len(born))
    children = {
        "child": np.arange(1, len(born) + 1),
        "born": born,
        "neighbourhood": np.array([f"N{i + 1:03d}" for i in range(N_NEIGHBOURHOODS)])[neighbourhood],
        "latitude": home[:, 0],
        "longitude": home[:, 1],
        "points_at_16": points.round(2),
    }
    centres = {
        "name": np.array([f"Centre {i + 1:02d}" for i in range(N_CENTRES)]),
        "latitude": site[:, 0],
        "longitude": site[:, 1],
        "opened": opened,
    }
    return SimulatedSureStart(children, centres, years)


def years_in_reach(home: np.ndarray, born: np.ndarray, site: np.ndarray, opened: np.ndarray) -> np.ndarray:
    """How many of ages 0 to 4 each child had an open centre within 2.5 km, worked out here and not by the engine."""
    from pyproj import Geod

    earth, years = Geod(ellps="WGS84"), np.zeros(len(born), dtype=np.int64)
    first_open = np.full(len(born), np.inf)
    for (latitude, longitude), year in zip(site, opened, strict=True):
        near = np.flatnonzero(np.abs(home[:, 0] - latitude) * KM_A_DEGREE < RADIUS_KM + 0.1)
        distance = earth.inv(home[near, 1], home[near, 0], np.full(len(near), longitude), np.full(len(near), latitude))[
            2
        ]
        reached = near[distance <= 1000 * RADIUS_KM]
        first_open[reached] = np.minimum(first_open[reached], year)
    last_year = born + AGES[1]
    reached = np.isfinite(first_open)
    years[reached] = np.clip(last_year[reached] - np.maximum(first_open[reached], born[reached]) + 1, 0, 5)
    return years


def _scatter(rng: np.random.Generator, n: int) -> np.ndarray:
    """Degrees up to some 3.5 km from a point, in any direction."""
    distance, angle = 3.5 * np.sqrt(rng.uniform(0, 1, n)), rng.uniform(0, 2 * np.pi, n)
    north, east = distance * np.sin(angle), distance * np.cos(angle)
    return np.column_stack([north / KM_A_DEGREE, east / (KM_A_DEGREE * np.cos(np.radians(53.5)))])


def csv_of(columns: dict[str, np.ndarray]) -> bytes:
    """The columns as a CSV file."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows), ""]).encode()

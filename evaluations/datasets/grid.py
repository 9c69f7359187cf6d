"""British National Grid to latitude and longitude, and what coordinates look like when they are mixed up."""

from __future__ import annotations

from functools import cache

import numpy as np
from pyproj import Transformer

EASTINGS, NORTHINGS = (0, 800_000), (0, 1_300_000)
"""The extent of the grid over Great Britain, in metres."""

LATITUDES, LONGITUDES = (49.0, 61.5), (-9.5, 2.5)
"""A box round the United Kingdom, in degrees."""


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)


def degrees_of_grid(easting: np.ndarray, northing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude of grid references in metres, right to about 5 m; NaN where there is none."""
    known = np.isfinite(easting) & np.isfinite(northing)
    latitude, longitude = np.full(len(easting), np.nan), np.full(len(easting), np.nan)
    if known.any():
        longitude[known], latitude[known] = _to_degrees().transform(easting[known], northing[known])
    return latitude, longitude


def is_on_grid(easting: np.ndarray, northing: np.ndarray) -> np.ndarray:
    """Whether the numbers can be a grid reference in Great Britain, bool."""
    return (easting > EASTINGS[0]) & (easting < EASTINGS[1]) & (northing > NORTHINGS[0]) & (northing < NORTHINGS[1])


def is_in_box(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Whether the degrees lie in the box round the United Kingdom, bool."""
    return (
        (latitude >= LATITUDES[0])
        & (latitude <= LATITUDES[1])
        & (longitude >= LONGITUDES[0])
        & (longitude <= LONGITUDES[1])
    )


def rounding_km(latitude: np.ndarray, longitude: np.ndarray) -> float | None:
    """How far a true point may be from coordinates that are all written with few decimals; null where they are fine."""
    known = np.isfinite(latitude) & np.isfinite(longitude)
    if known.sum() < 2:
        return None
    for decimals in (0, 1, 2):
        both = np.concatenate([latitude[known], longitude[known]])
        if np.allclose(both, np.round(both, decimals), rtol=0, atol=1e-9):
            return round(111.2 * 10.0**-decimals / 2, 2)
    return None


ENOUGH_DISTANCES = 5
"""Different distances from which all being round numbers is no accident."""


def rounding_of_distances(distance_km: np.ndarray) -> float | None:
    """How far a true distance may be from distances that are all whole or tenths; null where they are finer, or few."""
    different = np.unique(distance_km[np.isfinite(distance_km)])
    if len(different) < ENOUGH_DISTANCES:
        return None
    for decimals in (0, 1):
        if np.allclose(different, np.round(different, decimals), rtol=0, atol=1e-9):
            return 10.0**-decimals / 2
    return None

"""When people lived within reach of an open site: first exposure, and exposure in each of a run of periods.

Times are places on the table's calendar (`Table.calendar`), whole numbers a period apart. A site
counts from the period that contains its opening up to, but not including, the one of its closing.
"""

from __future__ import annotations

import numpy as np

from evaluations.stats.proximity.distances import pairs_within
from evaluations.stats.table import Sites


def first_exposed(people: np.ndarray, places: np.ndarray, sites: Sites, radius_km: float) -> np.ndarray:
    """When each person first had an open site within `radius_km`, shape (n_people,); +inf where never.

    `people` and `places` are points as `cartesian_km` gives them, `places` in the order of `sites`.
    """
    opened, _ = _opening_times(sites)
    first = np.full(len(people), np.inf)
    for pairs in pairs_within(people, places, radius_km):
        np.minimum.at(first, pairs.person, opened[pairs.site])
    return first


def exposed_during(
    people: np.ndarray, places: np.ndarray, sites: Sites, radius_km: float, start: np.ndarray, n_periods: int
) -> np.ndarray:
    """Whether each person had an open site within `radius_km` in each of `n_periods` periods from `start`.

    `start`, shape (n_people,), is each person's own; the answer has shape (n_people, n_periods), bool.
    """
    opened, closed = _opening_times(sites)
    exposed = np.zeros((len(people), n_periods), dtype=bool)
    for pairs in pairs_within(people, places, radius_km):
        for step in range(n_periods):
            time = start[pairs.person] + step
            is_open = (opened[pairs.site] <= time) & (time < closed[pairs.site])
            exposed[pairs.person[is_open], step] = True
    return exposed


def sites_open_within(
    people: np.ndarray, places: np.ndarray, sites: Sites, radius_km: float, times: np.ndarray
) -> np.ndarray:
    """How many sites within `radius_km` of each person were open at each of `times`, shape (n_people, n_times), int."""
    opened, closed = _opening_times(sites)
    counts = np.zeros((len(people), len(times)), dtype=np.int64)
    for pairs in pairs_within(people, places, radius_km):
        for position, time in enumerate(times):
            is_open = (opened[pairs.site] <= time) & (time < closed[pairs.site])
            counts[:, position] += np.bincount(pairs.person[is_open], minlength=len(people))
    return counts


def _opening_times(sites: Sites) -> tuple[np.ndarray, np.ndarray]:
    """Opening and closing of each site by the period that contains it; a site that never counts opens at +inf."""
    opened = np.where(np.isnan(sites.opened), np.inf, np.floor(sites.opened))
    closed = np.where(np.isnan(sites.closed), np.inf, np.floor(sites.closed))
    return np.where(closed > opened, opened, np.inf), closed

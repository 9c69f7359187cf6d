"""Who had access to an open site, from when, and for how long: what access_did compares.

With births and exposure ages, time is the period of birth: a place is exposed from the first births
that were still of those ages when a site within the radius opened. Otherwise time is the period
of the row, and a place is exposed from the first opening within the radius.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.panel import first_seen
from evaluations.stats.proximity.distances import cartesian_km, nearest_site
from evaluations.stats.proximity.exposure import exposed_during, first_exposed
from evaluations.stats.proximity.residence import check_residence
from evaluations.stats.proximity.rings import check_precision, n_units, needed_sites
from evaluations.stats.results import Dropped
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table


@dataclass(frozen=True)
class Window:
    """When exposure counts, in periods of the calendar: `lag` after birth, for `n_periods`."""

    lag: float
    n_periods: int


@dataclass(frozen=True)
class Access:
    """The rows compared, as positions in the table, with the exposure of each.

    `time` is where a row stands (its birth, or its period) and `start` where its place's exposure
    begins, both on the calendar; +inf where it never does. `dose` counts the periods in which the
    row was exposed; without a window it is 1 or 0. `distance_km` is to the nearest site of all.
    """

    rows: np.ndarray
    time: np.ndarray
    start: np.ndarray
    dose: np.ndarray
    window: Window | None
    dropped: tuple[Dropped, ...]
    n_movers: int
    distance_km: np.ndarray | None


@dataclass(frozen=True)
class _Exposure:
    """By row of the table: when its place first had an open site in reach, the dose, the nearest site."""

    opened: np.ndarray
    dose: np.ndarray
    distance_km: np.ndarray | None


def access_of(table: Table, spec: Spec, *, radius_km: float, donut_km: float | None = None) -> Access:
    """Exposure within `radius_km`; rows that cannot be compared are dropped and counted.

    Raises `BadInput` where the design lacks a part, `NotEstimable` where places do not bear the question.
    """
    check_precision(table, radius_km, "radius")
    window = _window(table, spec)
    time = _time(table, window)
    origin = first_seen(table) if window is None and spec.options.panel else np.arange(table.n_rows)
    exposure = _exposure(table, radius_km, time, window, origin)
    start = exposure.opened - (0 if window is None else window.lag + window.n_periods - 1)
    inside = np.zeros(len(time), bool)
    if exposure.distance_km is not None and donut_km:
        inside = exposure.distance_km < donut_km
    reasons = {
        "time_missing": np.isnan(time),
        "inside_donut": inside,
        "site_closed": (start <= time) & (exposure.dose == 0),
    }
    rows, dropped = _kept(table, reasons)
    first = time[rows] + (0 if window is None else window.lag)
    check_residence(table, origin[rows], first, first + (0 if window is None else window.n_periods - 1))
    return Access(
        rows=rows,
        time=time[rows],
        start=start[rows],
        dose=exposure.dose[rows],
        window=window,
        dropped=dropped,
        n_movers=_n_movers(table, origin, radius_km),
        distance_km=None if exposure.distance_km is None else exposure.distance_km[rows],
    )


def _window(table: Table, spec: Spec) -> Window | None:
    ages = spec.proximity.exposure_ages
    if ages is None and table.born is None:
        return None
    if ages is None:
        raise _missing(
            "The design names births (columns.born) but not the ages at which exposure counts.",
            "Set proximity.exposure_ages, such as [0, 4].",
        )
    if table.born is None:
        raise _missing(
            "Ages of exposure need to know when each person was born.",
            "Set columns.born, or leave out proximity.exposure_ages.",
        )
    return Window(
        float(round(ages[0] * table.periods_a_year)), max(round((ages[1] - ages[0] + 1) * table.periods_a_year), 1)
    )


def _time(table: Table, window: Window | None) -> np.ndarray:
    if window is not None:
        return np.floor(np.asarray(table.born, dtype=np.float64))
    if table.period is None:
        raise _missing("The design does not say when rows are from.", "Set columns.period, or columns.born with ages.")
    calendar = np.arange(table.period.n_labels) if table.calendar is None else table.calendar
    return calendar.astype(np.float64)[table.period.codes]


def _exposure(table: Table, radius_km: float, time: np.ndarray, window: Window | None, origin: np.ndarray) -> _Exposure:
    if table.cohorts is not None:
        return _by_date(table, radius_km, time, window, origin)
    if table.latitude is None or table.longitude is None:
        raise _missing(
            "The design does not say who lived near a site, and from when.",
            "Give coordinates (or postcodes) and a file of sites, or columns.first_treated with the first opening in"
            " reach of each row.",
        )
    sites = needed_sites(table)
    people = cartesian_km(table.latitude[origin], table.longitude[origin])
    places = cartesian_km(sites.latitude, sites.longitude)
    known = np.nan_to_num(time)
    first = known if window is None else known + window.lag
    exposed = exposed_during(people, places, sites, radius_km, first, 1 if window is None else window.n_periods)
    return _Exposure(
        first_exposed(people, places, sites, radius_km),
        exposed.sum(axis=1),
        nearest_site(people, places).distance_km,
    )


def _by_date(table: Table, radius_km: float, time: np.ndarray, window: Window | None, origin: np.ndarray) -> _Exposure:
    """Exposure from the file's own dates of first opening, within the radius where distances are given."""
    cohorts = table.cohorts
    if cohorts is None:
        raise ValueError("the design was not checked")
    places = cohorts.places
    if places is None:
        calendar = table.calendar if table.calendar is not None else np.arange(len(cohorts.labels))
        places = np.array([calendar[cohorts.starts[cohorts.codes == code][0]] for code in range(len(cohorts.labels))])
    opened = np.append(np.floor(places), np.inf)[cohorts.codes][origin]
    distance = None if table.distance_km is None else table.distance_km[origin]
    if distance is not None:
        opened = np.where(distance <= radius_km, opened, np.inf)
    if window is None:
        return _Exposure(opened, (time >= opened).astype(np.int64), distance)
    last = time + window.lag + window.n_periods - 1
    dose = np.clip(last - np.maximum(opened, time + window.lag) + 1, 0, window.n_periods)
    return _Exposure(opened, np.nan_to_num(dose).astype(np.int64), distance)


def _kept(table: Table, reasons: dict[str, np.ndarray]) -> tuple[np.ndarray, tuple[Dropped, ...]]:
    used, dropped = np.ones(table.n_rows, dtype=bool), []
    for reason, out in reasons.items():
        out = out & used
        used &= ~out
        if out.any():
            dropped.append(Dropped(reason, int(out.sum()), n_units(table, np.flatnonzero(out))))
    if not used.any():
        raise NotEstimable("no_rows", "No row can be compared.", "Check why rows were dropped.")
    return np.flatnonzero(used), tuple(dropped)


def _n_movers(table: Table, origin: np.ndarray, radius_km: float) -> int:
    """How many units are later seen more than the radius from where they were first seen."""
    if table.unit is None or table.latitude is None or table.longitude is None:
        return 0
    points = cartesian_km(table.latitude, table.longitude)
    apart = np.linalg.norm(points - points[origin], axis=1)
    return len(np.unique(table.unit.codes[apart > radius_km]))


def _missing(message: str, hint: str) -> BadInput:
    return BadInput([Issue("role_missing", message, hint)])

"""Which ring each row lies in, when the site it looks to opened, and who is left out.

A ring is a band [inner_km, outer_km): a distance of 0 is in the first, and one equal to the last
edge is beyond. A unit's ring is the one it lived in when first seen, so that moving is not an effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.panel import first_seen
from evaluations.stats.proximity.distances import cartesian_km, nearest_site
from evaluations.stats.results import Dropped
from evaluations.stats.table import NEVER_TREATED, Sites, Table

BEFORE_ALL = -1
"""Start of a site that was open in every period."""


@dataclass(frozen=True)
class Located:
    """How far each row is from the site it looks to, and when that opened.

    `start`, int64, is the position of the first period in which the site was open: `BEFORE_ALL`
    where it was open throughout, the number of periods or `NEVER_TREATED` where it never opens in
    the data. It is null where the design says before and after by itself. `site` is null where
    distances came with the data.
    """

    distance_km: np.ndarray
    start: np.ndarray | None = None
    site: np.ndarray | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RingRows:
    """The rows used, as positions in the table, with the ring and start of each. Rings count from the site outwards."""

    rows: np.ndarray
    ring: np.ndarray
    start: np.ndarray | None
    edges_km: tuple[float, ...]
    dropped: tuple[Dropped, ...]
    n_movers: int
    notes: tuple[str, ...]

    @property
    def n_rings(self) -> int:
        """How many rings there are, the reference included."""
        return len(self.edges_km) - 1

    @property
    def reference(self) -> int:
        """The outermost ring."""
        return self.n_rings - 1

    def name(self, ring: int) -> str:
        """The ring in words."""
        return f"{self.edges_km[ring]:.4g} to {self.edges_km[ring + 1]:.4g} km"


def located(table: Table) -> Located:
    """Distance and opening of each row, from the file's own distances or from its coordinates and the sites."""
    if table.distance_km is not None:
        start = None if table.cohorts is None else table.cohorts.starts.astype(np.int64)
        return Located(table.distance_km, None if start is None else np.where(start == 0, BEFORE_ALL, start))
    if table.latitude is None or table.longitude is None:
        raise BadInput(
            [
                Issue(
                    "role_missing",
                    "A proximity design needs to know how far each row is from a site.",
                    "Set columns.distance_km, or give coordinates (or postcodes) and a file of sites.",
                )
            ]
        )
    return _located_by_site(table, needed_sites(table))


def needed_sites(table: Table) -> Sites:
    """The table's sites, at least one."""
    if table.sites is None or not table.sites.names:
        raise BadInput(
            [Issue("sites_missing", "The design needs a file of sites, and there is none.", "Give the sites file.")]
        )
    return table.sites


def _located_by_site(table: Table, sites: Sites) -> Located:
    starts = site_starts(table, sites)
    counts = np.ones(len(starts), dtype=bool)
    notes: tuple[str, ...] = ()
    if table.post is None:
        counts = starts < _n_periods(table)
        if not counts.any():
            raise NotEstimable(
                "no_site_opens",
                "No site opens by the last period of the data, so nobody is exposed.",
                "Check the opening dates, or add later periods.",
            )
        if not counts.all():
            notes = (_not_opened(int((~counts).sum()), len(counts)),)
    latitude, longitude = sites.latitude[counts], sites.longitude[counts]
    people = cartesian_km(np.asarray(table.latitude), np.asarray(table.longitude))
    nearest = nearest_site(people, cartesian_km(latitude, longitude))
    site = np.flatnonzero(counts)[nearest.site]
    start = None if table.post is not None else starts[site]
    return Located(nearest.distance_km, start, site, notes)


def _not_opened(n_out: int, n_sites: int) -> str:
    does = "does" if n_out == 1 else "do"
    return (
        f"{n_out} of {n_sites} sites {does} not open by the last period and {'is' if n_out == 1 else 'are'} left out:"
        " check the opening dates, or add later periods."
    )


def site_starts(table: Table, sites: Sites) -> np.ndarray:
    """The position of the first period in which each site is open, as `Located.start` has it."""
    if table.period is None:
        return np.full(len(sites.names), NEVER_TREATED, dtype=np.int64)
    calendar = np.arange(_n_periods(table)) if table.calendar is None else table.calendar
    opens = ~np.isnan(sites.opened)
    closed = np.where(np.isnan(sites.closed), np.inf, np.floor(sites.closed))
    opened = np.where(opens, np.floor(sites.opened), np.inf)
    starts = np.searchsorted(calendar, opened, side="left").astype(np.int64)
    starts[opened <= calendar[0]] = BEFORE_ALL
    starts[(closed <= calendar[0]) | (closed <= opened) | ~opens] = NEVER_TREATED
    return starts


def _n_periods(table: Table) -> int:
    return 0 if table.period is None else table.period.n_labels


def ring_rows(table: Table, where: Located, edges_km: tuple[float, ...], *, donut_km: float | None = None) -> RingRows:
    """The rows inside the rings. Raises `NotEstimable` where a ring is empty or finer than places are known."""
    edges = np.array(edges_km)
    check_precision(table, float(np.diff(edges).min()), "rings")
    origin = first_seen(table)
    distance = where.distance_km[origin]
    reasons = {
        "distance_missing": np.isnan(distance),
        "inside_donut": distance < (donut_km or 0.0),
        "nearer_than_first_edge": distance < edges[0],
        "beyond_last_edge": distance >= edges[-1],
        "weight_zero": np.zeros(len(distance), bool) if table.weight is None else table.weight == 0,
    }
    used, dropped = np.ones(len(distance), dtype=bool), []
    for reason, out in reasons.items():
        out = out & used
        used &= ~out
        if out.any():
            dropped.append(Dropped(reason, int(out.sum()), n_units(table, np.flatnonzero(out))))
    rows = np.flatnonzero(used)
    found = RingRows(
        rows=rows,
        ring=np.searchsorted(edges, distance[rows], side="right") - 1,
        start=None if where.start is None else where.start[origin[rows]],
        edges_km=tuple(edges_km),
        dropped=tuple(dropped),
        n_movers=_n_movers(table, where.distance_km, edges, origin),
        notes=where.notes,
    )
    check_no_ring_is_empty(found)
    return found


def check_no_ring_is_empty(found: RingRows) -> None:
    """Raise `NotEstimable` where nobody is in one of the rings."""
    counts = np.bincount(found.ring, minlength=found.n_rings)
    empty = [found.name(int(ring)) for ring in np.flatnonzero(counts == 0)]
    if empty:
        raise NotEstimable(
            "ring_empty",
            f"Nobody with usable data is in the ring {', nor in '.join(empty)}.",
            "Join it with a neighbouring ring by leaving out one of proximity.edges_km, or add data.",
        )


def check_precision(table: Table, width_km: float, what: str) -> None:
    """Raise `NotEstimable` where places are known less precisely than the design needs."""
    if table.precision_km is not None and width_km < table.precision_km:
        raise NotEstimable(
            "finer_than_precision",
            f"Places are known to about {table.precision_km:g} km, and the {what} are as fine as {width_km:g} km.",
            f"Use distances of {table.precision_km:g} km or more, or more precise places.",
        )


def precision_note(table: Table) -> str:
    """How precisely places are known, in words, for every result."""
    if table.precision_km is not None:
        return f"Places are known to about {table.precision_km:g} km."
    if table.latitude is not None and table.distance_km is None:
        return "Places are known as precisely as coordinates with three decimals or more, to 0.1 km or better."
    return (
        "How precisely the places behind the distances are known is not stated (proximity.precision_km), so nothing"
        " keeps the radii from being finer."
    )


def n_units(table: Table, rows: np.ndarray) -> int:
    """How many units (rows, or the people behind them, where there is no unit) are among `rows`."""
    if table.unit is not None:
        return len(np.unique(table.unit.codes[rows]))
    return len(rows) if table.n is None else round(float(table.n[rows].sum()))


def _n_movers(table: Table, distance: np.ndarray, edges: np.ndarray, origin: np.ndarray) -> int:
    """How many units are later seen in another ring than at first."""
    if table.unit is None:
        return 0
    place = np.searchsorted(edges, distance, side="right")
    return len(np.unique(table.unit.codes[place != place[origin]]))

"""What stands in for a full postcode in a table that is kept: its district, a rounded distance, dates of exposure.

Exact distances to several sites can locate a home. Kept are the distance to the nearest site, to a
tenth of a kilometre, and when the first site within a few radii opened; never the postcode, its point, or a
distance to any other site.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from evaluations.datasets.gazetteer import Known, Places, district_of, is_postcode, plain
from evaluations.datasets.ingest_columns import MISSING, coded
from evaluations.datasets.ingest_periods import time_axis
from evaluations.datasets.ingest_places import PlaceColumns, points_of
from evaluations.datasets.ingest_raw import Problems, RawTable
from evaluations.stats.issues import Issue
from evaluations.stats.proximity.distances import cartesian_km, nearest_site, pairs_within
from evaluations.stats.results import Label

RADII_KM = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
ROUNDED_KM = 0.1
GUESSES = (
    ("latitude", ("latitude", "lat")),
    ("longitude", ("longitude", "long", "lon", "lng")),
    ("easting", ("easting", "eastings", "east", "x")),
    ("northing", ("northing", "northings", "north", "y")),
    ("postcode", ("postcode", "post code", "postal code")),
)
OPENED_NAMES = ("opened", "open", "opening", "opening_date", "opened_on", "start", "start_date", "open_date")


@dataclass(frozen=True)
class OpenedSites:
    """Where sites are, in degrees, and when each opened as the file writes it; null where it does not say."""

    latitude: np.ndarray
    longitude: np.ndarray
    opened: tuple[Label | None, ...] | None


@dataclass(frozen=True)
class StandIns:
    """Columns to keep in place of one of postcodes, and what to tell of them."""

    columns: dict[str, pa.Array]
    notices: tuple[Issue, ...]
    reason: str


def opened_sites(raw: RawTable, places: Places) -> OpenedSites | None:
    """The sites of a kept table, by the usual names of its columns; null where it does not say where they are."""
    by_name = {name.casefold(): name for name in raw.data.column_names}
    guessed = {role: next((by_name[n] for n in names if n in by_name), None) for role, names in GUESSES}
    columns = PlaceColumns(**guessed)
    points = points_of(raw, columns, Problems(), places)
    if points is None or not np.isfinite(points.latitude).any():
        return None
    known = np.isfinite(points.latitude)
    name = next((by_name[n] for n in OPENED_NAMES if n in by_name), None)
    opened = None
    if name is not None:
        column = coded(raw.data[name])
        labels = [None if code == MISSING else column.labels[code] for code in column.codes]
        opened = tuple(label for label, is_known in zip(labels, known, strict=True) if is_known)
    return OpenedSites(points.latitude[known], points.longitude[known], opened)


def stand_ins(raw: RawTable, name: str, problems: Problems, *, places: Places, sites: OpenedSites | None) -> StandIns:
    """What is kept in place of the postcodes in column `name`; postcodes that cannot be placed are noted by row."""
    texts = plain(raw.data[name])
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    district = np.where(is_postcode(whole), district_of(whole).to_numpy(zero_copy_only=False), None)
    kept: dict[str, pa.Array] = {f"{name}_district": pa.array(district, pa.string())}
    if sites is None or not len(places.postcode):
        lacking = "sites with places are uploaded" if len(places.postcode) else "a table of postcodes is loaded"
        notice = Issue(
            "distances_not_computed",
            f"Distances could not be worked out from {name}, because no {lacking.removeprefix('a ')}.",
            f"Once {lacking}, upload this file again: postcodes are not kept, so they cannot be used later.",
            column=name,
        )
        return StandIns(kept, (notice,), "Full postcodes are not kept. Their districts are.")
    points = points_of(raw, PlaceColumns(postcode=name), problems, places)
    if points is None:
        return StandIns(kept, (), "Full postcodes are not kept.")
    known = np.flatnonzero(np.isfinite(points.latitude))
    people = cartesian_km(points.latitude[known], points.longitude[known])
    where = cartesian_km(sites.latitude, sites.longitude)
    if len(known):
        kept |= _distances(people, where, known, raw.n_rows)
        kept |= _first_openings(people, where, known, raw.n_rows, sites)
    notices = (*(Issue("note", note) for note in points.notes), *points.remarks)
    return StandIns(
        kept,
        notices,
        "Full postcodes are not kept. Kept are their districts, the distance to the nearest site to a tenth of a"
        " kilometre, and when the first site opened within each of several distances.",
    )


def _distances(people: np.ndarray, where: np.ndarray, known: np.ndarray, n_rows: int) -> dict[str, pa.Array]:
    distance = np.full(n_rows, np.nan)
    distance[known] = np.round(nearest_site(people, where).distance_km / ROUNDED_KM) * ROUNDED_KM
    return {"distance_km": pa.array(np.round(distance, 1), pa.float64(), mask=np.isnan(distance))}


def _first_openings(
    people: np.ndarray, where: np.ndarray, known: np.ndarray, n_rows: int, sites: OpenedSites
) -> dict[str, pa.Array]:
    """When the first site within each radius opened, as the sites file writes it; nothing where none ever does."""
    if sites.opened is None:
        return {}
    dated = [label for label in sites.opened if label is not None]
    if not dated:
        return {}
    axis = time_axis(sorted(set(dated), key=str))
    order = np.array(
        [axis.keys.index(axis.key(label)) if label is not None else len(axis.keys) for label in sites.opened]
    )
    first = {radius: np.full(len(people), len(axis.keys)) for radius in RADII_KM}
    for pairs in pairs_within(people, where, max(RADII_KM)):
        for radius in RADII_KM:
            near = pairs.distance_km <= radius
            np.minimum.at(first[radius], pairs.person[near], order[pairs.site[near]])
    labels = [*map(str, axis.labels), None]
    kept = {}
    for radius, places in first.items():
        column: list[str | None] = [None] * n_rows
        for row, place in zip(known.tolist(), places.tolist(), strict=True):
            column[row] = labels[place]
        kept[f"first_open_within_{radius:g}_km".replace(".", "_")] = pa.array(column, pa.string())
    return kept


@dataclass(frozen=True)
class Whereabouts:
    """How to get at what is known of places and sites; nothing is read unless a file has postcodes or sites.

    `known` gives points that are surely on land.
    """

    places: Callable[[], Places] = Places
    sites: Callable[[], RawTable | None] = lambda: None
    known: Callable[[], Known | None] = lambda: None

    def stand_ins(self, raw: RawTable, name: str, problems: Problems) -> StandIns:
        """What is kept in place of the postcodes in column `name`."""
        places, sites = self.places(), self.sites()
        return stand_ins(
            raw, name, problems, places=places, sites=None if sites is None else opened_sites(sites, places)
        )


def placed_sites(raw: RawTable, problems: Problems, whereabouts: Whereabouts) -> RawTable:
    """A table of sites without postcodes: they have become degrees, unless it says where sites are by itself."""
    by_name = {name.casefold(): name for name in raw.data.column_names}
    postcode = next((by_name[n] for n in GUESSES[4][1] if n in by_name), None)
    if postcode is None:
        return raw
    data = raw.data.drop_columns([postcode])
    if any(set(names) & set(by_name) for _, names in GUESSES[:4]):
        return replace(raw, data=data, header=tuple(name for name in raw.header if name != postcode))
    places = whereabouts.places()
    points = points_of(raw, PlaceColumns(postcode=postcode), problems, places, what=" of the sites file")
    if points is None:
        return raw
    for name, values in (("latitude", points.latitude), ("longitude", points.longitude)):
        data = data.append_column(name, pa.array(values.round(5), pa.float64(), mask=np.isnan(values)))
    header = (*(name for name in raw.header if name != postcode), "latitude", "longitude")
    notes = (*raw.notes, *(remark.message for remark in points.remarks))
    return replace(raw, data=data, header=header, notes=notes)

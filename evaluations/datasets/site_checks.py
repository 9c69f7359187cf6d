"""Checks of a file of sites before any design is stated, and the sites in one that was kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from evaluations.datasets.gazetteer import Known, Places
from evaluations.datasets.ingest_columns import MISSING, coded
from evaluations.datasets.ingest_periods import PARSERS, time_axis
from evaluations.datasets.ingest_raw import Problems, RawTable
from evaluations.datasets.ingest_sites import is_no_day, sites_of
from evaluations.datasets.postcode_distances import GUESSES, OPENED_NAMES
from evaluations.stats.issues import Issue
from evaluations.stats.proximity.distances import arc_km, cartesian_km
from evaluations.stats.results import Label
from evaluations.stats.spec import Columns, Proximity, SiteColumns, Spec

NAME_NAMES = ("name", "site", "site_name", "site name", "centre", "hub", "title")
CLOSED_NAMES = ("closed", "closed_on", "closing", "closing_date", "close_date", "end", "end_date")
KIND_NAMES = ("kind", "type", "category", "site_type", "site type")
LEAST_FAR_KM = 5.0
SAME_PLACE_KM = 0.05
REMARKS_ONLY = ("opened_missing",)
"""Problems that keep a design from being run, but not a file from being taken in."""


@dataclass(frozen=True)
class SiteRow:
    """One site of a kept file, in the file's own words."""

    line: int
    name: str
    latitude: float
    longitude: float
    opened: Label | None
    closed: Label | None
    kind: Label | None = None


def guessed_columns(raw: RawTable) -> SiteColumns:
    """Which columns hold what, by their usual names."""
    by_name = {name.casefold(): name for name in raw.data.column_names}

    def first(names: tuple[str, ...]) -> str | None:
        return next((by_name[name] for name in names if name in by_name), None)

    where = {role: first(names) for role, names in GUESSES}
    if where["latitude"] and where["longitude"]:
        where |= {"easting": None, "northing": None, "postcode": None}
    return SiteColumns(name=first(NAME_NAMES), opened=first(OPENED_NAMES), closed=first(CLOSED_NAMES), **where)


def check_sites(raw: RawTable, problems: Problems, *, places: Places, known: Known | None) -> list[Issue]:
    """Note every site that cannot be right; give remarks on those that may not be."""
    columns = guessed_columns(raw)
    if not ((columns.latitude and columns.longitude) or (columns.easting and columns.northing)):
        return [
            Issue(
                "site_places_not_recognised",
                "No columns called latitude and longitude, or easting and northing, were found.",
                "Name the columns of the sites' places when you state the design.",
            )
        ]
    found, spec = Problems(), _spec_for(columns)
    _check_dates(raw, columns, found)
    axis = None
    if columns.opened and not found.issues:
        labels = coded(raw.data[columns.opened]).labels
        axis = time_axis(labels) if labels else None
    sites = sites_of(raw, spec, found, axis=axis, places=places)
    problems.include(issue for issue in found.issues if issue.code not in REMARKS_ONLY)
    remarks = [issue for issue in found.issues if issue.code in REMARKS_ONLY]
    remarks += _side_by_side(raw, sites.latitude, sites.longitude, columns)
    if known is not None:
        far = far_from_known(sites.latitude, sites.longitude, known)
        remarks += [_far(raw.line(int(row)), columns) for row in np.flatnonzero(far)]
    return remarks


def _side_by_side(raw: RawTable, latitude: np.ndarray, longitude: np.ndarray, columns: SiteColumns) -> Iterator[Issue]:
    """A remark on each site that stands where one before it stands, under another name."""
    placed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    tree = cKDTree(cartesian_km(latitude[placed], longitude[placed]))
    for first, second in sorted(tree.query_pairs(SAME_PLACE_KM), key=lambda pair: pair[1]):
        lines = raw.line(int(placed[first])), raw.line(int(placed[second]))
        yield Issue(
            "sites_side_by_side",
            f"Row {lines[1]}: the site stands where that of row {lines[0]} stands, under another name.",
            "If they are one site, keep one row for it; if they are two, or one after the other, nothing needs doing.",
            row=lines[1],
            column=columns.name,
        )


def _spec_for(columns: SiteColumns) -> Spec:
    return Spec(columns=Columns(), method="proximity", proximity=Proximity(site_columns=columns))


def _check_dates(raw: RawTable, columns: SiteColumns, problems: Problems) -> None:
    """Note dates that nobody could read."""
    for name in (columns.opened, columns.closed):
        if name is None:
            continue
        column = coded(raw.data[name])
        for code, label in enumerate(column.labels):
            if any(parse(label) is not None for kind, parse in PARSERS.items() if kind != "text"):
                continue
            impossible = is_no_day(label)
            what = "there is no such day" if impossible else "this is no date or year"
            problems.add_rows(
                "date_impossible" if impossible else "date_unreadable",
                raw,
                np.flatnonzero(column.codes == code),
                f"Row {{row}} of the sites file, column {name}: {what}.",
                "Correct the date." if impossible else "Write dates as 2014-09-01, or years as 2014.",
                name,
            )


def far_from_known(latitude: np.ndarray, longitude: np.ndarray, known: Known) -> np.ndarray:
    """Sites farther from the nearest known place than three others are from that place: perhaps in the sea, bool.

    Without boundaries this is a judgement by distance: of small areas in the United Kingdom 3 in 100
    are so far from the nearest authority's centre, and most points at sea are.
    """
    placed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    far = np.zeros(len(latitude), dtype=bool)
    if not len(placed) or len(known.latitude) < 4:
        return far
    points = cartesian_km(known.latitude, known.longitude)
    tree = cKDTree(points)
    away, nearest = tree.query(cartesian_km(latitude[placed], longitude[placed]))
    spacing = tree.query(points[nearest], k=4)[0][:, 3]
    far[placed] = arc_km(away) > np.maximum(LEAST_FAR_KM, arc_km(spacing))
    return far


def _far(line: int, columns: SiteColumns) -> Issue:
    return Issue(
        "site_far_from_places",
        f"Row {line}: the site is far from any known place. It may be in the sea, or outside the United Kingdom.",
        "Look at it on the map, and correct its place if it is wrong.",
        row=line,
        column=columns.latitude or columns.easting,
    )


def site_rows(raw: RawTable, places: Places) -> list[SiteRow]:
    """The sites that have a place, in the order of the file."""
    columns = guessed_columns(raw)
    sites = sites_of(raw, _spec_for(columns), Problems(), axis=None, places=places)
    opened, closed = _labels(raw, columns.opened), _labels(raw, columns.closed)
    by_name = {name.casefold(): name for name in raw.data.column_names}
    kinds = _labels(raw, next((by_name[name] for name in KIND_NAMES if name in by_name), None))
    return [
        SiteRow(raw.line(row), name, float(latitude), float(longitude), opened[row], closed[row], kinds[row])
        for row, (name, latitude, longitude) in enumerate(
            zip(sites.names, sites.latitude, sites.longitude, strict=True)
        )
        if np.isfinite(latitude) and np.isfinite(longitude)
    ]


def _labels(raw: RawTable, name: str | None) -> list[Label | None]:
    if name is None:
        return [None] * raw.n_rows
    column = coded(raw.data[name])
    return [None if code == MISSING else column.labels[code] for code in column.codes]

"""Reads the places that opened: where they are, and from which period to which, checked row by row."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from evaluations.datasets.gazetteer import Places
from evaluations.datasets.ingest_calendar import PERIODS_A_YEAR, place_of, step_of
from evaluations.datasets.ingest_columns import MISSING, coded
from evaluations.datasets.ingest_periods import PARSERS, TimeAxis
from evaluations.datasets.ingest_places import PlaceColumns, points_of
from evaluations.datasets.ingest_raw import Problems, RawTable, near, shown
from evaluations.stats.results import Label
from evaluations.stats.spec import SiteColumns, Spec
from evaluations.stats.table import Sites

OF_THE_FILE = " of the sites file"
DUPLICATE_DEGREES = 5e-4
"""Two sites of one name no further apart than this (about 50 m) are one written twice."""

DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def is_no_day(label: Label) -> bool:
    """Whether it is written as a day of the calendar and there is no such day, as 2003-02-31."""
    parsers = [parse for kind, parse in PARSERS.items() if kind != "text"]
    return bool(DAY.fullmatch(str(label).strip())) and all(parse(label) is None for parse in parsers)


def sites_of(
    raw: RawTable, spec: Spec, problems: Problems, *, axis: TimeAxis | None, places: Places | None = None
) -> Sites:
    """The sites in a table, their dates on the calendar of the outcome data.

    Notes every problem: columns missing, places that cannot be, sites written twice, dates that
    cannot be placed or follow one another the wrong way.
    """
    problems.include(raw.issues)
    reading = _Reading(raw, problems, axis)
    roles = spec.proximity.site_columns
    latitude, longitude = reading.points(roles, places)
    is_dated = spec.columns.post is None or roles.opened in raw.data.column_names
    opened = reading.times(roles.opened if is_dated else None, "opened", np.nan)
    closed = reading.times(roles.closed, "closed", np.inf)
    names = reading.names(roles.name)
    reading.check_order(opened, closed, roles.closed or "")
    reading.check_repeats(names, latitude, longitude, roles.name or "name")
    return Sites(names, latitude, longitude, opened, closed)


@dataclass
class _Reading:
    raw: RawTable
    problems: Problems
    axis: TimeAxis | None

    def has(self, name: str | None, role: str) -> bool:
        """Whether the column is there; noted where it is named and is not."""
        if name is not None and name not in self.raw.data.column_names:
            self.problems.add(
                "column_missing",
                f"The sites file has no column {name}, which the design names as {role}.",
                near(name, self.raw.header),
                row=1,
                column=name,
            )
        return name is not None and name in self.raw.data.column_names

    def names(self, name: str | None) -> tuple[str, ...]:
        """The sites' names, numbered where they have none."""
        numbered = tuple(f"site {position}" for position in range(1, self.raw.n_rows + 1))
        if name not in self.raw.data.column_names:
            return numbered
        column = coded(self.raw.data[name])
        return tuple(
            spare if code == MISSING else str(column.labels[code])
            for code, spare in zip(column.codes, numbered, strict=True)
        )

    def points(self, roles: SiteColumns, places: Places | None) -> tuple[np.ndarray, np.ndarray]:
        """Degrees of the sites, NaN where noted. Grid references and postcodes go before the default columns."""
        nothing = np.full(self.raw.n_rows, np.nan)
        if roles.easting or roles.northing:
            columns = PlaceColumns(easting=roles.easting, northing=roles.northing)
        elif roles.postcode:
            columns = PlaceColumns(postcode=roles.postcode)
        else:
            columns = PlaceColumns(latitude=roles.latitude, longitude=roles.longitude)
        named = {role: name for role, name in vars_of(columns).items() if name}
        if not named:
            self.problems.add(
                "sites_without_place",
                "The design does not say which columns of the sites file hold their places.",
                "Name latitude and longitude, easting and northing, or postcode in proximity.site_columns.",
            )
            return nothing, nothing
        present = [self.has(name, role) for role, name in named.items()]
        if not all(present):
            return nothing, nothing
        points = points_of(self.raw, columns, self.problems, places, what=OF_THE_FILE)
        if points is None:
            return nothing, nothing
        column = next(iter(named.values()))
        read = [name for name in named.values() if self.raw.data[name].null_count]
        empty = np.zeros(self.raw.n_rows, bool)
        for name in read:
            empty |= self.raw.data[name].is_null().to_numpy()
        self.problems.add_rows(
            "site_without_place",
            self.raw,
            np.flatnonzero(empty),
            "Row {row} of the sites file says nothing of where the site is.",
            "Give each site its place, or take it out.",
            column,
        )
        return points.latitude, points.longitude

    def times(self, name: str | None, role: str, missing: float) -> np.ndarray:
        """Places on the calendar; `missing` for an empty cell, a problem where that is NaN."""
        if name is None or (role == "closed" and name not in self.raw.data.column_names):
            return np.full(self.raw.n_rows, -np.inf if role == "opened" else np.inf)
        if not self.has(name, role):
            return np.full(self.raw.n_rows, np.nan)
        column = coded(self.raw.data[name])
        if np.isnan(missing):
            self.problems.add_rows(
                "opened_missing",
                self.raw,
                np.flatnonzero(column.codes == MISSING),
                f"Row {{row}} of the sites file has no opening date in {name}.",
                "Give the date each site opened, or take the site out.",
                name,
            )
        places = [self._place(label, name, column.codes == code) for code, label in enumerate(column.labels)]
        return np.array([*places, missing], dtype=float)[column.codes]

    def check_order(self, opened: np.ndarray, closed: np.ndarray, column: str) -> None:
        """A site closes after it opens, and neither before 1800 nor after 2200."""
        in_a_year = PERIODS_A_YEAR.get(step_of(self.axis) or "") if self.axis is not None else None
        if in_a_year is not None:
            for times in (opened, closed):
                year = times / in_a_year
                self.problems.add_rows(
                    "date_impossible",
                    self.raw,
                    np.flatnonzero(np.isfinite(year) & ((year < 1800) | (year > 2200))),
                    "Row {row} of the sites file has a date that cannot be meant.",
                    "Correct the date.",
                    column,
                )
        self.problems.add_rows(
            "closed_before_opened",
            self.raw,
            np.flatnonzero(closed < opened),
            "Row {row} of the sites file: the site closes before it opens.",
            "Correct the dates; leave the closing empty where the site is open still.",
            column,
        )

    def check_repeats(self, names: tuple[str, ...], latitude: np.ndarray, longitude: np.ndarray, column: str) -> None:
        """No site is written twice under one name."""
        seen: dict[str, list[int]] = {}
        for row, name in enumerate(names):
            for other in seen.setdefault(name.casefold().strip(), []):
                apart = max(abs(latitude[row] - latitude[other]), abs(longitude[row] - longitude[other]))
                if apart <= DUPLICATE_DEGREES:
                    line, first = self.raw.line(row), self.raw.line(other)
                    self.problems.add(
                        "site_repeated",
                        f"Row {line} of the sites file is the site of row {first} again.",
                        "Keep one row for each site.",
                        row=line,
                        column=column,
                    )
                    break
            seen[name.casefold().strip()].append(row)

    def _place(self, label: Label, name: str, rows: np.ndarray) -> float:
        if self.axis is None:
            return -np.inf
        place = place_of(self.axis, label)
        if place is None:
            line = self.raw.line(int(np.flatnonzero(rows)[0]))
            if is_no_day(label):
                self.problems.add(
                    "date_impossible",
                    f"Row {line} of the sites file, column {name}: there is no such day.",
                    "Correct the date.",
                    row=line,
                    column=name,
                )
                return np.nan
            self.problems.add(
                "date_unreadable",
                f"Row {line} of the sites file, column {name}: {shown(label)} cannot be placed among the periods of "
                f"the outcome data, such as {self.axis.labels[0]}.",
                "Write dates as 2014-09-01, or as the periods are written.",
                row=line,
                column=name,
            )
            return np.nan
        return place


def vars_of(columns: PlaceColumns) -> dict[str, str | None]:
    """Role to column of `columns`, in order."""
    return {
        role: getattr(columns, role)
        for role in ("latitude", "longitude", "easting", "northing", "postcode", "small_area", "district")
    }

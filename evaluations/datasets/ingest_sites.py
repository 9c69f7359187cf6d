"""Reads the places that opened: where they are, and from which period to which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.datasets.ingest_calendar import place_of
from evaluations.datasets.ingest_columns import MISSING, coded, numbers
from evaluations.datasets.ingest_periods import TimeAxis
from evaluations.datasets.ingest_raw import Problems, RawTable, near, shown
from evaluations.stats.results import Label
from evaluations.stats.spec import Spec
from evaluations.stats.table import Sites


def sites_of(raw: RawTable, spec: Spec, problems: Problems, *, axis: TimeAxis | None) -> Sites:
    """The sites in a table, their dates on the calendar of the outcome data's periods.

    Notes every problem: columns missing, places without coordinates, dates that cannot be placed.
    """
    problems.include(raw.issues)
    reading = _Reading(raw, problems, axis)
    roles = spec.proximity.site_columns
    latitude = reading.coordinate(roles.latitude, "latitude", 90)
    longitude = reading.coordinate(roles.longitude, "longitude", 180)
    opened = reading.times(roles.opened, "opened", np.nan)
    closed = reading.times(roles.closed, "closed", np.inf)
    names = reading.names(roles.name)
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

    def coordinate(self, name: str | None, role: str, limit: float) -> np.ndarray:
        """Degrees, shape (n_sites,), with every cell that is none noted."""
        if not self.has(name, role):
            return np.full(self.raw.n_rows, np.nan)
        read = numbers(self.raw.data[name])
        wrong = ~(np.abs(read.values) <= limit)
        self.problems.add_rows(
            f"{role}_out_of_range",
            self.raw,
            np.flatnonzero(wrong),
            f"Row {{row}} of the sites file, column {name}: {role} must be a number between -{limit} and {limit}.",
            "Give each site its latitude and longitude in degrees.",
            name or role,
        )
        return read.values

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

    def _place(self, label: Label, name: str, rows: np.ndarray) -> float:
        if self.axis is None:
            return -np.inf
        place = place_of(self.axis, label)
        if place is None:
            line = self.raw.line(int(np.flatnonzero(rows)[0]))
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

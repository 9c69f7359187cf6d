"""Where the rows of a table are: coordinates, grid references, postcodes, small areas or districts to degrees.

A postcode is looked up and let go: no message, note or table that leaves this module contains one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.datasets.gazetteer import Places, is_postcode, pack_plain, plain
from evaluations.datasets.grid import degrees_of_grid, is_in_box, is_on_grid, rounding_km, rounding_of_distances
from evaluations.datasets.ingest_columns import numbers
from evaluations.datasets.ingest_raw import Problems, RawTable
from evaluations.stats.issues import Issue

CODE_ROLES = ("postcode", "small_area", "district")
"""Roles that are looked up, the most precise first."""
LOADED_BY = {
    "postcode": "Give --postcodes FILE, or load one with manage.py load_postcodes.",
    "district": "Give --postcodes FILE, or load one with manage.py load_postcodes.",
    "small_area": "Load a file of small areas with manage.py load_small_areas, or give it as --postcodes FILE.",
}
ROWS_NAMED = 5
WORDS = {"postcode": "postcode", "small_area": "small area", "district": "postcode district"}


@dataclass(frozen=True)
class PlaceColumns:
    """Which columns say where a row is, null where none does."""

    latitude: str | None = None
    longitude: str | None = None
    easting: str | None = None
    northing: str | None = None
    postcode: str | None = None
    small_area: str | None = None
    district: str | None = None


@dataclass(frozen=True)
class Points:
    """Degrees by row, NaN where not known, and how precisely they place a home (null: as an address).

    `remarks` are on rows that can be used and may still be wrong.
    """

    latitude: np.ndarray
    longitude: np.ndarray
    precision_km: float | None = None
    notes: tuple[str, ...] = ()
    remarks: tuple[Issue, ...] = ()


def precision_of(points: Points | None, distance_km: np.ndarray | None, declared_km: float | None) -> float | None:
    """How precisely the rows' places are known: what is declared, or coarser where the figures themselves are."""
    told = [points.precision_km if points is not None else None, declared_km]
    if distance_km is not None:
        told.append(rounding_of_distances(distance_km))
    return max((each for each in told if each is not None), default=None)


def points_of(
    raw: RawTable, columns: PlaceColumns, problems: Problems, places: Places | None, *, what: str = ""
) -> Points | None:
    """The points of the rows from the most precise columns there are; null where no column says.

    Every cell that cannot be a place is noted. `what` is put before "row" in messages ("sites file, ").
    """
    reading = _Reading(raw, problems, places or Places(), what)
    if columns.latitude and columns.longitude:
        return reading.degrees(columns.latitude, columns.longitude)
    if columns.easting and columns.northing:
        return reading.grid(columns.easting, columns.northing)
    for role in CODE_ROLES:
        if name := getattr(columns, role):
            return reading.codes(role, name)
    half = next((name for name in (columns.latitude, columns.longitude, columns.easting, columns.northing) if name), "")
    if half:
        problems.add(
            "coordinate_alone",
            f"{half} is one coordinate of two.",
            "Name both latitude and longitude, or both easting and northing.",
            column=half,
        )
    return None


@dataclass
class _Reading:
    raw: RawTable
    problems: Problems
    places: Places
    what: str

    def degrees(self, latitude_name: str, longitude_name: str) -> Points:
        """Points from degrees. Swapped, zero and grid-like coordinates are noted."""
        latitude, longitude = self._numbers(latitude_name), self._numbers(longitude_name)
        known = np.isfinite(latitude) & np.isfinite(longitude)
        zero = known & (latitude == 0) & (longitude == 0)
        grid = known & ((np.abs(latitude) > 90) | (np.abs(longitude) > 180)) & is_on_grid(longitude, latitude)
        grid |= known & ((np.abs(latitude) > 90) | (np.abs(longitude) > 180)) & is_on_grid(latitude, longitude)
        swapped = known & ~is_in_box(latitude, longitude) & is_in_box(longitude, latitude)
        self._note(
            "coordinates_zero", zero, latitude_name, "latitude and longitude are both 0, which is a place in the sea.",
            "Leave the cells empty where the place is not known.",
        )  # fmt: skip
        self._note(
            "coordinates_are_grid", grid, latitude_name, "the numbers look like a grid reference in metres.",
            "Name the columns as easting and northing; do not mix the two in one column.",
        )  # fmt: skip
        self._note(
            "coordinates_swapped", swapped, latitude_name, "latitude and longitude look swapped.",
            "In the United Kingdom latitude is 49 to 61 and longitude -9 to 2: swap the columns' roles or the cells.",
        )  # fmt: skip
        wrong = known & ~grid & ((np.abs(latitude) > 90) | (np.abs(longitude) > 180))
        self._note(
            "coordinates_out_of_range", wrong, latitude_name, "these are not degrees of latitude and longitude.",
            "Latitude lies between -90 and 90 and longitude between -180 and 180.",
        )  # fmt: skip
        outside = known & ~is_in_box(latitude, longitude) & ~(zero | grid | swapped | wrong)
        notes: tuple[str, ...] = ()
        if outside.any() and outside.sum() < known.sum() / 2:
            self._note(
                "coordinates_outside_uk", outside, latitude_name, "the place is outside the United Kingdom.",
                "Correct the coordinates, or leave them empty.",
            )  # fmt: skip
        elif outside.any():
            notes = ("Most places are outside the United Kingdom.",)
        return Points(latitude, longitude, rounding_km(latitude, longitude), notes)

    def grid(self, easting_name: str, northing_name: str) -> Points:
        """Points from the British National Grid, in metres. Degrees and references off the grid are noted."""
        easting, northing = self._numbers(easting_name), self._numbers(northing_name)
        known = np.isfinite(easting) & np.isfinite(northing)
        zero = known & (easting == 0) & (northing == 0)
        degrees = known & ~zero & (np.abs(easting) <= 180) & (np.abs(northing) <= 180)
        swapped = known & ~is_on_grid(easting, northing) & is_on_grid(northing, easting) & ~degrees & ~zero
        wrong = known & ~is_on_grid(easting, northing) & ~(degrees | zero | swapped)
        self._note(
            "coordinates_zero", zero, easting_name, "easting and northing are both 0.",
            "Leave the cells empty where the place is not known.",
        )  # fmt: skip
        self._note(
            "coordinates_are_degrees", degrees, easting_name, "the numbers look like degrees, not metres on the grid.",
            "Name the columns as latitude and longitude; do not mix the two in one column.",
        )  # fmt: skip
        self._note(
            "coordinates_swapped", swapped, easting_name, "easting and northing look swapped.",
            "Swap the columns' roles or the cells.",
        )  # fmt: skip
        self._note(
            "coordinates_off_grid", wrong, easting_name, "the numbers are no British National Grid reference.",
            "Eastings are 0 to 800,000 and northings 0 to 1,300,000 metres; Northern Ireland has another grid.",
        )  # fmt: skip
        usable = known & ~(zero | degrees | swapped | wrong)
        latitude, longitude = degrees_of_grid(np.where(usable, easting, np.nan), np.where(usable, northing, np.nan))
        whole_km = usable.any() and not (easting[usable] % 1000).any() and not (northing[usable] % 1000).any()
        return Points(latitude, longitude, 0.5 if whole_km else None)

    def codes(self, role: str, name: str) -> Points:
        """Points looked up by code. Codes that are not known are noted by row, never shown."""
        gazetteer, word = self.places.of(role), WORDS[role]
        texts = plain(self.raw.data[name])
        packed = pack_plain(texts)
        given = np.asarray(texts.to_numpy(zero_copy_only=False)) != ""
        if not len(gazetteer):
            self.problems.add(
                f"{role}s_not_loaded",
                f"{name} holds {word}s, and there is no table that says where they are.",
                LOADED_BY[role],
                column=name,
            )
            return Points(np.full(len(packed), np.nan), np.full(len(packed), np.nan))
        place = gazetteer.find(packed)
        malformed = given & ~is_postcode(texts) if role == "postcode" else np.zeros(len(packed), bool)
        self._note(
            "postcode_malformed", malformed, name, "this is not a full postcode.",
            "Write it as in SW1A 1AA, or leave the cell empty: the row is then left out and counted.",
        )  # fmt: skip
        self._note(
            f"{role}_unknown", given & ~malformed & (place < 0), name, f"this {word} is not in the table of places.",
            "Correct it, load a newer table, or leave the cell empty: the row is then left out and counted.",
        )  # fmt: skip
        found = place >= 0
        latitude = np.where(found, gazetteer.latitude[place] if len(gazetteer) else np.nan, np.nan)
        longitude = np.where(found, gazetteer.longitude[place], np.nan)
        self._note(
            f"{role}_without_place", found & np.isnan(latitude), name, f"the table has no place for this {word}.",
            "Leave the cell empty: the row is then left out and counted.",
        )  # fmt: skip
        ended = np.flatnonzero(found & gazetteer.is_terminated[place])
        precision = gazetteer.precision_km(place[found])
        note = f"Places are those of {word}s, which stand for homes to about {precision:g} km."
        return Points(latitude, longitude, precision, (note,), self._terminated(ended, name))

    def _terminated(self, rows: np.ndarray, name: str) -> tuple[Issue, ...]:
        """What to say of rows whose postcode is no longer in use; nothing where there are none."""
        if not len(rows):
            return ()
        lines = [str(self.raw.line(int(row))) for row in rows[:ROWS_NAMED]]
        more = f" and {len(rows) - len(lines):,} more" if len(rows) > len(lines) else ""
        one = len(rows) == 1
        return (
            Issue(
                "postcode_terminated",
                f"Column {name}: {len(rows):,} {'row has' if one else 'rows have'} a postcode no longer in use"
                f" (row{'' if one else 's'} {', '.join(lines)}{more}{self.what}); its last known place is used.",
                "Where the address is from after its postcode ended, correct it, or leave the cell empty: the row is"
                " then left out and counted.",
                row=self.raw.line(int(rows[0])),
                column=name,
            ),
        )

    def _numbers(self, name: str) -> np.ndarray:
        read = numbers(self.raw.data[name])
        self._note(
            "not_a_number", np.isin(np.arange(self.raw.n_rows), read.bad), name, "this is not a number.",
            "Write coordinates as numbers.",
        )  # fmt: skip
        return np.where(np.isfinite(read.values), read.values, np.nan)

    def _note(self, code: str, rows: np.ndarray, column: str, problem: str, hint: str) -> None:
        self.problems.add_rows(
            code, self.raw, np.flatnonzero(rows), f"Row {{row}}{self.what}, column {column}: {problem}", hint, column
        )

"""Reads published files of places: names and codes, lookups between levels, changes of codes, and boundaries.

Four shapes, told by their columns, as the Office for National Statistics' Open Geography Portal publishes them:

- `names`: a column of codes and one of names for one level or several, such as LAD25CD, LAD25NM, or a lookup with
  CTYUA25CD, CAUTH25CD, RGN25CD or CTRY25CD beside them: what a row names first lies within what it names next.
- `changes`: the Code History Database's changes: GEOGCD, GEOGNM, GEOGCD_P, GEOGNM_P and YEAR or OPER_DATE.
- `boundaries`: GeoJSON in degrees of longitude and latitude whose features have such a code, or `areacd`.

The letter and two figures a code starts with say what kind of place it is, so no column of kinds is needed.
"""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.places.models import PlaceKind

KINDS: Mapping[str, PlaceKind] = {
    **dict.fromkeys(("K02", "K03", "K04"), PlaceKind.COUNTRY),
    **dict.fromkeys(("E92", "W92", "S92", "N92"), PlaceKind.NATION),
    "E12": PlaceKind.REGION,
    "E47": PlaceKind.COMBINED_AUTHORITY,
    **dict.fromkeys(("E06", "E08", "E09", "E10", "W06", "S12", "N09"), PlaceKind.UPPER_TIER),
    "E07": PlaceKind.LOWER_TIER,
}
NATIONS = {"E": "England", "W": "Wales", "S": "Scotland", "N": "Northern Ireland"}
LEVELS = ("LTLA", "LAD", "UTLA", "CTYUA", "CTY", "RGN", "CTRY", "NAT")
"""What columns' names begin with, from the smallest places to the largest; combined authorities stand apart."""
COLUMN = re.compile(rf"^({'|'.join(LEVELS)}|CAUTH|CAUTHS)(\d\d)(CD|NM)$")
CHANGES = {"GEOGCD", "GEOGNM", "GEOGCD_P", "GEOGNM_P"}
CODE = re.compile(r"^[EWSNK]\d{8}$")
GRID_DEGREES = 0.01
"""Boundaries are snapped to a grid this wide (about a kilometre): neighbours keep one border and no gap opens."""

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: the line it stands on (the header is line 1), the column, the reason, the cure."""

    message: str
    hint: str
    line: int | None = None
    column: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.column) if part)
        return f"{where}: {self.message} {self.hint}" if where else f"{self.message} {self.hint}"


class PlacesRefused(ValueError):
    """The file cannot be loaded. Carries every problem found, at least one; nothing was changed."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, problems)))


@dataclass
class NamedPlace:
    """A place as a file names it, with the code of what it lies within and of its combined authority."""

    code: str
    name: str
    kind: PlaceKind
    parent: str = ""
    combined_authority: str = ""


@dataclass(frozen=True)
class CodeChange:
    """One place that came from another: a new code, a merger, a split or, under one code, a new name."""

    code: str
    name: str
    previous_code: str
    previous_name: str
    year: int
    note: str


@dataclass
class ReadPlaces:
    """What a file turned out to hold. `left_out` counts rows that are no places known here, by reason."""

    shape: str
    vintage: str = ""
    rows: int = 0
    places: dict[str, NamedPlace] = field(default_factory=dict)
    changes: list[CodeChange] = field(default_factory=list)
    boundaries: dict[str, tuple[Ring, ...]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, reason: str) -> None:
        """Count a row that is left out."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


def read_places(path: Path) -> ReadPlaces:
    """The places, changes or boundaries in a published file. Raises `PlacesRefused` with every problem."""
    problems: list[Problem] = []
    if path.suffix.lower() in {".geojson", ".json"}:
        found = _read_boundaries(path, problems)
    else:
        found = _read_table(path, problems)
    if not problems and not (found.places or found.changes or found.boundaries):
        problems.append(Problem("The file names no place that is known here.", "Check that it is the right file."))
    if problems:
        raise PlacesRefused(problems)
    return found


def kind_of(code: str) -> PlaceKind | None:
    """The kind of place that a code is of; None where it is of none known here."""
    return KINDS.get(code[:3])


def _read_table(path: Path, problems: list[Problem]) -> ReadPlaces:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [name or "" for name in reader.fieldnames or ()]
            rows = [(line, {key: (value or "").strip() for key, value in row.items() if key}) for line, row in
                    enumerate(reader, 2)]  # fmt: skip
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PlacesRefused([Problem("The file cannot be read as CSV.", f"Save it as UTF-8 CSV. ({error})")]) from error
    if set(columns) >= CHANGES:
        return _read_changes(rows, problems)
    levels = _levels(columns)
    if not levels:
        known = ", ".join((*LEVELS, "CAUTH"))
        hint = f"Columns are such as LAD25CD and LAD25NM (levels: {known}), or {', '.join(sorted(CHANGES))}."
        problems.append(Problem("The file is in no shape that is known.", hint, 1, ", ".join(columns)[:200]))
        return ReadPlaces("names")
    return _read_names(rows, levels, problems)


@dataclass(frozen=True)
class _Level:
    level: str
    year: str
    code: str
    name: str


def _levels(columns: list[str]) -> list[_Level]:
    """The levels that the columns name, smallest first, combined authorities last."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for column in columns:
        match = COLUMN.match(column.strip().upper())
        if match:
            found.setdefault((match[1], match[2]), {})[match[3]] = column
    named = [_Level(level, year, parts["CD"], parts.get("NM", "")) for (level, year), parts in found.items() if
             "CD" in parts]  # fmt: skip
    order = [*LEVELS, "CAUTH", "CAUTHS"]
    return sorted(named, key=lambda each: order.index(each.level))


def _read_names(rows: list[tuple[int, dict[str, str]]], levels: list[_Level], problems: list[Problem]) -> ReadPlaces:
    found = ReadPlaces("names", vintage=f"20{levels[0].year}", rows=len(rows))
    for line, row in rows:
        chain: list[NamedPlace] = []
        for each in levels:
            place = _named(line, row, each, found, problems)
            if place is None:
                continue
            if place.kind == PlaceKind.COMBINED_AUTHORITY:
                for below in chain[:1]:
                    below.combined_authority = place.code
            elif not chain or chain[-1].code != place.code:
                chain.append(place)
        for below, above in itertools.pairwise(chain):
            _lie_within(below, above.code, line, problems)
    return found


def _named(
    line: int, row: dict[str, str], level: _Level, found: ReadPlaces, problems: list[Problem]
) -> NamedPlace | None:
    """The place that a row names at a level; None where it names none or what it names cannot be taken."""
    code, name = row.get(level.code, ""), row.get(level.name, "")
    if not code:
        return None
    if CODE.match(code) and code[1:] == "99999999":
        found.leave_out("codes that stand for no place")
        return None
    if not CODE.match(code):
        hint = "An official code is a letter and eight figures, such as E08000003."
        problems.append(Problem(f"{code[:40]!r} is not an official code.", hint, line, level.code))
        return None
    kind = kind_of(code)
    if kind is None:
        hint = f"Kinds known here begin {', '.join(sorted(KINDS))}."
        problems.append(Problem(f"{code} is of a kind of place that is not known here.", hint, line, level.code))
        return None
    if level.name and not name:
        problems.append(Problem(f"{code} has no name.", "Give each code its name.", line, level.name))
        return None
    there = found.places.setdefault(code, NamedPlace(code, name or code, kind))
    if name and there.name != name:
        hint = "Keep one name for each code."
        problems.append(Problem(f"{code} is called {there.name!r} and {name!r}.", hint, line, level.name))
    return there


def _lie_within(below: NamedPlace, above: str, line: int, problems: list[Problem]) -> None:
    if below.parent and below.parent != above:
        message = f"{below.name} lies within both {below.parent} and {above}."
        problems.append(Problem(message, "Keep the one that is right.", line))
    below.parent = above


def _read_changes(rows: list[tuple[int, dict[str, str]]], problems: list[Problem]) -> ReadPlaces:
    found = ReadPlaces("changes", rows=len(rows))
    for line, row in rows:
        code, before = row["GEOGCD"], row["GEOGCD_P"]
        if kind_of(code) is None:
            found.leave_out("of a kind of place that is not known here")
            continue
        if not before or (before == code and row["GEOGNM"] == row["GEOGNM_P"]):
            found.leave_out("neither a new code nor a new name")
            continue
        year = re.search(r"(?:19|20)\d\d", row.get("YEAR") or row.get("OPER_DATE", ""))
        if not CODE.match(before) or not CODE.match(code):
            hint = "An official code is a letter and eight figures, such as E08000003."
            problems.append(
                Problem(f"{before[:40]!r} to {code[:40]!r} are not official codes.", hint, line, "GEOGCD_P")
            )
        elif year is None:
            hint = "Give the year in YEAR, or the day in OPER_DATE."
            problems.append(Problem(f"It is not said when {before} became {code}.", hint, line, "YEAR"))
        else:
            note = row.get("SI_TITLE", "")[:300]
            found.changes.append(CodeChange(code, row["GEOGNM"], before, row["GEOGNM_P"], int(year[0]), note))
    found.vintage = str(max((change.year for change in found.changes), default=""))
    return found


def _read_boundaries(path: Path, problems: list[Problem]) -> ReadPlaces:
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "Download the boundaries as GeoJSON."
        raise PlacesRefused([Problem(f"The file is not GeoJSON with features. ({error})", hint)]) from error
    found = ReadPlaces("boundaries", rows=len(features))
    for number, feature in enumerate(features, 1):
        code, vintage = _code_of(feature.get("properties") or {})
        found.vintage = found.vintage or vintage
        rings = [snapped(ring) for ring in _outlines(feature.get("geometry") or {})]
        kept = tuple(ring for ring in rings if len(ring) > 3)
        if not CODE.match(code):
            hint = "Each feature needs a property such as LAD25CD or areacd."
            problems.append(Problem(f"Feature {number} has no official code.", hint))
        elif not rings:
            problems.append(Problem(f"{code} has no area.", "Each feature needs a Polygon or a MultiPolygon."))
        elif any(not (-180 <= x <= 180 and -90 <= y <= 90) for ring in rings for x, y in ring):
            hint = "Download them in longitude and latitude (WGS 84, EPSG:4326), not on the National Grid."
            problems.append(Problem(f"The boundary of {code} is not in degrees.", hint))
        elif kind_of(code) is None:
            found.leave_out("of a kind of place that is not known here")
        else:
            found.boundaries[code] = kept or (max(rings, key=len),)
    return found


def _code_of(properties: Mapping[str, Any]) -> tuple[str, str]:
    """The official code of a feature, and the year its property names."""
    for name, value in properties.items():
        match = COLUMN.match(str(name).upper())
        if match and match[3] == "CD":
            return str(value or ""), f"20{match[2]}"
    return str(properties.get("areacd") or properties.get("code") or ""), ""


def _outlines(geometry: Mapping[str, Any]) -> Iterator[list[list[float]]]:
    """The outer ring of each polygon; holes are other places and drawn as such."""
    shapes = {"Polygon": [geometry.get("coordinates")], "MultiPolygon": geometry.get("coordinates")}
    for polygon in shapes.get(str(geometry.get("type"))) or ():
        if polygon and polygon[0]:
            yield polygon[0]


def snapped(ring: list[list[float]]) -> Ring:
    """A ring on the grid, without points that repeat or lie on a straight line between their neighbours."""
    points: list[tuple[float, float]] = []
    for longitude, latitude, *_ in ring:
        point = (round(round(longitude / GRID_DEGREES) * GRID_DEGREES, 2),
                 round(round(latitude / GRID_DEGREES) * GRID_DEGREES, 2))  # fmt: skip
        if points and point == points[-1]:
            continue
        if len(points) > 1 and _in_line(points[-2], points[-1], point):
            points[-1] = point
        else:
            points.append(point)
    return tuple(points)


def _in_line(first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]) -> bool:
    turn = (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])
    return abs(turn) < GRID_DEGREES**2 / 10

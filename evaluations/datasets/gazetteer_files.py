"""Reads files of postcodes and of small areas in the shapes they are published in.

Known shapes: the ONS Postcode Directory (a CSV with a header; `pcds`, `lat`, `long`, `doterm`,
`oseast1m`, names that change a little between editions), Code-Point Open (CSVs without a header, one a
postcode area: postcode, quality, easting, northing), and any CSV with a column for the code and
columns for its latitude and longitude or easting and northing; one of small areas may also say how
deprived and how rural they are. Each may come as the archive it is
published in, or as a folder.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from evaluations.datasets.gazetteer import (
    Gazetteer,
    Places,
    averaged,
    district_of,
    gazetteer,
    is_postcode,
    nothing_of,
    pack_plain,
    plain,
)
from evaluations.datasets.grid import degrees_of_grid, is_on_grid
from evaluations.stats.issues import BadInput, Issue

POSTCODE_NAMES = ("pcds", "pcd", "pcd2", "pcd7", "pcd8", "postcode", "post code")
DISTRICT_NAMES = ("outcode", "district", "postcode_district", "postcode district")
AREA_NAMES = (
    "code",
    "small_area",
    "lsoa21cd",
    "lsoa11cd",
    "lsoa_code",
    "lsoa",
    "dz11",
    "datazone",
    "data_zone",
    "sdz21",
    "wd25cd",
    "wd24cd",
    "wd23cd",
    "ward_code",
)
LATITUDE_NAMES = ("lat", "latitude", "y_lat")
LONGITUDE_NAMES = ("long", "lon", "longitude", "lng")
EASTING_NAMES = ("oseast1m", "east1m", "easting", "eastings", "x", "bng_e")
NORTHING_NAMES = ("osnrth1m", "north1m", "northing", "northings", "y", "bng_n")
ENDED_NAMES = ("doterm",)
AREA_OF_POSTCODE = re.compile(r"(lsoa(11|21)(cd)?|dz\d\d(cd)?|sdz\d\d(cd)?)", re.IGNORECASE)

FIGURES = {
    "deprivation": re.compile(r"(imd|deprivation|index of multiple deprivation).*", re.IGNORECASE),
    "rural": re.compile(r"(rural|ruc|urban).*", re.IGNORECASE),
}
"""Columns of a file of small areas by which near and far places are compared. A score goes before a decile or rank."""
IS_RURAL = r"(?i)^(R[LS][NF][0-9]|[DEF][12])$|^rural"
IS_URBAN = r"(?i)^(U[NF][0-9]|[AB]1|C[12])$|^urban"
"""Codes of the classifications of 2021 and of 2011 in England and Wales, or the words themselves."""

CODE_POINT_COLUMNS = ("postcode", "quality", "easting", "northing", "country", "h1", "h2", "county", "district", "ward")
NO_PLACE_LATITUDE = 99.0
"""The ONS Postcode Directory writes 99.999999 for the latitude of a postcode without a place."""


@dataclass(frozen=True)
class _Points:
    """Plain codes with their points; `area` are plain codes of the small areas that postcodes lie in, if given."""

    kind: str
    codes: pa.Array
    latitude: np.ndarray
    longitude: np.ndarray
    is_terminated: np.ndarray
    area: pa.Array | None
    figures: dict[str, np.ndarray] = field(default_factory=dict)


def read_places(source: Path | str | BinaryIO) -> Places:
    """The postcodes, districts or small areas in a file, an archive or a folder; districts come with postcodes.

    Raises `BadInput` where nothing in it has one of the known shapes.
    """
    found = [points for part in _parts(source) if (points := _read_part(part)) is not None]
    if not found:
        raise BadInput(
            [
                Issue(
                    "places_unreadable",
                    "The file holds no table of places in a shape that is known.",
                    "Give the ONS Postcode Directory, Code-Point Open, or a CSV with a column for the code (postcode,"
                    " outcode or code) and columns latitude and longitude, or easting and northing.",
                )
            ]
        )
    postcode, district, small_area = (_gathered(kind, found) for kind in ("postcode", "district", "small_area"))
    return Places(postcode, district, small_area)


def _gathered(kind: str, found: list[_Points]) -> Gazetteer:
    own = [points for points in found if points.kind == kind]
    if own:
        return gazetteer(
            kind,
            np.concatenate([pack_plain(points.codes) for points in own]),
            np.concatenate([points.latitude for points in own]),
            np.concatenate([points.longitude for points in own]),
            np.concatenate([points.is_terminated for points in own]),
            {
                name: np.concatenate([points.figures[name] for points in own])
                for name in FIGURES
                if all(name in points.figures for points in own)
            },
        )
    postcodes = [points for points in found if points.kind == "postcode"]
    if kind == "small_area":
        postcodes = [points for points in postcodes if points.area is not None]
    if kind == "postcode" or not postcodes:
        return nothing_of(kind)
    texts = [points.area if kind == "small_area" else district_of(points.codes) for points in postcodes]
    in_use = [np.where(points.is_terminated, np.nan, points.latitude) for points in postcodes]
    longitude = np.concatenate([points.longitude for points in postcodes])
    return averaged(kind, pa.concat_arrays(texts), np.concatenate(in_use), longitude)


def _parts(source: Path | str | BinaryIO) -> Iterator[BinaryIO]:
    """Every CSV in a file, an archive or a folder; of an archive with one whole file and its parts, the whole."""
    if isinstance(source, Path | str):
        path = Path(source)
        if path.is_dir():
            for found in sorted(path.rglob("*.csv")):
                with found.open("rb") as part:
                    yield part
            return
        with _opened(path) as file:
            yield from _parts(file)
        return
    source.seek(0)
    if source.read(4) != b"PK\x03\x04":
        source.seek(0)
        yield source
        return
    source.seek(0)
    with zipfile.ZipFile(source) as archive:
        names = [item for item in archive.infolist() if item.filename.lower().endswith(".csv")]
        names = [item for item in names if "/doc/" not in f"/{item.filename.lower()}"]
        whole = [item for item in names if re.search(r"data/onspd_[^/]*\.csv$", item.filename, re.IGNORECASE)]
        for item in whole or names:
            with archive.open(item) as part:
                yield io.BytesIO(part.read())


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except (FileNotFoundError, PermissionError) as error:
        issue = Issue("file_not_found", f"The file {path.name} cannot be opened.", "Check its name and place.")
        raise BadInput([issue]) from error


def _read_part(part: BinaryIO) -> _Points | None:
    """The points in one CSV, null where it has none of the known shapes."""
    part.seek(0)
    first = part.readline().decode("utf-8-sig", errors="replace")
    part.seek(0)
    cells = [cell.strip().strip('"') for cell in first.split(",")]
    if is_postcode(plain(pa.array(cells[:1])))[0] and len(cells) >= 4:
        names = [*CODE_POINT_COLUMNS, *(f"column {i}" for i in range(len(CODE_POINT_COLUMNS), len(cells)))]
        return _points(_csv(part, names[: len(cells)], names[: len(cells)], has_header=False), "postcode", "postcode")
    header = {cell.lower(): cell for cell in cells}
    for kind, known in (("postcode", POSTCODE_NAMES), ("district", DISTRICT_NAMES), ("small_area", AREA_NAMES)):
        name = next((header[known_name] for known_name in known if known_name in header), None)
        if name is not None and (_has(header, LATITUDE_NAMES) or _has(header, EASTING_NAMES)):
            return _points(_csv(part, cells, _wanted(header, name, kind)), kind, name)
    return None


def _has(header: dict[str, str], names: tuple[str, ...]) -> bool:
    return any(name in header for name in names)


def _wanted(header: dict[str, str], code: str, kind: str) -> list[str]:
    known = (*LATITUDE_NAMES, *LONGITUDE_NAMES, *EASTING_NAMES, *NORTHING_NAMES, *ENDED_NAMES)
    others = [name for low, name in header.items() if low in known or AREA_OF_POSTCODE.fullmatch(low)]
    if kind == "small_area":
        others += _figure_columns(header).values()
    return [code, *(name for name in others if name != code)]


def _figure_columns(header: dict[str, str]) -> dict[str, str]:
    """Which column holds which figure."""
    found = {}
    for figure, named in FIGURES.items():
        names = sorted((low for low in header if named.fullmatch(low)), key=lambda low: ("score" not in low, low))
        if names:
            found[figure] = header[names[0]]
    return found


def _csv(part: BinaryIO, header: list[str], wanted: list[str], *, has_header: bool = True) -> pa.Table:
    try:
        return csv.read_csv(
            part,
            read_options=csv.ReadOptions(column_names=header, skip_rows=1 if has_header else 0, encoding="latin-1"),
            convert_options=csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        issue = Issue(
            "places_unreadable",
            "The file of places breaks off or has rows of different lengths.",
            "Download it again.",
        )
        raise BadInput([issue]) from error


def _points(table: pa.Table, kind: str, code: str) -> _Points:
    columns = {name.lower(): table[name].combine_chunks() for name in table.column_names}
    latitude, longitude = _number(columns, LATITUDE_NAMES), _number(columns, LONGITUDE_NAMES)
    if latitude is None or longitude is None:
        latitude, longitude = _from_grid(columns, table.num_rows)
    nowhere = ~(np.abs(latitude) < NO_PLACE_LATITUDE)
    ended = next((columns[name] for name in ENDED_NAMES if name in columns), None)
    areas = sorted(name for name in columns if AREA_OF_POSTCODE.fullmatch(name))
    area = columns[areas[-1]] if areas else None
    return _Points(
        kind,
        _whole(plain(columns[code.lower()])),
        np.where(nowhere, np.nan, latitude),
        np.where(nowhere, np.nan, longitude),
        np.zeros(table.num_rows, bool) if ended is None else _is_filled(ended),
        None if area is None or kind != "postcode" else _whole(plain(area)),
        _figures(columns) if kind == "small_area" else {},
    )


def _figures(columns: dict[str, pa.Array]) -> dict[str, np.ndarray]:
    """Numbers as they are; 1 where words or codes of the rural-urban classification say rural, 0 where urban."""
    found = {}
    for figure, name in _figure_columns({low: low for low in columns}).items():
        values = _number(columns, (name,))
        if figure == "rural" and values is not None:
            text = pc.utf8_trim_whitespace(pc.fill_null(columns[name], ""))
            is_rural, is_urban = (
                pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False).astype(bool)
                for pattern in (IS_RURAL, IS_URBAN)
            )
            values = np.where(is_rural, 1.0, np.where(is_urban, 0.0, values))
        if values is not None and np.isfinite(values).any():
            found[figure] = values
    return found


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _is_filled(column: pa.Array) -> np.ndarray:
    return pc.not_equal(pc.fill_null(column, ""), "").to_numpy(zero_copy_only=False).astype(bool)


def _number(columns: dict[str, pa.Array], names: tuple[str, ...]) -> np.ndarray | None:
    column = next((columns[name] for name in names if name in columns), None)
    if column is None:
        return None
    text = pc.utf8_trim_whitespace(column)
    clean = pc.if_else(pc.match_substring_regex(text, r"^[-+]?[0-9]*\.?[0-9]+$"), text, None)
    return pc.cast(clean, pa.float64()).to_numpy(zero_copy_only=False)


def _from_grid(columns: dict[str, pa.Array], n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    easting, northing = _number(columns, EASTING_NAMES), _number(columns, NORTHING_NAMES)
    if easting is None or northing is None:
        return np.full(n_rows, np.nan), np.full(n_rows, np.nan)
    on_grid = is_on_grid(easting, northing)
    return degrees_of_grid(np.where(on_grid, easting, np.nan), np.where(on_grid, northing, np.nan))

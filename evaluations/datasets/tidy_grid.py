"""A sheet as people make them: where its tables are, which row heads them, where they end."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from python_calamine import SheetTypeEnum, SheetVisibleEnum

from evaluations.datasets.ingest_cells import error_cells
from evaluations.datasets.ingest_periods import kind_of_labels
from evaluations.datasets.ingest_sheets import cells, open_workbook
from evaluations.datasets.ingest_text import not_a_table
from evaluations.datasets.tidy_words import number_of, without_marks
from evaluations.stats.issues import BadInput, Issue

LOOKED_AT = 80
"""Rows from the top among which a header is looked for."""
MOST_CELLS = 20_000_000

Cell = Any
Grid = list[list[Cell]]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells from A1, which of them are merged, and which hold the error of a formula."""

    name: str
    grid: Grid
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    is_hidden: bool = False
    has_only_charts: bool = False

    @property
    def has_cells(self) -> bool:
        """Whether any cell has a value."""
        return any(not is_blank(cell) for row in self.grid for cell in row)


@dataclass(frozen=True)
class TablePlace:
    """Where a table stands: rows counted from 0, `last_row` not included, columns that its header fills."""

    header_row: int
    header_rows: int
    first_row: int
    last_row: int
    columns: tuple[int, ...]

    @property
    def size(self) -> int:
        """Cells under the header."""
        return (self.last_row - self.first_row) * len(self.columns)


def is_blank(cell: Cell) -> bool:
    """Whether a cell shows nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_number(cell: Cell) -> bool:
    """Whether a cell holds a number, not text that looks like one."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def text_of(cell: Cell) -> str:
    """A cell as a person reads it, spaces made single."""
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


_WITH_PERIOD = re.compile(
    r"^(?P<before>.*?)[\s:,(|_-]*(?P<period>(?:19|20)\d\d(?:\s?[/–-]\s?\d{2,4})?(?:\s?Q[1-4])?)\)?(?P<after>.*)$"
)


def measure_and_period(name: str) -> tuple[str, str] | None:
    """What a column's name says it measures, and when: "Rate 2018" is ("Rate", "2018"); null without a period."""
    match = _WITH_PERIOD.match(name)
    if match is None:
        return None
    period = match["period"].replace(" ", "") if "/" in match["period"] else match["period"].strip()
    if kind_of_labels([period]) == "text":
        return None
    measure = " ".join(part.strip(" :,(|_-)") for part in (match["before"], match["after"])).strip()
    return measure, period


def periods_across(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Names to (measure, period), where one measure at least stands there for two periods."""
    found = {name: each for name in names if (each := measure_and_period(name)) is not None}
    counts = Counter(measure for measure, _ in found.values())
    return {name: each for name, each in found.items() if counts[each[0]] > 1}


def read_sheets(file: BinaryIO, kind: str, *, encoding: str | None = None) -> list[Sheet]:
    """Every sheet of a workbook, or the one sheet that a file of text is. Raises `BadInput` where there is none."""
    if kind == "workbook":
        return _workbook_sheets(file)
    if kind == "text":
        return [Sheet("table", _text_grid(file, encoding))]
    raise not_a_table("only workbooks and files of text can be put in order here")


def _workbook_sheets(file: BinaryIO) -> list[Sheet]:
    workbook = open_workbook(file)
    errors = error_cells(file)
    sheets = []
    for place, about in enumerate(workbook.sheets_metadata):
        is_chart = about.typ != SheetTypeEnum.WorkSheet
        grid = [] if is_chart else cells(workbook, about.name)
        merged = () if is_chart else tuple(workbook.get_sheet_by_index(place).merged_cell_ranges or ())
        hidden = about.visible != SheetVisibleEnum.Visible
        sheets.append(Sheet(about.name, grid, merged, errors.get(about.name, {}), hidden, is_chart))
    if not any(sheet.has_cells for sheet in sheets):
        what = "no sheet of the workbook has cells with values" + (
            ", only charts" if any(sheet.has_only_charts for sheet in sheets) else ""
        )
        raise BadInput([Issue("file_empty", f"Nothing can be read: {what}.", "Upload a sheet with a table.")])
    return sheets


def _text_grid(file: BinaryIO, encoding: str | None) -> Grid:
    file.seek(0)
    data = file.read()
    for name in (encoding, "utf-8-sig", "cp1252"):
        if name is None:
            continue
        try:
            text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else name)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise not_a_table("it is not text in UTF-8, UTF-16 or Windows-1252")
    delimiter = max(",;\t|", key=text[:100_000].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return [[_cell_of_text(cell) for cell in row] for row in rows]


def _cell_of_text(text: str) -> Cell:
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d+)?", text.strip()):
        return float(text)
    return text


def table_places(sheet: Sheet) -> list[TablePlace]:
    """The tables of a sheet, the likeliest first. A table has a header row and at least one row under it."""
    grid = sheet.grid
    found: list[TablePlace] = []
    row, last = 0, len(grid)
    while row < min(last, 5000):
        if not _may_head(grid[row]):
            row += 1
            continue
        place = _table_under(sheet, row)
        if place is None or _is_better_below(sheet, row, place):
            row += 1
            continue
        found.append(place)
        row = max(place.last_row, row + 1)
    return sorted(found, key=lambda place: -place.size)


def place_with_header(sheet: Sheet, row: int) -> TablePlace | None:
    """The table whose (last) header row is `row`, counted from 0; null where nothing stands under it."""
    return _table_under(sheet, row) if 0 <= row < len(sheet.grid) else None


def _filled(row: list[Cell]) -> list[int]:
    return [place for place, cell in enumerate(row) if not is_blank(cell)]


def is_period(cell: Cell) -> bool:
    """Whether a cell is written as a year, academic year, quarter or month is."""
    text = without_marks(text_of(cell))
    if not re.search(r"(19|20)\d\d", text):
        return False
    return kind_of_labels([text]) != "text"


def _may_head(row: list[Cell]) -> bool:
    """Whether a row could head a table: at least two cells, nearly all of them words or periods."""
    filled = _filled(row)
    if len(filled) < 2:
        return False
    return sum(_is_worded(row[place]) for place in filled) >= 0.85 * len(filled)


def _is_worded(cell: Cell) -> bool:
    return is_period(cell) or not (is_number(cell) or (isinstance(cell, str) and number_of(cell) is not None))


def _table_under(sheet: Sheet, row: int) -> TablePlace | None:
    grid = sheet.grid
    columns = tuple(_filled(grid[row]))
    first = row + 1
    while first < len(grid) and not _filled(grid[first]):
        first += 1
    last, blank = first, 0
    for place in range(first, len(grid)):
        body = [column for column in _filled(grid[place]) if column in columns]
        if not body:
            blank += 1
            if blank > 1:
                break
            continue
        if len(body) < max(2, 0.3 * len(columns)):
            if blank or _looks_like_note(grid[place], columns):
                break
        elif blank and _may_head(grid[place]) and not any(is_number(cell) for cell in grid[place]):
            break
        last, blank = place + 1, 0
    if last <= first:
        return None
    header_rows = 2 if _has_header_above(sheet, row, columns) else 1
    named = set(columns) | (set(_filled(grid[row - 1])) if header_rows == 2 else set())
    return TablePlace(row, header_rows, first, last, tuple(sorted(named | _nameless(grid[first:last], named))))


def _nameless(body: Grid, named: set[int]) -> set[int]:
    """Columns beside the named ones that have values in most rows and no name."""
    width = max(map(len, body))
    near = [place for place in range(width) if place not in named and min(abs(place - other) for other in named) == 1]
    return {
        place for place in near if sum(place < len(row) and not is_blank(row[place]) for row in body) > 0.5 * len(body)
    }


_NOTE = re.compile(
    r"(?i)^\W*(note|notes|source|sources|footnote|symbols?|key|\(?\d{1,2}[).]|\[\w+\]|[*†‡]+)(\W|\s|$)|copyright|©"
)


def _looks_like_note(row: list[Cell], columns: tuple[int, ...]) -> bool:
    filled = _filled(row)
    text = text_of(row[filled[0]]) if filled else ""
    return bool(_NOTE.search(text)) or len(text) > 60


def _has_header_above(sheet: Sheet, row: int, columns: tuple[int, ...]) -> bool:
    """Whether the row above groups the header's columns: fewer words than columns, over columns after the first."""
    if row == 0:
        return False
    above = _filled(sheet.grid[row - 1])
    over = [place for place in above if place in columns and place != columns[0]]
    if not over or any(
        is_number(sheet.grid[row - 1][place]) and not is_period(sheet.grid[row - 1][place]) for place in over
    ):
        return False
    below = sheet.grid[row]
    spans = any(low[0] <= row - 1 <= high[0] and high[1] > low[1] and low[1] in over for low, high in sheet.merged)
    groups = 2 <= len(over) < len(columns) - 1
    periods = all(is_period(below[place]) for place in over) and len(over) >= len(columns) - 1
    return spans or groups or periods


def _is_better_below(sheet: Sheet, row: int, place: TablePlace) -> bool:
    """Whether the row below heads the table better: it has more columns, or this row only groups its columns."""
    below = row + 1
    if below >= len(sheet.grid) or not _may_head(sheet.grid[below]):
        return False
    other = _table_under(sheet, below)
    if other is None:
        return False
    return len(other.columns) > len(place.columns) or (
        other.header_rows == 2 and not any(is_number(cell) for cell in sheet.grid[below] if not is_period(cell))
    )

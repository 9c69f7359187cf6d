"""Tables of text: the one value behind a table on a page, the twin of a chart and a CSV download."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evidence.drawing.numbers import CONFIDENTIAL, is_number, number_text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """A column's heading, whether it holds numbers, and whether it needs room for a sentence."""

    label: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and where they help the unrounded value for downloads, an address, a tag's colour, a note."""

    text: str | None
    value: float | None = None
    href: str = ""
    tag: str = ""
    note: str = ""


@dataclass(frozen=True)
class PlacedCell:
    """A cell with what its place in the table says about it."""

    cell: Cell
    column: Column
    is_header: bool


CellValue = Cell | str | int | float | None


@dataclass(frozen=True)
class Table:
    """A caption, columns and rows; the first cell of each row is the row's heading."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def body(self) -> list[list[PlacedCell]]:
        """Rows of cells that know their column, as `components/table.html` draws them."""
        return [
            [
                PlacedCell(cell, column, is_header=place == 0)
                for place, (cell, column) in enumerate(zip(row, self.columns, strict=True))
            ]
            for row in self.rows
        ]


def build_table(
    caption: str, columns: Iterable[Column | str], rows: Iterable[Sequence[CellValue]], *, note: str = ""
) -> Table:
    """A table from plain values; raises ValueError where a row has more or fewer cells than there are columns."""
    heads = tuple(column if isinstance(column, Column) else Column(column) for column in columns)
    body = tuple(tuple(_cell(value) for value in row) for row in rows)
    for number, row in enumerate(body, start=1):
        if len(row) != len(heads):
            raise ValueError(f"Row {number} of {caption!r} has {len(row)} cells for {len(heads)} columns.")
    return Table(caption=caption, columns=heads, rows=body, note=note)


def number_cell(value: float | None, *, digits: int = 2) -> Cell:
    """A cell that reads rounded and downloads whole; empty where there is no number."""
    if value is None or not is_number(value):
        return Cell(None)
    return Cell(number_text(value, digits=digits), value=float(value))


def hidden_cell() -> Cell:
    """A cell whose number disclosure control took away: a neutral sign, on pages and in downloads alike."""
    return Cell(CONFIDENTIAL)


def with_hidden(table: Table, rows: Sequence[bool], *, note: str) -> Table:
    """The table with the sign in every empty cell of the rows marked; its note says what the sign means."""
    if len(rows) != len(table.rows) or not any(rows):
        return table
    marked = tuple(
        tuple(hidden_cell() if is_marked and cell.text is None else cell for cell in row)
        for row, is_marked in zip(table.rows, rows, strict=True)
    )
    return replace(table, rows=marked, note=f"{table.note} {note}".strip())


def _cell(value: CellValue) -> Cell:
    if isinstance(value, Cell):
        return value
    return Cell(None if value is None else str(value))


def csv_text(table: Table) -> str:
    """The table as CSV with a heading row; text that a spreadsheet would run as a formula starts with an apostrophe."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([inert(column.label) for column in table.columns])
    writer.writerows([[_written(cell) for cell in row] for row in table.rows])
    return "".join(lines)


class _Lines(list[str]):
    """Somewhere for a CSV writer to write."""

    def write(self, line: str) -> None:
        """Keep one line."""
        self.append(line)


def _written(cell: Cell) -> str:
    return repr(cell.value) if cell.value is not None else inert(cell.text or "")


def inert(text: str) -> str:
    """Text as it is where it is a number or harmless; otherwise behind an apostrophe, so that it is never run."""
    if not text.startswith(FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text

"""Reads workbooks, as they are stored: the values of cells, never their formulas."""

from __future__ import annotations

import datetime
import zipfile
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from evaluations.datasets.ingest_cells import cell_name, error_cells
from evaluations.datasets.ingest_raw import Problems, RawTable, check_header
from evaluations.datasets.ingest_text import not_a_table, note_formulas
from evaluations.stats.issues import BadInput, Issue

LARGEST_UNZIPPED = 2 << 30


def open_workbook(file: BinaryIO) -> CalamineWorkbook:
    """The workbook in `file`. Raises `BadInput` where it is none, is locked, or is made to exhaust memory."""
    file.seek(0)
    if zipfile.is_zipfile(file):
        file.seek(0)
        if sum(item.file_size for item in zipfile.ZipFile(file).infolist()) > LARGEST_UNZIPPED:
            raise not_a_table("unpacked it would be larger than 2 GB")
    file.seek(0)
    try:
        return CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        cure = Issue("workbook_locked", "The workbook has a password.", "Save a copy without one.")
        raise BadInput([cure]) from error
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise not_a_table("it is packed as a workbook is, but holds none that can be read") from error


def read_sheet(file: BinaryIO, *, sheet: str | None = None) -> RawTable:
    """The table in a workbook's sheet, by default the first seen that has values, its header in the first row.

    Problems found are its `issues`. Raises `BadInput` where there is no table to be read.
    """
    workbook = open_workbook(file)
    names = [sheet] if sheet else _seen_first(workbook)
    for name in names:
        rows = cells(workbook, name)
        if any(_filled(row) for row in rows):
            others = [other for other in workbook.sheet_names if other != name]
            problems = Problems()
            if not sheet:
                _note_no_table(workbook, name, rows, problems)
            _note_hidden(file, workbook, name, len(rows), problems)
            notes = (f"Read from the sheet {name}; not read: {', '.join(others)}.",) if others else ()
            table = table_of(rows, notes=notes)
            return replace(table, issues=(*table.issues, *problems.found()))
    charts = any(about.typ != SheetTypeEnum.WorkSheet for about in workbook.sheets_metadata)
    what = f"No sheet of the workbook has cells with values{', only charts' if charts else ''}."
    raise BadInput([Issue("file_empty", what, "Upload a sheet with a table.")])


def _seen_first(workbook: CalamineWorkbook) -> list[str]:
    """The sheets in their order, those that are hidden last."""
    about = sorted(workbook.sheets_metadata, key=lambda each: each.visible != SheetVisibleEnum.Visible)
    return [each.name for each in about]


def _note_no_table(workbook: CalamineWorkbook, sheet: str, rows: list[list[Any]], problems: Problems) -> None:
    """Note that the sheet read is a cover or a list of contents: without numbers, where a later one has a table."""
    if _has_numbers(rows):
        return
    seen = [each.name for each in workbook.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
    for other in (name for name in seen if name != sheet):
        beside = cells(workbook, other)
        if _has_numbers(beside) or _width(beside) > _width(rows):
            problems.add(
                "sheet_without_numbers",
                f"Cell A1: the first sheet, {sheet}, has no numbers, and the sheet {other} seems to hold the table.",
                "Choose the sheet here, or upload a copy with that sheet alone.",
                row=1,
            )
            return


def _has_numbers(rows: list[list[Any]]) -> bool:
    return any(isinstance(cell, int | float) and not isinstance(cell, bool) for row in rows for cell in row)


def _width(rows: list[list[Any]]) -> int:
    """Cells with values in the fullest row."""
    return max((sum(cell not in ("", None) for cell in row) for row in rows), default=0)


def _note_hidden(file: BinaryIO, workbook: CalamineWorkbook, sheet: str, n_rows: int, problems: Problems) -> None:
    """Note what the values of a sheet do not show: formulas that ended in an error, and merged cells."""
    for (row, column), error in sorted(error_cells(file).get(sheet, {}).items()):
        problems.add(
            "formula_error",
            f"Cell {cell_name(row, column)}: its formula ends in {error}.",
            "Correct the formula in the workbook, or empty the cell where there is no value.",
            row=row + 1,
        )
    for (top, left), (bottom, right) in workbook.get_sheet_by_name(sheet).merged_cell_ranges or ():
        if top < n_rows:
            problems.add(
                "cells_merged",
                f"Cells {cell_name(top, left)} to {cell_name(bottom, right)} are merged: all but the first are empty.",
                "Unmerge them and fill each cell, or have Uplift fill them.",
                row=top + 1,
            )


def cells(workbook: CalamineWorkbook, sheet: str) -> list[list[Any]]:
    """Every cell of a sheet from A1 on, row by row; "" where a cell is empty. A sheet of charts has none."""
    try:
        return workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except CalamineError:
        return []


def _filled(row: list[Any]) -> bool:
    return any(cell not in ("", None) and str(cell).strip() for cell in row)


def table_of(rows: list[list[Any]], *, notes: tuple[str, ...] = (), first_line: int = 1) -> RawTable:
    """The table whose header is the first of `rows`, which stands at row `first_line` of the sheet."""
    problems = Problems()
    header, body = rows[0], rows[1:]
    kept = [index for index, row in enumerate(body) if _filled(row)]
    lines = np.asarray(kept, dtype=np.int64) + first_line + 1
    columns = [[body[index][position] for index in kept] for position in range(len(header))]
    has_values = [any(cell != "" for cell in column) for column in columns]
    names = check_header([_text(cell) or "" for cell in header], problems, has_values=has_values)
    data = {name: column_of(column) for name, column in zip(names, columns, strict=True) if name}
    raw = RawTable(pa.table(data), tuple(data), lines, notes)
    note_formulas(raw, problems)
    if not kept:
        problems.add("no_rows", "The sheet has a header row and no data rows.", "Add the data under the header row.")
    return replace(raw, issues=tuple(problems.found()))


def column_of(values: list[Any]) -> pa.Array:
    """The cells of one column with the one type that holds them all: numbers, dates, or text."""
    present = [value for value in values if value not in ("", None)]
    if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        return pa.array([None if value in ("", None) else float(value) for value in values], pa.float64())
    if present and all(isinstance(value, datetime.date) for value in present):
        return pa.array([_day(value) for value in values], pa.date32())
    return pa.array([_text(value) for value in values], pa.string())


def _day(value: Any) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    return value if isinstance(value, datetime.date) else None


def _text(value: Any) -> str | None:
    """A cell as a person would type it: whole numbers without a decimal point."""
    if value in ("", None) and not isinstance(value, bool | int | float):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip() or None

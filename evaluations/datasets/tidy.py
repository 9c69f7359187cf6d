"""Puts a published or home-made sheet in order, step by step, by a recipe that can be undone and run again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from evaluations.datasets.ingest import kind_of_file
from evaluations.datasets.ingest_raw import Problems, RawTable, check_header
from evaluations.datasets.ingest_sheets import column_of
from evaluations.datasets.ingest_text import note_formulas
from evaluations.datasets.tidy_grid import (
    Sheet,
    TablePlace,
    is_period,
    place_with_header,
    read_sheets,
    table_places,
    text_of,
)
from evaluations.datasets.tidy_steps import STEPS, Work
from evaluations.stats.issues import BadInput, Issue


@dataclass(frozen=True)
class Recipe:
    """The choices by which a sheet is put in order. Rows are numbered from 1, as a spreadsheet shows them.

    `anchor` holds the first names of the header, by which next year's table is found again where its
    rows have moved. `off` names the steps that were undone.
    """

    sheet: str | None = None
    header_row: int | None = None
    header_rows: int | None = None
    anchor: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    period_name: str = "period"
    value_name: str = "value"
    as_text: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain data."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Recipe:
        """The recipe that was kept as plain data; what it does not know it leaves out."""
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True)
class Step:
    """One thing done to the sheet, or undone: what, where, to how many cells, rows or columns."""

    key: str
    title: str
    detail: str
    count: int
    is_on: bool


@dataclass(frozen=True)
class Tidied:
    """The table that came out, the recipe with every choice filled in, and each step as it went."""

    raw: RawTable
    recipe: Recipe
    steps: tuple[Step, ...]
    sheets: tuple[Sheet, ...]
    sheet: Sheet
    place: TablePlace
    others: tuple[TablePlace, ...] = field(default=())


def tidy(file: BinaryIO, recipe: Recipe | None = None, *, encoding: str | None = None) -> Tidied:
    """The table in a sheet, put in order. What `recipe` does not say is proposed.

    Problems with cells are the table's `issues`. Raises `BadInput` where no table is found.
    """
    recipe = recipe or Recipe()
    sheets = read_sheets(file, kind_of_file(file), encoding=encoding)
    sheet, places = _chosen_sheet(sheets, recipe)
    place = _chosen_place(sheet, places, recipe)
    if recipe.header_rows in (1, 2):
        place = replace(place, header_rows=recipe.header_rows)
    work = Work(sheet, place, Problems(), recipe.period_name, recipe.value_name, recipe.as_text)
    steps = []
    for key, title, run in STEPS:
        is_on = key not in recipe.off
        done = run(work, is_on)
        if done.count:
            steps.append(Step(key, title, done.detail, done.count, is_on))
    raw = _raw_of(work)
    filled_in = replace(
        recipe,
        sheet=sheet.name,
        header_row=place.header_row + 1,
        header_rows=place.header_rows,
        anchor=_names_that_stay(sheet, place.header_row)[:3],
    )
    others = tuple(other for other in places if other.header_row != place.header_row)
    return Tidied(raw, filled_in, tuple(steps), tuple(sheets), sheet, place, others)


def _chosen_sheet(sheets: list[Sheet], recipe: Recipe) -> tuple[Sheet, list[TablePlace]]:
    """The sheet asked for, or the one with the largest table among those that are not hidden."""
    named = [sheet for sheet in sheets if sheet.name == recipe.sheet]
    if recipe.sheet and not named and not recipe.anchor:
        names = ", ".join(sheet.name for sheet in sheets)
        raise BadInput(
            [Issue("sheet_missing", f"There is no sheet called {recipe.sheet}.", f"Choose one of: {names}.")]
        )
    seen = named or [sheet for sheet in sheets if not sheet.is_hidden] or sheets
    found = [(sheet, table_places(sheet)) for sheet in seen]
    sheet, places = max(found, key=lambda each: each[1][0].size if each[1] else 0)
    return sheet, places


def _chosen_place(sheet: Sheet, places: list[TablePlace], recipe: Recipe) -> TablePlace:
    place = _by_anchor(sheet, recipe) or (
        place_with_header(sheet, recipe.header_row - 1) if recipe.header_row is not None else None
    )
    if place is None and places and recipe.header_row is None:
        place = places[0]
    if place is None:
        what = "It has only charts." if sheet.has_only_charts else "No row with names has rows of values under it."
        cure = "Choose another sheet, or say which row has the columns' names."
        raise BadInput([Issue("no_table_found", f"No table was found on the sheet {sheet.name}. {what}", cure)])
    return place


def _by_anchor(sheet: Sheet, recipe: Recipe) -> TablePlace | None:
    """The table whose header starts with the recipe's names: at its row if it is still there, else wherever it is."""
    if not recipe.anchor:
        return None
    rows = sorted(range(len(sheet.grid)), key=lambda row: (row + 1 != recipe.header_row, row))
    for row in rows:
        if _names_that_stay(sheet, row)[: len(recipe.anchor)] != recipe.anchor:
            continue
        found = place_with_header(sheet, row)
        if found is not None and len(found.columns) > 1:
            return found
    return None


def _names_that_stay(sheet: Sheet, row: int) -> tuple[str, ...]:
    """The names in a header that are no periods: those change from one year's file to the next."""
    return tuple(text_of(cell) for cell in sheet.grid[row] if text_of(cell) and not is_period(cell))


def _raw_of(work: Work) -> RawTable:
    """The work as a raw table, with what is left to complain about."""
    problems = work.problems
    columns = [[row[position] for row in work.rows] for position in range(len(work.names))]
    has_values = [any(cell not in ("", None) for cell in column) for column in columns]
    names = check_header(work.names, problems, has_values=has_values)
    arrays = {name: column_of(column) for name, column in zip(names, columns, strict=True) if name}
    raw = RawTable(pa.table(arrays), tuple(arrays), np.asarray(work.lines, dtype=np.int64), tuple(work.notes))
    note_formulas(raw, problems)
    if not work.rows:
        problems.add("no_rows", "No row of values is left.", "Undo a step, or choose another header row.")
    return replace(raw, issues=tuple(problems.found()))

"""The templates as files: CSV, a workbook with its dictionary, and the dictionary alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl
from openpyxl.styles import Font

from evaluations.datasets.templates_of_outcomes import OUTCOME_TEMPLATES
from evaluations.datasets.templates_to_fill import DESIGN_TEMPLATES, Template

TEMPLATES: tuple[Template, ...] = (*DESIGN_TEMPLATES, *OUTCOME_TEMPLATES)
GROUPS = (("By design", DESIGN_TEMPLATES), ("By outcome", OUTCOME_TEMPLATES))
DICTIONARY = ("column", "holds", "how it is written", "role in the design", "example")


def template_named(name: str) -> Template | None:
    """The template of that name; null where there is none."""
    return next((each for each in TEMPLATES if each.name == name), None)


def template_csv(template: Template) -> str:
    """The template as CSV: a header row and example rows."""
    return _csv([column.name for column in template.columns], template.rows())


def dictionary_csv(template: Template) -> str:
    """What each column of the template holds, as CSV."""
    return _csv(DICTIONARY, dictionary_rows(template))


def dictionary_rows(template: Template) -> list[tuple[str, ...]]:
    """Each column: its name, what it holds, how it is written, its role, an example."""
    rows = template.rows()
    examples = [
        next((str(row[place]) for row in rows if row[place] != ""), "") for place in range(len(template.columns))
    ]
    return [
        (column.name, column.meaning, column.written, column.role.replace("_", " ") or "none: to check by", example)
        for column, example in zip(template.columns, examples, strict=True)
    ]


def template_workbook(template: Template) -> bytes:
    """The template as a workbook: a sheet of data with example rows, and one with the dictionary."""
    book = openpyxl.Workbook()
    data = book.worksheets[0]
    data.title = "data"
    _fill(data, [column.name for column in template.columns], template.rows())
    _fill(book.create_sheet("dictionary"), DICTIONARY, dictionary_rows(template))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Any, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet.append(list(header))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([None if value == "" else value for value in row])
    sheet.freeze_panes = "A2"
    for column in sheet.columns:
        widest = max(len(str(cell.value or "")) for cell in column)
        sheet.column_dimensions[column[0].column_letter].width = min(60, widest + 3)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()

"""The gap map as a table: every cell says how many, how strong and which way, and leads to the figures behind it."""

from __future__ import annotations

from django.urls import reverse

from evidence.drawing.tables import Cell as TableCell
from evidence.drawing.tables import Column, Table, build_table
from evidence.gap_map.queries import Cell, GapMap, RowCount


def gap_table(found: GapMap) -> Table:
    """The table of a gap map."""
    columns = [Column(found.rows.legend, wide=True), Column("Interventions", wide=True)]
    columns += [Column(label) for label in found.column_labels.values()]
    rows = [
        [
            _row_heading(found, value, label),
            _row_count(found.counts.get(value, RowCount()), one=found.rows.name == "intervention"),
            *(_cell(found, value, column) for column in found.column_labels),
        ]
        for value, label in found.row_labels.items()
        if value in found.counts
    ]
    caption = f"What is known, by {found.rows.legend.lower()} and {found.columns.legend.lower()}"
    return build_table(caption, columns, rows)


def _row_heading(found: GapMap, value: str, label: str) -> TableCell:
    if found.rows.name == "intervention":
        return TableCell(label, href=reverse("intervention", args=[value]))
    return TableCell(label, href=reverse("interventions", query={found.rows.name: value}))


def _row_count(count: RowCount, *, one: bool) -> TableCell:
    if one:
        text = "Never evaluated" if count.never_evaluated else "Nothing recorded" if count.nothing_recorded else ""
        return TableCell(text or "Evaluated")
    parts = []
    if count.never_evaluated:
        parts.append(f"{count.never_evaluated} never evaluated")
    if count.nothing_recorded:
        parts.append(f"{count.nothing_recorded} with nothing recorded")
    return TableCell(str(count.interventions), note="; ".join(parts))


def _cell(found: GapMap, row: str, column: str) -> TableCell:
    cell = found.cells.get((row, column))
    if cell is None:
        return TableCell(None)
    return TableCell(_amount(cell), value=float(cell.effects), href=_address(found, row, column), note=_note(cell))


def _amount(cell: Cell) -> str:
    if cell.effects:
        return f"{cell.effects} effect{'s' * (cell.effects != 1)}"
    if cell.nulls:
        return f"{cell.nulls} found no effect"
    return f"{cell.estimates} figure{'s' * (cell.estimates != 1)}, no effect estimated"


def _note(cell: Cell) -> str:
    parts = []
    if cell.effects:
        ways = [(cell.better, "better"), (cell.worse, "worse"), (cell.open, "open")]
        said = ", ".join(f"{number} {word}" for number, word in ways if number)
        without = cell.effects - cell.with_interval
        parts.append("; ".join(filter(None, [said, f"{without} no interval" if without else ""])))
        if cell.strongest:
            parts.append(f"best: {cell.strongest}")
        if cell.nulls:
            parts.append(f"{cell.nulls} found no effect")
    return "; ".join(parts)


def _address(found: GapMap, row: str, column: str) -> str:
    if found.rows.name == "intervention":
        return f"{reverse('intervention', args=[row])}#evidence"
    return reverse("estimates", query={found.rows.name: row, found.columns.name: column})

"""The steps by which a sheet is put in order. Each says what it did; each can be left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from evaluations.datasets.ingest_cells import cell_name
from evaluations.datasets.ingest_periods import mixed_periods
from evaluations.datasets.ingest_raw import Problems, shown
from evaluations.datasets.tidy_dates import MOSTLY, date_of
from evaluations.datasets.tidy_grid import (
    Cell,
    Grid,
    Sheet,
    TablePlace,
    is_blank,
    is_number,
    is_period,
    periods_across,
    text_of,
)
from evaluations.datasets.tidy_words import REGIONS, TOTALS, missing_kind, number_of, without_marks
from evaluations.stats.issues import Issue


@dataclass
class Work:
    """A table on its way: its names, its rows, the rows of the sheet they came from, and what was found."""

    sheet: Sheet
    place: TablePlace
    problems: Problems
    period_name: str
    value_name: str
    as_text: tuple[str, ...] = ()
    names: list[str] = field(default_factory=list)
    rows: Grid = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        place, grid = self.place, self.sheet.grid
        head = grid[place.header_row]
        self.names = [text_of(head[column]) if column < len(head) else "" for column in place.columns]
        kept = [row for row in range(place.first_row, place.last_row) if any(not is_blank(c) for c in grid[row])]
        self.rows = [[_plain(_at(grid[row], column)) for column in place.columns] for row in kept]
        self.lines = [row + 1 for row in kept]

    def cell(self, row: int, position: int) -> str:
        """The address of a cell of the table in the sheet."""
        return cell_name(self.lines[row] - 1, self.place.columns[position])


@dataclass(frozen=True)
class Done:
    """What a step did, or would do: to how much, in words."""

    count: int = 0
    detail: str = ""


def _at(row: list[Cell], column: int) -> Cell:
    return row[column] if column < len(row) else ""


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return cell.strip()
    return "" if cell is None else cell


def skip_around(work: Work, is_on: bool) -> Done:
    """Say which rows above and below the table are left out."""
    above = [
        row
        for row in range(work.place.header_row - work.place.header_rows + 1)
        if any(not is_blank(cell) for cell in work.sheet.grid[row])
    ]
    below = [
        row
        for row in range(work.place.last_row, len(work.sheet.grid))
        if any(not is_blank(cell) for cell in work.sheet.grid[row])
    ]
    parts = [f"{len(above)} above the header"] if above else []
    parts += [f"{len(below)} below the table"] if below else []
    return Done(len(above) + len(below), f"Rows left out: {' and '.join(parts)}.")


def refuse_errors(work: Work, is_on: bool) -> Done:
    """Note every cell of the table whose formula ended in an error."""
    for (row, column), error in sorted(work.sheet.errors.items()):
        if work.place.first_row <= row < work.place.last_row and column in work.place.columns:
            work.problems.add(
                "formula_error",
                f"Cell {cell_name(row, column)}: its formula ends in {error}.",
                "Correct the formula in the workbook, or empty the cell where there is no value.",
                row=row + 1,
                column=work.names[work.place.columns.index(column)] or None,
            )
    return Done()


def join_headers(work: Work, is_on: bool) -> Done:
    """Put the words of the upper header row before those of the lower."""
    if work.place.header_rows < 2:
        return Done()
    above = _spread(work)
    both = [(upper, lower) for upper, lower in zip(above, work.names, strict=True) if upper and lower]
    clash = [
        (upper, lower, column)
        for upper, lower, column in zip(above, work.names, work.place.columns, strict=True)
        if is_period(upper) and is_period(lower)
    ]
    if clash:
        upper, lower, column = clash[0]
        row = work.place.header_row
        work.problems.add(
            "headers_disagree",
            f"Rows {row} and {row + 1} both give periods, and they differ: {upper} over {lower}, in cells "
            f"{cell_name(row - 1, column)} and {cell_name(row, column)}.",
            "Say that the table has one header row, or correct the workbook.",
            row=work.place.header_row + 1,
        )
        return Done()
    if is_on:
        work.names = [" ".join(part for part in pair if part) for pair in zip(above, work.names, strict=True)]
    return Done(
        len(both), f"{len(both)} columns are named from both rows, such as “{' '.join(both[0])}”." if both else ""
    )


def _spread(work: Work) -> list[str]:
    """The upper header's words over every column that they span."""
    row = work.place.header_row - 1
    cells = work.sheet.grid[row]
    spans = {low[1]: high[1] for low, high in work.sheet.merged if low[0] <= row <= high[0]}
    out, current, until = [], "", -1
    for column in work.place.columns:
        word = text_of(cells[column]) if column < len(cells) else ""
        if word:
            current, until = word, spans.get(column, 10**9 if not spans else column)
        out.append(current if (column <= until and column != work.place.columns[0]) or word else "")
    return out


def name_columns(work: Work, is_on: bool) -> Done:
    """Give columns that have values and no name one by their place."""
    nameless = [position for position, name in enumerate(work.names) if not name]
    if is_on:
        for position in nameless:
            work.names[position] = "name" if position == 0 and "name" not in work.names else f"column {position + 1}"
    return Done(len(nameless), f"{len(nameless)} columns without a name are given one.")


def fill_merged(work: Work, is_on: bool) -> Done:
    """Give each cell of a merged block the block's value, and fill group names downwards."""
    count = 0
    row_of = {line - 1: index for index, line in enumerate(work.lines)}
    for (top, left), (bottom, right) in work.sheet.merged:
        if top < work.place.first_row or top not in row_of or left not in work.place.columns:
            continue
        value = work.rows[row_of[top]][work.place.columns.index(left)]
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) == (top, left) or row not in row_of or column not in work.place.columns:
                    continue
                count += 1
                if is_on:
                    work.rows[row_of[row]][work.place.columns.index(column)] = value
    return Done(count, f"{count} cells take the value of the merged cell they belong to.")


def fill_down(work: Work, is_on: bool) -> Done:
    """Repeat a group's name in the rows under it, where the first column names each group once."""
    cells = [row[0] for row in work.rows]
    blank = [index for index, cell in enumerate(cells) if is_blank(cell)]
    others_filled = len(work.names) > 2 and all(not is_blank(row[1]) for row in work.rows)
    if not blank or is_blank(cells[0]) or not others_filled or len(blank) < 0.3 * len(cells):
        return Done()
    if is_on:
        for index in blank:
            work.rows[index][0] = work.rows[index - 1][0]
    return Done(len(blank), f"{len(blank)} empty cells under {work.names[0]} take the name above them.")


def strip_marks(work: Work, is_on: bool) -> Done:
    """Take footnote marks off names."""
    count, example = 0, ""
    for position, name in enumerate(work.names):
        if (plain := without_marks(name)) != name:
            count, example = count + 1, example or f"{name} becomes {plain}"
            work.names[position] = plain if is_on else name
    for position in _label_columns(work):
        for row in work.rows:
            text = row[position]
            if isinstance(text, str) and missing_kind(text) is None and (plain := without_marks(text)) != text:
                count, example = count + 1, example or f"{text} becomes {plain}"
                row[position] = plain if is_on else text
    return Done(count, f"{count} marks that point to footnotes are taken off: {example}.")


def _label_columns(work: Work) -> list[int]:
    """Columns most of whose cells are words."""
    return [position for position in range(len(work.names)) if not _holds_numbers(work, position)]


def _holds_numbers(work: Work, position: int) -> bool:
    """Whether most of what is not a sign for a missing value is, or reads as, a number."""
    if work.names[position] in work.as_text:
        return False
    shown_cells = [row[position] for row in work.rows if not is_blank(row[position])]
    values = [cell for cell in shown_cells if not (isinstance(cell, str) and missing_kind(cell))]
    numbers = sum(is_number(cell) or (isinstance(cell, str) and number_of(cell) is not None) for cell in values)
    if not values:
        return bool(shown_cells)
    return numbers > 0.5 * len(values)


def drop_totals(work: Work, is_on: bool) -> Done:
    """Leave out rows that add up or average others."""
    return _drop_rows(work, is_on, TOTALS, "add up or average others")


def drop_regions(work: Work, is_on: bool) -> Done:
    """Leave out rows about whole regions among rows about areas within them."""
    return _drop_rows(work, is_on, REGIONS, "are about whole regions")


def _drop_rows(work: Work, is_on: bool, words: re.Pattern[str], what: str) -> Done:
    labels = _label_columns(work)[:3]
    matched = [
        index
        for index, row in enumerate(work.rows)
        if any(isinstance(row[position], str) and words.match(without_marks(row[position])) for position in labels)
    ]
    if not matched or len(matched) > 0.5 * len(work.rows):
        return Done()
    first = next(work.rows[matched[0]][p] for p in labels if words.match(without_marks(str(work.rows[matched[0]][p]))))
    if is_on:
        gone = set(matched)
        work.rows = [row for index, row in enumerate(work.rows) if index not in gone]
        work.lines = [line for index, line in enumerate(work.lines) if index not in gone]
    return Done(
        len(matched), f"Left out, as they {what}: {len(matched)} row{'s' * (len(matched) != 1)}, such as {first}."
    )


def read_symbols(work: Work, is_on: bool) -> Done:
    """Read the signs of published tables as missing, and count each kind."""
    kinds: Counter[str] = Counter()
    for position in range(len(work.names)):
        if not _holds_numbers(work, position):
            continue
        for row in work.rows:
            text = row[position]
            if isinstance(text, str) and text and (kind := missing_kind(text)) is not None:
                kinds[f"“{text}” ({kind})"] += 1
                row[position] = "" if is_on else text
    if kinds and is_on:
        work.notes.append(
            "Read as missing: " + ", ".join(f"{count} cells {kind}" for kind, count in kinds.items()) + "."
        )
    return Done(sum(kinds.values()), ", ".join(f"{count} cells {kind}" for kind, count in kinds.most_common()) + ".")


WHAT_WAS_DONE = {
    "thousands": "thousands separators",
    "percent": "per cent signs",
    "currency": "currency signs",
    "mark": "marks after numbers",
}


def read_numbers(work: Work, is_on: bool) -> Done:
    """Read numbers written as text; note cells of such columns that are none."""
    done: Counter[str] = Counter()
    as_text = 0
    for position, name in enumerate(work.names):
        if not _holds_numbers(work, position):
            continue
        for index, row in enumerate(work.rows):
            text = row[position]
            if not isinstance(text, str) or not text:
                continue
            read = number_of(text)
            if read is not None and (is_on or not read[1]):
                row[position] = read[0]
                done.update(read[1])
                as_text += not read[1]
                continue
            _note_text(work, index, position, name, text)
    parts = [f"{count} {WHAT_WAS_DONE[what]} taken off" for what, count in done.items()]
    parts += [f"{as_text} numbers stored as text"] if as_text else []
    if is_on and done["percent"]:
        work.notes.append("Per cent signs were taken off: 45% is read as 45.")
    return Done(sum(done.values()) + as_text, ", ".join(parts) + ".")


def _note_text(work: Work, index: int, position: int, name: str, text: str) -> None:
    work.problems.add(
        "not_a_number",
        f"Cell {work.cell(index, position)}: {shown(text)} is not a number, and most of {name or 'the column'} are.",
        "Correct it in the workbook, or empty the cell where there is no value.",
        row=work.lines[index],
        column=name or None,
    )


def read_dates(work: Work, is_on: bool) -> Done:
    """Read dates written as text, where most texts of a column are; note cells of such columns that are none."""
    read = 0
    for position, name in enumerate(work.names):
        texts = {index: row[position] for index, row in enumerate(work.rows) if isinstance(row[position], str)}
        dates = {index: date_of(text) for index, text in texts.items() if text}
        n_dates = sum(date is not None for date in dates.values())
        if not n_dates or n_dates < MOSTLY * len(dates):
            continue
        read += n_dates
        for index, date in dates.items() if is_on else ():
            if date is not None:
                work.rows[index][position] = date
                continue
            work.problems.add(
                "not_a_date",
                f"Cell {work.cell(index, position)}: {shown(texts[index])} is no date, and most of "
                f"{name or 'the column'} are. The day comes first.",
                "Write it as the others are written, or empty the cell where it is not known.",
                row=work.lines[index],
                column=name or None,
            )
    if is_on and read:
        work.notes.append("Dates written as text were read with the day first: 01/09/2016 is 1 September 2016.")
    return Done(read, f"{read} dates stored as text, the day first.")


def turn_periods(work: Work, is_on: bool) -> Done:
    """Turn periods across the top into rows: one row for each row and period, one column for each measure."""
    across = _periods_across(work)
    if not across:
        return Done()
    periods = list(dict.fromkeys(period for _, period in across.values()))
    mixed = mixed_periods(tuple(sorted(periods)), "names across the top")
    if mixed is not None:
        work.problems.include([_where_mixed(work, mixed, across)])
        return Done()
    measures = list(dict.fromkeys(measure for measure, _ in across.values()))
    detail = (
        f"{len(across)} columns ({periods[0]} to {periods[-1]}) become rows, with the period in a column of its own."
    )
    if is_on:
        _melt(work, across, periods, measures)
    return Done(len(across), detail)


def _where_mixed(work: Work, mixed: Issue, across: dict[int, tuple[str, str]]) -> Issue:
    """The problem with the first cell of the header whose period is written otherwise than the one before it."""
    positions = sorted(across)
    odd = next(
        (
            position
            for before, position in pairwise(positions)
            if mixed_periods((across[before][1], across[position][1]), "") is not None
        ),
        positions[0],
    )
    row = work.place.header_row
    where = f"Cell {cell_name(row, work.place.columns[odd])}"
    return replace(mixed, row=row + 1, message=f"{where}: {mixed.message[:1].lower()}{mixed.message[1:]}")


def _periods_across(work: Work) -> dict[int, tuple[str, str]]:
    """Position to (measure, period), where one measure at least has two periods across the top."""
    holding = {name: position for position, name in enumerate(work.names) if _holds_numbers(work, position)}
    return {holding[name]: each for name, each in periods_across(holding).items()}


def _melt(work: Work, across: dict[int, tuple[str, str]], periods: list[str], measures: list[str]) -> None:
    kept = [position for position in range(len(work.names)) if position not in across]
    place = {each: position for position, each in across.items()}
    rows, lines = [], []
    for line, row in zip(work.lines, work.rows, strict=True):
        for period in periods:
            values = [row[place[measure, period]] if (measure, period) in place else "" for measure in measures]
            label: Cell = float(period) if period.isdigit() else period
            rows.append([*(row[position] for position in kept), label, *values])
            lines.append(line)
    names = [measure or work.value_name for measure in measures]
    work.names = [*(work.names[position] for position in kept), work.period_name, *names]
    work.rows, work.lines = rows, lines


Run = Callable[[Work, bool], Done]
STEPS: tuple[tuple[str, str, Run], ...] = (
    ("around", "Rows around the table", skip_around),
    ("errors", "Formulas with errors", refuse_errors),
    ("headers", "Two header rows joined", join_headers),
    ("names", "Columns without a name", name_columns),
    ("merged", "Merged cells filled", fill_merged),
    ("groups", "Group names repeated", fill_down),
    ("marks", "Footnote marks taken off", strip_marks),
    ("totals", "Totals left out", drop_totals),
    ("regions", "Regions left out", drop_regions),
    ("symbols", "Symbols read as missing", read_symbols),
    ("numbers", "Numbers written as text", read_numbers),
    ("dates", "Dates written as text", read_dates),
    ("periods", "Periods across the top turned into rows", turn_periods),
)
"""Every step in its order: key, title, and what runs. The first two cannot be undone: they only report."""

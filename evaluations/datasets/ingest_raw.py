"""A table as it was read: columns before anyone says what they mean, and the problems found on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import pyarrow as pa

from evaluations.stats.issues import BadInput, Issue

SHOWN_PER_KIND = 100
"""Problems of one kind in one column that are listed one by one; the rest are counted."""


@dataclass(frozen=True)
class RawTable:
    """The columns of a file, text or typed, in the file's order. `header` names those not read as well.

    `lines[i]` is the row of the file (the header being row 1) that row i came from; null where
    rows follow one another from row 2. `notes` say what was left out on the way; `issues` are the
    problems found so far, which `typed_table` raises together with its own.
    """

    data: pa.Table
    header: tuple[str, ...]
    lines: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return self.data.num_rows

    def line(self, index: int) -> int:
        """The row of the file that row `index` of the table came from."""
        return int(self.lines[index]) if self.lines is not None else int(index) + 2


@dataclass
class Problems:
    """Collects problems, so that all of them are shown together."""

    issues: list[Issue] = field(default_factory=list)
    _counts: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def add(
        self, code: str, message: str, hint: str = "", *, row: int | None = None, column: str | None = None
    ) -> None:
        """Note one problem; beyond `SHOWN_PER_KIND` of a kind in a column, only count it."""
        seen = self._counts[code, column] = self._counts.get((code, column), 0) + 1
        if seen <= SHOWN_PER_KIND:
            self.issues.append(Issue(code, message, hint, row, column))

    def add_rows(
        self, code: str, raw: RawTable, rows: Sequence[int] | np.ndarray, message: str, hint: str, column: str
    ) -> None:
        """Note the same problem at each of `rows` (indices into the table); `{row}` stands for the row's number."""
        for index in rows[:SHOWN_PER_KIND]:
            line = raw.line(int(index))
            self.add(code, message.format(row=line), hint, row=line, column=column)
        self.count_more(code, column, len(rows) - SHOWN_PER_KIND)

    def count_more(self, code: str, column: str | None, more: int) -> None:
        """Count problems that are not listed one by one."""
        if more > 0:
            self._counts[code, column] = self._counts.get((code, column), 0) + more

    def found(self) -> list[Issue]:
        """Every problem, in the order of the file's rows, each unlisted remainder as one more."""
        listed = sorted(self.issues, key=lambda issue: issue.row or 0)
        for (code, column), count in self._counts.items():
            if count > SHOWN_PER_KIND:
                first = next(issue for issue in self.issues if (issue.code, issue.column) == (code, column))
                listed.append(
                    Issue(code, f"{count - SHOWN_PER_KIND:,} more problems of this kind.", first.hint, column=column)
                )
        return listed

    def include(self, issues: Iterable[Issue]) -> None:
        """Add problems found elsewhere."""
        self.issues.extend(issues)

    def stop_if_any(self) -> None:
        """Raise `BadInput` with everything found, if anything was."""
        if self.issues:
            raise BadInput(self.found())


_PLAIN = re.compile(r"[-+]?[£$€]?\d{0,3}([ ,]?\d{3})*([.,]\d+)?([eE][-+]?\d+)?\s?[%*pr]?")
_SHORT = re.compile(r"[^\w\s]{0,3}[A-Za-z]{0,3}[^\w\s]{0,3}|#[A-Z/0!?]+|[a-z]{1,12}|[A-Za-z]/[A-Za-z]|[\d.,:/ -]{1,5}")


def shown(value: object) -> str:
    """`value` in quotes where it can be shown; what it looks like where it might be about a person."""
    text = str(value)
    if (_PLAIN.fullmatch(text) and len(re.sub(r"[^\d]", "", text.partition(".")[0])) < 9) or _SHORT.fullmatch(text):
        return f"“{text}”"
    return f"text of {len(text)} characters"


_NUMBER = re.compile(r"[-+]\s?[£$€]?[\d.,\s]*\d[\d.,]*([eE][-+]?\d+)?\s?%?")
_RUNS = re.compile(r"^(=.*\S|@\w.*|[+-]\s*[A-Za-z(@='\"].*|[+-]?[\d.]+[-+*/^].*[(|!].*|[+-].*[(|!].*)$", re.DOTALL)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run this text. Negative numbers and lone dashes are not formulas."""
    text = text.strip()
    return text[:1] in {"=", "@", "+", "-"} and not _NUMBER.fullmatch(text) and bool(_RUNS.match(text))


def note_formula(problems: Problems, line: int | None, column: str, text: str) -> None:
    """Note one cell that a spreadsheet would run."""
    problems.add(
        "formula_cell",
        f"{_where(line)}column {column}: the text starts with “{text.strip()[:1]}”, so a spreadsheet would run it as "
        "a formula.",
        "Replace the cell with its value, as a number or as text that starts with a letter.",
        row=line,
        column=column,
    )


def _where(line: int | None) -> str:
    return f"Row {line}, " if line is not None else ""


def check_header(names: Sequence[str], problems: Problems, *, has_values: Sequence[bool]) -> list[str]:
    """Distinct names for the columns, problems with the header noted; "" marks a nameless column without values."""
    names = [" ".join(str(name).split()) for name in names]
    seen: dict[str, int] = {}
    kept = []
    for position, (name, filled) in enumerate(zip(names, has_values, strict=True), start=1):
        if not name and filled:
            problems.add(
                "header_empty",
                f"Column {position} has values but no name in the header row.",
                "Give every column a name in the first row.",
                row=1,
                column=f"column {position}",
            )
        if name and name in seen:
            problems.add(
                "header_repeated",
                f"Columns {seen[name]} and {position} are both called {name}.",
                "Give each column a name of its own.",
                row=1,
                column=name,
            )
        if is_formula(name):
            note_formula(problems, 1, name, name)
        kept.append(name if name and name not in seen else f"column {position}" if filled else "")
        seen.setdefault(name, position)
    if not any(names):
        problems.add("header_missing", "The first row has no column names.", "Put the names in the first row.", row=1)
    return kept


def near(name: str, known: Iterable[str]) -> str:
    """A hint that offers the known name closest to `name`."""
    known = list(known)
    folded = {_fold(item): item for item in reversed(known)}
    close = [folded[_fold(name)]] if _fold(name) in folded else get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    listed = ", ".join(known[:20]) + (" ..." if len(known) > 20 else "")
    return f"The file's columns are: {listed}." if known else "The file has no columns."


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()

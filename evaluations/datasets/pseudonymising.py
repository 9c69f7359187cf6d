"""A holder's file with its identifiers replaced by an opaque id, row by row, on the holder's own machine."""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from evaluations.datasets.ingest_raw import RawTable
from evaluations.datasets.personal import personal_columns
from evaluations.datasets.pseudonyms import BLANK, Identity, identity_in_words, opaque_id, text_of
from evaluations.stats.issues import BadInput, Issue

OPAQUE = "opaque_id"
ROWS_AT_ONCE = 20_000
ROWS_LISTED = 20
Row = list[Any]


@dataclass
class Report:
    """What was done, without a value of any row: rows are named by their numbers alone."""

    rows: int = 0
    ids: int = 0
    rows_with_an_id_seen_before: int = 0
    without_id: Counter[str] = field(default_factory=Counter)
    rows_without_id: dict[str, list[int]] = field(default_factory=dict)
    spellings: list[list[int]] = field(default_factory=list)
    ids_spelt_in_more_than_one_way: int = 0
    collisions: int = 0
    dropped: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "rows": self.rows,
            "different_ids": self.ids,
            "rows_with_an_id_seen_before": self.rows_with_an_id_seen_before,
            "rows_without_id": dict(self.without_id),
            "first_rows_without_id": self.rows_without_id,
            "ids_spelt_in_more_than_one_way": self.ids_spelt_in_more_than_one_way,
            "first_rows_spelt_differently": self.spellings,
            "collisions": self.collisions,
            "columns_dropped": self.dropped,
        }


def pseudonymise(
    source: Path, target: Path, *, identity: Identity, key: bytes, drop: Sequence[str] = (), keep: Sequence[str] = ()
) -> Report:
    """Write `source` to `target` with an opaque id in front and no identifier; what was done.

    Columns of the identity, those of `drop` and every column that appears to identify people are left
    out, but for those of `keep`. Nothing is written unless all is. Raises `BadInput`.
    """
    if target.exists() and target.samefile(source):
        raise BadInput(
            [Issue("same_file", "The file would be written over itself.", "Give another name for the result.")]
        )
    with _rows(source) as rows:
        header = _header(rows, identity, (*drop, *keep))
        dropped = _identifying(header, rows) if set(header) else {}
    report = Report(dropped={name: what for name, what in dropped.items() if name not in keep})
    report.dropped |= dict.fromkeys(drop, "asked for")
    report.dropped |= dict.fromkeys(identity.columns, f"the id is made of it ({identity_in_words(identity)})")
    if clash := [name for name in header if name == OPAQUE and name not in report.dropped]:
        what = f"The file has a column {clash[0]} already."
        raise BadInput([Issue("column_there", what, "Rename it, or drop it with --drop.", column=clash[0])])
    if "" in header:
        report.dropped["(a column without a name)"] = "what it holds is not said"
    kept = [place for place, name in enumerate(header) if name and name not in report.dropped]
    with _rows(source) as rows, _writer(target) as write:
        next(rows)
        write([OPAQUE, *(header[place] for place in kept)])
        for opaque, row in _named(rows, header, identity, key, report):
            write([opaque, *(row[place] if place < len(row) else "" for place in kept)])
    return report


def _header(rows: Iterator[Row], identity: Identity, named: Iterable[str]) -> list[str]:
    header = [_text(cell).strip() for cell in next(rows, [])]
    issues = [
        Issue("column_missing", f"The file has no column {name}.", "Write it as the header row does.", column=name)
        for name in (*identity.columns, *named)
        if name not in header
    ]
    issues += [
        Issue("header_repeated", f"Two columns are called {name}.", "Give each its own name.", row=1, column=name)
        for name, count in Counter(header).items()
        if count > 1 and name
    ]
    if issues:
        raise BadInput(issues)
    return header


def _identifying(header: list[str], rows: Iterator[Row]) -> dict[str, str]:
    """The columns that appear to identify people, by header or by any value, with what they appear to hold."""
    found: dict[str, str] = {}
    while block := list(islice(rows, ROWS_AT_ONCE)):
        columns = {
            name: pa.array([_text(row[place]) if place < len(row) else "" for row in block], pa.string())
            for place, name in enumerate(header)
            if name and name not in found
        }
        found |= personal_columns(RawTable(pa.table(columns), tuple(columns)))
    return {name: f"appears to hold {kind.replace('_', ' ')}" for name, kind in found.items()}


def _named(
    rows: Iterator[Row], header: list[str], identity: Identity, key: bytes, report: Report
) -> Iterator[tuple[str, Row]]:
    """Each row with its id; counts go into the report."""
    places = [header.index(column) for column in identity.columns]
    seen: dict[str, tuple[bytes, bytes, int]] = {}
    spelt: set[str] = set()
    for line, row in enumerate(rows, start=2):
        values = [_text(row[place]) if place < len(row) else "" for place in places]
        if not any(_text(cell).strip() for cell in row):
            continue
        report.rows += 1
        text, reason = text_of(identity, values)
        if not text:
            _note_without(report, reason or BLANK, line)
            yield "", row
            continue
        opaque = opaque_id(text, key)
        written, meant = _short_hash("\x1f".join(values)), _short_hash(text)
        first = seen.setdefault(opaque, (written, meant, line))
        report.rows_with_an_id_seen_before += first[2] != line
        if first[1] != meant:
            report.collisions += 1
        elif first[0] != written and opaque not in spelt:
            spelt.add(opaque)
            report.spellings += [[first[2], line]] if len(spelt) <= ROWS_LISTED else []
        yield opaque, row
    report.ids, report.ids_spelt_in_more_than_one_way = len(seen), len(spelt)


def _note_without(report: Report, reason: str, line: int) -> None:
    report.without_id[reason] += 1
    listed = report.rows_without_id.setdefault(reason, [])
    if len(listed) < ROWS_LISTED:
        listed.append(line)


def _short_hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


@contextmanager
def _rows(path: Path) -> Iterator[Iterator[Row]]:
    """The rows of a CSV file or of the first sheet of a workbook, one after the other. Raises `BadInput`."""
    try:
        file = path.open("rb")
    except OSError as error:
        what = f"The file {path} cannot be read: {error.strerror}."
        raise BadInput([Issue("file_unreadable", what, "Check its place and name.")]) from error
    with file:
        yield _workbook_rows(file) if file.read(2) == b"PK" else _text_rows(path)


def _workbook_rows(file: BinaryIO) -> Iterator[Row]:
    import openpyxl

    file.seek(0)
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield list(row)
    finally:
        book.close()


def _text_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            start = file.read(100_000).split("\n", 1)[0]
            file.seek(0)
            yield from csv.reader(file, delimiter=max(",;\t|", key=start.count))
        except UnicodeDecodeError as error:
            cure = "Save the file as CSV UTF-8, so that accents in names are read as they were written."
            raise BadInput([Issue("encoding_unknown", "The file is not text in UTF-8.", cure)]) from error


@contextmanager
def _writer(target: Path) -> Iterator[Callable[[Row], Any]]:
    """Writes rows to a file that takes the place of `target` only when all of them are there."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".unfinished-", suffix=target.suffix)
    except OSError as error:
        what = f"The result cannot be written to {target}: {error.strerror}."
        raise BadInput([Issue("out_not_writable", what, "Give another place for it.")]) from error
    os.close(handle)
    part = Path(name)
    try:
        if target.suffix.lower() == ".xlsx":
            yield from _workbook_writer(part)
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                yield csv.writer(file, lineterminator="\n").writerow
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _workbook_writer(part: Path) -> Iterator[Callable[[Row], Any]]:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("data")
    yield cast("Callable[[Row], Any]", sheet.append)
    book.save(part)

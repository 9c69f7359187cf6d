"""The way in from bytes to a table: finds out what a file is and reads it, with every problem at once."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyreadstat

from evaluations.datasets.gazetteer import Places
from evaluations.datasets.ingest_parquet import read_parquet
from evaluations.datasets.ingest_raw import Problems, RawTable, check_header
from evaluations.datasets.ingest_roles import typed_table, wanted_columns
from evaluations.datasets.ingest_sheets import read_sheet
from evaluations.datasets.ingest_text import Wanted, look_at_text, not_a_table, note_formulas, read_text
from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table

__all__ = [
    "BadInput",
    "RawTable",
    "Wanted",
    "kind_of_file",
    "load_table",
    "look_at",
    "read_table",
    "typed_table",
    "wanted_columns",
]

OTHER_KINDS = (
    (b"%PDF", "it is a PDF"),
    (b"\x89PNG", "it is an image"),
    (b"\xff\xd8\xff", "it is an image"),
    (b"GIF8", "it is an image"),
    (b"\x1f\x8b", "it is compressed (gzip); unpack it first"),
    (b"Rar!", "it is compressed (RAR); unpack it first"),
    (b"7z\xbc\xaf", "it is compressed (7z); unpack it first"),
    (b"SQLite format 3", "it is a database"),
    (b"ARROW1", "it is an Arrow file; save it as Parquet"),
)


def kind_of_file(file: BinaryIO) -> str:
    """What the bytes are: parquet, workbook, stata, spss or text. Raises `BadInput` for what holds no table."""
    file.seek(0)
    head = file.read(512)
    if not head:
        raise BadInput([Issue("file_empty", "The file is empty.", "Upload a file with a header row and data rows.")])
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "workbook"
    if head.startswith(b"<stata_dta>") or re.match(rb"[\x71-\x77][\x01\x02]\x01", head):
        return "stata"
    if head.startswith((b"$FL2", b"$FL3")):
        return "spss"
    for start, what in OTHER_KINDS:
        if head.startswith(start):
            raise not_a_table(what)
    return "text"


def look_at(source: Path) -> None:
    """Raise `BadInput` where the start of a file shows already that it holds no table."""
    with source.open("rb") as file:
        if kind_of_file(file) == "text":
            look_at_text(file)


def read_table(
    source: Path | str | BinaryIO,
    *,
    name: str = "",
    wanted: Wanted | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> RawTable:
    """The table in `source`, whatever kind of file it is: every column, or only those `wanted`.

    `encoding` (utf-8, cp1252, utf-16) is asked of people, not guessed. Problems with rows and cells are
    its `issues`, which `typed_table` raises with its own. Raises `BadInput` where there is no table at all.
    """
    with _opened(source) as file:
        kind = kind_of_file(file)
        if kind == "parquet":
            return read_parquet(file, wanted=wanted)
        if kind == "workbook":
            return read_sheet(file, sheet=sheet)
        if kind in ("stata", "spss"):
            return _read_statistical(file, kind)
        return read_text(file, wanted=wanted, encoding=encoding)


def load_table(
    source: Path | str | BinaryIO,
    spec: Spec,
    *,
    sites: Path | str | BinaryIO | None = None,
    places: Places | None = None,
    encoding: str | None = None,
) -> Table:
    """The checked table that `spec` asks of the file, with its sites where there are any.

    Reads only the columns that the design names. Raises `BadInput` with every problem in both files.
    """
    raw = read_table(source, wanted=wanted_columns(spec), encoding=encoding)
    read_sites = None if sites is None else read_table(sites, encoding=encoding)
    return typed_table(raw, spec, sites=read_sites, places=places)


@contextmanager
def _opened(source: Path | str | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path | str):
        try:
            with Path(source).open("rb") as file:
                yield file
        except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
            cure = Issue(
                "file_not_found", f"The file {Path(source).name} cannot be opened.", "Check its name and place."
            )
            raise BadInput([cure]) from error
    else:
        yield source


def _read_statistical(file: BinaryIO, kind: str) -> RawTable:
    """The table in a Stata or SPSS file. Labels of values stay codes, as in the file."""
    file.seek(0)
    with tempfile.NamedTemporaryFile(suffix=".dta" if kind == "stata" else ".sav") as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)
        copy.flush()
        read = pyreadstat.read_dta if kind == "stata" else pyreadstat.read_sav
        try:
            frame, _ = read(copy.name)
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError) as error:
            raise not_a_table(
                f"it starts as a {'Stata' if kind == 'stata' else 'SPSS'} file, but cannot be read"
            ) from error
    data = pa.Table.from_pandas(frame, preserve_index=False)
    problems = Problems()
    check_header(data.column_names, problems, has_values=[True] * data.num_columns)
    if not data.num_rows:
        problems.add("no_rows", "The file has no data rows.", "Upload a file with data.")
    raw = RawTable(data, tuple(data.column_names))
    note_formulas(raw, problems)
    return replace(raw, issues=tuple(problems.found()))

"""Reads delimited text, whole and fast where it is well formed, and with every problem where it is not."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from evaluations.datasets.ingest_raw import Problems, RawTable, check_header, is_formula, note_formula
from evaluations.stats.issues import BadInput, Issue

CHUNK = 8 << 20
LONGEST_LINE = 1 << 20
MISSING_WORDS = ("", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "null", "NULL", "None", ".")
"""What stands for an empty cell in a column of numbers."""
ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}


@dataclass(frozen=True)
class Wanted:
    """The columns an analysis names: `labels` are read as text, `numbers` as numbers where they all are.

    In the labels that are `exact`, "NA" is a label like any other; elsewhere it stands for an empty cell.
    """

    labels: frozenset[str]
    numbers: frozenset[str]
    exact: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Every column named."""
        return self.labels | self.numbers


@dataclass
class Scan:
    """What one pass over the bytes found."""

    encoding: str
    has_quotes: bool = False
    odd_quotes: bool = False
    may_run: bool = False
    bad_rows: list[int] = field(default_factory=list)
    n_bad_rows: int = 0


def not_a_table(what: str) -> BadInput:
    """The refusal of a file that holds no table."""
    return BadInput(
        [
            Issue(
                "not_a_table",
                f"The file is not a table: {what}.",
                "Upload a table with one header row, as CSV (UTF-8), XLSX or Parquet.",
            )
        ]
    )


def scan(file: BinaryIO, encoding: str | None) -> Scan:
    """One pass over the file: its encoding, quotes, and rows that are not in that encoding.

    Raises `BadInput` as soon as the bytes cannot be a table of text.
    """
    file.seek(0)
    head = file.read(1 << 16)
    file.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _scan_transcoded(file, encoding or "utf-16")
    if b"\0" in head:
        raise not_a_table("it holds binary data")
    if encoding in ("cp1252", "utf-16"):
        return _scan_transcoded(file, encoding)
    found = Scan("utf-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, quotes, since_newline = 1, 0, 0
    while chunk := file.read(CHUNK):
        if b"\0" in chunk:
            raise not_a_table("it holds binary data")
        since_newline = _line_length(chunk, since_newline)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            decoder.reset()
            _note_bad_rows(found, chunk, line)
        line += chunk.count(b"\n")
        quotes += chunk.count(b'"')
        found.may_run = found.may_run or _may_run(chunk)
    found.has_quotes, found.odd_quotes = quotes > 0, quotes % 2 == 1
    return found


def look_at_text(file: BinaryIO) -> None:
    """Raise `BadInput` where the start of the file shows already that it is no table of text."""
    file.seek(0)
    start = io.BytesIO(file.read(2 * LONGEST_LINE))
    _header(start, scan(start, None))


def _line_length(chunk: bytes, before: int) -> int:
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    since = len(chunk) - 1 - last if last >= 0 else before + len(chunk)
    if since > LONGEST_LINE:
        raise not_a_table("it has a line of more than a million characters")
    return since


_RUNS = re.compile(rb"-[A-Za-z(=@]")


def _may_run(chunk: bytes) -> bool:
    """Whether some cell may start as a formula does. Errs on the side of yes."""
    starts = [sign for sign in (b"=", b"@", b"+") if sign in chunk]
    return any(mark + sign in chunk for sign in starts for mark in (b",", b";", b"\t", b"|", b'"', b"\n", b" ")) or (
        b"-" in chunk and bool(_RUNS.search(chunk))
    )


def _note_bad_rows(found: Scan, chunk: bytes, line: int) -> None:
    """Rows of `chunk` that are not UTF-8. Text with hardly any line in UTF-8 and controls in it is binary."""
    if sum(byte < 9 or 13 < byte < 32 for byte in chunk[:4096]) > 40:
        raise not_a_table("it holds binary data")
    for offset, text in enumerate(chunk.split(b"\n")):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            found.n_bad_rows += 1
            if len(found.bad_rows) < 10:
                found.bad_rows.append(line + offset)


def _scan_transcoded(file: BinaryIO, encoding: str) -> Scan:
    reader = codecs.getreader(encoding)(file)
    quotes = 0
    try:
        while text := reader.read(CHUNK // 4):
            quotes += text.count('"')
    except UnicodeError as error:
        raise BadInput(
            [
                Issue(
                    "encoding_wrong",
                    f"The file cannot be read as {ENCODINGS[encoding]}.",
                    "Save it as CSV UTF-8 and upload it again.",
                )
            ]
        ) from error
    return Scan(encoding, has_quotes=quotes > 0, odd_quotes=quotes % 2 == 1, may_run=True)


def read_text(file: BinaryIO, *, wanted: Wanted | None = None, encoding: str | None = None) -> RawTable:
    """The table in a file of delimited text: every column as text, or those `wanted`, typed where they can be.

    Problems with rows are its `issues`. Raises `BadInput` where there is no table to be read.
    """
    found = scan(file, encoding)
    problems = Problems()
    _note_encoding(found, problems)
    delimiter, header = _header(file, found)
    if found.odd_quotes:
        raise _open_quote(file, found)
    layout = _Layout(file, found, delimiter, header)
    if wanted is not None and not problems.issues:
        fast = _read_typed(layout, wanted)
        if fast is not None:
            return fast
    return _read_all(layout, problems, wanted)


def _note_encoding(found: Scan, problems: Problems) -> None:
    if not found.bad_rows:
        return
    rows = ", ".join(str(row) for row in found.bad_rows) + (" ..." if found.n_bad_rows > len(found.bad_rows) else "")
    problems.add(
        "encoding_wrong",
        f"{found.n_bad_rows:,} row{'s are' if found.n_bad_rows > 1 else ' is'} not in UTF-8 (row {rows}). "
        "The file is probably in Windows-1252, the usual encoding of older spreadsheets.",
        "Save it as “CSV UTF-8”, or say that it is in Windows-1252 when you upload it.",
        row=found.bad_rows[0],
    )
    found.encoding = "latin-1"


@dataclass(frozen=True)
class _Layout:
    file: BinaryIO
    scan: Scan
    delimiter: str
    header: list[str]

    def read(self, convert: pa_csv.ConvertOptions, names: list[str], *, on_bad_row=None) -> pa.Table:
        self.file.seek(0)
        return pa_csv.read_csv(
            pa.PythonFile(self.file, mode="r"),
            read_options=pa_csv.ReadOptions(
                use_threads=on_bad_row is None,
                column_names=names,
                skip_rows_after_names=1,
                encoding=self.scan.encoding,
                block_size=4 << 20,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.delimiter,
                ignore_empty_lines=False,
                newlines_in_values=self.scan.has_quotes,
                invalid_row_handler=on_bad_row,
            ),
            convert_options=convert,
        )


def _header(file: BinaryIO, found: Scan) -> tuple[str, list[str]]:
    """The delimiter and the cells of the first row."""
    file.seek(0)
    encoding = "utf-8-sig" if found.encoding == "utf-8" else found.encoding
    sample = file.read(1 << 18).decode(encoding, errors="ignore")
    if not sample.strip():
        raise BadInput([Issue("file_empty", "The file is empty.", "Upload a file with a header row and data rows.")])
    if sample.lstrip()[:1] in "{[<":
        raise not_a_table("it looks like JSON, XML or a web page")
    delimiter = _delimiter(sample)
    header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    return delimiter, header


def _delimiter(sample: str) -> str:
    """The delimiter that splits the first row into most cells, among those that split the rows after it alike."""
    lines = sample.splitlines()[:200]
    best = max(",;\t|", key=lambda sign: (_agreement(lines, sign), lines[0].count(sign)))
    if lines[0].count(best) == 0:
        raise not_a_table("only one column was found")
    share = _agreement(lines, best)
    if len(lines) > 20 and share < 0.2:
        raise not_a_table("its rows have nothing in common with its first row")
    return best


def _agreement(lines: list[str], sign: str) -> float:
    try:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=sign)]
    except csv.Error:
        return 0.0
    if not widths or widths[0] < 2:
        return -1.0
    return sum(width == widths[0] for width in widths) / len(widths)


def _read_typed(layout: _Layout, wanted: Wanted) -> RawTable | None:
    """The wanted columns, typed in one fast pass; null where anything needs a closer look."""
    names = [" ".join(name.split()) for name in layout.header]
    if layout.scan.may_run or len(set(names)) < len(names) or "" in names:
        return None
    present = [name for name in names if name in wanted.names]
    types = {name: pa.float64() if name in wanted.numbers else _TEXT for name in present}
    try:
        data = layout.read(_convert(types, present, MISSING_WORDS), names)
    except pa.ArrowInvalid:
        return None
    guessed = any(data[name].null_count for name in present if name in wanted.exact)
    if guessed or not data.num_rows or _blank(data).any():
        return None
    return RawTable(data, tuple(names))


_TEXT = pa.dictionary(pa.int32(), pa.string())


def _convert(
    types: dict[str, pa.DataType], include: list[str] | None, missing: Collection[str]
) -> pa_csv.ConvertOptions:
    return pa_csv.ConvertOptions(
        column_types=types,
        include_columns=include,
        null_values=list(missing),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        check_utf8=False,
    )


def _blank(data: pa.Table) -> np.ndarray:
    """Rows without a single value, shape (n_rows,), bool."""
    blank = np.ones(data.num_rows, dtype=bool)
    for column in data.columns:
        if not blank.any():
            break
        blank &= column.is_null().to_numpy()
    return blank


def _read_all(layout: _Layout, problems: Problems, wanted: Wanted | None) -> RawTable:
    """Every column as text, with every problem the rows have."""
    places = [f"c{position}" for position in range(len(layout.header))]
    bad: list[pa_csv.InvalidRow] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        bad.append(row)
        return "skip"

    options = _convert(dict.fromkeys(places, pa.string()), places, [""])
    try:
        data = layout.read(options, places, on_bad_row=skip)
    except pa.ArrowInvalid as error:
        raise not_a_table("its rows cannot be told apart") from error
    lines = _lines(data.num_rows, [row.number for row in bad])
    _note_ragged(bad, len(places), problems)
    filled = ~_blank(data)
    data, lines = data.filter(pa.array(filled)), lines[filled]
    names = check_header(
        layout.header, problems, has_values=[column.null_count < len(column) for column in data.columns]
    )
    data = data.rename_columns([name or place for name, place in zip(names, places, strict=True)])
    data = data.select([name for name in names if name])
    raw = RawTable(data, tuple(data.column_names), lines)
    note_formulas(raw, problems)
    if not raw.n_rows and not bad:
        problems.add("no_rows", "The file has a header row and no data rows.", "Add the data under the header row.")
    raw = replace(raw, issues=tuple(problems.found()))
    if wanted is None:
        return raw
    return replace(raw, data=data.select([name for name in data.column_names if name in wanted.names]))


def _lines(n_rows: int, skipped: list[int]) -> np.ndarray:
    """The file's row of each row kept, the header being row 1."""
    every = np.arange(2, n_rows + len(skipped) + 2)
    every[np.asarray(skipped, dtype=int) - 2] = 0
    return every[every > 0]


def _note_ragged(bad: list[pa_csv.InvalidRow], width: int, problems: Problems) -> None:
    for row in bad:
        if not row.text.strip():
            continue
        problems.add(
            "row_ragged",
            f"Row {row.number} has {row.actual_columns} cells where the header row has {width}.",
            "Give every row one cell for each column. Put text that holds the delimiter in double quotes.",
            row=row.number,
        )


def note_formulas(raw: RawTable, problems: Problems) -> None:
    """Note every cell of text that a spreadsheet would run."""
    for name, column in zip(raw.data.column_names, raw.data.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        if pa.types.is_dictionary(column.type):
            if not any(pc.any(_suspects(chunk.dictionary)).as_py() for chunk in column.chunks):
                continue
            column = pc.cast(column, kind)
        for index in np.flatnonzero(pc.fill_null(_suspects(column), False).to_numpy()):
            if is_formula(text := column[int(index)].as_py()):
                note_formula(problems, raw.line(int(index)), name, text)


def _suspects(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.match_substring_regex(texts, r"^\s*([=@]\S|[+\-].*[A-Za-z(|!@=])")


def _open_quote(file: BinaryIO, found: Scan) -> BadInput:
    file.seek(0)
    codec = "utf-16" if found.encoding == "utf-16" else "latin-1"
    row = next(number for number, line in enumerate(codecs.getreader(codec)(file), start=1) if line.count('"') % 2)
    return BadInput(
        [
            Issue(
                "quote_open",
                f"Row {row} opens a double quote that is not closed, so the rows after it run together.",
                "Close the quote, or double it where it is part of the text.",
                row=row,
            )
        ]
    )

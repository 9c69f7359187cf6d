"""A raw table made ready to be kept: columns typed and described, identifiers refused, written as Parquet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluations.datasets.gazetteer import Places
from evaluations.datasets.ingest_columns import Numbers, coded, numbers
from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.ingest_periods import kind_of_labels, mixed_periods
from evaluations.datasets.ingest_raw import Problems, RawTable, is_formula, shown
from evaluations.datasets.ingest_roles import number_hint
from evaluations.datasets.personal import personal_columns, personal_issues
from evaluations.datasets.postcode_distances import Whereabouts, placed_sites
from evaluations.datasets.site_checks import check_sites
from evaluations.datasets.tidy_grid import periods_across
from evaluations.datasets.tidy_words import number_of
from evaluations.stats.issues import Issue
from evaluations.stats.results import Label
from evaluations.stats.table import Coded

ROW_GROUP = 500_000
MOSTLY = 0.5
"""Share of numbers above which a column is taken for one of numbers, and its other cells for mistakes."""
KINDS_IN_WORDS = {
    "integer": "Whole numbers",
    "number": "Numbers",
    "date": "Dates",
    "period": "Periods",
    "text": "Text",
    "empty": "Empty",
}


WORN = {
    "thousands": "thousands separators",
    "percent": "per cent signs",
    "currency": "currency signs",
    "mark": "marks after them",
}


@dataclass(frozen=True)
class Prepared:
    """A table that may be kept, what each of its columns holds, and what was left out or remarked on."""

    data: pa.Table
    columns: list[dict[str, Any]]
    columns_dropped: list[dict[str, Any]]
    notices: tuple[Issue, ...]
    rows_read: int


def prepare(
    raw: RawTable,
    *,
    is_sites: bool = False,
    people: bool = False,
    use_postcodes: bool = False,
    as_text: frozenset[str] = frozenset(),
    refuse_periods_across: bool = False,
    whereabouts: Whereabouts | None = None,
) -> Prepared:
    """The table as it may be kept. Raises `BadInput` with every problem, identifiers of people first of all.

    With `use_postcodes`, full postcodes are replaced by their districts and, where `whereabouts` knows of sites, by
    distance and dates of exposure. Columns in `as_text` are kept as text though most of their cells are numbers.
    """
    problems = Problems()
    problems.include(personal_issues(raw, is_sites=is_sites, allowed={"postcode"} if use_postcodes else ()))
    problems.include(raw.issues)
    if refuse_periods_across:
        problems.include(_periods_across(raw.header))
    whereabouts = whereabouts or Whereabouts()
    if is_sites:
        raw = placed_sites(raw, problems, whereabouts)
    postcodes = _postcode_columns(raw, is_sites) if use_postcodes else []
    dropped: list[dict[str, Any]] = []
    notices = check_sites(raw, problems, places=Places(), known=whereabouts.known()) if is_sites else []
    columns: dict[str, pa.ChunkedArray] = {}
    described: list[dict[str, Any]] = []
    for name in raw.data.column_names:
        kept = {name: raw.data[name]}
        if name in postcodes:
            found = whereabouts.stand_ins(raw, name, problems)
            kept = {_unused(each, name, raw, columns): pa.chunked_array([part]) for each, part in found.columns.items()}
            dropped.append({"name": name, "reason": found.reason})
            notices += found.notices
        for each, column in kept.items():
            typed, kind = _typed(raw, each, column, problems, as_text)
            columns[each] = typed
            described.append(_described(each, typed, kind, people))
    problems.stop_if_any()
    if raw.lines is not None and not np.array_equal(raw.lines, np.arange(2, raw.n_rows + 2)):
        columns[LINE_COLUMN] = pa.chunked_array([pa.array(raw.lines, pa.int64())])
    return Prepared(pa.table(columns), described, dropped, (*_notices(raw, described), *notices), raw.n_rows)


def _unused(name: str, source: str, raw: RawTable, columns: Mapping[str, Any]) -> str:
    """`name`, with that of the column it comes from where it is taken."""
    return f"{source}_{name}" if name in raw.data.column_names or name in columns else name


def _periods_across(names: tuple[str, ...]) -> list[Issue]:
    """The problem of a table whose periods stand across the top."""
    across = list(periods_across(names))
    if not across:
        return []
    return [
        Issue(
            "periods_across",
            f"The periods stand across the top, {across[0]} to {across[-1]}, not in a column of their own.",
            "Give each unit and period a row, or have Uplift turn the columns into rows.",
            row=1,
        )
    ]


def _postcode_columns(raw: RawTable, is_sites: bool) -> list[str]:
    return [name for name, kind in personal_columns(raw, is_sites=is_sites).items() if kind == "postcode"]


def _typed(
    raw: RawTable, name: str, column: pa.ChunkedArray, problems: Problems, as_text: frozenset[str]
) -> tuple[pa.ChunkedArray, str]:
    kind = column.type
    if pa.types.is_null(kind) or column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), pa.string())]), "empty"
    if pa.types.is_temporal(kind):
        return column, "date"
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
        return column, _kind_of_numbers(numbers(column).values)
    if name in as_text or _has_leading_zeros(column):
        return column, "text"
    read = numbers(column)
    n_filled = len(read.values) - int(np.count_nonzero(np.isnan(read.values))) + len(read.bad)
    if len(read.bad) <= (1 - MOSTLY) * n_filled and len(read.bad) < n_filled:
        _note_text(raw, name, read, problems)
        return _as_numbers(read)
    read_labels = coded(column)
    labels = read_labels.labels
    problems.include(_dressed_numbers(name, labels))
    if (mixed := mixed_periods(labels, name)) is not None:
        problems.include([_with_row(mixed, raw, read_labels)])
    return column, "text" if not labels or kind_of_labels(labels) == "text" else "period"


def _with_row(mixed: Issue, raw: RawTable, read: Coded) -> Issue:
    """The problem of mixed periods with the first row that writes its period otherwise than the first row of all."""
    codes = np.asarray(read.codes)
    known = np.flatnonzero(codes >= 0)
    first = read.labels[codes[known[0]]]
    odd = {code for code, label in enumerate(read.labels) if mixed_periods((first, label), "") is not None}
    rows = known[np.isin(codes[known], list(odd))]
    if not len(rows):
        return mixed
    line = raw.line(int(rows[0]))
    what = f"Row {line}: {mixed.message[:1].lower()}{mixed.message[1:]}"
    return replace(mixed, row=line, message=what)


def _dressed_numbers(name: str, labels: tuple[Label, ...]) -> list[Issue]:
    """The problem of a column all of whose texts are numbers with something on: 1,234 or 45% or £3."""
    read = [number_of(label) for label in labels[:1000] if isinstance(label, str)]
    if not read or not all(each is not None and each[1] - {"mark"} for each in read):
        return []
    worn = sorted({WORN[what] for each in read if each is not None for what in each[1]})
    return [
        Issue(
            "numbers_dressed",
            f"Column {name} holds numbers with {' and '.join(worn)}, which read as text.",
            "Write them with digits and a decimal point only, or have Uplift take the rest off.",
            column=name,
        )
    ]


def _has_leading_zeros(column: pa.ChunkedArray) -> bool:
    """Whether some value is a code such as 007, which would be lost as a number."""
    return bool(pc.any(pc.match_substring_regex(column, r"^\s*-?0[0-9]")).as_py())


def _note_text(raw: RawTable, name: str, read: Numbers, problems: Problems) -> None:
    for index, text in zip(read.bad, read.texts, strict=False):
        if is_formula(text):
            continue
        line = raw.line(int(index))
        problems.add(
            "not_a_number",
            f"Row {line}, column {name}: {shown(text)} is not a number, and most of the column are.",
            number_hint(text),
            row=line,
            column=name,
        )
    problems.count_more("not_a_number", name, len(read.bad) - len(read.texts))


def _as_numbers(read: Numbers) -> tuple[pa.ChunkedArray, str]:
    kind = _kind_of_numbers(read.values)
    missing = np.isnan(read.values)
    if kind == "integer":
        whole = np.where(missing, 0, read.values).astype(np.int64)
        return pa.chunked_array([pa.array(whole, pa.int64(), mask=missing)]), kind
    return pa.chunked_array([pa.array(read.values, pa.float64(), mask=missing)]), kind


def _kind_of_numbers(values: np.ndarray) -> str:
    known = values[~np.isnan(values)]
    whole = np.isfinite(known).all() and np.all(known == np.rint(known)) and np.all(np.abs(known) < 2**53)
    return "integer" if whole else "number"


def _described(name: str, column: pa.ChunkedArray, kind: str, people: bool) -> dict[str, Any]:
    """What the column holds, without a value of it where rows are people."""
    described: dict[str, Any] = {"name": name, "kind": kind, "missing": column.null_count}
    if kind == "empty":
        return described
    described["distinct"] = pc.count_distinct(column).as_py()
    if not people and kind in ("integer", "number"):
        ends = pc.min_max(column)
        if np.isfinite(ends["min"].as_py() or 0) and np.isfinite(ends["max"].as_py() or 0):
            described |= {"min": ends["min"].as_py(), "max": ends["max"].as_py()}
    return described


def described_columns(data: pa.Table, *, people: bool) -> list[dict[str, Any]]:
    """What each column of a stored table holds."""
    return [
        _described(name, data[name], _kind_of(data[name]), people) for name in data.column_names if name != LINE_COLUMN
    ]


def _kind_of(column: pa.ChunkedArray) -> str:
    """What a typed column holds."""
    if column.null_count == len(column):
        return "empty"
    if pa.types.is_temporal(column.type):
        return "date"
    if not pa.types.is_string(column.type):
        return _kind_of_numbers(numbers(column).values)
    labels = coded(column).labels
    return "text" if kind_of_labels(labels) in ("text", "number") else "period"


def _notices(raw: RawTable, described: list[dict[str, Any]]) -> tuple[Issue, ...]:
    notes = [Issue("note", note) for note in raw.notes]
    empty = [
        Issue("column_empty", f"Column {each['name']} is empty.", "Nothing needs doing.", column=each["name"])
        for each in described
        if each["kind"] == "empty"
    ]
    return (*notes, *empty)


def write_parquet(data: pa.Table, path: Path) -> str:
    """Write the table; the hash of the file written."""
    pq.write_table(data, path, compression="zstd", row_group_size=ROW_GROUP)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_with_hash(chunks: Callable[[], Any], target: BinaryIO, *, most: int | None = None) -> tuple[int, str]:
    """Copy a file piece by piece; its size and hash. Raises `ValueError` beyond `most` bytes."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks():
        size += len(chunk)
        if most is not None and size > most:
            raise ValueError(f"larger than {most} bytes")
        digest.update(chunk)
        target.write(chunk)
    return size, digest.hexdigest()

"""Reads Parquet: only the columns that are named, straight into arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from evaluations.datasets.ingest_raw import Problems, RawTable, check_header
from evaluations.datasets.ingest_text import Wanted, not_a_table, note_formulas

LINE_COLUMN = "__row_of_file__"


def read_parquet(file: BinaryIO, *, wanted: Wanted | None = None) -> RawTable:
    """The table in a Parquet file: every column, or those `wanted`. Problems found are its `issues`."""
    file.seek(0)
    try:
        parquet = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise not_a_table("it starts as Parquet does, but cannot be read") from error
    schema = parquet.schema_arrow
    problems = Problems()
    names = [name for name in schema.names if name != LINE_COLUMN]
    check_header(names, problems, has_values=[True] * len(names))
    if len(set(names)) < len(names):
        problems.stop_if_any()
    nested = [name for name in names if _is_nested(schema, name)]
    for name in nested if wanted is None else [name for name in nested if name in wanted.names]:
        problems.add(
            "column_nested", f"Column {name} holds lists or records, not single values.", "Flatten it.", column=name
        )
    if not parquet.metadata.num_rows:
        problems.add("no_rows", "The file has no data rows.", "Upload a file with data.")
    keep = [name for name in names if name not in nested and (wanted is None or name in wanted.names)]
    has_lines = LINE_COLUMN in schema.names
    data = parquet.read(columns=[*keep, LINE_COLUMN] if has_lines else keep)
    lines = data[LINE_COLUMN].to_numpy() if has_lines else None
    raw = RawTable(data.select(keep), tuple(names), lines)
    note_formulas(raw, problems)
    return replace(raw, issues=tuple(problems.found()))


def line_of(data: pa.Table, row: int) -> int:
    """The line of the uploaded file that row `row` of a stored table came from."""
    if LINE_COLUMN in data.column_names:
        return int(data[LINE_COLUMN][row].as_py())
    return row + 2


def _is_nested(schema: pa.Schema, name: str) -> bool:
    return pa.types.is_nested(schema.field(name).type)

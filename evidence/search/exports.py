"""Lists as files: CSV and JSON of the rows, RIS and BibTeX of the publications behind them, Parquet of everything."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from evidence.catalogue.models import Source
from evidence.drawing.tables import Cell, build_table, csv_text
from evidence.search.columns import COLUMNS, Value
from evidence.search.models import DocumentKind


def as_records(rows: Iterable[Any], kind: str) -> list[dict[str, Value]]:
    """The rows with the columns of their kind."""
    columns = COLUMNS[kind]
    return [{column.name: column.read(row) for column in columns} for row in rows]


def as_csv(rows: Iterable[Any], kind: str) -> str:
    """The rows as CSV; text that a spreadsheet would run as a formula starts with an apostrophe."""
    names = [column.name for column in COLUMNS[kind]]
    records = as_records(rows, kind)
    return csv_text(build_table(kind, names, [[_cell(record[name]) for name in names] for record in records]))


def _cell(value: Value) -> Cell:
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, int):
        return Cell(str(value))
    return Cell(value) if isinstance(value, str | None) else Cell(str(value), value=value)


def as_json(rows: Iterable[Any], kind: str) -> str:
    """The rows as JSON."""
    records = as_records(rows, kind)
    return json.dumps({"count": len(records), "results": records}, ensure_ascii=False, indent=1)


def as_parquet(rows: Iterable[Any], kind: str) -> bytes:
    """The rows as a Parquet file whose columns carry their meanings."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    fields = [
        pa.field(column.name, types[column.type], metadata={"description": column.meaning}) for column in COLUMNS[kind]
    ]
    table = pa.Table.from_pylist(as_records(rows, kind), schema=pa.schema(fields))
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def as_dictionary() -> str:
    """The data dictionary: every column of every download, its type and its meaning, as CSV."""
    rows = [[kind, column.name, column.type, column.meaning] for kind in COLUMNS for column in COLUMNS[kind]]
    return csv_text(build_table("Data dictionary", ["file", "column", "type", "meaning"], rows))


def sources_behind(rows: Iterable[Any], kind: str) -> list[Source]:
    """The publications that the rows rest on, each once, in the order of their codes."""
    found: dict[str, Source] = {}
    for row in rows:
        sources = row.sources.all() if kind == DocumentKind.INTERVENTION else [row.source] if row.source else []
        stand = (source.merged_into or source for source in sources)
        found |= {source.code: source for source in stand}
    return [found[code] for code in sorted(found)]


def as_ris(sources: Iterable[Source]) -> str:
    """Publications in RIS."""
    entries = []
    for source in sources:
        lines = ["TY  - RPRT", f"ID  - {source.code}", f"TI  - {_line(source.title)}"]
        lines += [f"AU  - {author}" for author in _authors(source)]
        lines += [f"PY  - {source.year}"] if source.year else []
        lines += [f"PB  - {_line(source.publisher)}"] if source.publisher else []
        lines += [f"UR  - {_line(source.url)}"] if source.url else []
        entries.append("\r\n".join([*lines, "ER  - ", ""]))
    return "\r\n".join(entries)


def as_bibtex(sources: Iterable[Source]) -> str:
    """Publications in BibTeX."""
    entries = []
    for source in sources:
        parts = {
            "title": source.title,
            "author": " and ".join(_authors(source)),
            "year": str(source.year or ""),
            "institution": source.publisher,
            "url": source.url,
        }
        body = ",\n".join(f"  {name} = {{{_escaped(text)}}}" for name, text in parts.items() if text)
        entries.append(f"@techreport{{{re.sub(r'[^A-Za-z0-9-]', '', source.code)},\n{body}\n}}\n")
    return "\n".join(entries)


def _authors(source: Source) -> list[str]:
    return [_line(author) for author in source.authors.split(";") if author.strip()]


def _line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", _line(text))


FORMATS: dict[str, tuple[str, str, Callable[[list[Any], str], str]]] = {
    "csv": ("csv", "text/csv; charset=utf-8", as_csv),
    "json": ("json", "application/json", as_json),
    "ris": ("ris", "application/x-research-info-systems; charset=utf-8", lambda r, k: as_ris(sources_behind(r, k))),
    "bibtex": ("bib", "application/x-bibtex; charset=utf-8", lambda r, k: as_bibtex(sources_behind(r, k))),
}
"""Format: the ending of the file's name, its media type, and how rows of a kind are written."""

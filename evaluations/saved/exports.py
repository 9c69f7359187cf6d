"""A short list as a file: what the catalogue's own downloads say of each intervention, with place and note."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from evaluations.saved.models import ShortListItem
from evidence.drawing.tables import Cell, build_table, csv_text
from evidence.search.exports import FORMATS, as_records
from evidence.search.models import DocumentKind
from evidence.search.queries import rows_to_export


@dataclass(frozen=True)
class File:
    """A file to download."""

    text: str
    ending: str
    media_type: str


def list_as(name: str, items: list[ShortListItem], *, viewer: Any) -> File | None:
    """The list in a format of the catalogue's downloads; None where there is no such format."""
    if name not in FORMATS:
        return None
    ending, media_type, write = FORMATS[name]
    kind = DocumentKind.INTERVENTION
    rows = rows_to_export(viewer, kind, [item.intervention.pk for item in items])
    if name not in ("csv", "json"):
        return File(write(rows, kind), ending, media_type)
    records = _noted(as_records(rows, kind), rows, items)
    text = json.dumps({"count": len(records), "results": records}, ensure_ascii=False, indent=1)
    return File(_csv(records) if name == "csv" else text, ending, media_type)


def _noted(records: list[dict[str, Any]], rows: list[Any], items: list[ShortListItem]) -> list[dict[str, Any]]:
    notes = {item.intervention.pk: item.note for item in items}
    return [
        {"position": place, "note": notes[row.pk], **record}
        for place, (record, row) in enumerate(zip(records, rows, strict=True), 1)
    ]


def _csv(records: list[dict[str, Any]]) -> str:
    names = list(records[0]) if records else ["position", "note"]
    cells = [["" if each[name] is None else Cell(str(each[name])) for name in names] for each in records]
    return csv_text(build_table("Short list", names, cells))

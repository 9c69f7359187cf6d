"""What readers of values do not show of a workbook: cells whose formula ended in an error, and addresses."""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO
from xml.etree import ElementTree

from evaluations.datasets.ingest_text import not_a_table

_NAMESPACES = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "p": "http://schemas.openxmlformats.org/package/2006/relationships",
}
_ERROR_CELL = re.compile(
    rb'<c [^>]*?r="([A-Z]+)(\d+)"[^>]*?t="e"[^>]*?>(?:<f[^>]*?(?:/>|>.*?</f>))?<v>([^<]*)</v>', re.DOTALL
)


def error_cells(file: BinaryIO) -> dict[str, dict[tuple[int, int], str]]:
    """Sheet to the cells whose formula ended in an error, which readers of values show as empty."""
    file.seek(0)
    if not zipfile.is_zipfile(file):
        return {}
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
            return {}
        targets = {
            item.get("Id"): item.get("Target", "")
            for item in _parsed(archive.read("xl/_rels/workbook.xml.rels")).findall("p:Relationship", _NAMESPACES)
        }
        found = {}
        for sheet in _parsed(archive.read("xl/workbook.xml")).findall("m:sheets/m:sheet", _NAMESPACES):
            target = targets.get(sheet.get(f"{{{_NAMESPACES['r']}}}id"), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path in names:
                found[sheet.get("name", "")] = _errors_in(archive.read(path))
        return {name: errors for name, errors in found.items() if errors}


def _parsed(xml: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise not_a_table("its workbook is written in a way that can do harm")
    return ElementTree.fromstring(xml)  # noqa: S314  (declarations that expand are refused above)


def _errors_in(xml: bytes) -> dict[tuple[int, int], str]:
    if b't="e"' not in xml:
        return {}
    return {
        (int(row) - 1, _column_number(letters.decode())): text.decode("utf-8", "replace")
        for letters, row, text in _ERROR_CELL.findall(xml)
    }


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def cell_name(row: int, column: int) -> str:
    """The address of a cell as a spreadsheet shows it: (0, 0) is A1."""
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"

"""The API's documentation, read from its OpenAPI description and shown as a page like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

from evidence.drawing.tables import Cell, CellValue, Column, Table, build_table

METHODS = ("get", "post", "put", "patch", "delete")
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """A status code, what it means, and the fields it carries."""

    status: str
    words: str
    shape: str


@dataclass(frozen=True)
class Operation:
    """One method at one address."""

    ident: str
    method: str
    path: str
    words: str
    is_open: bool
    parameters: Table | None
    body: Table | None
    answers: tuple[Answer, ...]
    try_href: str


@dataclass(frozen=True)
class Section:
    """The operations on one kind of thing."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Shape:
    """A named shape of data, as a table of its fields."""

    name: str
    fields: Table


@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every address of the API: what it takes, what it answers, who may call it."""
    sections, shapes = documentation()
    return render(request, "api/docs.html", {"sections": sections, "shapes": shapes})


@lru_cache(maxsize=1)
def documentation() -> tuple[tuple[Section, ...], tuple[Shape, ...]]:
    """The sections and the shapes they name, from the description that programs read."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    by_tag: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).append(_operation(path, method, item[method]))
    sections = tuple(Section(tag.replace("-", " ").capitalize(), tuple(found)) for tag, found in by_tag.items())
    shapes = schema.get("components", {}).get("schemas", {})
    return sections, tuple(_shape(name, shapes[name]) for name in sorted(shapes) if "properties" in shapes[name])


def _operation(path: str, method: str, described: Schema) -> Operation:
    parameters = described.get("parameters", [])
    content = described.get("requestBody", {}).get("content", {})
    first: Schema = next(iter(content.values()), {})
    security = described.get("security", [])
    needs_nothing = method == "get" and "{" not in path and not any(each.get("required") for each in parameters)
    return Operation(
        ident=described["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        words=described.get("summary") or described.get("description", ""),
        is_open={} in security or not security,
        parameters=_parameters(f"What {method.upper()} {path} takes in its address", parameters),
        body=_body(f"What {method.upper()} {path} takes in its body", first.get("schema")),
        answers=tuple(_answer(status, each) for status, each in described.get("responses", {}).items()),
        try_href=path if needs_nothing else "",
    )


def _parameters(caption: str, parameters: Sequence[Schema]) -> Table | None:
    if not parameters:
        return None
    rows: list[list[CellValue]] = [
        [
            each["name"],
            _kind(each.get("schema", {})),
            "yes" if each.get("required") else "no",
            each.get("description", ""),
        ]
        for each in parameters
    ]
    return build_table(caption, ["Name", "Kind", "Required", Column("Meaning", wide=True)], rows)


def _body(caption: str, schema: Schema | None) -> Table | None:
    if schema is None:
        return None
    if "properties" in schema:
        return _fields(caption, schema)
    return build_table(caption, ["Body", "Kind"], [["JSON or form", _kind_cell(schema)]])


def _shape(name: str, schema: Schema) -> Shape:
    return Shape(name, _fields(f"Fields of {name}", schema))


def _fields(caption: str, schema: Schema) -> Table:
    required = set(schema.get("required", []))
    rows: list[list[CellValue]] = []
    for name, field in schema["properties"].items():
        notes = [field.get("description", ""), "Read only." if field.get("readOnly") else ""]
        words = " ".join(note for note in notes if note) or None
        rows.append([name, _kind_cell(field), "yes" if name in required else "no", words])
    return build_table(caption, ["Field", "Kind", "Always there", Column("Meaning", wide=True)], rows)


def _answer(status: str, described: Schema) -> Answer:
    content: Schema = next(iter(described.get("content", {}).values()), {})
    return Answer(status, described.get("description", ""), _named(content.get("schema", {})))


def _kind_cell(schema: Schema) -> Cell:
    name = _named(schema)
    return Cell(_kind(schema), href=f"#shape-{name}" if name and not name.endswith("Enum") else "")


def _named(schema: Schema) -> str:
    """The shape that a schema points to, itself or as what a list or a choice holds."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    inner = schema.get("items") or next(iter(schema.get("allOf") or schema.get("oneOf") or []), None)
    return _named(inner) if inner else ""


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return _named(schema)
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"] if value not in ("", None))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    for choice in ("allOf", "oneOf", "anyOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(_kind(each) for each in schema[choice]))
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object"}
    kind = str(schema.get("format") or words.get(str(schema.get("type", "")), schema.get("type", "anything")))
    return f"{kind}, or null" if schema.get("nullable") else kind

"""Pages whose text is kept in docs/: methods, and what validation found."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from evidence.drawing.tables import Column, Table, build_table

DOCS = Path(settings.BASE_DIR) / "docs"
CLASSES = {
    "h1": "govuk-heading-xl",
    "h2": "govuk-heading-l",
    "h3": "govuk-heading-m",
    "h4": "govuk-heading-s",
    "p": "govuk-body",
    "a": "govuk-link",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "table": "govuk-table",
    "thead": "govuk-table__head",
    "tbody": "govuk-table__body",
    "tr": "govuk-table__row",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
}


class _SiteClasses(Treeprocessor):
    """Gives a document's elements the site's classes, and its tables a region that scrolls."""

    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for place, child in enumerate(list(parent)):
                if child.tag in CLASSES:
                    child.set("class", CLASSES[child.tag])
                if child.tag in ("th", "td") and child.attrib.pop("style", "").endswith("right;"):
                    child.set("class", f"{CLASSES[child.tag]} {CLASSES[child.tag]}--numeric")
                if child.tag == "table":
                    parent[place] = _scrolling(child)


def _scrolling(table: Element) -> Element:
    first = " and ".join((cell.text or "").strip() for cell in list(table.iter("th"))[:2])
    region = Element("div", {"class": "up-scroll", "role": "region", "tabindex": "0", "aria-label": f"Table: {first}"})
    region.append(table)
    return region


class _Site(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  (the library's name)
        md.treeprocessors.register(_SiteClasses(md), "site-classes", 1)


@lru_cache(maxsize=16)
def _rendered(path: Path, changed_ns: int) -> tuple[str, list[dict[str, Any]]]:
    """A document as HTML, and its table of contents; made again when the file changes."""
    text = path.read_text()
    body = text.partition("\n")[2] if text.startswith("# ") else text
    parser = Markdown(extensions=["tables", "fenced_code", "toc", "sane_lists", _Site()])
    return parser.convert(body), parser.toc_tokens


def document(request: HttpRequest, *, name: str, title: str, lead: str) -> HttpResponse:
    """One document of docs/ as a page."""
    path = DOCS / f"{name}.md"
    html, contents = _rendered(path, path.stat().st_mtime_ns)
    context = {"title": title, "lead": lead, "body": mark_safe(html), "contents": contents}  # noqa: S308  (our own file)
    return render(request, "pages/document.html", context)


def validation(request: HttpRequest) -> HttpResponse:
    """Every reference number beside ours, and what the simulations did, from the committed figures."""
    groups = _figures("references")
    for group in groups:
        rows = [row for test in group["tests"] for row in test["comparisons"]]
        group["n"] = len(rows)
        group["largest_share"] = max((abs(ours - want) / tol for want, ours, tol in rows if tol), default=0.0)
    context = {
        "groups": groups,
        "n_compared": sum(group["n"] for group in groups),
        "not_compared": _figures("not_compared"),
        "simulations": _simulations_table(_figures("simulations")),
        "standing": _standing_table(_figures("standing")),
        "placebos": _placebos_table(_figures("placebo")),
    }
    return render(request, "pages/validation.html", context)


def _simulations_table(cells: list[dict[str, Any]]) -> Table | None:
    numbers = ("Clusters", "Panels", "Held the truth", "Rejected a true null", "Bias")
    columns: list[Column | str] = ["World", "Method", *(Column(label, numeric=True) for label in numbers)]
    rows = [
        [
            cell["words"],
            f"{cell['label']} ({cell['remark']})" if cell.get("remark") else cell["label"],
            cell["n_clusters"],
            f"{cell['draws']:,}",
            "withheld" if cell["coverage"] is None else cell["coverage"],
            cell["rejects_truth"],
            cell["bias"],
        ]
        for cell in cells
    ]
    return build_table("Coverage and size", columns, [_as_text(row) for row in rows]) if rows else None


def _standing_table(found: list[dict[str, Any]]) -> Table | None:
    numbers = ("Drift", "Bias", "Supports", "With caution", "Does not support")
    columns: list[Column | str] = ["Estimator", "Units", *(Column(label, numeric=True) for label in numbers)]
    keys = ("estimator", "units", "drift", "bias", "supports", "caution", "does_not_support")
    rows = [_as_text([row[key] for key in keys]) for row in found]
    if not rows:
        return None
    return build_table(f"Share of results at each level, rule version {found[0]['rule_version']}", columns, rows)


def _placebos_table(found: list[dict[str, Any]]) -> Table | None:
    numbers = ("Treated areas", "Draws", "Series", "Called an effect")
    columns: list[Column | str] = ["Design", *(Column(label, numeric=True) for label in numbers)]
    rows = [
        _as_text([row["label"], row["n_treated"], row["draws"], row["n_series"], f"{100 * row['rejects']:.1f} %"])
        for row in found
    ]
    return build_table("Share of draws called an effect", columns, rows) if rows else None


def _as_text(row: Iterable[Any]) -> list[str]:
    """Figures as they were written down; they were rounded when they were measured."""
    return ["-" if value is None else str(value) for value in row]


def _figures(part: str) -> list[dict[str, Any]]:
    path = DOCS / "validation" / f"{part}.json"
    return json.loads(path.read_text()) if path.exists() else []

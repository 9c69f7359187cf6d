"""Templates to fill in: a page of all of them, and each as a file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from evaluations.datasets.template_files import (
    GROUPS,
    dictionary_csv,
    dictionary_rows,
    template_csv,
    template_named,
    template_workbook,
)
from evaluations.datasets.templates_to_fill import Template

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def template_list(request: HttpRequest) -> HttpResponse:
    """Every template with its dictionary, by design and by outcome."""
    groups = [
        {"title": title, "templates": [{"template": each, "dictionary": dictionary_rows(each)} for each in templates]}
        for title, templates in GROUPS
    ]
    return render(request, "datasets/templates.html", {"groups": groups})


def template_download(request: HttpRequest, name: str) -> HttpResponse:
    """A file to fill in, with example rows that pass as they are."""
    return _file(template_csv(_template_or_404(name)), CSV, f"{name}.csv")


def workbook_download(request: HttpRequest, name: str) -> HttpResponse:
    """The same as a workbook, with the dictionary on a second sheet."""
    return _file(template_workbook(_template_or_404(name)), XLSX, f"{name}.xlsx")


def dictionary_download(request: HttpRequest, name: str) -> HttpResponse:
    """What each column of a template holds."""
    return _file(dictionary_csv(_template_or_404(name)), CSV, f"{name}-dictionary.csv")


def _template_or_404(name: str) -> Template:
    template = template_named(name)
    if template is None:
        raise Http404
    return template


def _file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

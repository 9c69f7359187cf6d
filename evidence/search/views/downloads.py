"""The whole public catalogue as files."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from evidence.search.exports import as_csv, as_dictionary, as_parquet
from evidence.search.presenters import PLURALS
from evidence.search.queries import Criteria, find, rows_to_export


def data(request: HttpRequest) -> HttpResponse:
    """The whole public catalogue, to download."""
    return render(request, "search/data.html", {"kinds": PLURALS.values()})


def data_file(request: HttpRequest, name: str, ending: str) -> HttpResponse:
    """One file of the public catalogue."""
    kinds = {plural: kind for kind, plural in PLURALS.items()}
    if name == "dictionary" and ending == "csv":
        return HttpResponse(as_dictionary(), content_type="text/csv; charset=utf-8")
    if name not in kinds:
        raise Http404("There is no such file.")
    kind = kinds[name]
    rows = rows_to_export(None, kind, find(None, kind, Criteria()).keys)
    if ending == "parquet":
        return HttpResponse(as_parquet(rows, kind), content_type="application/vnd.apache.parquet")
    return HttpResponse(as_csv(rows, kind), content_type="text/csv; charset=utf-8")

"""The whole public catalogue as files."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.linked_data import address_of, data_block
from evidence.catalogue.models import CatalogueVersion
from evidence.search.exports import as_csv, as_dictionary, as_parquet
from evidence.search.presenters import PLURALS
from evidence.search.queries import Criteria, find, rows_to_export


def data(request: HttpRequest) -> HttpResponse:
    """The whole public catalogue, to download."""
    shown = {"kinds": PLURALS.values(), "linked_data": data_block(_described())}
    return render(request, "search/data.html", shown)


def _described() -> dict[str, Any]:
    """The catalogue as a data set of schema.org, with an address for each file of it."""
    types = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
    files = [(plural, ending) for plural in PLURALS.values() for ending in types]
    return {
        "@type": "Dataset",
        "@id": address_of(reverse("data")),
        "url": address_of(reverse("data")),
        "name": "Uplift: interventions, studies and estimates on social mobility",
        "description": "Everything public in the catalogue. Only rows marked causal are effects; empty is not zero.",
        "isAccessibleForFree": True,
        "dateModified": CatalogueVersion.changed_on(),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{name}.{ending}",
                "encodingFormat": types[ending],
                "contentUrl": address_of(reverse("data-file", args=[name, ending])),
            }
            for name, ending in [*files, ("dictionary", "csv")]
        ],
    }


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

"""Places: their figures, the evidence from them, and places like them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.drawing.tables import csv_text
from evidence.places.likeness import places_like
from evidence.places.models import Place, PlaceKind, PlaceMeasure
from evidence.places.queries import editions_shown, place_by_code, places_known, successors_of
from evidence.search.places import evidence_in, evidence_map, likeness_table, search_of
from evidence.series.charts import of_place


def place(request: HttpRequest, code: str) -> HttpResponse:
    """One place: its figures, and the evidence from it and from the areas it lies within."""
    found = _place(request, code)
    official, every = of_place(request.user, found, chosen=request.GET.get("series", ""))
    context = {
        "crumbs": [("Places", reverse("places"))],
        "place": found,
        "successors": successors_of(found),
        "inside": found.children.filter(is_current=True).order_by("name"),
        "editions": editions_shown(request.user),
        "evidence": evidence_in(found, viewer=request.user),
        "figures": found.figures.all(),
        "official": official,
        "official_series": every,
    }
    return render(request, "places/place.html", context)


def like(request: HttpRequest, code: str) -> HttpResponse:
    """The places most like one by stated measures, and the evidence from them."""
    found = _place(request, code)
    chosen = request.GET.getlist("measure")
    likeness = places_like(request.user, found, measure_codes=chosen)
    table = likeness_table(likeness) if likeness else None
    if table and request.GET.get("download") == "csv":
        return HttpResponse(csv_text(table), content_type="text/csv; charset=utf-8")
    used = {measure.code for measure in likeness.measures} if likeness else set()
    context = {
        "crumbs": [("Places", reverse("places")), (found.name, found.get_absolute_url())],
        "place": found,
        "table": table,
        "measures": [(measure, measure.code in used) for measure in PlaceMeasure.objects.all()],
        "interventions_href": search_of(likeness, "interventions") if likeness else "",
        "estimates_href": search_of(likeness, "estimates") if likeness else "",
    }
    return render(request, "places/like.html", context)


def places(request: HttpRequest) -> HttpResponse:
    """Every place, by kind, with the map of where evidence comes from."""
    figure = evidence_map(request.user)
    if request.GET.get("download") == "csv":
        return HttpResponse(csv_text(figure.table), content_type="text/csv; charset=utf-8")
    words = request.GET.get("search", "").replace("\x00", "").strip()[:80]
    found = places_known(request.user).order_by("name")
    if words:
        found = found.filter(name__icontains=words)
    levels = PlaceKind.values
    ordered = sorted(found, key=lambda each: levels.index(each.kind))
    return render(
        request,
        "places/places.html",
        {"places": ordered, "figure": figure, "words": words, "editions": editions_shown(request.user)},
    )


def _place(request: HttpRequest, code: str) -> Place:
    found = place_by_code(request.user, code=code)
    if found is None:
        raise Http404("There is no such place.")
    return found

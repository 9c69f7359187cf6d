"""Places: their figures and the evidence from them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.models import Intervention
from evidence.places.queries import place_by_code, places_around, places_known, places_within


def place(request: HttpRequest, code: str) -> HttpResponse:
    """One place: its figures, and the evidence from it and from the areas it lies within."""
    found = place_by_code(request.user, code=code)
    if found is None:
        raise Http404("There is no such place.")
    visible = Intervention.objects.visible_to(request.user)
    context = {
        "crumbs": [("Places", reverse("places"))],
        "place": found,
        "here": visible.filter(places__in=[found.pk, *places_within(found)]).distinct().order_by("name"),
        "around": visible.filter(places__in=places_around(found)[1:]).distinct().order_by("name"),
        "figures": found.figures.all(),
    }
    return render(request, "places/place.html", context)


def places(request: HttpRequest) -> HttpResponse:
    """Every place, by kind."""
    return render(request, "places/places.html", {"places": places_known(request.user).order_by("kind", "name")})

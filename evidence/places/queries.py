"""Places and the figures on them; everything here is public."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet

from evidence.places.models import Place, PlaceChange, PlaceEdition, PlaceFigure, PlaceKind


def places_known(viewer: Any) -> QuerySet[Place]:
    """Every current place with what it lies within."""
    return Place.objects.filter(is_current=True).select_related("parent", "combined_authority")


def authorities(viewer: Any) -> QuerySet[Place]:
    """The upper-tier authorities."""
    return places_known(viewer).filter(kind=PlaceKind.UPPER_TIER)


def place_by_code(viewer: Any, *, code: str) -> Place | None:
    """One place with its figures and former codes, by its code or by one it used to have; None where unknown."""
    places = Place.objects.select_related("parent__parent", "combined_authority").prefetch_related(
        "changes", Prefetch("figures", PlaceFigure.objects.select_related("measure").order_by("measure__position"))
    )
    return places.filter(code=code).first() or places.filter(changes__previous_code=code).order_by("name").first()


def figures_on_places(viewer: Any, *, measures: Sequence[str]) -> QuerySet[PlaceFigure]:
    """The figures on current places by these measures, each with its place and measure."""
    found = PlaceFigure.objects.filter(measure__code__in=measures, place__is_current=True)
    return found.select_related("place", "measure").order_by("measure__position", "place__code")


def successors_of(place: Place) -> list[PlaceChange]:
    """What became of a place that ended: the changes that name it as what came before."""
    changes = PlaceChange.objects.filter(previous_code=place.code).exclude(place=place)
    return list(changes.select_related("place").order_by("place__name"))


def editions_shown(viewer: Any) -> list[PlaceEdition]:
    """The latest file of each shape that was loaded, so that each can be credited."""
    latest: dict[str, PlaceEdition] = {}
    for edition in PlaceEdition.objects.order_by("version"):
        latest[edition.shape] = edition
    return sorted(latest.values(), key=lambda edition: (edition.credit, edition.shape))


def places_around(place: Place) -> list[int]:
    """The keys of a place and of everything it lies within: what happens there happens to it."""
    keys, current = [place.pk], place.parent
    if place.combined_authority_id:
        keys.append(place.combined_authority_id)
    while current is not None:
        keys.append(current.pk)
        current = current.parent
    return keys


def places_within(place: Place) -> list[int]:
    """The keys of everything that lies within a place, itself not counted."""
    found: list[int] = []
    frontier = [place.pk]
    while frontier:
        below = Place.objects.filter(parent__in=frontier) | Place.objects.filter(combined_authority__in=frontier)
        frontier = [key for key in below.values_list("pk", flat=True) if key not in found and key != place.pk]
        found += frontier
    return found

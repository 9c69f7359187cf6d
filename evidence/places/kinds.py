"""What kinds of place there are, and what each place is and lies within."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from evidence.places.models import Place, PlaceFigure, PlaceKind

MOST_DEPRIVED_SHARE = 0.2
URBAN_FROM = 0.9
PLACE_KIND = (
    ("nation", "Whole nation or country"),
    ("region", "Region"),
    ("combined_authority", "Combined authority"),
    ("authority", "Single authorities"),
    ("coastal", "Coastal"),
    ("urban", "Mostly urban"),
    ("rural", "Partly or mostly rural"),
    ("most_deprived", "Most deprived fifth"),
)


@dataclass
class PlaceFacets:
    """What each place lies within and what kind of place it is, read once for a whole indexing."""

    around: dict[int, list[str]] = field(default_factory=dict)
    kinds: dict[int, set[str]] = field(default_factory=dict)

    def of(self, places: Iterable[Place]) -> dict[str, set[str]]:
        """The place facets of whatever happened in these places."""
        found: dict[str, set[str]] = {"place": set(), "place_kind": set()}
        for place in places:
            found["place"] |= set(self.around[place.pk])
            found["place_kind"] |= self.kinds[place.pk]
        return found


def read_places() -> PlaceFacets:
    """Every place's surroundings and kinds."""
    places = {place.pk: place for place in Place.objects.all()}
    figures: dict[str, dict[int, float]] = defaultdict(dict)
    wanted = PlaceFigure.objects.filter(measure__code__in=["uk_deprivation_score", "urban_share"])
    for place_id, code, value in wanted.values_list("place_id", "measure__code", "value"):
        figures[code][place_id] = value
    scores = sorted(figures["uk_deprivation_score"].values())
    threshold = scores[int(len(scores) * (1 - MOST_DEPRIVED_SHARE))] if scores else float("inf")
    facets = PlaceFacets()
    for place in places.values():
        facets.around[place.pk] = _around(place, places)
        kinds = {_level(place.kind)}
        if place.is_coastal:
            kinds.add("coastal")
        urban = figures["urban_share"].get(place.pk)
        if urban is not None:
            kinds.add("urban" if urban >= URBAN_FROM else "rural")
        if figures["uk_deprivation_score"].get(place.pk, 0) >= threshold:
            kinds.add("most_deprived")
        facets.kinds[place.pk] = kinds
    return facets


def _around(place: Place, places: dict[int, Place]) -> list[str]:
    codes = [place.code]
    if place.combined_authority_id:
        codes.append(places[place.combined_authority_id].code)
    current = place
    while current.parent_id:
        current = places[current.parent_id]
        codes.append(current.code)
    return codes


def _level(kind: str) -> str:
    levels: dict[str, str] = {
        PlaceKind.COUNTRY: "nation",
        PlaceKind.NATION: "nation",
        PlaceKind.REGION: "region",
        PlaceKind.COMBINED_AUTHORITY: "combined_authority",
    }
    return levels.get(kind, "authority")

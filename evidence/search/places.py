"""Evidence by place: what was studied where, and the map of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from evidence.catalogue.models import Intervention, Study, StudyStatus
from evidence.catalogue.queries import interventions_visible_to, studies_visible_to
from evidence.drawing.figures import Figure
from evidence.drawing.maps import MapPlace, boundary_map, hexagon_map
from evidence.drawing.numbers import number_text
from evidence.drawing.tables import Cell, CellValue, Column, Table, build_table
from evidence.estimates.models import EstimateKind
from evidence.estimates.queries import estimates_listed_for
from evidence.places.likeness import Likeness
from evidence.places.models import Place, PlaceBoundary
from evidence.places.queries import authorities, places_around, places_within

WITH_INTERVAL, STUDIED = 0, 1
MAP_GROUPS = ("An estimated effect with an interval", "Studied, without such an effect")

HEXAGONS = "Each hexagon is an upper-tier authority, near its true place."


@dataclass(frozen=True)
class PlaceEvidence:
    """Interventions in a place, in the wider areas it lies within, and the studies made in it."""

    here: list[Intervention]
    around: list[Intervention]
    studies: list[Study]


def evidence_in(place: Place, *, viewer: Any) -> PlaceEvidence:
    """What the viewer may see of what was tried and studied in a place."""
    inside = [place.pk, *places_within(place)]
    visible = interventions_visible_to(viewer)
    return PlaceEvidence(
        here=list(visible.filter(places__in=inside).distinct().order_by("name")),
        around=list(visible.filter(places__in=places_around(place)[1:]).distinct().order_by("name")),
        studies=list(_made(viewer).filter(places__in=inside).distinct().order_by("-year", "title")),
    )


def _made(viewer: Any) -> Any:
    return studies_visible_to(viewer).exclude(status=StudyStatus.NEVER_EVALUATED)


def evidence_map(viewer: Any) -> Figure:
    """Where studies come from: authorities studied by themselves or in their combined authority, and the rest.

    Drawn by boundaries where they were loaded, else by hexagons.
    """
    outlines = dict(PlaceBoundary.objects.values_list("place_id", "rings"))
    studied, with_interval = _studied_places(viewer)
    places = []
    for place in authorities(viewer):
        if place.latitude is None or place.longitude is None:
            continue
        own = {place.pk, place.combined_authority_id} - {None}
        group = WITH_INTERVAL if own & with_interval else STUDIED if own & set(studied) else None
        count = sum(studied.get(key, 0) for key in own if key is not None)
        places.append(
            MapPlace(
                label=place.name,
                latitude=float(place.latitude),
                longitude=float(place.longitude),
                group=group,
                reading=f"{count} stud{'y' if count == 1 else 'ies'}" if count else "",
                href=place.get_absolute_url(),
                rings=tuple(tuple((x, y) for x, y in ring) for ring in outlines.get(place.pk, ())),
            )
        )
    has_outlines = any(place.rings for place in places)
    draw = boundary_map if has_outlines else hexagon_map
    drawn = "Boundaries are simplified; a dot has none loaded." if has_outlines else HEXAGONS
    return draw(
        places,
        groups=MAP_GROUPS,
        title="Where evidence comes from",
        none_label="No study of this place",
        note="Studies of a whole region or nation are not drawn: they are on the pages of the places they cover. "
        f"A combined authority's studies are drawn on each of its members. {drawn}",
        ident="evidence-map",
    )


def _studied_places(viewer: Any) -> tuple[dict[int, int], set[int]]:
    """How many studies each place has, and the places with an effect that has an interval."""
    counts: dict[int, int] = {}
    links = _made(viewer).filter(places__isnull=False).values_list("places__pk", "pk").distinct().order_by()
    for place_id, _ in links:
        counts[place_id] = counts.get(place_id, 0) + 1
    known = Q(ci_lower__isnull=False) | Q(std_error__isnull=False)
    effects = estimates_listed_for(viewer).filter(known, estimate_kind=EstimateKind.CAUSAL)
    return counts, set(effects.values_list("study__places__pk", flat=True).distinct().order_by()) - {None}


def likeness_table(likeness: Likeness) -> Table:
    """The place and those most like it, with the measures they were compared by."""
    columns = [Column("Place"), Column("Distance", numeric=True)]
    columns += [Column(measure.name, numeric=True) for measure in likeness.measures]
    rows: list[list[CellValue]] = [
        [Cell(likeness.place.name, note="the place asked about"), Cell("0"), *_numbers(likeness.values)]
    ]
    rows += [
        [
            Cell(each.place.name, href=each.place.get_absolute_url()),
            Cell(number_text(each.distance), value=each.distance),
            *_numbers(each.values),
        ]
        for each in likeness.nearest
    ]
    readings = " ".join(f"{measure.name}: {measure.reading}" for measure in likeness.measures)
    note = (
        f"Compared with {likeness.compared - 1} other authorities. Distance: the root mean square of the differences, "
        f"each in standard deviations of its measure. {readings}"
    )
    return build_table(f"Places most like {likeness.place.name}", columns, rows, note=note)


def _numbers(values: tuple[float, ...]) -> list[Cell]:
    return [Cell(number_text(value), value=value) for value in values]


def search_of(likeness: Likeness, kind: str) -> str:
    """The address of a list of everything from the places most like one."""
    return reverse(kind, query=[("place", each.place.code) for each in likeness.nearest])

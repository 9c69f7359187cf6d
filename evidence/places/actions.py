"""Keeps what published files say of places: each file an edition, credited; what is there is brought up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from evidence.places.models import Place, PlaceBoundary, PlaceChange, PlaceEdition, PlaceKind
from evidence.places.readers import NATIONS, CodeChange, ReadPlaces, Ring, kind_of

CLOSEST_FIRST = (
    PlaceKind.UPPER_TIER,
    PlaceKind.COMBINED_AUTHORITY,
    PlaceKind.REGION,
    PlaceKind.NATION,
    PlaceKind.COUNTRY,
)


@dataclass(frozen=True)
class PlacesPublication:
    """Whose file it is, and on what terms what it says may be shown."""

    source_name: str
    credit: str
    licence: str
    source_url: str = ""


@dataclass(frozen=True)
class PlacesLoaded:
    """What one load did: counts by what was done, in words. Empty where the file had been loaded before."""

    counts: dict[str, int]


@transaction.atomic
def load_places(*, found: ReadPlaces, publication: PlacesPublication, file_sha256: str) -> PlacesLoaded:
    """Bring places, their history or their boundaries up to date. A file that was loaded before changes nothing."""
    editions = PlaceEdition.objects.filter(shape=found.shape)
    if editions.filter(file_sha256=file_sha256).exists():
        return PlacesLoaded({})
    edition = PlaceEdition.objects.create(
        shape=found.shape,
        version=(editions.aggregate(latest=Max("version"))["latest"] or 0) + 1,
        vintage=found.vintage,
        rows=found.rows,
        file_sha256=file_sha256,
        source_name=publication.source_name,
        source_url=publication.source_url,
        credit=publication.credit,
        licence=publication.licence,
    )
    counts = Counter(_keep_names(found))
    counts.update(_keep_changes(found.changes))
    counts.update(_keep_boundaries(found, edition))
    counts.update({f"left out: {reason}": number for reason, number in found.left_out.items()})
    return PlacesLoaded(dict(counts))


def _keep_names(found: ReadPlaces) -> Iterable[str]:
    """Add and rename places, then set what each lies within; one word for each place touched."""
    places = {place.code: place for place in Place.objects.all()}
    before = {code: (place.name, place.parent_id, place.combined_authority_id) for code, place in places.items()}
    for named in found.places.values():
        if named.code not in places:
            places[named.code] = Place.objects.create(
                code=named.code, name=named.name[:120], kind=named.kind, nation=NATIONS.get(named.code[0], "")
            )
        elif named.name != named.code:
            places[named.code].name = named.name[:120]
    for named in found.places.values():
        place = places[named.code]
        parent = places.get(named.parent)
        if parent is not None and _is_as_close(parent, place.parent):
            place.parent = parent
        if named.combined_authority:
            place.combined_authority = places[named.combined_authority]
        known = before.get(named.code)
        is_same = known == (place.name, place.parent_id, place.combined_authority_id)
        if not is_same:
            place.save()
        yield "places already as the file says" if is_same else "places brought up to date" if known else "places added"


def _is_as_close(parent: Place, present: Place | None) -> bool:
    """Whether a parent is as small a place as the present one, so that a district stays in its county."""
    if present is None:
        return True
    return CLOSEST_FIRST.index(PlaceKind(parent.kind)) <= CLOSEST_FIRST.index(PlaceKind(present.kind))


def _keep_changes(changes: list[CodeChange]) -> Iterable[str]:
    """Which code came before which; what merged or was split is kept as a place that ended."""
    successors = Counter(change.previous_code for change in changes if change.previous_code != change.code)
    predecessors = Counter(change.code for change in changes if change.previous_code != change.code)
    places = {place.code: place for place in Place.objects.all()}
    for change in changes:
        kind = _kind_of(change, successors, predecessors)
        if change.code not in places and successors[change.code]:
            places[change.code] = _ended(change.code, change.name)
        if change.code not in places:
            yield "changes of places that are not known here"
            continue
        if kind in (PlaceChange.Kind.MERGED, PlaceChange.Kind.SPLIT):
            if change.previous_code not in places:
                places[change.previous_code] = _ended(change.previous_code, change.previous_name)
            ended = places[change.previous_code]
            if ended.is_current:
                ended.is_current = False
                ended.save()
        _, is_new = PlaceChange.objects.update_or_create(
            place=places[change.code],
            previous_code=change.previous_code,
            defaults={
                "previous_name": change.previous_name[:120],
                "kind": kind,
                "year": change.year,
                "note": change.note,
            },
        )
        yield "changes added" if is_new else "changes brought up to date"


def _kind_of(change: CodeChange, successors: Counter[str], predecessors: Counter[str]) -> PlaceChange.Kind:
    if change.previous_code == change.code:
        return PlaceChange.Kind.RENAMED
    if successors[change.previous_code] > 1:
        return PlaceChange.Kind.SPLIT
    return PlaceChange.Kind.MERGED if predecessors[change.code] > 1 else PlaceChange.Kind.RECODED


def _ended(code: str, name: str) -> Place:
    kind = kind_of(code)
    if kind is None:
        kind = PlaceKind.LOWER_TIER
    return Place.objects.create(
        code=code, name=(name or code)[:120], kind=kind, nation=NATIONS.get(code[0], ""), is_current=False
    )


def _keep_boundaries(found: ReadPlaces, edition: PlaceEdition) -> Iterable[str]:
    places = {place.code: place for place in Place.objects.filter(code__in=found.boundaries)}
    for code, rings in found.boundaries.items():
        place = places.get(code)
        if place is None:
            yield "boundaries of places that are not known here: load their names and codes first"
            continue
        PlaceBoundary.objects.update_or_create(place=place, defaults={"edition": edition, "rings": rings})
        if place.latitude is None:
            longitude, latitude = centroid(rings)
            place.longitude, place.latitude = Decimal(f"{longitude:.5f}"), Decimal(f"{latitude:.5f}")
            place.save()
        yield "boundaries kept"


def centroid(rings: Iterable[Ring]) -> tuple[float, float]:
    """The centre of gravity of the largest ring: longitude and latitude, by the shoelace formula."""
    best, largest = (0.0, 0.0), -1.0
    for ring in rings:
        area = x_moment = y_moment = 0.0
        for (x, y), (next_x, next_y) in zip(ring, (*ring[1:], ring[0]), strict=True):
            cross = x * next_y - next_x * y
            area, x_moment, y_moment = area + cross, x_moment + (x + next_x) * cross, y_moment + (y + next_y) * cross
        if abs(area) > largest:
            middle = (sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring))
            best = (x_moment / (3 * area), y_moment / (3 * area)) if area else middle
            largest = abs(area)
    return best

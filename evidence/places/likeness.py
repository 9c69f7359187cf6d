"""Places like a given one, by stated measures. Likeness is not evidence that an effect transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.places.models import Place, PlaceFigure, PlaceKind, PlaceMeasure
from evidence.places.queries import authorities

HOW_MANY = 10


@dataclass(frozen=True)
class LikePlace:
    """A place with its figures, in the order of the measures, and how far it stands from the one asked about."""

    place: Place
    values: tuple[float, ...]
    distance: float


@dataclass(frozen=True)
class Likeness:
    """The places most like one, by these measures. The distance is the root mean square of differences, each in
    standard deviations of the measure over all authorities."""

    place: Place
    values: tuple[float, ...]
    measures: tuple[PlaceMeasure, ...]
    nearest: tuple[LikePlace, ...]
    compared: int


def places_like(
    viewer: Any, place: Place, *, measure_codes: Sequence[str] = (), how_many: int = HOW_MANY
) -> Likeness | None:
    """The authorities most like this one by the measures named, or by all; None where it has no such figures."""
    measures = _measures(measure_codes)
    figures = _figures(measures)
    if place.pk not in figures or len(figures) < 2:
        return None
    keys = list(figures)
    table = np.array([figures[key] for key in keys])
    spread = table.std(axis=0)
    scaled = table / np.where(spread > 0, spread, 1.0)
    here = keys.index(place.pk)
    distances = np.sqrt(((scaled - scaled[here]) ** 2).mean(axis=1))
    order = [position for position in np.argsort(distances, kind="stable") if position != here][:how_many]
    rows = authorities(viewer).in_bulk([keys[position] for position in order])
    return Likeness(
        place=place,
        values=figures[place.pk],
        measures=measures,
        nearest=tuple(
            LikePlace(rows[keys[position]], figures[keys[position]], float(distances[position]))
            for position in order
            if keys[position] in rows
        ),
        compared=len(keys),
    )


def _measures(codes: Sequence[str]) -> tuple[PlaceMeasure, ...]:
    known = list(PlaceMeasure.objects.all())
    chosen = [measure for measure in known if measure.code in set(codes)]
    return tuple(chosen or known)


def _figures(measures: Sequence[PlaceMeasure]) -> dict[int, tuple[float, ...]]:
    """Each current authority's figures, for those that have all of them."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    rows = PlaceFigure.objects.filter(
        measure__in=measures, place__kind=PlaceKind.UPPER_TIER, place__is_current=True
    ).order_by("place__code")
    for place_id, measure_id, value in rows.values_list("place_id", "measure_id", "value"):
        found[place_id][measure_id] = value
    return {
        place_id: tuple(values[measure.pk] for measure in measures)
        for place_id, values in found.items()
        if len(values) == len(measures)
    }

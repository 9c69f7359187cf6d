"""Maps: places by their boundaries, or each a dot at its centroid, or a hexagon moved just enough that none overlap."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from evidence.drawing.axes import LegendEntry, legend
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure
from evidence.drawing.svg import AXIS, GRID, SERIES, element
from evidence.drawing.tables import CellValue, build_table

SQRT3 = math.sqrt(3)


@dataclass(frozen=True)
class MapPlace:
    """A place: its centroid, the group it is coloured by (None: no evidence), and what its row in the table says.

    `rings` outline it, as (longitude, latitude) in degrees; without them it is a dot on a map of boundaries.
    """

    label: str
    latitude: float
    longitude: float
    group: int | None = None
    reading: str = ""
    href: str = ""
    rings: tuple[tuple[tuple[float, float], ...], ...] = ()


def dot_map(
    places: Sequence[MapPlace],
    *,
    groups: Sequence[str],
    title: str,
    none_label: str = "No evidence",
    note: str = "",
    ident: str = "",
) -> Figure:
    """A map of dots at true centroids. `groups` names what each colour means."""
    return _map_figure(places, groups, title, none_label, note, ident, draw=partial(_draw, hexagons=False))


def hexagon_map(
    places: Sequence[MapPlace],
    *,
    groups: Sequence[str],
    title: str,
    none_label: str = "No evidence",
    note: str = "",
    ident: str = "",
) -> Figure:
    """A map of equal hexagons, near their true places. `groups` names what each colour means."""
    return _map_figure(places, groups, title, none_label, note, ident, draw=partial(_draw, hexagons=True))


def boundary_map(
    places: Sequence[MapPlace],
    *,
    groups: Sequence[str],
    title: str,
    none_label: str = "No evidence",
    note: str = "",
    ident: str = "",
) -> Figure:
    """A map of outlines, true to place; a place without one is a dot. `groups` names what each colour means."""
    return _map_figure(places, groups, title, none_label, note, ident, draw=_draw_boundaries)


def _map_figure(
    places: Sequence[MapPlace],
    groups: Sequence[str],
    title: str,
    none_label: str,
    note: str,
    ident: str,
    *,
    draw: Callable[..., Drawn],
) -> Figure:
    counts = [sum(place.group == number for place in places) for number in range(len(groups))]
    without = sum(place.group is None for place in places)
    words = [f"{label}: {count}" for label, count in zip(groups, counts, strict=True)] + [f"{none_label}: {without}"]
    rows: list[list[CellValue]] = [
        [place.label, none_label if place.group is None else groups[place.group], place.reading or None]
        for place in sorted(places, key=lambda place: place.label)
    ]
    return build_figure(
        partial(draw, places, groups=groups, none_label=none_label),
        title=title,
        desc=f"{len(places)} places. {'; '.join(words)}. The same follows as a table.",
        table=build_table(title, ["Place", "Shown as", "Reading"], rows),
        note=note,
        ident=ident,
    )


def _draw(
    places: Sequence[MapPlace], canvas: Canvas, *, groups: Sequence[str], none_label: str, hexagons: bool
) -> Drawn:
    room = canvas.width - 20
    plain = projected(tuple((place.latitude, place.longitude) for place in places))
    if hexagons:
        centres, radius = hexagon_centres(plain)
        spots, scale = _fitted(centres, room, min(room * 1.5, 760), inset=24)
        size = min(max(radius * scale * 0.96, 2.0), 24.0)
    else:
        spots, _ = _fitted(plain, room, min(room * 1.5, 760), inset=8)
        size = 4.5
    body = [_mark(place, spot, size, hexagons=hexagons) for place, spot in zip(places, spots, strict=True)]
    bottom = max((y for _, y in spots), default=0) + size + 14
    entries = [LegendEntry("square", label, number) for number, label in enumerate(groups)]
    keys, height = legend([*entries, LegendEntry("none", none_label)], bottom, canvas)
    return Drawn([*body, *keys], height)


def _mark(place: MapPlace, spot: tuple[float, float], size: float, *, hexagons: bool) -> str:
    x, y = spot
    paint = _paint(place)
    if not hexagons:
        return element("circle", cx=float(x), cy=float(y), r=size, **paint)
    corners = " ".join(
        f"{x + size * math.sin(math.pi / 3 * corner):.1f},{y + size * math.cos(math.pi / 3 * corner):.1f}"
        for corner in range(6)
    )
    return element("polygon", points=corners, **paint)


def _paint(place: MapPlace, *, lined: bool = True) -> dict[str, str]:
    if place.group is None:
        return {"class_": "chart-fill-none", "fill": GRID} | ({"stroke": AXIS} if lined else {})
    number = place.group % len(SERIES)
    return {"class_": f"chart-fill-{number + 1}", "fill": SERIES[number]}


def _draw_boundaries(places: Sequence[MapPlace], canvas: Canvas, *, groups: Sequence[str], none_label: str) -> Drawn:
    room = canvas.width - 20
    corners = [(latitude, longitude) for place in places for ring in place.rings for longitude, latitude in ring]
    centres = [(place.latitude, place.longitude) for place in places]
    spots, _ = _fitted(projected((*centres, *corners)), room, min(room * 1.5, 760), inset=8)
    at = iter(spots[len(places) :])
    body = []
    for place, (x, y) in zip(places, spots, strict=False):
        outline = "".join(_outline([next(at) for _ in ring]) for ring in place.rings)
        if outline:
            body.append(element("path", d=outline, stroke=AXIS, stroke_width=0.4, **_paint(place, lined=False)))
        else:
            body.append(element("circle", cx=float(x), cy=float(y), r=3.0, **_paint(place)))
    bottom = max((y for _, y in spots), default=0) + 14
    entries = [LegendEntry("square", label, number) for number, label in enumerate(groups)]
    keys, height = legend([*entries, LegendEntry("none", none_label)], bottom, canvas)
    return Drawn([*body, *keys], height)


def _outline(spots: list[tuple[float, float]]) -> str:
    """A closed path through the spots in tenths of a pixel, each step from the one before."""
    x, y = round(spots[0][0] * 10), round(spots[0][1] * 10)
    steps = [f"M{x / 10:g} {y / 10:g}l"]
    for next_x, next_y in ((round(a * 10), round(b * 10)) for a, b in spots[1:]):
        if (next_x, next_y) != (x, y):
            steps.append(f"{(next_x - x) / 10:g} {(next_y - y) / 10:g} ")
        x, y = next_x, next_y
    return "".join(steps).rstrip() + "z" if len(steps) > 2 else ""


def _fitted(
    spots: Sequence[tuple[float, float]], width: float, height: float, *, inset: float
) -> tuple[list[tuple[float, float]], float]:
    """The spots moved and scaled into the room, and the scale."""
    if not spots:
        return [], 1.0
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    top, bottom = min(y for _, y in spots), max(y for _, y in spots)
    scale = min(width / ((right - left) or 1), height / ((bottom - top) or 1))
    aside = (width - (right - left) * scale) / 2 + 10
    return [((x - left) * scale + aside, (y - top) * scale + inset) for x, y in spots], scale


def projected(centroids: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Latitude and longitude as places on a plane, in degrees of latitude, y downwards."""
    if not centroids:
        return ()
    middle = math.radians(sum(latitude for latitude, _ in centroids) / len(centroids))
    return tuple((longitude * math.cos(middle), -latitude) for latitude, longitude in centroids)


@lru_cache(maxsize=8)
def hexagon_centres(spots: tuple[tuple[float, float], ...]) -> tuple[tuple[tuple[float, float], ...], float]:
    """A free hexagon of one grid for each spot, the least crowded placed first, and the hexagons' radius.

    Each spot takes the free hexagon nearest to it, so that neighbours stay neighbours and none overlap.
    """
    if len(spots) < 2:
        return spots, 1.0
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    top, bottom = min(y for _, y in spots), max(y for _, y in spots)
    area = max((right - left) * (bottom - top), 1e-6)
    radius = math.sqrt(area / len(spots) / 2.6 / (1.5 * SQRT3))
    free = _grid(left - 4 * radius, right + 4 * radius, top - 4 * radius, bottom + 4 * radius, radius)
    chosen: dict[int, tuple[float, float]] = {}
    for place in _outermost_first(spots):
        x, y = spots[place]
        best = min(free, key=lambda cell: ((cell[0] - x) ** 2 + (cell[1] - y) ** 2, cell))
        free.discard(best)
        chosen[place] = best
    return tuple(chosen[place] for place in range(len(spots))), radius


def _grid(left: float, right: float, top: float, bottom: float, radius: float) -> set[tuple[float, float]]:
    rows = math.ceil((bottom - top) / (1.5 * radius)) + 1
    columns = math.ceil((right - left) / (SQRT3 * radius)) + 1
    return {
        (left + (column + row % 2 / 2) * SQRT3 * radius, top + row * 1.5 * radius)
        for row in range(rows)
        for column in range(columns)
    }


def _outermost_first(spots: Sequence[tuple[float, float]]) -> list[int]:
    """Spots whose neighbours are far come first and keep their true place; ties go by position."""

    def crowding(place: int) -> float:
        x, y = spots[place]
        distances = sorted((a - x) ** 2 + (b - y) ** 2 for a, b in spots)
        return distances[min(6, len(distances) - 1)]

    return sorted(range(len(spots)), key=lambda place: (-crowding(place), place))

"""A map of sites with circles round them, drawn to scale among known places, without boundaries or outside tiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import LegendEntry, legend
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure
from evidence.drawing.svg import AXIS, GRID, INK, MUTED, SERIES, SURFACE, element, line, text
from evidence.drawing.tables import CellValue, Column, build_table, number_cell

KM_A_DEGREE = 111.3
MOST_CIRCLED = 400
MOST_NAMED = 12
STEPS_KM = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True)
class MappedSite:
    """A site: where it is, when it opened and closed in words, the group it is coloured by, and any remark on it."""

    name: str
    latitude: float
    longitude: float
    group: int = 0
    opened: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Landmark:
    """A known place, to find one's way by."""

    name: str
    latitude: float
    longitude: float


def site_map(
    sites: Sequence[MappedSite],
    *,
    groups: Sequence[str],
    circles_km: Sequence[float] = (),
    landmarks: Sequence[Landmark] = (),
    title: str,
    note: str = "",
    ident: str = "",
) -> Figure:
    """The sites as dots with circles of each radius. `groups` names what each colour means."""
    rows: list[list[CellValue]] = [
        [
            site.name,
            site.opened or None,
            number_cell(site.latitude, digits=4),
            number_cell(site.longitude, digits=4),
            number_cell(_nearest_km(place, sites), digits=1),
            site.remark or None,
        ]
        for place, site in enumerate(sites)
    ]
    heads: list[Column | str] = [
        "Site",
        "Open",
        Column("Latitude", numeric=True),
        Column("Longitude", numeric=True),
        Column("Nearest other site, km", numeric=True),
        Column("Remark", wide=True),
    ]
    drawn_as = f" Circles show {' and '.join(f'{radius:g}' for radius in circles_km)} km." if circles_km else ""
    counts = [f"{label}: {sum(site.group == number for site in sites)}" for number, label in enumerate(groups)]
    return build_figure(
        partial(_draw, tuple(sites), groups=tuple(groups), circles_km=tuple(circles_km), landmarks=tuple(landmarks)),
        title=title,
        desc=f"{len(sites)} sites. {'; '.join(counts)}.{drawn_as} Every site follows as a table.",
        table=build_table(title, heads, rows),
        note=note,
        ident=ident,
    )


def _nearest_km(place: int, sites: Sequence[MappedSite]) -> float | None:
    here = sites[place]
    east = math.cos(math.radians(here.latitude))
    distances = [
        math.hypot(site.latitude - here.latitude, (site.longitude - here.longitude) * east) * KM_A_DEGREE
        for other, site in enumerate(sites)
        if other != place
    ]
    return min(distances) if distances else None


LETTER = 0.5
"""The width of a letter, about, as a share of the size of type."""


@dataclass(frozen=True)
class _Plane:
    """Degrees to drawing units: equal scales, north up."""

    west: float
    north: float
    east_shrinks: float
    units_a_km: float
    aside: float

    def spot(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a point is drawn."""
        x = (longitude - self.west) * self.east_shrinks * KM_A_DEGREE * self.units_a_km + self.aside
        return x, (self.north - latitude) * KM_A_DEGREE * self.units_a_km + 8


def _draw(
    sites: tuple[MappedSite, ...],
    canvas: Canvas,
    *,
    groups: tuple[str, ...],
    circles_km: tuple[float, ...],
    landmarks: tuple[Landmark, ...],
) -> Drawn:
    if not sites:
        return Drawn([text("There is no site to show.", 0, 20, size=canvas.font)], 30)
    plane, height = _plane_of(sites, canvas, max(circles_km, default=0.0))
    body = _landmarks(landmarks, plane, canvas, height)
    if len(sites) <= MOST_CIRCLED:
        body += [_circle(site, radius, plane) for radius in sorted(circles_km, reverse=True) for site in sites]
    body += [_dot(site, plane) for site in sites]
    if len(sites) <= MOST_NAMED and not canvas.is_narrow:
        body += [_name(site, plane, canvas) for site in sites]
    scale, bottom = _scale_bar(plane, canvas, height + 10)
    entries = [LegendEntry("dot", label, number) for number, label in enumerate(groups)]
    keys, total = legend(entries, bottom, canvas)
    return Drawn([*body, *scale, *keys], total)


def _landmarks(landmarks: tuple[Landmark, ...], plane: _Plane, canvas: Canvas, height: float) -> list[str]:
    """Every landmark's dot, and its name where that would not lie over another's."""
    body: list[str] = []
    size, named = canvas.font * 0.8, list[tuple[float, float, float]]()
    for landmark in landmarks:
        x, y = plane.spot(landmark.latitude, landmark.longitude)
        if not (0 <= x <= canvas.width and 8 <= y <= height):
            continue
        body.append(element("circle", cx=x, cy=y, r=2.0, class_="chart-fill-none", fill=GRID, stroke=AXIS))
        end = x + 5 + LETTER * size * len(landmark.name)
        is_free = all(end < left or x > right or abs(y - other) > 1.2 * size for left, right, other in named)
        if x < canvas.width * 0.75 and is_free:
            body.append(text(landmark.name, x + 5, y + 4, size=size, kind="muted"))
            named.append((x, end, y))
    return body


def _plane_of(sites: tuple[MappedSite, ...], canvas: Canvas, reach_km: float) -> tuple[_Plane, float]:
    margin = (reach_km + 1.0) / KM_A_DEGREE
    south, north = min(s.latitude for s in sites) - margin, max(s.latitude for s in sites) + margin
    shrinks = math.cos(math.radians((south + north) / 2))
    west = min(s.longitude for s in sites) - margin / shrinks
    east = max(s.longitude for s in sites) + margin / shrinks
    across, down = (east - west) * shrinks * KM_A_DEGREE, (north - south) * KM_A_DEGREE
    room = canvas.width - 4
    scale = min(room / across, min(room * 1.3, 640) / down)
    return _Plane(west, north, shrinks, scale, (room - across * scale) / 2 + 2), down * scale + 8


def _circle(site: MappedSite, radius_km: float, plane: _Plane) -> str:
    x, y = plane.spot(site.latitude, site.longitude)
    return element(
        "circle", cx=x, cy=y, r=radius_km * plane.units_a_km, fill="none", stroke=AXIS, stroke_width=0.8,
        class_="chart-axis",
    )  # fmt: skip


def _dot(site: MappedSite, plane: _Plane) -> str:
    x, y = plane.spot(site.latitude, site.longitude)
    number = site.group % len(SERIES)
    return element(
        "circle", element("title", f"{_escaped(site.name)} {_escaped(site.opened)}".strip()), cx=x, cy=y, r=4.0,
        class_=f"chart-fill-{number + 1}", fill=SERIES[number], stroke=SURFACE if not site.remark else INK,
    )  # fmt: skip


def _escaped(content: str) -> str:
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _name(site: MappedSite, plane: _Plane, canvas: Canvas) -> str:
    x, y = plane.spot(site.latitude, site.longitude)
    anchor = "end" if x > canvas.width * 0.7 else "start"
    return text(site.name[:30], x - 7 if anchor == "end" else x + 7, y + 4, size=canvas.font * 0.85, anchor=anchor)


def _scale_bar(plane: _Plane, canvas: Canvas, top: float) -> tuple[list[str], float]:
    length = max((step for step in STEPS_KM if step * plane.units_a_km <= canvas.width / 3), default=STEPS_KM[0])
    reach, y = length * plane.units_a_km, top + 8
    bar = [line(2, y, 2 + reach, y, class_="chart-axis", stroke=MUTED, width=2)]
    bar.append(text(f"{length:g} km", 2 + reach + 6, y + 4, size=canvas.font * 0.9, kind="muted"))
    return bar, y + 16

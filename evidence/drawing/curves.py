"""An effect as a smooth function of distance, with its band."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import (
    Frame,
    LegendEntry,
    heading,
    legend,
    level_axis,
    room_for_numbers,
    upright_axis,
    zero_line,
)
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure
from evidence.drawing.numbers import digits_for, is_number, number_text
from evidence.drawing.scales import Scale, domain_of
from evidence.drawing.svg import BAND, path, series_line
from evidence.drawing.tables import CellValue, Column, build_table, number_cell


@dataclass(frozen=True)
class CurvePoint:
    """The curve at one distance."""

    distance_km: float
    value: float | None
    ci_lower: float | None = None
    ci_upper: float | None = None
    band_lower: float | None = None
    band_upper: float | None = None


def distance_curve_figure(
    points: Sequence[CurvePoint], *, title: str, measure: str, level: float = 0.95, note: str = "", ident: str = ""
) -> Figure:
    """The figure of an effect by distance."""
    ordered = sorted(points, key=lambda point: point.distance_km)
    percent = f"{level * 100:g}%"
    names = (
        "Estimate",
        f"{percent} interval, lower",
        f"{percent} interval, upper",
        f"{percent} band, lower",
        f"{percent} band, upper",
    )
    digits = digits_for(*(point.value for point in ordered), *(point.ci_upper for point in ordered))
    rows: list[list[CellValue]] = [
        [f"{point.distance_km:g}", *(number_cell(number, digits=digits) for number in _numbers(point))]
        for point in ordered
    ]
    table = build_table(title, [Column("Distance, km"), *(Column(name, numeric=True) for name in names)], rows)
    return build_figure(
        partial(_draw_curve, ordered, measure=measure, percent=percent),
        title=title,
        desc=_curve_in_words(ordered, measure),
        table=table,
        note=note,
        ident=ident,
    )


def _numbers(point: CurvePoint) -> tuple[float | None, ...]:
    return point.value, point.ci_lower, point.ci_upper, point.band_lower, point.band_upper


def _curve_in_words(points: Sequence[CurvePoint], measure: str) -> str:
    known = [point for point in points if is_number(point.value)]
    if not known:
        return f"{measure} by distance. No estimate is available."
    digits = digits_for(*(point.value for point in known))
    first, last = known[0], known[-1]
    return (
        f"{measure} by distance: {number_text(first.value, digits=digits)} at {first.distance_km:g} km and "
        f"{number_text(last.value, digits=digits)} at {last.distance_km:g} km. The same numbers follow as a table."
    )


def _draw_curve(points: Sequence[CurvePoint], canvas: Canvas, *, measure: str, percent: str) -> Drawn:
    body, top = heading(measure, canvas)
    bottom = top + (250 if canvas.is_narrow else 300)
    upright = Scale(*domain_of([n for point in points for n in _numbers(point)], include=[0.0]), start=bottom, end=top)
    frame = Frame(left=room_for_numbers(upright, canvas), right=canvas.width - 10, top=top, bottom=bottom)
    along = Scale(*domain_of([point.distance_km for point in points], padding=0), start=frame.left, end=frame.right)
    body += upright_axis(frame, upright, canvas)
    entries = [LegendEntry("line", "Estimate")]
    band = [(along(p.distance_km), p.band_lower, p.band_upper) for p in points]
    interval = [(along(p.distance_km), p.ci_lower, p.ci_upper) for p in points]
    if drawn := _area(band, upright):
        body += drawn
        entries.append(LegendEntry("band", f"{percent} band, all distances together"))
    body.append(zero_line(frame, upright(0)))
    if drawn := _edges(interval, upright):
        body += drawn
        entries.append(LegendEntry("dash", f"{percent} interval, each distance alone"))
    for run in runs_of([(along(p.distance_km), p.value) for p in points]):
        body.append(path([(x, upright(y)) for x, y in run], {"fill": "none", "stroke_width": 2.5, **series_line(0)}))
    body += level_axis(frame, along, canvas, title="Distance from the site, km")
    keys, height = legend(entries, bottom + 22 + canvas.font * 2.4, canvas)
    return Drawn([*body, *keys], height)


def _area(edges: Sequence[tuple[float, float | None, float | None]], upright: Scale) -> list[str]:
    """The space between lower and upper edges, broken where either is missing."""
    drawn = []
    for run in _whole_runs(edges):
        outline = [(x, upright(high)) for x, _, high in run] + [(x, upright(low)) for x, low, _ in reversed(run)]
        drawn.append(path(outline, {"class_": "chart-band", "fill": BAND}, close=True))
    return drawn


def _edges(edges: Sequence[tuple[float, float | None, float | None]], upright: Scale) -> list[str]:
    drawn = []
    for run in _whole_runs(edges):
        for side in (1, 2):
            outline = [(each[0], upright(each[side])) for each in run]
            drawn.append(
                path(outline, {"fill": "none", "stroke_width": 1.5, "stroke_dasharray": "5 3", **series_line(0)})
            )
    return drawn


def _whole_runs(edges: Sequence[tuple[float, float | None, float | None]]) -> list[list[tuple[float, float, float]]]:
    runs: list[list[tuple[float, float, float]]] = [[]]
    for x, low, high in edges:
        if low is None or high is None or not is_number(high - low):
            runs.append([])
        else:
            runs[-1].append((x, low, high))
    return [run for run in runs if run]


def runs_of(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """Unbroken stretches of a line: a missing value breaks it, and is never bridged."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None or not is_number(y):
            runs.append([])
        else:
            runs[-1].append((x, y))
    return [run for run in runs if run]

"""Event-study figures: estimates by time since treatment, with pointwise intervals and the simultaneous band."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import (
    Frame,
    LegendEntry,
    dot,
    heading,
    labelled_axis,
    legend,
    room_for_numbers,
    start_line,
    upright_axis,
    upright_interval,
    zero_line,
)
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure
from evidence.drawing.numbers import MINUS, digits_for, is_number, number_text
from evidence.drawing.scales import Scale, domain_of
from evidence.drawing.svg import BAND, rectangle
from evidence.drawing.tables import CellValue, Column, Table, build_table, number_cell


@dataclass(frozen=True)
class EventPoint:
    """The estimate `event_time` periods after first treatment; the reference has a value of 0 and no interval."""

    event_time: int
    value: float | None
    ci_lower: float | None = None
    ci_upper: float | None = None
    band_lower: float | None = None
    band_upper: float | None = None
    is_reference: bool = False


def event_time_text(event_time: int) -> str:
    """The event time with a true minus."""
    return f"{MINUS}{-event_time}" if event_time < 0 else str(event_time)


def event_study_figure(
    points: Sequence[EventPoint],
    *,
    title: str,
    measure: str,
    level: float = 0.95,
    time_label: str = "Periods since first treated",
    note: str = "",
    ident: str = "",
) -> Figure:
    """The figure of an event study. `measure` says what the upright axis measures, with its unit."""
    ordered = sorted(points, key=lambda point: point.event_time)
    return build_figure(
        partial(_draw, ordered, measure=measure, level=level, time_label=time_label),
        title=title,
        desc=_in_words(ordered, measure=measure, level=level),
        table=event_study_table(ordered, caption=title, level=level, time_label=time_label),
        note=note,
        ident=ident,
    )


def event_study_table(points: Sequence[EventPoint], *, caption: str, level: float, time_label: str) -> Table:
    """The same numbers as rows."""
    digits = digits_for(*(point.value for point in points), *(point.ci_upper for point in points))
    has_band = any(is_number(point.band_lower) for point in points)
    percent = f"{level * 100:g}%"
    heads = [Column(time_label), Column("Estimate", numeric=True)]
    heads += [Column(f"{percent} interval, {end}", numeric=True) for end in ("lower", "upper")]
    if has_band:
        heads += [Column(f"{percent} simultaneous band, {end}", numeric=True) for end in ("lower", "upper")]
    rows: list[list[CellValue]] = []
    for point in points:
        label = event_time_text(point.event_time)
        numbers = [point.value, point.ci_lower, point.ci_upper]
        numbers += [point.band_lower, point.band_upper] if has_band else []
        cells: list[CellValue] = [number_cell(number, digits=digits) for number in numbers]
        rows.append([f"{label} (reference)" if point.is_reference else label, *cells])
    return build_table(caption, heads, rows)


def _in_words(points: Sequence[EventPoint], *, measure: str, level: float) -> str:
    known = [point for point in points if is_number(point.value) and not point.is_reference]
    if not known:
        return f"{measure} by time since first treated. No estimate is available."
    digits = digits_for(*(point.value for point in known))
    first, last = known[0], known[-1]
    return (
        f"{measure} by time since first treated, from {event_time_text(first.event_time)} to "
        f"{event_time_text(last.event_time)}, each with its {level * 100:g}% interval. "
        f"The first is {number_text(first.value, digits=digits)}, the last {number_text(last.value, digits=digits)}. "
        "A dashed line marks the start of treatment. The same numbers follow as a table."
    )


def _draw(points: Sequence[EventPoint], canvas: Canvas, *, measure: str, level: float, time_label: str) -> Drawn:
    body, top = heading(measure, canvas)
    ends = [
        end
        for point in points
        for end in (point.value, point.ci_lower, point.ci_upper, point.band_lower, point.band_upper)
    ]
    bottom = top + (280 if canvas.is_narrow else 320)
    upright = Scale(*domain_of(ends, include=[0.0]), start=bottom, end=top)
    frame = Frame(left=room_for_numbers(upright, canvas), right=canvas.width - 6, top=top, bottom=bottom)
    times = [point.event_time for point in points] or [0]
    level_scale = Scale(min(times) - 0.7, max(times) + 0.7, start=frame.left, end=frame.right)
    body += upright_axis(frame, upright, canvas)
    body.append(zero_line(frame, upright(0)))
    if min(times) < 0 <= max(times):
        body += start_line(frame, level_scale(-0.5), canvas, "Treatment starts")
    for point in points:
        body += _mark(point, level_scale(point.event_time), upright)
    shown = list(range(min(times), max(times) + 1))
    body += labelled_axis(
        frame,
        [level_scale(time) for time in shown],
        [event_time_text(time) for time in shown],
        canvas,
        title=time_label,
        keep=-min(times),
    )
    entries = _legend_entries(points, level)
    keys, height = legend(entries, bottom + 22 + canvas.font * 2.4, canvas)
    return Drawn([*body, *keys], height)


def _mark(point: EventPoint, x: float, upright: Scale) -> list[str]:
    if point.value is None or not is_number(point.value):
        return []
    drawn: list[str] = []
    if point.band_lower is not None and point.band_upper is not None and is_number(point.band_upper - point.band_lower):
        top, bottom = upright(point.band_upper), upright(point.band_lower)
        drawn.append(rectangle(x - 5, top, 10, bottom - top, class_="chart-band", fill=BAND))
    if point.ci_lower is not None and point.ci_upper is not None and is_number(point.ci_upper - point.ci_lower):
        drawn += upright_interval(x, upright(point.ci_upper), upright(point.ci_lower), series=0)
    return [*drawn, dot(x, upright(point.value), series=0, hollow=point.event_time < 0)]


def _legend_entries(points: Sequence[EventPoint], level: float) -> list[LegendEntry]:
    percent = f"{level * 100:g}%"
    entries = [LegendEntry("hollow", "Before treatment"), LegendEntry("dot", "After")]
    if any(is_number(point.ci_lower) for point in points):
        entries.append(LegendEntry("whisker", f"{percent} interval, each time alone"))
    if any(is_number(point.band_lower) for point in points):
        entries.append(LegendEntry("band", f"{percent} band, all times together"))
    return entries

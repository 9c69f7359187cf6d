"""Small multiples: the same event study for several groups, on one scale so that they can be compared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import (
    Frame,
    dot,
    heading,
    labelled_axis,
    room_for_numbers,
    upright_axis,
    upright_interval,
    zero_line,
)
from evidence.drawing.event_study import EventPoint, event_time_text
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure, wrapped
from evidence.drawing.numbers import digits_for, is_number
from evidence.drawing.scales import Scale, domain_of
from evidence.drawing.svg import text
from evidence.drawing.tables import CellValue, Column, build_table, number_cell


@dataclass(frozen=True)
class Panel:
    """One of the small charts: what it is of, and its estimates by event time."""

    label: str
    points: tuple[EventPoint, ...]


def multiples_figure(
    panels: Sequence[Panel],
    *,
    title: str,
    measure: str,
    level: float = 0.95,
    time_label: str = "Periods since first treated",
    note: str = "",
    ident: str = "",
) -> Figure:
    """Event studies side by side."""
    every = [point for panel in panels for point in panel.points]
    digits = digits_for(*(point.value for point in every), *(point.ci_upper for point in every))
    percent = f"{level * 100:g}%"
    rows: list[list[CellValue]] = [
        [
            panel.label,
            event_time_text(p.event_time),
            *(number_cell(n, digits=digits) for n in (p.value, p.ci_lower, p.ci_upper)),
        ]
        for panel in panels
        for p in panel.points
    ]
    numbers = ("Estimate", f"{percent} interval, lower", f"{percent} interval, upper")
    table = build_table(title, ["Group", time_label, *(Column(name, numeric=True) for name in numbers)], rows)
    return build_figure(
        partial(_draw, panels, measure=measure, time_label=time_label),
        title=title,
        desc=f"{measure} by event time, on one scale, in {', '.join(panel.label for panel in panels)}.",
        table=table,
        note=note,
        ident=ident,
    )


def _draw(panels: Sequence[Panel], canvas: Canvas, *, measure: str, time_label: str) -> Drawn:
    body, top = heading(measure, canvas)
    every = [point for panel in panels for point in panel.points]
    low, high = domain_of([end for p in every for end in (p.value, p.ci_lower, p.ci_upper)], include=[0.0])
    times = [point.event_time for point in every] or [0]
    across = min(2 if canvas.is_narrow else 3, max(len(panels), 1))
    width = canvas.width / across
    tall = 180 if canvas.is_narrow else 200
    for number, panel in enumerate(panels):
        row, column = divmod(number, across)
        y = top + row * tall
        upright = Scale(low, high, start=y + tall - 44, end=y + 24)
        left = column * width + room_for_numbers(upright, canvas)
        frame = Frame(left, (column + 1) * width - 10, y + 24, y + tall - 44)
        body += _panel(panel, frame, upright, (min(times), max(times)), canvas)
    height = top + math.ceil(len(panels) / across) * tall
    body.append(text(time_label, canvas.width / 2, height, size=canvas.font, anchor="middle"))
    return Drawn(body, height + 8)


def _panel(panel: Panel, frame: Frame, upright: Scale, times: tuple[int, int], canvas: Canvas) -> list[str]:
    first, last = times
    along = Scale(first - 0.7, last + 0.7, start=frame.left, end=frame.right)
    label = wrapped(panel.label, room=frame.width, font=canvas.font)
    body = [text(label[0] + ("…" if len(label) > 1 else ""), frame.left, frame.top - 8, size=canvas.font, bold=True)]
    body += upright_axis(frame, upright, canvas)
    body.append(zero_line(frame, upright(0)))
    for point in panel.points:
        x = along(point.event_time)
        if point.ci_lower is not None and point.ci_upper is not None and is_number(point.ci_upper - point.ci_lower):
            body += upright_interval(x, upright(point.ci_upper), upright(point.ci_lower), series=0, cap=2)
        if point.value is not None and is_number(point.value):
            body.append(dot(x, upright(point.value), series=0, radius=3, hollow=point.event_time < 0))
    shown = list(range(first, last + 1))
    places = [along(time) for time in shown]
    return body + labelled_axis(frame, places, [event_time_text(t) for t in shown], canvas, title="", keep=-first)

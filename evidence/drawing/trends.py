"""Outcomes over time by group, with what began or ended when, and the periods in which the series breaks."""

from __future__ import annotations

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
    upright_axis,
)
from evidence.drawing.curves import runs_of
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure
from evidence.drawing.numbers import digits_for
from evidence.drawing.scales import Scale, domain_of
from evidence.drawing.svg import BAND, INK, line, path, rectangle, series_line, text
from evidence.drawing.tables import CellValue, Column, Table, build_table, number_cell

DASHES = (None, "7 4", "2 3", "10 3 2 3", "5 2", "1 4")
LETTER = 0.54
"""Mean width of a letter, in heights."""


@dataclass(frozen=True)
class Series:
    """A group's values in the order of the periods; None where there is none."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Mark:
    """Something that began or ended just before the period at `position`, such as "Starts 2013".

    `words` say it where `label` is but a number that stands for it.
    """

    position: int
    label: str
    words: str = ""


@dataclass(frozen=True)
class Trend:
    """The lines, the labels of their periods and what is marked on them.

    `breaks` are the edges, as positions, of the periods whose figures do not compare with the rest.
    """

    series: tuple[Series, ...]
    periods: tuple[str, ...]
    marks: tuple[Mark, ...] = ()
    breaks: tuple[tuple[float, float], ...] = ()
    period_label: str = "Period"


def trend_figure(trend: Trend, *, title: str, measure: str, note: str = "", ident: str = "") -> Figure:
    """The figure of outcomes over time by group."""
    return build_figure(
        partial(_draw_trend, trend, measure=measure),
        title=title,
        desc=_in_words(trend, measure),
        table=trend_table(trend, caption=title),
        note=note,
        ident=ident,
    )


def trend_table(trend: Trend, *, caption: str) -> Table:
    """The same numbers as rows, one for each period, with what is marked there."""
    digits = digits_for(*(value for one in trend.series for value in one.values))
    noted = _notes(trend)
    rows: list[list[CellValue]] = [
        [
            period,
            *(number_cell(one.values[place], digits=digits) for one in trend.series),
            *([noted[place]] * any(noted)),
        ]
        for place, period in enumerate(trend.periods)
    ]
    columns = [Column(trend.period_label), *(Column(one.label, numeric=True) for one in trend.series)]
    return build_table(caption, [*columns, *([Column("Marked")] * any(noted))], rows)


def _notes(trend: Trend) -> list[str]:
    """What is marked at each period, in words."""
    told = []
    for place in range(len(trend.periods)):
        here = [mark.words or mark.label for mark in trend.marks if mark.position == place]
        is_broken = any(first < place + 0.5 and place - 0.5 < last for first, last in trend.breaks)
        told.append("; ".join(here + ["break in the series"] * is_broken))
    return told


def _in_words(trend: Trend, measure: str) -> str:
    labels = ", ".join(one.label for one in trend.series)
    said = f"{measure} in {len(trend.periods)} periods for {len(trend.series)} groups: {labels}."
    noted = [f"{trend.periods[place]}: {note}" for place, note in enumerate(_notes(trend)) if note]
    return f"{said} Marked at {'; '.join(noted)}." if noted else said


def _draw_trend(trend: Trend, canvas: Canvas, *, measure: str) -> Drawn:
    body, under_heading = heading(measure, canvas)
    upright = Scale(*domain_of([value for one in trend.series for value in one.values]), start=1, end=0)
    left, right = room_for_numbers(upright, canvas), canvas.width - 10
    along = Scale(-0.4, max(len(trend.periods) - 0.6, 0.6), start=left, end=right)
    marks, top = _marks(trend.marks, along, under_heading, canvas)
    bottom = top + (240 if canvas.is_narrow else 290)
    upright = Scale(upright.low, upright.high, start=bottom, end=top)
    frame = Frame(left=left, right=right, top=top, bottom=bottom)
    body += [_break(first, last, along, frame) for first, last in trend.breaks]
    body += upright_axis(frame, upright, canvas)
    for x, y, label in marks:
        body += _mark(x, y, label, frame, canvas)
    for number, one in enumerate(trend.series):
        body += _trend_line(number, one, along, upright)
    places = [along(place) for place in range(len(trend.periods))]
    body += labelled_axis(frame, places, trend.periods, canvas, title=trend.period_label)
    entries = [LegendEntry("line", one.label, n, dash=DASHES[n % len(DASHES)]) for n, one in enumerate(trend.series)]
    entries += [LegendEntry("band", "Break in the series")] * bool(trend.breaks)
    keys, height = legend(entries, bottom + 22 + canvas.font * 2.4, canvas)
    return Drawn([*body, *keys], height)


def _break(first: float, last: float, along: Scale, frame: Frame) -> str:
    start, end = max(along(first), frame.left), min(along(last), frame.right)
    return rectangle(start, frame.top, end - start, frame.bottom - frame.top, class_="chart-band", fill=BAND)


def _marks(
    marks: Sequence[Mark], along: Scale, top: float, canvas: Canvas
) -> tuple[list[tuple[float, float, str]], float]:
    """Each mark's x, its label's y and the label, in as many rows as keep labels apart; and the top of the plot."""
    step = canvas.font * 1.25
    ends: list[float] = []
    placed = []
    for position in sorted({mark.position for mark in marks}):
        label = ", ".join(mark.label for mark in marks if mark.position == position)
        x, width = along(position - 0.5), len(label) * canvas.font * LETTER + 10
        begins = min(x, canvas.width - width)
        row = next((row for row, end in enumerate(ends) if begins >= end), len(ends))
        ends[row:] = [begins + width, *ends[row + 1 :]]
        placed.append((x, top + step * (row + 0.6), label))
    return placed, top + step * len(ends)


def _mark(x: float, y: float, label: str, frame: Frame, canvas: Canvas) -> list[str]:
    """A dashed upright line, with its label above the plot: beside the line, or before it at the right edge."""
    is_last = x + len(label) * canvas.font * LETTER + 10 > canvas.width
    return [
        line(x, y - canvas.font * 0.6, x, frame.bottom, class_="chart-mark-line", stroke=INK, width=1.5, dash="5 4"),
        text(
            label,
            x + (-5 if is_last else 5),
            y,
            size=canvas.font - 1,
            kind="muted",
            anchor="end" if is_last else "start",
        ),
    ]


def _trend_line(number: int, one: Series, along: Scale, upright: Scale) -> list[str]:
    drawn = []
    for run in runs_of([(float(place), value) for place, value in enumerate(one.values)]):
        places = [(along(x), upright(y)) for x, y in run]
        dash = DASHES[number % len(DASHES)]
        drawn.append(
            path(places, {"fill": "none", "stroke_width": 2.5, "stroke_dasharray": dash, **series_line(number)})
        )
        drawn += [dot(x, y, series=number, radius=3) for x, y in places]
    return drawn

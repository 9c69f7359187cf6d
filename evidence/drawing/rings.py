"""Ring figures: the change in each distance band against the outermost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import (
    Frame,
    LegendEntry,
    heading,
    labelled_axis,
    legend,
    room_for_numbers,
    upright_axis,
    zero_line,
)
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure, wrapped
from evidence.drawing.numbers import digits_for, interval_text, is_number, number_text
from evidence.drawing.scales import Scale, domain_of
from evidence.drawing.svg import INK, line, rectangle, series_fill, text
from evidence.drawing.tables import Cell, CellValue, Column, Table, build_table, number_cell


@dataclass(frozen=True)
class Ring:
    """A band [inner_km, outer_km) and the change found there; the reference has no value."""

    inner_km: float
    outer_km: float
    value: float | None
    ci_lower: float | None = None
    ci_upper: float | None = None
    n_units: int | None = None
    is_reference: bool = False

    @property
    def label(self) -> str:
        """The band as it reads under its bar."""
        return f"{self.inner_km:.4g}–{self.outer_km:.4g}"


def rings_figure(
    rings: Sequence[Ring], *, title: str, measure: str, level: float = 0.95, note: str = "", ident: str = ""
) -> Figure:
    """The figure of a ring analysis, nearest first. `measure` says what the upright axis measures, with its unit."""
    ordered = sorted(rings, key=lambda ring: ring.inner_km)
    return build_figure(
        partial(_draw, ordered, measure=measure, level=level),
        title=title,
        desc=_in_words(ordered, measure=measure, level=level),
        table=rings_table(ordered, caption=title, level=level),
        note=note,
        ident=ident,
    )


def rings_table(rings: Sequence[Ring], *, caption: str, level: float) -> Table:
    """The same numbers as rows."""
    digits = digits_for(*(ring.value for ring in rings), *(ring.ci_upper for ring in rings))
    percent = f"{level * 100:g}%"
    heads = [
        Column("Distance, km"),
        Column("Change", numeric=True),
        Column(f"{percent} interval, lower", numeric=True),
        Column(f"{percent} interval, upper", numeric=True),
        Column("Units", numeric=True),
    ]
    rows: list[list[CellValue]] = []
    for ring in rings:
        value: CellValue = Cell("comparison") if ring.is_reference else number_cell(ring.value, digits=digits)
        units = number_cell(ring.n_units, digits=0)
        ends = [number_cell(end, digits=digits) for end in (ring.ci_lower, ring.ci_upper)]
        rows.append([ring.label, value, *ends, units])
    return build_table(caption, heads, rows)


def _in_words(rings: Sequence[Ring], *, measure: str, level: float) -> str:
    digits = digits_for(*(ring.value for ring in rings))
    parts = [
        f"{ring.label} km: {number_text(ring.value, digits=digits)}"
        + (
            f" ({level * 100:g}% interval {interval_text(ring.ci_lower, ring.ci_upper, digits=digits)})"
            if is_number(ring.ci_lower)
            else ""
        )
        for ring in rings
        if not ring.is_reference
    ]
    return f"{measure} by distance, against the outermost ring. {'; '.join(parts)}."


def _draw(rings: Sequence[Ring], canvas: Canvas, *, measure: str, level: float) -> Drawn:
    body, top = heading(measure, canvas)
    ends = [end for ring in rings for end in (ring.value, ring.ci_lower, ring.ci_upper)]
    bottom = top + (240 if canvas.is_narrow else 280)
    upright = Scale(*domain_of(ends, include=[0.0]), start=bottom, end=top)
    frame = Frame(left=room_for_numbers(upright, canvas), right=canvas.width - 6, top=top, bottom=bottom)
    step = frame.width / max(len(rings), 1)
    places = [frame.left + step * (place + 0.5) for place in range(len(rings))]
    body += upright_axis(frame, upright, canvas)
    for ring, x in zip(rings, places, strict=True):
        body += _bar(ring, x, min(step * 0.6, 90), upright, canvas)
    body.append(zero_line(frame, upright(0)))
    body += labelled_axis(frame, places, [ring.label for ring in rings], canvas, title="Distance from the site, km")
    entries = [LegendEntry("square", "Change against the outermost ring")]
    entries.append(LegendEntry("whisker", f"{level * 100:g}% interval"))
    keys, height = legend(entries, bottom + 22 + canvas.font * 2.4, canvas)
    return Drawn([*body, *keys], height)


def _bar(ring: Ring, x: float, width: float, upright: Scale, canvas: Canvas) -> list[str]:
    if ring.is_reference or ring.value is None or not is_number(ring.value):
        lines = wrapped("comparison" if ring.is_reference else "not estimated", room=width * 1.6, font=canvas.font)
        step = canvas.font * 1.1
        return [
            text(
                each,
                x,
                upright(0) - 8 - (len(lines) - 1 - n) * step,
                size=canvas.font - 1,
                kind="muted",
                anchor="middle",
            )
            for n, each in enumerate(lines)
        ]
    zero = upright(0)
    fill = series_fill(0)
    drawn = [
        rectangle(
            x - width / 2,
            zero,
            width,
            upright(ring.value) - zero,
            class_=fill["class_"],
            fill=fill["fill"],
            fill_opacity=0.55,
        )
    ]
    if ring.ci_lower is not None and ring.ci_upper is not None and is_number(ring.ci_upper - ring.ci_lower):
        low, high = upright(ring.ci_lower), upright(ring.ci_upper)
        for x1, y1, x2, y2 in ((x, low, x, high), (x - 5, low, x + 5, low), (x - 5, high, x + 5, high)):
            drawn.append(line(x1, y1, x2, y2, class_="chart-mark-line", stroke=INK, width=2))
    return drawn

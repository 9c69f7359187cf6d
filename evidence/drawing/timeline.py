"""Timelines: programmes as bars from opening to closure, with a dot for each evaluation's year."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import Frame, LegendEntry, dot, legend
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure, wrapped
from evidence.drawing.scales import Scale
from evidence.drawing.svg import AXIS, GRID, line, rectangle, series_fill, text
from evidence.drawing.tables import CellValue, Column, build_table

BAR = 16.0


@dataclass(frozen=True)
class Spell:
    """One programme: first and last year (None: not known, or still running), and the years of its evaluations."""

    label: str
    start: int | None
    end: int | None
    is_running: bool = False
    evaluated: tuple[int, ...] = ()


def timeline_figure(spells: Sequence[Spell], *, title: str, until: int, note: str = "", ident: str = "") -> Figure:
    """The figure of programmes one after another. `until` is the year that running programmes are drawn to."""
    rows: list[list[CellValue]] = [
        [
            spell.label,
            str(spell.start) if spell.start else "not known",
            "running" if spell.is_running else str(spell.end) if spell.end else "not known",
            ", ".join(map(str, spell.evaluated)) or "none recorded",
        ]
        for spell in spells
    ]
    heads = [Column("Programme", wide=True), Column("Opened"), Column("Closed"), Column("Evaluations published")]
    return build_figure(
        partial(_draw, spells, until=until),
        title=title,
        desc="; ".join(f"{row[0]}: {row[1]} to {row[2]}, evaluations: {row[3]}" for row in rows),
        table=build_table(title, heads, rows),
        note=note,
        ident=ident,
    )


def _draw(spells: Sequence[Spell], canvas: Canvas, *, until: int) -> Drawn:
    years = [year for spell in spells for year in (spell.start, spell.end, *spell.evaluated) if year]
    first, last = min([*years, until]), max([*years, until])
    scale = Scale(first - 0.5, last + 0.5 if last > first else last + 1, start=6, end=canvas.width - 8)
    body: list[str] = []
    y = 4.0
    for spell in spells:
        for each in wrapped(spell.label, room=canvas.width, font=canvas.font):
            y += canvas.font * 1.2
            body.append(text(each, 0, y, size=canvas.font))
        y += 6
        body += _bar(spell, y, scale, until=until)
        y += BAR + 8
    body += _years(first, last, Frame(left=6, right=canvas.width - 8, top=0, bottom=y), scale, canvas)
    keys = [LegendEntry("square", "Running"), LegendEntry("dot", "Evaluation published", series=1)]
    drawn, bottom = legend(keys, y + canvas.font * 2.2, canvas)
    return Drawn(body + drawn, bottom)


def _bar(spell: Spell, y: float, scale: Scale, *, until: int) -> list[str]:
    drawn = [line(scale.start, y + BAR / 2, scale.end, y + BAR / 2, class_="chart-grid", stroke=GRID)]
    end = until if spell.is_running else spell.end or spell.start
    if spell.start and end:
        left, right = scale(spell.start - 0.4), scale(max(end, spell.start) + 0.4)
        fill = series_fill(0)
        drawn.append(rectangle(left, y, right - left, BAR, class_=fill["class_"], fill=fill["fill"]))
    drawn += [dot(scale(year), y + BAR / 2, series=1, radius=5) for year in spell.evaluated]
    return drawn


def _years(first: int, last: int, frame: Frame, scale: Scale, canvas: Canvas) -> list[str]:
    step = next(
        (each for each in (1, 2, 5, 10, 20, 50) if (last - first) / each <= (5 if canvas.is_narrow else 10)), 100
    )
    drawn = [line(frame.left, frame.bottom, frame.right, frame.bottom, class_="chart-axis", stroke=AXIS)]
    for year in range(first + (-first) % step, last + 1, step):
        x, size = scale(year), canvas.font
        drawn.append(line(x, frame.bottom, x, frame.bottom + 5, class_="chart-axis", stroke=AXIS))
        drawn.append(text(str(year), x, frame.bottom + 7 + size, size=size, kind="muted", anchor="middle"))
    return drawn

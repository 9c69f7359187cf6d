"""Forest plots: one estimate a row with its interval; where they were pooled, the diamond and what to expect next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import Frame, LegendEntry, legend, level_axis
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure, wrapped
from evidence.drawing.numbers import digits_for, interval_text, is_number, number_text
from evidence.drawing.scales import Scale, domain_of
from evidence.drawing.svg import AXIS, line, path, rectangle, series_fill, series_line, text
from evidence.drawing.tables import CellValue, Column, Table, build_table, number_cell


@dataclass(frozen=True)
class ForestRow:
    """One estimate. `weight` is its share of the pooled one, between 0 and 1, where there is one."""

    label: str
    value: float | None
    ci_lower: float | None = None
    ci_upper: float | None = None
    weight: float | None = None


@dataclass(frozen=True)
class Pooled:
    """The pooled estimate with its interval, and the interval in which the next study's effect is expected."""

    value: float
    ci_lower: float
    ci_upper: float
    prediction_lower: float | None = None
    prediction_upper: float | None = None
    label: str = "Pooled"


@dataclass(frozen=True)
class _Columns:
    """Where labels, plot and numbers stand."""

    frame: Frame
    label_room: float
    row_gap: float


def forest_figure(
    rows: Sequence[ForestRow],
    *,
    title: str,
    measure: str,
    pooled: Pooled | None = None,
    null_value: float = 0.0,
    level: float = 0.95,
    note: str = "",
    ident: str = "",
    rows_are: str = "Study",
) -> Figure:
    """A forest plot. `measure` says what the axis measures; `null_value` is where there is no effect (1 for ratios).

    `rows_are` heads the labels in the table.
    """
    return build_figure(
        partial(_draw, rows, pooled=pooled, measure=measure, null_value=null_value, level=level),
        title=title,
        desc=_in_words(rows, pooled, measure=measure, level=level),
        table=forest_table(rows, pooled, caption=title, level=level, rows_are=rows_are),
        note=note,
        ident=ident,
    )


def forest_table(
    rows: Sequence[ForestRow], pooled: Pooled | None, *, caption: str, level: float, rows_are: str = "Study"
) -> Table:
    """The same numbers as rows, the pooled estimate last."""
    digits = digits_for(*(row.value for row in rows))
    has_weights = any(is_number(row.weight) for row in rows)
    percent = f"{level * 100:g}%"
    heads = [Column(rows_are, wide=True), Column("Estimate", numeric=True)]
    heads += [Column(f"{percent} interval, {end}", numeric=True) for end in ("lower", "upper")]
    heads += [Column("Weight, %", numeric=True)] if has_weights else []
    cells: list[list[CellValue]] = []
    for row in rows:
        numbers: list[CellValue] = [number_cell(n, digits=digits) for n in (row.value, row.ci_lower, row.ci_upper)]
        share = None if row.weight is None else 100 * row.weight
        cells.append([row.label, *numbers, *([number_cell(share, digits=1)] if has_weights else [])])
    if pooled is not None:
        cells += _pooled_rows(pooled, digits=digits, percent=percent, has_weights=has_weights)
    return build_table(caption, heads, cells)


def _pooled_rows(pooled: Pooled, *, digits: int, percent: str, has_weights: bool) -> list[list[CellValue]]:
    def row(label: str, *values: float | None) -> list[CellValue]:
        return [label, *(number_cell(value, digits=digits) for value in values), *([None] if has_weights else [])]

    found = [row(pooled.label, pooled.value, pooled.ci_lower, pooled.ci_upper)]
    if is_number(pooled.prediction_lower):
        found.append(row(f"{percent} prediction interval", None, pooled.prediction_lower, pooled.prediction_upper))
    return found


def _in_words(rows: Sequence[ForestRow], pooled: Pooled | None, *, measure: str, level: float) -> str:
    words = f"{measure} in {len(rows)} rows, each with its {level * 100:g}% interval."
    if pooled is None:
        return f"{words} They are not pooled. The same numbers follow as a table."
    digits = digits_for(pooled.value, pooled.ci_upper)
    interval = interval_text(pooled.ci_lower, pooled.ci_upper, digits=digits)
    return (
        f"{words} {pooled.label}: {number_text(pooled.value, digits=digits)}, interval {interval}. "
        "The same numbers follow as a table."
    )


def _draw(
    rows: Sequence[ForestRow],
    canvas: Canvas,
    *,
    pooled: Pooled | None,
    measure: str,
    null_value: float,
    level: float,
) -> Drawn:
    columns = _layout(rows, canvas)
    ends = [end for row in rows for end in (row.value, row.ci_lower, row.ci_upper)]
    ends += [pooled.ci_lower, pooled.ci_upper, pooled.prediction_lower, pooled.prediction_upper] if pooled else []
    along = Scale(*domain_of(ends, include=[null_value]), start=columns.frame.left, end=columns.frame.right)
    digits = digits_for(*(row.value for row in rows), *(row.ci_upper for row in rows))
    body: list[str] = []
    middles: list[float] = []
    y = 8.0
    for row in rows:
        drawn, middle, y = _row(row, y, along, columns, canvas, digits=digits)
        middles.append(middle)
        body += drawn
    if pooled is not None:
        drawn, middle, y = _pooled(pooled, y + 6, along, columns, canvas, digits=digits)
        middles.append(middle)
        body += drawn
    frame = Frame(columns.frame.left, columns.frame.right, 4, y + 6)
    body = [*_null_line(along(null_value), frame, middles, canvas), *body]
    body += level_axis(frame, along, canvas, title=measure)
    keys, height = legend(_legend_entries(pooled, level), frame.bottom + 22 + canvas.font * 2.4, canvas)
    return Drawn([*body, *keys], height)


def _null_line(x: float, frame: Frame, middles: Sequence[float], canvas: Canvas) -> list[str]:
    """The line of no effect; on a narrow canvas only where the intervals are, so that it crosses no words."""
    spans = [(middle - 10, middle + 10) for middle in middles] if canvas.is_narrow else [(frame.top, frame.bottom)]
    return [line(x, top, x, bottom, class_="chart-zero", stroke=AXIS, width=2) for top, bottom in spans]


def _layout(rows: Sequence[ForestRow], canvas: Canvas) -> _Columns:
    """On a narrow canvas the label stands above its interval; on a wide one beside it."""
    if canvas.is_narrow:
        return _Columns(Frame(8, canvas.width - 8, 0, 0), label_room=canvas.width * 0.98, row_gap=10)
    longest = max((len(row.label) for row in rows), default=8)
    label_room = min(230.0, max(90.0, longest * canvas.font * 0.52))
    return _Columns(Frame(label_room + 16, canvas.width - 175, 0, 0), label_room=label_room, row_gap=8)


def _row(
    row: ForestRow, y: float, along: Scale, columns: _Columns, canvas: Canvas, *, digits: int
) -> tuple[list[str], float, float]:
    numbers = _numbers(row.value, row.ci_lower, row.ci_upper, digits=digits)
    drawn, middle, below = _label(row.label, numbers, y, columns, canvas, bold=False)
    if row.value is None or not is_number(row.value):
        return drawn, middle, below
    if row.ci_lower is not None and row.ci_upper is not None and is_number(row.ci_upper - row.ci_lower):
        ends = along(row.ci_lower), along(row.ci_upper)
        stroke = series_line(0)
        drawn.append(line(ends[0], middle, ends[1], middle, width=2, class_=stroke["class_"], stroke=stroke["stroke"]))
    half = 4 + 5 * (row.weight or 0) ** 0.5
    fill = series_fill(0)
    drawn.append(
        rectangle(along(row.value) - half, middle - half, 2 * half, 2 * half, class_=fill["class_"], fill=fill["fill"])
    )
    return drawn, middle, below


def _label(
    label: str, numbers: str, y: float, columns: _Columns, canvas: Canvas, *, bold: bool
) -> tuple[list[str], float, float]:
    """The row's words, the y of its interval, and the y below it."""
    step = canvas.font * 1.25
    lines = wrapped(label, room=columns.label_room, font=canvas.font)
    drawn = [text(each, 0, y + canvas.font + n * step, size=canvas.font, bold=bold) for n, each in enumerate(lines)]
    if canvas.is_narrow:
        under = y + canvas.font + len(lines) * step
        drawn.append(text(numbers, 0, under, size=canvas.font, kind="muted"))
        return drawn, under + 14, under + 14 + 8 + columns.row_gap
    middle = y + canvas.font * 0.65 + (len(lines) - 1) * step / 2
    drawn.append(text(numbers, canvas.width, middle + canvas.font * 0.35, size=canvas.font, anchor="end", bold=bold))
    return drawn, middle, y + len(lines) * step + columns.row_gap


def _numbers(value: float | None, lower: float | None, upper: float | None, *, digits: int) -> str:
    if not is_number(value):
        return "no estimate"
    if not is_number(lower):
        return f"{number_text(value, digits=digits)} (no interval)"
    return f"{number_text(value, digits=digits)} ({interval_text(lower, upper, digits=digits)})"


def _pooled(
    pooled: Pooled, y: float, along: Scale, columns: _Columns, canvas: Canvas, *, digits: int
) -> tuple[list[str], float, float]:
    numbers = _numbers(pooled.value, pooled.ci_lower, pooled.ci_upper, digits=digits)
    drawn, middle, below = _label(pooled.label, numbers, y, columns, canvas, bold=True)
    if pooled.prediction_lower is not None and pooled.prediction_upper is not None:
        ends = along(pooled.prediction_lower), along(pooled.prediction_upper)
        stroke = series_line(1)
        drawn.append(
            line(
                ends[0], middle, ends[1], middle, width=2, dash="4 3", class_=stroke["class_"], stroke=stroke["stroke"]
            )
        )
    corners = [
        (along(pooled.ci_lower), middle),
        (along(pooled.value), middle - 8),
        (along(pooled.ci_upper), middle),
        (along(pooled.value), middle + 8),
    ]
    return [*drawn, path(corners, series_fill(1), close=True)], middle, below


def _legend_entries(pooled: Pooled | None, level: float) -> list[LegendEntry]:
    entries = [LegendEntry("square", f"Estimate, with its {level * 100:g}% interval")]
    if pooled is not None:
        entries.append(LegendEntry("square", f"{pooled.label}: the diamond spans its interval", 1))
    if pooled is not None and is_number(pooled.prediction_lower):
        entries.append(LegendEntry("dash", "Where the next study's effect is expected", 1))
    return entries

"""What most charts share: a frame, axes with their marks, the zero line, intervals and the legend."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.drawing.figures import Canvas, chosen, wrapped
from evidence.drawing.scales import Scale, thinned, tick_texts, ticks
from evidence.drawing.svg import AXIS, GRID, INK, element, line, series_fill, series_line, text


@dataclass(frozen=True)
class Frame:
    """The edges of the plot, in drawing units."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def width(self) -> float:
        """From edge to edge."""
        return self.right - self.left


@dataclass(frozen=True)
class LegendEntry:
    """A mark and what it means; `mark` is dot, hollow, whisker, band, line, dash or square."""

    mark: str
    label: str
    series: int = 0
    dash: str | None = None


def heading(content: str, canvas: Canvas) -> tuple[list[str], float]:
    """What the upright axis measures, written across the top, and the y below it."""
    lines = wrapped(content, room=canvas.width - 8, font=canvas.font)
    step = canvas.font * 1.3
    drawn = [text(each, 0, step * (place + 1) - 4, size=canvas.font, kind="muted") for place, each in enumerate(lines)]
    return drawn, step * len(lines) + 12


def upright_axis(frame: Frame, scale: Scale, canvas: Canvas) -> list[str]:
    """Grid lines across the plot with their numbers at the left."""
    marks = ticks(scale.low, scale.high, count=5)
    drawn = []
    for value, label in zip(marks, tick_texts(marks), strict=True):
        y = scale(value)
        drawn.append(line(frame.left, y, frame.right, y, class_="chart-grid", stroke=GRID))
        drawn.append(text(label, frame.left - 6, y + canvas.font * 0.35, size=canvas.font, kind="muted", anchor="end"))
    return drawn


def room_for_numbers(scale: Scale, canvas: Canvas) -> float:
    """Width to keep for the numbers of an upright axis."""
    longest = max((len(label) for label in tick_texts(ticks(scale.low, scale.high, count=5))), default=1)
    return longest * canvas.font * 0.58 + 10


def level_axis(frame: Frame, scale: Scale, canvas: Canvas, *, title: str, count: int = 6) -> list[str]:
    """Numbers below the plot with short marks, and what they measure."""
    marks = ticks(scale.low, scale.high, count=min(count, 4) if canvas.is_narrow else count)
    drawn = [line(frame.left, frame.bottom, frame.right, frame.bottom, class_="chart-axis", stroke=AXIS)]
    for value, label in zip(marks, tick_texts(marks), strict=True):
        x = scale(value)
        drawn.append(line(x, frame.bottom, x, frame.bottom + 5, class_="chart-axis", stroke=AXIS))
        drawn.append(text(label, x, frame.bottom + 7 + canvas.font, size=canvas.font, kind="muted", anchor="middle"))
    return [*drawn, below(title, frame, canvas)]


def labelled_axis(
    frame: Frame, places: Sequence[float], labels: Sequence[str], canvas: Canvas, *, title: str, keep: int = 0
) -> list[str]:
    """The file's own labels below the plot, thinned until they fit; the one at `keep` always shows."""
    drawn = [line(frame.left, frame.bottom, frame.right, frame.bottom, class_="chart-axis", stroke=AXIS)]
    every = thinned(list(labels), room=frame.width, font=canvas.font)
    for place, label in chosen(labels, every=every, keep=keep):
        x = places[place]
        drawn.append(line(x, frame.bottom, x, frame.bottom + 5, class_="chart-axis", stroke=AXIS))
        drawn.append(text(label, x, frame.bottom + 7 + canvas.font, size=canvas.font, kind="muted", anchor="middle"))
    return [*drawn, below(title, frame, canvas)]


def below(title: str, frame: Frame, canvas: Canvas) -> str:
    """What the axis below the plot measures; nothing where it has no title."""
    if not title:
        return ""
    y = frame.bottom + 14 + canvas.font * 2.1
    return text(title, (frame.left + frame.right) / 2, y, size=canvas.font, anchor="middle")


def zero_line(frame: Frame, y: float) -> str:
    """The line of no effect, across the plot."""
    return line(frame.left, y, frame.right, y, class_="chart-zero", stroke=AXIS, width=2)


def start_line(frame: Frame, x: float, canvas: Canvas, label: str) -> list[str]:
    """A dashed upright line where treatment starts."""
    return [
        line(x, frame.top, x, frame.bottom, class_="chart-mark-line", stroke=INK, width=1.5, dash="5 4"),
        text(label, x + 5, frame.top + canvas.font, size=canvas.font - 1, kind="muted"),
    ]


def upright_interval(x: float, top: float, bottom: float, *, series: int, cap: float = 4) -> list[str]:
    """A pointwise interval with caps, upright."""
    stroke = series_line(series)
    return [
        line(x, top, x, bottom, width=2, class_=stroke["class_"], stroke=stroke["stroke"]),
        line(x - cap, top, x + cap, top, width=2, class_=stroke["class_"], stroke=stroke["stroke"]),
        line(x - cap, bottom, x + cap, bottom, width=2, class_=stroke["class_"], stroke=stroke["stroke"]),
    ]


def dot(x: float, y: float, *, series: int, radius: float = 4.5, hollow: bool = False) -> str:
    """A point estimate; hollow before treatment or for a reference."""
    if hollow:
        stroke = series_line(series)
        return element(
            "circle",
            class_=f"{stroke['class_']} chart-surface",
            cx=float(x),
            cy=float(y),
            r=radius,
            fill="#ffffff",
            stroke=stroke["stroke"],
            stroke_width=2,
        )
    return element("circle", cx=float(x), cy=float(y), r=radius, **series_fill(series))


def legend(entries: Sequence[LegendEntry], top: float, canvas: Canvas) -> tuple[list[str], float]:
    """The marks and their meanings in as many rows as they need, and the y below them."""
    drawn: list[str] = []
    x, y = 0.0, top + canvas.font
    for entry in entries:
        lines = wrapped(entry.label, room=canvas.width - 34, font=canvas.font)
        width = 30 + max(map(len, lines)) * canvas.font * 0.52 + 18
        if x and x + width > canvas.width:
            x, y = 0.0, y + canvas.font * 1.5
        drawn.append(_legend_mark(entry, x + 2, y - canvas.font * 0.35))
        for place, each in enumerate(lines):
            drawn.append(text(each, x + 28, y + place * canvas.font * 1.25, size=canvas.font))
        if len(lines) > 1:
            x, y = 0.0, y + canvas.font * (1.25 * (len(lines) - 1) + 1.5)
        else:
            x += width
    return drawn, y + canvas.font * 0.6


def _legend_mark(entry: LegendEntry, x: float, y: float) -> str:
    stroke, fill = series_line(entry.series), series_fill(entry.series)
    if entry.mark in {"dot", "hollow"}:
        return dot(x + 9, y, series=entry.series, hollow=entry.mark == "hollow")
    if entry.mark == "band":
        return element("rect", class_="chart-band", x=x, y=y - 6, width=18, height=12, fill="#b9d8d3")
    if entry.mark == "square":
        return element("rect", x=x + 2, y=y - 7, width=14, height=14, **fill)
    if entry.mark == "none":
        return element("rect", class_="chart-fill-none", x=x + 2, y=y - 7, width=14, height=14, fill=GRID, stroke=AXIS)
    if entry.mark == "whisker":
        return "".join(upright_interval(x + 9, y - 7, y + 7, series=entry.series))
    return element(
        "line",
        x1=x,
        y1=y,
        x2=x + 20,
        y2=y,
        stroke_width=2.5,
        stroke_dasharray=entry.dash or ("5 3" if entry.mark == "dash" else None),
        **stroke,
    )

"""A figure: a chart drawn for wide and for narrow screens, with the same numbers as a table."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evidence.drawing.svg import Svg, drawing
from evidence.drawing.tables import Table


@dataclass(frozen=True)
class Canvas:
    """How much room a drawing has, and the size of its text."""

    width: float
    font: float
    kind: str

    @property
    def is_narrow(self) -> bool:
        """Whether labels must give way to the plot."""
        return self.kind == "narrow"


WIDE = Canvas(width=720, font=14, kind="wide")
NARROW = Canvas(width=340, font=13, kind="narrow")


@dataclass(frozen=True)
class Drawn:
    """The elements of a drawing and the height they take."""

    body: list[str]
    height: float


@dataclass(frozen=True)
class Figure:
    """What a page shows: `svg` holds both drawings and the page's style sheet shows one; `wide` stands alone."""

    title: str
    desc: str
    wide: Svg
    narrow: Svg
    table: Table
    note: str = ""

    @property
    def svg(self) -> Svg:
        """Both drawings, for a page with the site's style sheet."""
        return Svg(self.wide + self.narrow)


def build_figure(
    draw: Callable[[Canvas], Drawn], *, title: str, desc: str, table: Table, note: str = "", ident: str = ""
) -> Figure:
    """A figure from a function that draws on a canvas. `ident` must be unique on the page where titles are not."""
    name = ident or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "chart"
    sides = []
    for canvas in (WIDE, NARROW):
        drawn = draw(canvas)
        sides.append(
            drawing(
                drawn.body,
                width=canvas.width,
                height=drawn.height,
                title=title,
                desc=desc,
                ident=f"{name}-{canvas.kind}",
                kind=canvas.kind,
            )
        )
    return Figure(title=title, desc=desc, wide=sides[0], narrow=sides[1], table=table, note=note)


def wrapped(content: str, *, room: float, font: float) -> list[str]:
    """The text broken into lines that fit the room, by the average width of a letter."""
    limit = max(6, int(room / (font * 0.52)))
    lines: list[str] = []
    for word in content.split():
        if lines and len(lines[-1]) + 1 + len(word) <= limit:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def chosen(values: Iterable[str], *, every: int, keep: int = 0) -> list[tuple[int, str]]:
    """Every n-th of the texts with its place, counted so that the text at `keep` is among them."""
    return [(place, value) for place, value in enumerate(values) if (place - keep) % every == 0]

"""SVG as text: elements with presentation attributes and classes, never a style attribute or a script."""

from collections.abc import Iterable, Mapping
from html import escape

INK = "#14201f"
MUTED = "#4a5856"
GRID = "#dbe2e0"
AXIS = "#83928f"
BAND = "#b9d8d3"
SURFACE = "#ffffff"
SERIES = ("#0b6b67", "#b2560d", "#5d3b8c", "#0a6aa1", "#8a2f5c", "#5d6b1e")
FONT = "arial, sans-serif"


class Svg(str):
    """A drawing, which a template writes out as it is: every text in it was escaped when it was made."""

    __slots__ = ()

    def __html__(self) -> str:
        """The drawing, for templates that ask before escaping."""
        return str(self)


Attribute = str | float | int | None


def element(name: str, children: Iterable[str] | str = "", /, **attributes: Attribute) -> str:
    """One element; an underscore in an attribute's name stands for a hyphen, and `class_` for `class`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = children if isinstance(children, str) else "".join(children)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def _value(value: Attribute) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return escape(str(value), quote=True)


def text(
    content: str, x: float, y: float, *, size: float, kind: str = "text", anchor: str = "start", bold: bool = False
) -> str:
    """A line of text; `kind` is text or muted."""
    return element(
        "text",
        escape(content, quote=False),
        class_=f"chart-{kind}",
        x=float(x),
        y=float(y),
        font_size=size,
        text_anchor=None if anchor == "start" else anchor,
        font_weight="bold" if bold else None,
        fill=MUTED if kind == "muted" else INK,
    )


def line(
    x1: float, y1: float, x2: float, y2: float, *, class_: str, stroke: str, width: float = 1, dash: str | None = None
) -> str:
    """A straight line."""
    return element(
        "line",
        class_=class_,
        x1=float(x1),
        y1=float(y1),
        x2=float(x2),
        y2=float(y2),
        stroke=stroke,
        stroke_width=width,
        stroke_dasharray=dash,
    )


def rectangle(x: float, y: float, width: float, height: float, *, class_: str, fill: str, **more: Attribute) -> str:
    """A filled rectangle; a negative height is drawn upwards."""
    top = y + height if height < 0 else y
    return element(
        "rect",
        class_=class_,
        x=float(x),
        y=float(top),
        width=float(width),
        height=float(abs(height)),
        fill=fill,
        **more,
    )


def path(points: Iterable[tuple[float, float]], attributes: Mapping[str, Attribute], *, close: bool = False) -> str:
    """A path through the points."""
    steps = " ".join(f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))
    return element("path", d=f"{steps}{'Z' if close else ''}", **attributes)


def series_line(number: int) -> dict[str, str]:
    """Class and stroke of the n-th series, from 0."""
    place = number % len(SERIES)
    return {"class_": f"chart-line-{place + 1}", "stroke": SERIES[place]}


def series_fill(number: int) -> dict[str, str]:
    """Class and fill of the n-th series, from 0."""
    place = number % len(SERIES)
    return {"class_": f"chart-fill-{place + 1}", "fill": SERIES[place]}


def drawing(
    body: Iterable[str], *, width: float, height: float, title: str, desc: str, ident: str, kind: str = ""
) -> Svg:
    """The whole drawing, named by its title and described by its desc for those who cannot see it."""
    return Svg(
        element(
            "svg",
            [
                element("title", escape(title, quote=False), id=f"{ident}-title"),
                element("desc", escape(desc, quote=False), id=f"{ident}-desc"),
                *body,
            ],
            xmlns="http://www.w3.org/2000/svg",
            class_=f"chart chart--{kind}" if kind else "chart",
            viewBox=f"0 0 {width:g} {height:g}",
            role="img",
            aria_labelledby=f"{ident}-title",
            aria_describedby=f"{ident}-desc",
            font_family=FONT,
        )
    )

"""Who is treated when: one row a cohort, one square a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from evidence.drawing.axes import Frame, LegendEntry, labelled_axis, legend
from evidence.drawing.figures import Canvas, Drawn, Figure, build_figure
from evidence.drawing.numbers import number_text
from evidence.drawing.svg import GRID, rectangle, series_fill, text
from evidence.drawing.tables import CellValue, Column, build_table, number_cell


@dataclass(frozen=True)
class CohortTiming:
    """Units first treated together; `start` is the position of that period, None where never treated."""

    label: str
    start: int | None
    n_units: int


def timing_figure(
    cohorts: Sequence[CohortTiming],
    *,
    periods: Sequence[str],
    title: str = "Who is treated when",
    note: str = "",
    ident: str = "",
) -> Figure:
    """The treatment-timing panel, earliest cohort first and the never treated last."""
    ordered = sorted(cohorts, key=lambda cohort: (cohort.start is None, cohort.start or 0))
    total = sum(cohort.n_units for cohort in ordered)
    rows: list[list[CellValue]] = [
        [
            cohort.label,
            "never" if cohort.start is None else periods[cohort.start],
            number_cell(cohort.n_units, digits=0),
            number_cell(len(periods) if cohort.start is None else cohort.start, digits=0),
            number_cell(0 if cohort.start is None else len(periods) - cohort.start, digits=0),
        ]
        for cohort in ordered
    ]
    numbers = ("Units", "Periods before", "Periods treated")
    table = build_table(title, ["Cohort", "First treated", *(Column(name, numeric=True) for name in numbers)], rows)
    never = sum(cohort.n_units for cohort in ordered if cohort.start is None)
    return build_figure(
        partial(_draw, ordered, periods=periods),
        title=title,
        desc=(
            f"{number_text(total, digits=0)} units over {len(periods)} periods in {len(ordered)} groups; "
            f"{number_text(never, digits=0)} are never treated. The same numbers follow as a table."
        ),
        table=table,
        note=note,
        ident=ident,
    )


def _draw(cohorts: Sequence[CohortTiming], canvas: Canvas, *, periods: Sequence[str]) -> Drawn:
    labels = [f"{cohort.label} ({number_text(cohort.n_units, digits=0)})" for cohort in cohorts]
    left = (
        0.0
        if canvas.is_narrow
        else min(220.0, max((len(each) for each in labels), default=4) * canvas.font * 0.55 + 12)
    )
    step = (canvas.width - left) / max(len(periods), 1)
    gap = 2 if step > 8 else 0
    high = 20.0
    body: list[str] = []
    y = 4.0
    for cohort, label in zip(cohorts, labels, strict=True):
        if canvas.is_narrow:
            body.append(text(label, 0, y + canvas.font, size=canvas.font))
            y += canvas.font * 1.5
        else:
            body.append(text(label, left - 10, y + high * 0.72, size=canvas.font, anchor="end"))
        for period in range(len(periods)):
            body.append(_square(left + period * step, y, step - gap, high, treated=_is_treated(cohort, period)))
        y += high + (8 if canvas.is_narrow else 4)
    frame = Frame(left, canvas.width, 0, y + 2)
    places = [left + (period + 0.5) * step for period in range(len(periods))]
    body += labelled_axis(frame, places, list(periods), canvas, title="Period")
    keys, height = legend(
        [LegendEntry("square", "Treated"), LegendEntry("none", "Not treated")], y + 24 + canvas.font * 2.4, canvas
    )
    return Drawn([*body, *keys], height)


def _is_treated(cohort: CohortTiming, period: int) -> bool:
    return cohort.start is not None and period >= cohort.start


def _square(x: float, y: float, width: float, height: float, *, treated: bool) -> str:
    if treated:
        fill = series_fill(0)
        return rectangle(x, y, width, height, class_=fill["class_"], fill=fill["fill"])
    return rectangle(x, y, width, height, class_="chart-fill-none", fill=GRID)

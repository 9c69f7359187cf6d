"""The pictures of a result: event study, rings, distance curve, cohorts; each with the same numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evidence.drawing.curves import CurvePoint, distance_curve_figure
from evidence.drawing.event_study import EventPoint, event_study_figure
from evidence.drawing.figures import Figure
from evidence.drawing.forest import ForestRow, forest_figure
from evidence.drawing.numbers import CONFIDENTIAL_LEGEND
from evidence.drawing.rings import Ring, rings_figure
from evidence.drawing.tables import with_hidden


def figures(result: Mapping[str, Any], *, outcome: str, unit: str) -> dict[str, Figure]:
    """The figures this result has, by the part of the result each draws, in reading order."""
    measure = f"Effect on {outcome}" + (f", {unit}" if unit else "")
    level = result["estimates"][0].get("level") or 0.95 if result.get("estimates") else 0.95
    makers = {
        "event_study": _event_study,
        "rings": _rings,
        "distance_curve": _curve,
        "by_cohort": _cohorts,
        "by_period": _periods,
        "specifications": _specifications,
    }
    return {
        part: _marked(make(result[part], measure, level), part, result[part])
        for part, make in makers.items()
        if result.get(part)
    }


def _marked(figure: Figure, part: str, rows: list[Mapping[str, Any]]) -> Figure:
    """The figure with a neutral sign in its table where disclosure control took a number away."""
    order = {"event_study": "event_time", "rings": "inner_km", "distance_curve": "distance_km"}.get(part)
    placed = sorted(rows, key=lambda row: row[order]) if order else rows
    table = with_hidden(figure.table, [bool(row.get("hidden")) for row in placed], note=CONFIDENTIAL_LEGEND)
    return replace(figure, table=table)


def _event_study(rows: list[Mapping[str, Any]], measure: str, level: float) -> Figure:
    names = EventPoint.__dataclass_fields__
    stated: list[dict[str, Any]] = [{name: row[name] for name in names if name in row} for row in rows]
    points = [EventPoint(**each) for each in stated]
    points = [EventPoint(**{**_fields(point), "is_reference": _is_reference(point)}) for point in points]
    return event_study_figure(
        points,
        title="Effect by time since first treated",
        measure=measure,
        level=level,
        note="Before treatment there should be no effect: points away from zero there are a warning. "
        "Points at zero there do not prove that trends would have stayed parallel.",
    )


def _is_reference(point: EventPoint) -> bool:
    return point.value == 0 and point.ci_lower is None


def _fields(point: EventPoint) -> dict[str, Any]:
    return {name: getattr(point, name) for name in EventPoint.__dataclass_fields__}


def _rings(rows: list[Mapping[str, Any]], measure: str, level: float) -> Figure:
    names = set(Ring.__dataclass_fields__)
    rings = [Ring(**{"value": None} | {name: value for name, value in row.items() if name in names}) for row in rows]
    return rings_figure(
        rings,
        title="Change by distance",
        measure=measure,
        level=level,
        note="This is the effect of living near, not of attending. The outermost ring is the comparison.",
    )


def _curve(rows: list[Mapping[str, Any]], measure: str, level: float) -> Figure:
    names = set(CurvePoint.__dataclass_fields__)
    points = [CurvePoint(**{name: value for name, value in row.items() if name in names}) for row in rows]
    return distance_curve_figure(points, title="Effect by distance", measure=measure, level=level)


def _cohorts(rows: list[Mapping[str, Any]], measure: str, level: float) -> Figure:
    return _forest(rows, "Effect by starting period", measure, level, label="cohort", rows_are="First treated")


def _periods(rows: list[Mapping[str, Any]], measure: str, level: float) -> Figure:
    return _forest(rows, "Effect by calendar period", measure, level, label="period", rows_are="Period")


def _specifications(rows: list[Mapping[str, Any]], measure: str, level: float) -> Figure:
    title = "The same question asked in other reasonable ways"
    return _forest(rows, title, measure, level, label="name", rows_are="How it was asked")


def _forest(
    rows: list[Mapping[str, Any]], title: str, measure: str, level: float, *, label: str, rows_are: str
) -> Figure:
    drawn = [
        ForestRow(
            label=str(row[label]).replace("_", " "),
            value=row.get("value"),
            ci_lower=row.get("ci_lower"),
            ci_upper=row.get("ci_upper"),
        )
        for row in rows
    ]
    return forest_figure(drawn, title=title, measure=measure, level=level, rows_are=rows_are)

"""One figure of each kind, with missing and infinite values and a label that would be markup if it were not escaped."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from evidence.drawing import curves, event_study, forest, maps, multiples, rings, timing, trends
from evidence.drawing.event_study import EventPoint
from evidence.drawing.figures import Figure

HOSTILE = 'Café <script>alert("1")</script> & co'


def event_points() -> tuple[EventPoint, ...]:
    return (
        EventPoint(-2, 0.1, -0.2, 0.4, -0.3, 0.5),
        EventPoint(-1, 0.0, is_reference=True),
        EventPoint(0, 1.0, 0.5, 1.5, 0.25, 1.75),
        EventPoint(1, None),
        EventPoint(2, math.nan, math.nan, math.inf),
    )


def _event_study() -> Figure:
    return event_study.event_study_figure(event_points(), title=HOSTILE, measure="Change, points")


def _rings() -> Figure:
    found = [
        rings.Ring(0, 1, -2.0, -3.0, -1.0, 40),
        rings.Ring(1, 2.5, None),
        rings.Ring(2.5, 5, math.nan, math.nan, 1.0),
        rings.Ring(5, 10, None, is_reference=True),
    ]
    return rings.rings_figure(found, title=HOSTILE, measure="Change, pounds")


def _curve() -> Figure:
    points = [
        curves.CurvePoint(0.0, 2.0, 1.0, 3.0, 0.5, 3.5),
        curves.CurvePoint(1.0, None),
        curves.CurvePoint(2.0, 1.0, math.nan, 2.0),
    ]
    return curves.distance_curve_figure(points, title=HOSTILE, measure="Effect, points")


def _trend() -> Figure:
    lines = (trends.Series(HOSTILE, (1.0, None, 3.0)), trends.Series("Never treated", (1.0, math.nan, 2.0)))
    marks = (trends.Mark(1, HOSTILE), trends.Mark(1, "1", HOSTILE), trends.Mark(2, "Ends 2021"))
    trend = trends.Trend(lines, ("2019", "2020", "2021"), marks, ((0.5, 1.5),))
    return trends.trend_figure(trend, title="Trend", measure="Mean")


def _forest() -> Figure:
    rows = [
        forest.ForestRow(HOSTILE, 0.1, -0.1, 0.3, 0.6),
        forest.ForestRow("No interval", 0.2),
        forest.ForestRow("No estimate", None),
        forest.ForestRow("Not a number", math.nan, math.nan, math.nan),
    ]
    return forest.forest_figure(rows, title="Forest", measure="g", pooled=forest.Pooled(0.1, 0.0, 0.2, -0.3, 0.5))


def _timing() -> Figure:
    cohorts = [timing.CohortTiming("Never", None, 30), timing.CohortTiming(HOSTILE, 1, 12)]
    return timing.timing_figure(cohorts, periods=["2019", "2020", "2021"])


def _multiples() -> Figure:
    panels = [multiples.Panel(HOSTILE, event_points()), multiples.Panel("London", event_points())]
    return multiples.multiples_figure(panels, title="By region", measure="Change, points")


def map_places() -> list[maps.MapPlace]:
    crowd = [maps.MapPlace(f"Borough {n}", 51.5 + n / 1000, -0.1 + n / 1500, n % 2) for n in range(12)]
    return [*crowd, maps.MapPlace(HOSTILE, 60.1, -1.2), maps.MapPlace("South", 50.1, -5.2, 0, "2 estimates")]


def _hexagons() -> Figure:
    return maps.hexagon_map(map_places(), groups=["Causal", "Other"], title="Map")


def _dots() -> Figure:
    return maps.dot_map(map_places(), groups=["Causal", "Other"], title="Map")


def _boundaries() -> Figure:
    square = ((-2.4, 53.3), (-1.9, 53.3), (-1.9, 53.8), (-2.4, 53.8))
    first, *rest = map_places()
    return maps.boundary_map([replace(first, rings=(square,)), *rest], groups=["Causal", "Other"], title="Map")


def _nothing() -> Figure:
    return event_study.event_study_figure([], title="Empty", measure="Change")


KINDS = [_event_study, _rings, _curve, _trend, _forest, _timing, _multiples, _hexagons, _dots, _boundaries, _nothing]


@pytest.fixture(params=KINDS, ids=lambda make: make.__name__.strip("_"))
def make_figure(request) -> Callable[[], Figure]:
    return request.param


@pytest.fixture
def figure(make_figure) -> Figure:
    return make_figure()

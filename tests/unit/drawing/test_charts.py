"""Each kind of chart puts its marks where its numbers are."""

import math
from xml.etree import ElementTree

import pytest

from evidence.drawing import curves, event_study, forest, maps, rings, timing
from evidence.drawing.event_study import EventPoint
from evidence.drawing.tables import csv_text
from evidence.estimates.charts import figures
from tests.unit.drawing.conftest import HOSTILE, map_places

SVG = "{http://www.w3.org/2000/svg}"


def nodes(drawing, tag, **attributes):
    found = ElementTree.fromstring(drawing).iter(f"{SVG}{tag}")
    return [node for node in found if all(node.get(name) == value for name, value in attributes.items())]


def test_a_higher_estimate_is_drawn_higher_and_the_zero_line_lies_on_the_reference():
    points = [EventPoint(-1, 0.0, is_reference=True), EventPoint(0, 1.0, 0.5, 1.5), EventPoint(1, 2.0, 1.0, 3.0)]
    figure = event_study.event_study_figure(points, title="t", measure="m")
    marks = [node for node in nodes(figure.wide, "circle") if float(node.get("cx")) > 30]
    heights = [float(mark.get("cy")) for mark in marks[:3]]
    assert heights[0] > heights[1] > heights[2]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.11)
    (zero,) = [node for node in nodes(figure.wide, "line") if node.get("class") == "chart-zero"]
    assert float(zero.get("y1")) == pytest.approx(heights[0], abs=0.11)


def test_treatment_starts_half_way_between_the_last_lead_and_the_first_lag():
    points = [EventPoint(-1, 0.0, is_reference=True), EventPoint(0, 1.0)]
    figure = event_study.event_study_figure(points, title="t", measure="m")
    (start,) = nodes(figure.wide, "line", **{"stroke-dasharray": "5 4"})
    before, after = sorted(float(node.get("cx")) for node in nodes(figure.wide, "circle") if node.get("r") == "4.5")[
        -2:
    ]
    assert float(start.get("x1")) == pytest.approx((before + after) / 2, abs=0.11)


def test_a_missing_estimate_leaves_a_gap_and_an_empty_cell_not_a_zero():
    points = [EventPoint(0, 1.0, 0.5, 1.5), EventPoint(1, None), EventPoint(2, math.nan)]
    figure = event_study.event_study_figure(points, title="t", measure="m")
    plotted = [node for node in nodes(figure.wide, "circle") if node.get("r") == "4.5"]
    legend_marks = 2
    assert len(plotted) == 1 + legend_marks
    assert csv_text(figure.table).splitlines()[2:] == ["1,,,", "2,,,"]


def test_the_download_keeps_every_digit():
    figure = event_study.event_study_figure([EventPoint(0, 1 / 3, 0.1, 0.5)], title="t", measure="m")
    assert "0.3333333333333333" in csv_text(figure.table)
    assert figure.table.rows[0][1].text == "0.33"


def test_a_negative_ring_hangs_below_the_zero_line_and_the_reference_has_no_bar():
    found = [rings.Ring(0, 1, -2.0, -3.0, -1.0, 40), rings.Ring(5, 10, None, is_reference=True)]
    figure = rings.rings_figure(found, title="t", measure="m")
    (zero,) = [node for node in nodes(figure.wide, "line") if node.get("class") == "chart-zero"]
    (bar,) = [node for node in nodes(figure.wide, "rect") if node.get("fill-opacity")]
    assert float(bar.get("y")) == pytest.approx(float(zero.get("y1")), abs=0.11)
    assert figure.table.rows[1][1].text == "comparison"


def test_a_curve_is_broken_where_a_value_is_missing():
    points = [curves.CurvePoint(float(d), None if d == 2 else 1.0) for d in range(5)]
    figure = curves.distance_curve_figure(points, title="t", measure="m")
    assert len([node for node in nodes(figure.wide, "path") if node.get("fill") == "none"]) == 2


def test_a_forest_puts_the_diamond_over_its_interval_and_says_when_nothing_is_pooled():
    rows = [forest.ForestRow("A", 0.1, -0.1, 0.3, 0.5)]
    pooled = forest.forest_figure(rows, title="t", measure="g", pooled=forest.Pooled(0.1, 0.0, 0.2))
    diamonds = [node for node in nodes(pooled.wide, "path") if node.get("d").endswith("Z")]
    assert len(diamonds) == 1
    alone = forest.forest_figure(rows, title="t", measure="g")
    assert "They are not pooled" in alone.desc
    assert not [node for node in nodes(alone.wide, "path") if node.get("d").endswith("Z")]


def test_a_row_without_an_interval_says_so():
    figure = forest.forest_figure([forest.ForestRow("A", 0.2)], title="t", measure="g")
    assert "(no interval)" in figure.wide


def test_timing_squares_count_treated_periods():
    cohorts = [timing.CohortTiming("2020", 1, 12), timing.CohortTiming("Never", None, 30)]
    figure = timing.timing_figure(cohorts, periods=["2019", "2020", "2021"])
    key = 1
    assert len([node for node in nodes(figure.wide, "rect") if node.get("class") == "chart-fill-1"]) == 2 + key
    assert [cell.text for cell in figure.table.rows[0]] == ["2020", "2020", "12", "1", "2"]
    assert figure.table.rows[1][1].text == "never"


def test_no_two_hexagons_share_a_place_and_north_is_up():
    places = map_places()
    centres, _ = maps.hexagon_centres(maps.projected(tuple((p.latitude, p.longitude) for p in places)))
    assert len(set(centres)) == len(places)
    by_label = dict(zip((place.label for place in places), centres, strict=True))
    assert by_label["South"][1] > by_label[HOSTILE][1]


def test_hexagons_do_not_overlap():
    places = map_places()
    centres, radius = maps.hexagon_centres(maps.projected(tuple((p.latitude, p.longitude) for p in places)))
    gaps = [math.dist(a, b) for n, a in enumerate(centres) for b in centres[:n]]
    assert min(gaps) >= radius * math.sqrt(3) * 0.999


def test_the_map_counts_places_without_evidence():
    figure = maps.hexagon_map(map_places(), groups=["Causal", "Other"], title="Map")
    assert "Causal: 7; Other: 6; No evidence: 1" in figure.desc


@pytest.mark.parametrize(
    ("part", "label", "head"),
    [
        ("by_cohort", "cohort", "First treated"),
        ("by_period", "period", "Period"),
        ("specifications", "name", "How it was asked"),
    ],
)
def test_the_table_of_a_results_chart_says_what_its_rows_are(part, label, head):
    rows = [{label: "A", "value": 1.0, "ci_lower": 0.5, "ci_upper": 1.5, "note": None}]
    result = {"estimates": [{"value": 1.0, "level": 0.95}], part: rows}
    assert figures(result, outcome="Reading", unit="points")[part].table.columns[0].label == head

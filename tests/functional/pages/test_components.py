"""Every shared component, on one page, in the browser."""

import pytest
from django.template import engines

from evidence.drawing.event_study import EventPoint, event_study_figure
from evidence.drawing.forest import ForestRow, Pooled, forest_figure
from evidence.drawing.maps import MapPlace, hexagon_map
from evidence.drawing.tables import Cell, Column, build_table, number_cell

GALLERY = """{% extends "base.html" %}
{% block title %}Components{% endblock %}
{% block breadcrumbs %}{% include "components/breadcrumbs.html" with crumbs=crumbs current="Here" only %}{% endblock %}
{% block content %}
{% include "components/page_heading.html" with heading="Components" caption="Gallery" lede="All." tags=tags only %}
{% include "components/error_summary.html" with errors=errors only %}
{% include "components/answer.html" with sentence="Plain." number="2.75 (0.12 to 5.38)" method="2x2" only %}
{% include "components/stage_tracker.html" with steps=steps label="Progress" only %}
{% include "components/summary_list.html" with rows=facts only %}
{% include "components/table.html" with table=table only %}
{% include "components/notice.html" with title="Careful" text="Not evidence." kind="caution" points=points only %}
{% include "components/empty_state.html" with heading="No runs yet" text="Run it." action_href="/" action_text="Go" %}
{% include "components/issues.html" with issues=issues heading="Problems" only %}
{% include "components/filter_panel.html" with facets=facets query="hubs" action="/" clear_href="/" only %}
{% for kind in kinds %}{% include "components/estimate_kind_tag.html" with kind=kind only %} {% endfor %}
{% for level in levels %}{% include "components/standing_tag.html" with level=level only %} {% endfor %}
{% for stage in stages %}{% include "components/stage_tag.html" with stage=stage only %} {% endfor %}
{% for state in states %}{% include "components/run_state_tag.html" with state=state only %} {% endfor %}
{% include "components/example_badge.html" with text="Simulated data" only %}
{% for colour in colours %}{% include "components/tag.html" with text=colour colour=colour only %} {% endfor %}
{% for figure in figures %}{% include "components/chart.html" with figure=figure download_href="/" only %}{% endfor %}
{% endblock %}"""


def gallery() -> str:
    points = [EventPoint(-1, 0.0, is_reference=True), EventPoint(0, 1.0, 0.5, 1.5, 0.2, 1.8)]
    columns = ["Study", Column("Effect", numeric=True), Column("Kind"), Column("Remarks", wide=True), Column("Where")]
    row = [Cell("A study", href="/"), number_cell(-1.25), Cell("Causal", tag="green"), "Long " * 12, None]
    return (
        engines["django"]
        .from_string(GALLERY)
        .render(
            {
                "crumbs": [("Interventions", "/interventions/")],
                "tags": [{"text": "Open", "colour": "green"}],
                "errors": [{"text": "Give a name.", "href": "#filter-search"}, {"text": "And more."}],
                "steps": [
                    {"text": text, "state": state, "href": "/" if state == "done" else ""}
                    for text, state in (("Data", "done"), ("Plan", "current"), ("Run", "todo"), ("Share", "todo"))
                ],
                "facts": [{"key": "Owner", "value": "Council", "action_href": "/"}, {"key": "Cost", "value": None}],
                "table": build_table("Studies", columns, [row, row], note="A note."),
                "points": ["One.", "Two."],
                "issues": [{"row": 214, "column": "period", "message": "Twice.", "hint": "Keep one."}],
                "facets": [
                    {
                        "name": "life_stage",
                        "legend": "Life stage",
                        "open": True,
                        "options": [{"value": "early", "label": "Early years", "count": 4, "selected": True}],
                    }
                ],
                "kinds": ["causal", "associational", "null", "descriptive", "projection", "cost_benefit"],
                "levels": ["supports", "caution", "does_not_support", None],
                "stages": ["private", "partners", "embargoed", "public", "withdrawn"],
                "states": ["queued", "running", "done", "refused", "failed", "cancelled"],
                "colours": ["teal", "green", "yellow", "red", "purple", "grey"],
                "figures": [
                    event_study_figure(points, title="Event study", measure="Change, points"),
                    forest_figure(
                        [ForestRow("A", 0.1, 0, 0.2, 0.5)], title="Forest", measure="g", pooled=Pooled(0.1, 0, 0.2)
                    ),
                    hexagon_map(
                        [MapPlace("North", 55.0, -1.5, 0), MapPlace("South", 51.0, -1.0)], groups=["Some"], title="Map"
                    ),
                ],
            }
        )
    )


@pytest.fixture
def gallery_page(page):
    html = gallery()
    page.route("**/gallery/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    page.goto("/gallery/")
    return page


def test_every_component_is_accessible_in_both_colours_at_both_widths(gallery_page, assert_accessible):
    for details in gallery_page.locator("details").all():
        if details.get_attribute("open") is None:
            details.locator("> summary").click()
    assert_accessible(gallery_page)


def test_a_wide_table_scrolls_inside_its_own_region_by_keyboard(gallery_page):
    region = gallery_page.get_by_role("region", name="Studies")
    region.focus()
    gallery_page.keyboard.press("ArrowRight")
    gallery_page.wait_for_timeout(300)
    overflows = region.evaluate("(node) => node.scrollWidth > node.clientWidth")
    assert region.evaluate("(node) => node.scrollLeft > 0") == overflows


def test_one_drawing_of_each_figure_shows(gallery_page):
    shown = gallery_page.locator("figure svg:visible")
    assert shown.count() == 3


def test_a_printed_page_leaves_out_the_menu_and_keeps_the_chart(gallery_page):
    gallery_page.emulate_media(media="print")
    assert not gallery_page.get_by_role("navigation", name="Main").is_visible()
    assert gallery_page.locator("figure svg.chart--wide").first.is_visible()

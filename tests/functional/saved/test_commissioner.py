"""In a real browser: a commissioner saves a search, makes a short list with notes and prints its brief."""

import pytest

from evidence.search.actions import rebuild_index
from tests.workspace_records import make_intervention


@pytest.fixture
def catalogue(make_person):
    make_person("cara@example.org", "Cara Commissioner")
    for name in ("Night classes", "Night buses"):
        make_intervention(name=name, slug=name.lower().replace(" ", "-"), country="England")
    rebuild_index()


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_commissioner_saves_a_search_and_takes_a_short_list_to_the_board(page, catalogue, sign_in, assert_accessible):
    sign_in(page, "cara@example.org", going_to="/interventions/?search=night")
    assert_accessible(page)
    page.get_by_role("link", name="Save this search").click()
    page.get_by_label("Once a week, where there is something new").check()
    assert_accessible(page)
    press(page, "Save this search")
    page.get_by_text("Nothing new since").wait_for()
    assert_accessible(page)

    page.goto("/short-lists/")
    assert_accessible(page)
    page.goto("/interventions/?search=night")
    page.locator('a[href="/short-lists/add/?intervention=night-classes"]').click()
    page.get_by_label("Name of a new short list").fill("For the board")
    page.get_by_label("Note (optional)").fill("Ask the college what it costs.")
    assert_accessible(page)
    press(page, "Add it")
    page.goto("/short-lists/add/?intervention=night-buses")
    press(page, "Add it")
    assert_accessible(page)
    page.locator("button[value=up]").click()
    first = page.locator("ol.up-results > li").first
    assert "Night buses" in first.inner_text()
    press(page, "Make an address to read it without signing in")
    assert_accessible(page)
    page.get_by_role("link", name="Brief with your notes, to print").click()
    page.get_by_role("heading", name="For the board").wait_for()
    page.get_by_text("Ask the college what it costs.").wait_for()
    assert_accessible(page)


def test_a_short_list_needs_no_script(open_page, catalogue, sign_in):
    page = open_page(javascript=False)
    sign_in(page, "cara@example.org", going_to="/short-lists/")
    page.get_by_label("Name").fill("For the board")
    press(page, "Make it")
    page.get_by_text("Nothing on it yet").wait_for()

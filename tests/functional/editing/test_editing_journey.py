"""In a real browser: one editor proposes, another publishes, and everyone sees the page and its log."""

import pytest

from tests.workspace_records import make_intervention


@pytest.fixture
def editors(make_person):
    for email, name in (("edda@example.org", "Edda Editor"), ("sol@example.org", "Sol Second")):
        person = make_person(email, name)
        person.is_staff = True
        person.save()
    make_intervention(name="Night classes", slug="night-classes", kind="Training", country="England")


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_change_goes_from_one_editor_to_another_to_everyone(page, editors, sign_in, assert_accessible):
    sign_in(page, "edda@example.org", going_to="/editing/")
    assert_accessible(page)
    page.goto("/interventions/night-classes/")
    assert_accessible(page)
    page.get_by_role("link", name="Propose a change").click()
    assert_accessible(page)
    page.get_by_label("What it is", exact=True).fill("Evening classes for adults.")
    press(page, "Propose this change")
    assert page.title().startswith("Error: ")
    assert page.get_by_label("What it is", exact=True).input_value() == "Evening classes for adults."
    assert_accessible(page)
    page.get_by_label("Why", exact=True).fill("The prospectus of 2026.")
    press(page, "Propose this change")
    page.get_by_text("Another editor decides on it").wait_for()
    assert_accessible(page)
    change = page.url
    page.context.clear_cookies()

    page.goto("/interventions/night-classes/changes/")
    assert page.get_by_text("Evening classes for adults.").count() == 0
    assert_accessible(page)

    sign_in(page, "sol@example.org", going_to="/editing/")
    page.get_by_role("link", name="Change the intervention “Night classes”").click()
    assert page.url == change
    page.get_by_label("Publish it").check()
    assert_accessible(page)
    press(page, "Confirm")
    page.get_by_text("Published. Everyone sees it now.").wait_for()
    page.context.clear_cookies()

    page.goto("/interventions/night-classes/")
    page.get_by_text("Evening classes for adults.").first.wait_for()
    page.get_by_role("link", name="What changed on this page").click()
    page.get_by_text("Edda Editor; approved by Sol Second").wait_for()
    page.get_by_text("The prospectus of 2026.").wait_for()
    assert_accessible(page)

    page.get_by_role("link", name="Suggest a correction").first.click()
    page.get_by_label("What is wrong or missing?").fill("It began in 2019.")
    assert_accessible(page)
    press(page, "Send it to the editors")
    page.get_by_text("The editors have it.").wait_for()
    assert_accessible(page)


def test_importing_and_rating_pages_can_be_used_by_anyone(page, editors, sign_in, assert_accessible):
    sign_in(page, "edda@example.org", going_to="/editing/import/")
    assert_accessible(page)
    page.goto("/interventions/night-classes/ratings/")
    assert_accessible(page)
    page.goto("/interventions/night-classes/ratings/nesta/")
    assert_accessible(page)
    for address in ("/editing/sources/", "/editing/interventions/merge/", "/editing/sources/new/"):
        page.goto(address)
        assert_accessible(page)

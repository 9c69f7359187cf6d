"""The frame every page shares: accessible in both colours, usable by keyboard and without scripts."""

import pytest

PAGES = ["/", "/accessibility/", "/credits/", "/account/login/", "/account/password/reset/", "/no-such-page/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_public_page_is_accessible_in_light_and_dark_and_never_scrolls_sideways(page, assert_accessible, path):
    page.goto(path)
    assert_accessible(page)


def test_the_first_tab_stop_skips_to_the_content(page):
    page.goto("/")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text() == "Skip to main content"
    assert focused.is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main-content"


def test_focus_can_be_seen_on_every_stop_of_the_start_page(wide_page):
    wide_page.goto("/")
    for _ in range(8):
        wide_page.keyboard.press("Tab")
        shown = wide_page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return s.boxShadow !== 'none' || s.outlineStyle !== 'none' }"
        )
        assert shown, wide_page.evaluate("() => document.activeElement.outerHTML")


def test_the_menu_opens_on_a_narrow_screen_and_closes_again(narrow_page):
    narrow_page.goto("/")
    link = narrow_page.get_by_role("link", name="Gap map")
    assert not link.first.is_visible()
    narrow_page.get_by_role("button", name="Menu").click()
    assert link.first.is_visible()
    narrow_page.get_by_role("button", name="Menu").click()
    assert not link.first.is_visible()


def test_the_menu_is_open_where_there_are_no_scripts(open_page):
    page = open_page(360, javascript=False)
    page.goto("/")
    assert page.get_by_role("navigation", name="Main").get_by_role("link", name="Gap map").is_visible()
    assert not page.get_by_role("button", name="Menu").is_visible()


def test_the_current_section_is_marked(wide_page):
    wide_page.goto("/account/login/")
    assert wide_page.get_by_role("link", name="Sign in").first.get_attribute("aria-current") == "page"

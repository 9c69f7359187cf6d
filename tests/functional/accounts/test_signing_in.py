"""Signing in and out in the browser."""

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import expect

from tests.functional.conftest import PASSPHRASE


def test_a_wrong_password_moves_focus_to_the_problem_and_the_right_one_signs_in(page, make_person, assert_accessible):
    make_person()
    page.goto("/account/login/")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Password").fill("not this")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_title("Error: Sign in – Uplift")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    assert_accessible(page)
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_value("ada@example.org")
    page.get_by_label("Password").fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/evaluations/"))


def test_one_can_sign_in_and_out_without_scripts(open_page, make_person, sign_in):
    make_person()
    page = open_page(javascript=False)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_account_pages_are_accessible(page, make_person, sign_in, assert_accessible):
    make_person()
    sign_in(page)
    for path in (
        "/account/",
        "/account/email/",
        "/account/password/change/",
        "/account/sessions/",
        "/account/2fa/",
        "/account/logout/",
    ):
        page.goto(path)
        assert_accessible(page)


def test_setting_up_a_second_step_asks_again_who_it_is_and_then_works(page, make_person, sign_in, assert_accessible):
    make_person()
    sign_in(page)
    page.goto("/account/2fa/")
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    assert_accessible(page)
    page.get_by_label("Password").fill(PASSPHRASE)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Activate Authenticator App")
    assert_accessible(page)
    secret = page.get_by_label("Authenticator secret").input_value()
    counter = next(yield_hotp_counters_from_time())
    page.get_by_label("Authenticator code").fill(format_hotp_value(hotp_value(secret, counter)))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Recovery Codes")
    assert_accessible(page)
    page.goto("/account/2fa/")
    expect(page.get_by_text("After your password you are asked")).to_be_visible()
    assert_accessible(page)
    page.goto("/account/2fa/webauthn/add/")
    assert_accessible(page)

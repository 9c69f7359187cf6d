"""A passkey is added, signs in without a password, and is taken away again, with the browser's own authenticator."""

import re

import pytest
from playwright.sync_api import Page, expect

from evaluations.organisations.models import User
from tests.functional.conftest import PASSPHRASE

AUTHENTICATOR = {
    **{"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True},
    **{"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True},
}


@pytest.fixture
def authenticator(wide_page: Page):
    """A device that keeps passkeys, as a phone or a laptop does; tells how many it holds."""
    debugger = wide_page.context.new_cdp_session(wide_page)
    debugger.send("WebAuthn.enable")
    made = debugger.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return lambda: debugger.send("WebAuthn.getCredentials", made)["credentials"]


def add_passkey(page: Page, name: str) -> None:
    page.goto("/account/2fa/")
    page.get_by_role("button", name="Add a passkey or security key").click()
    page.get_by_label("Password").fill(PASSPHRASE)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile(r"/account/2fa/(?!webauthn/add)"))


def test_a_passkey_is_added_and_then_signs_in_without_a_password(
    wide_page, make_person, sign_in, assert_accessible, authenticator
):
    person, page = make_person(), wide_page
    sign_in(page)
    assert authenticator() == []
    add_passkey(page, "My laptop")
    assert len(authenticator()) == 1 and person.authenticator_set.filter(type="webauthn").count() == 1
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_role("rowheader", name="My laptop")).to_be_visible()
    assert_accessible(page)
    page.goto("/account/")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/account/login/?next=/account/sessions/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.wait_for_url("**/account/sessions/")
    person.refresh_from_db()
    assert User.objects.get().last_login == person.last_login is not None


def test_a_device_without_the_passkey_signs_nobody_in(wide_page, make_person, authenticator):
    make_person()
    page = wide_page
    page.goto("/account/login/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.wait_for_timeout(1000)
    assert authenticator() == []
    page.goto("/account/")
    page.wait_for_url(re.compile("/account/login/"))


def test_a_passkey_that_was_taken_away_signs_nobody_in(wide_page, make_person, sign_in, authenticator):
    person, page = make_person(), wide_page
    sign_in(page)
    add_passkey(page, "Lost phone")
    page.goto("/account/2fa/webauthn/")
    page.get_by_role("link", name="Remove Lost phone").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No keys have been added.")).to_be_visible()
    assert person.authenticator_set.filter(type="webauthn").count() == 0 and len(authenticator()) == 1
    page.goto("/account/")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/account/login/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.wait_for_timeout(1000)
    page.goto("/account/")
    page.wait_for_url(re.compile("/account/login/"))

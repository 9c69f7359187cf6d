"""Signing in, being locked out, choosing a new password, a second step, and joining by invitation."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from evaluations.organisations.models import AuditEvent, User
from tests.workspace_records import make_user

PASSPHRASE = "correct horse battery staple"  # a test's own

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    user = User.objects.create_user("ada@example.org", email="ada@example.org", password=PASSPHRASE, full_name="Ada")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, password: str = PASSPHRASE, **more):
    return client.post("/account/login/", {"login": "ada@example.org", "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_signs_in_and_goes_where_one_was_going(client, person):
    response = sign_in(client, next="/account/")
    assert response.status_code == 302
    assert response.url == "/account/"
    assert is_signed_in(client)


def test_an_address_in_capitals_is_the_same_address(client, person):
    client.post("/account/login/", {"login": "ADA@Example.org", "password": PASSPHRASE})
    assert is_signed_in(client)


def test_a_wrong_password_says_there_is_a_problem_in_the_title_the_summary_and_nothing_about_which_half(client, person):
    html = sign_in(client, "wrong").content.decode()
    assert not is_signed_in(client)
    assert "<title>Error: Sign in – Uplift</title>" in html
    assert "There is a problem" in html
    unknown = client.post("/account/login/", {"login": "nobody@example.org", "password": "wrong"}).content.decode()
    message = re.search(r'error-summary__list">\s*<li><a href="#[^"]+">([^<]+)', html).group(1)
    assert message in unknown


def test_signing_in_never_sends_one_to_another_site(client, person):
    response = sign_in(client, next="https://evil.example/")
    assert response.url == "/evaluations/"


def test_five_wrong_passwords_lock_the_account_for_that_address_even_for_the_right_one(client, person):
    for _ in range(4):
        assert sign_in(client, "wrong").status_code == 200
    locked = sign_in(client, "wrong")
    assert locked.status_code == 429
    assert "Too many attempts" in locked.content.decode()
    assert sign_in(client).status_code == 429
    assert not is_signed_in(client)


def test_a_lock_does_not_shut_out_the_owner_elsewhere(client, person):
    for _ in range(6):
        sign_in(client, "wrong")
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    sign_in(elsewhere)
    assert is_signed_in(elsewhere)


def test_many_addresses_together_cannot_guess_without_end(person):
    answers = [sign_in(Client(REMOTE_ADDR=f"192.0.2.{n}"), "wrong").content.decode() for n in range(40)]
    assert "Too many failed login attempts" in answers[-1]


def test_an_unverified_address_must_be_verified_first(client, person):
    EmailAddress.objects.update(verified=False)
    response = sign_in(client)
    assert response.url == "/account/confirm-email/"
    assert not is_signed_in(client)
    assert len(mail.outbox) == 1


def test_a_forgotten_password_is_replaced_through_the_letter(client, person):
    client.post("/account/password/reset/", {"email": "ada@example.org"})
    address = re.search(r"https?://testserver(/account/password/reset/key/\S+)", mail.outbox[0].body).group(1)
    form = client.get(address, follow=True)
    assert 'name="password1"' in form.content.decode()
    new = "another long passphrase"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    sign_in(client, new)
    assert is_signed_in(client)


def test_asking_for_a_new_password_does_not_tell_who_has_an_account(client, person):
    known = client.post("/account/password/reset/", {"email": "ada@example.org"})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)


def test_the_account_page_shows_ones_own_account_only_when_signed_in(client, person):
    assert client.get("/account/").url == "/account/login/?next=/account/"
    client.force_login(person)
    html = client.get("/account/").content.decode()
    assert "ada@example.org" in html
    assert "No organisation yet" in html


def test_a_second_step_is_asked_for_once_it_is_set(client, person):
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    response = sign_in(client)
    assert response.url == "/account/2fa/authenticate/"
    assert not is_signed_in(client)
    counter = next(yield_hotp_counters_from_time())
    code = format_hotp_value(hotp_value(secret, counter))
    client.post("/account/2fa/authenticate/", {"code": "000000" if code != "000000" else "111111"})
    assert not is_signed_in(client)
    client.post("/account/2fa/authenticate/", {"code": code})
    assert is_signed_in(client)


def test_sessions_are_listed_and_the_others_can_be_ended(person):
    here, there = Client(HTTP_USER_AGENT="Here"), Client(HTTP_USER_AGENT="There")
    sign_in(here)
    sign_in(there)
    assert UserSession.objects.filter(user=person).count() == 2
    page = here.get("/account/sessions/").content.decode()
    assert "There" in page
    here.post("/account/sessions/")
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_one_session_can_be_ended_and_only_ones_own(person):
    here, there, third = (Client(HTTP_USER_AGENT=name) for name in ("Here", "There", "Third"))
    for client in (here, there, third):
        sign_in(client)
    session = UserSession.objects.get(user_agent="There")
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.post(f"/account/sessions/{session.pk}/end/").status_code == 404
    assert there.get("/account/").status_code == 200
    assert f"/account/sessions/{session.pk}/end/" in here.get("/account/sessions/").content.decode()
    here.post(f"/account/sessions/{session.pk}/end/")
    assert [each.get("/account/").status_code for each in (here, there, third)] == [200, 302, 200]
    assert AuditEvent.objects.get(verb="end_session").by == person


def test_nobody_signs_up_without_an_invitation(client):
    assert "Accounts are by invitation" in client.get("/account/signup/").content.decode()
    client.post("/account/signup/", {"email": "new@example.org", "password1": PASSPHRASE, "full_name": "New"})
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/email/",
        "/account/password/change/",
        "/account/2fa/",
        "/account/sessions/",
        "/account/logout/",
        "/account/2fa/webauthn/",
        "/account/2fa/recovery-codes/",
    ],
)
def test_account_pages_answer_in_the_sites_frame(client, person, path):
    sign_in(client)
    response = client.get(path, follow=True)
    html = response.content.decode()
    assert response.status_code in {200, 404}
    assert 'class="up-header"' in html
    assert html.count("<h1") == 1

"""Tokens made on the page: the key shows once, works, and stops when ended."""

import re

import pytest
from django.test import Client

from evaluations.organisations.models import ApiToken, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_user("ada@example.org", email="ada@example.org", password="irrelevant here")


@pytest.fixture
def own(client, person) -> Client:
    client.force_login(person)
    return client


def make(own: Client, **more) -> str:
    html = own.post("/account/tokens/", {"name": "Nightly job", "days": "7", **more}).content.decode()
    return re.search(r'id="new-key">([^<]+)<', html).group(1)


def test_the_key_shows_once_and_opens_the_api(own):
    key = make(own)
    assert key not in own.get("/account/tokens/").content.decode()
    answer = Client().get("/api/v1/evaluations/", HTTP_AUTHORIZATION=f"Token {key}")
    assert answer.status_code == 200


def test_a_token_reads_unless_writing_was_asked_for(own):
    make(own)
    assert ApiToken.objects.get().scopes == ["read"]
    make(own, may_write="on")
    assert {tuple(token.scopes) for token in ApiToken.objects.all()} == {("read",), ("read", "write")}


def test_an_ended_token_opens_nothing(own):
    key = make(own)
    page = own.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/", follow=True).content.decode()
    assert "has ended" in page
    assert Client().get("/api/v1/evaluations/", HTTP_AUTHORIZATION=f"Token {key}").status_code == 401


def test_another_persons_token_cannot_be_ended_or_seen(own):
    make(own)
    other = Client()
    other.force_login(User.objects.create_user("eve@example.org", email="eve@example.org"))
    assert other.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/").status_code == 404
    assert "Nightly job" not in other.get("/account/tokens/").content.decode()


@pytest.mark.parametrize("days", ["0", "366", "", "soon"])
def test_a_wrong_length_is_said_beside_the_field_and_makes_nothing(own, days):
    html = own.post("/account/tokens/", {"name": "x", "days": days}).content.decode()
    assert "<title>Error: API tokens" in html
    assert 'href="#id_days"' in html
    assert not ApiToken.objects.exists()


def test_a_visitor_signs_in_first(client):
    assert client.get("/account/tokens/").url == "/account/login/?next=/account/tokens/"

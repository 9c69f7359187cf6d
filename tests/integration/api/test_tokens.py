"""Keys to the API: how they are had, what they open, how they end."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from evaluations.organisations.models import ApiToken
from evaluations.organisations.tokens import create_token
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user("eva")


def client_with(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return client


def test_an_email_and_password_give_a_token_that_opens_the_api(person):
    answer = APIClient().post(
        "/api/v1/tokens/", {"email": person.email, "password": "a-good-passphrase"}, format="json"
    )
    assert answer.status_code == 201
    assert client_with(answer.json()["key"]).get("/api/v1/evaluations/").json()["count"] == 0


def test_only_the_hash_of_a_key_is_kept(person):
    token, key = create_token(user=person, name="laptop", by=person)
    kept = ApiToken.objects.values().get(pk=token.pk)
    assert key not in str(kept)


def test_a_wrong_password_gives_no_token(person):
    answer = APIClient().post("/api/v1/tokens/", {"email": person.email, "password": "wrong"}, format="json")
    assert answer.status_code == 401
    assert "issues" in answer.json()
    assert not ApiToken.objects.exists()


def test_a_revoked_or_expired_token_opens_nothing(person):
    token, key = create_token(user=person, name="laptop", by=person)
    client = client_with(key)
    assert client.delete(f"/api/v1/tokens/{token.pk}/").status_code == 204
    assert client.get("/api/v1/evaluations/").status_code == 401
    old, old_key = create_token(user=person, name="old", by=person)
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client_with(old_key).get("/api/v1/evaluations/").status_code == 401


def test_a_reading_token_changes_nothing(person):
    _, key = create_token(user=person, name="reader", scopes=("read",), by=person)
    answer = client_with(key).post("/api/v1/evaluations/", {}, format="json")
    assert answer.status_code == 403
    assert "scope" in answer.json()["message"]


def test_a_token_cannot_make_another(person):
    _, key = create_token(user=person, name="laptop", by=person)
    assert client_with(key).post("/api/v1/tokens/", {"name": "second"}, format="json").status_code == 401


def test_nobody_sees_or_revokes_another_persons_tokens(person):
    token, _ = create_token(user=person, name="laptop", by=person)
    other = APIClient()
    other.force_login(make_user("other"))
    assert other.get("/api/v1/tokens/").json()["count"] == 0
    assert other.delete(f"/api/v1/tokens/{token.pk}/").status_code == 404

"""The two addresses for whoever watches the site."""

import pytest
from django.db import OperationalError

from config import health


def test_healthz_answers_without_touching_the_database(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.content == b"ok"


@pytest.mark.django_db
def test_readyz_names_each_part_that_is_ready(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"database": "ok", "broker": "ok", "storage": "ok"}}


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["database", "broker", "storage"])
def test_readyz_says_which_part_is_away_and_nothing_more(client, monkeypatch, part):
    def away():
        raise OperationalError("could not connect to 10.0.0.7 as uplift with password hunter2")

    monkeypatch.setattr(health, f"check_{part}", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "not ready"
    assert response.json()["checks"][part] == "unavailable"
    assert b"hunter2" not in response.content


def test_a_storage_folder_that_is_a_file_is_not_ready(client, settings, tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(occupied)}}
    }
    with pytest.raises(OSError):
        health.check_storage()


def test_the_content_policy_allows_nothing_inline(client):
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy

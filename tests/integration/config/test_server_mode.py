"""What only the real engines can show."""

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection

from config import health

pytestmark = pytest.mark.server


@pytest.mark.django_db
def test_the_suite_runs_on_postgresql():
    assert connection.vendor == "postgresql"


def test_the_cache_and_the_broker_are_redis():
    cache.set("a", 1)
    assert cache.get("a") == 1
    health.check_broker()
    assert current_app.connection_for_write().transport.driver_type == "redis"


def test_a_broker_that_is_away_is_reported_within_seconds(settings, monkeypatch):
    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    with pytest.raises(health.PROBLEMS):
        health.check_broker()

"""Two addresses for whoever watches the site: is it alive, and can it do its work."""

import os
from collections.abc import Callable
from pathlib import Path

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from celery import current_app
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)
PROBLEMS = (DatabaseError, OperationalError, OSError, BotoCoreError, ClientError)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the web process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether the database, the broker and the storage answer; 503 when one does not."""
    checks = {"database": check_database, "broker": check_broker, "storage": check_storage}
    found = {name: _outcome(name, check) for name, check in checks.items()}
    ready = all(outcome == "ok" for outcome in found.values())
    return JsonResponse({"status": "ready" if ready else "not ready", "checks": found}, status=200 if ready else 503)


def _outcome(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except PROBLEMS as error:
        log.warning("not_ready", part=name, error=str(error))
        return "unavailable"
    return "ok"


def check_database() -> None:
    """Raise unless the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    """Raise unless work can be queued."""
    if not settings.REDIS_URL:
        _check_writable(Path(settings.BROKER_FOLDER))
        return
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


def check_storage() -> None:
    """Raise unless files can be kept."""
    if isinstance(default_storage, FileSystemStorage):
        _check_writable(Path(default_storage.location))
    else:
        default_storage.exists("readyz")


def _check_writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written to")

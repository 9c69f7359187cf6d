"""What every page of a person who is signed in shows of their notices."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from evaluations.sharing.notices import unread_count


def unread_notices(request: HttpRequest) -> dict[str, Any]:
    """How many notices are unread, counted only where a page shows it."""
    user = getattr(request, "user", None)
    return {"unread_notices": SimpleLazyObject(lambda: unread_count(user) if user is not None else 0)}

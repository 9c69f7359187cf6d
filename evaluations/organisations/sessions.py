"""Ending one's own sessions, one at a time."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import transaction

from evaluations.organisations.audit import record
from evaluations.organisations.models import User


@transaction.atomic
def end_session(*, session: UserSession, by: User) -> None:
    """Sign out wherever this session is open. Raises `ValidationError` for anybody else's."""
    if session.user_id != by.pk:
        raise ValidationError("A person ends only their own sessions.", code="not_yours")
    record(by=by, verb="end_session", subject=session)
    session.end()

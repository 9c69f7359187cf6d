"""Keys to the API: scoped, expiring, shown once, revocable. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.organisations.audit import record
from evaluations.organisations.models import ApiToken, User

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)
PREFIX = "uplift_"
LONGEST_DAYS = 365
USED_AGAIN_AFTER = timedelta(minutes=1)


@transaction.atomic
def create_token(
    *, user: User, name: str, scopes: tuple[str, ...] = SCOPES, days: int = 30, by: User
) -> tuple[ApiToken, str]:
    """A new token of `user` and its key, which cannot be had again. Raises `ValidationError`."""
    if user != by:
        raise ValidationError("A person makes tokens only for themselves.", code="not_yours")
    if not set(scopes) <= set(SCOPES) or not scopes:
        raise ValidationError({"scopes": f"Choose from {', '.join(SCOPES)}."}, code="unknown_scope")
    if not 1 <= days <= LONGEST_DAYS:
        raise ValidationError({"days": f"A token lasts from 1 to {LONGEST_DAYS} days."}, code="too_long")
    key = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        name=name,
        prefix=key[: len(PREFIX) + 4],
        token_sha256=_digest(key),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    token.full_clean()
    token.save()
    record(by=by, verb="create_token", subject=token, detail={"scopes": token.scopes, "days": days})
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """End a token now. Doing it again changes nothing."""
    if token.user_id != by.pk:
        raise ValidationError("A person revokes only their own tokens.", code="not_yours")
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        record(by=by, verb="revoke_token", subject=token)


def tokens_of(viewer: User) -> QuerySet[ApiToken]:
    """The viewer's own tokens, newest first."""
    return ApiToken.objects.filter(user=viewer)


def token_for(key: str) -> ApiToken | None:
    """The live token with this key, of an active person; null where there is none."""
    now = timezone.now()
    live = ApiToken.objects.filter(
        token_sha256=_digest(key), revoked_at__isnull=True, expires_at__gt=now, user__is_active=True
    )
    token = live.select_related("user").first()
    if token is not None:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_AGAIN_AFTER)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()

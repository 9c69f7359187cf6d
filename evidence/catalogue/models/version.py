"""Which state of the catalogue this is, so that what was worked out from it can be kept until it changes."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from django.db import models, transaction

CHANGES_REMEMBERED = 100
MOST_NAMED = 200
"""A change of more interventions than this is remembered as one of everything."""


class CatalogueVersion(models.Model):
    """One row whose token changes, in the same transaction, with every change to what the public may see."""

    token = models.CharField(max_length=32)
    changed_at = models.DateTimeField(auto_now=True)
    recent = models.JSONField(
        default=list, help_text="The latest changes: a token, and the interventions it changed (null: everything)."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="catalogue_version_is_one_row")]

    @classmethod
    def current(cls) -> str:
        """The token of the catalogue as it is now; empty where nothing was ever changed."""
        return cls.objects.filter(pk=1).values_list("token", flat=True).first() or ""

    @classmethod
    def changed_on(cls) -> str:
        """The day of the latest change, as machines write it; empty where nothing was ever changed."""
        changed = cls.objects.filter(pk=1).values_list("changed_at", flat=True).first()
        return changed.date().isoformat() if changed else ""

    @classmethod
    @transaction.atomic
    def renew(cls, intervention_ids: Iterable[int] | None = None) -> None:
        """Mark these interventions, their studies and estimates as changed; None for everything."""
        ids = None if intervention_ids is None else sorted(intervention_ids)
        row = cls.objects.select_for_update().get_or_create(pk=1)[0]
        row.token = uuid4().hex
        change = [row.token, ids if ids is not None and len(ids) <= MOST_NAMED else None]
        row.recent = [*row.recent, change][-CHANGES_REMEMBERED:]
        row.save()

    @classmethod
    def changed_since(cls, token: str) -> tuple[str, frozenset[int] | None]:
        """The token now, and the interventions changed since another; None where everything may have been."""
        row = cls.objects.filter(pk=1).first()
        if row is None:
            return "", None
        if row.token == token:
            return token, frozenset()
        tokens = [each for each, _ in row.recent]
        if token not in tokens:
            return row.token, None
        later = [ids for _, ids in row.recent[tokens.index(token) + 1 :]]
        return row.token, None if None in later else frozenset(each for ids in later for each in ids)

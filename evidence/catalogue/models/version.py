"""Which state of the catalogue this is, so that what was worked out from it can be kept until it changes."""

from __future__ import annotations

from uuid import uuid4

from django.db import models


class CatalogueVersion(models.Model):
    """One row whose token changes, in the same transaction, with every change to what the public may see."""

    token = models.CharField(max_length=32)
    changed_at = models.DateTimeField(auto_now=True)

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
    def renew(cls) -> None:
        """Mark the catalogue as changed."""
        cls.objects.update_or_create(pk=1, defaults={"token": uuid4().hex})

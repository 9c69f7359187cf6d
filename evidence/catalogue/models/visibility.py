"""Who may see a catalogue row, decided by data in the catalogue alone."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q


class Visibility(models.TextChoices):
    """Draft rows are seen by editors and the organisations they name; withdrawn rows keep their page."""

    DRAFT = "draft", "Draft"
    PUBLIC = "public", "Public"
    WITHDRAWN = "withdrawn", "Withdrawn"


def organisation_ids_of(viewer: Any) -> frozenset[int]:
    """The organisations a viewer belongs to, as the account says; none for a visitor who has not signed in."""
    if viewer is None or not viewer.is_authenticated:
        return frozenset()
    return frozenset(getattr(viewer, "organisation_ids", ()))


def is_editor(viewer: Any) -> bool:
    """Whether the viewer edits the catalogue and so sees its drafts."""
    return bool(viewer is not None and viewer.is_authenticated and viewer.is_active and viewer.is_staff)


class VisibleQuerySet(models.QuerySet):
    """Rows with a visibility and an audience of organisations."""

    def visible_to(self, viewer: Any) -> Self:
        """The rows this viewer may see: public ones, those withdrawn after publication, those shared with them."""
        if is_editor(viewer):
            return self
        seen = Q(visibility=Visibility.PUBLIC) | Q(visibility=Visibility.WITHDRAWN, published_at__isnull=False)
        organisations = organisation_ids_of(viewer)
        if not organisations:
            return self.filter(seen)
        audience: Any = self.model._meta.get_field("audience").related_model
        shared = audience.objects.filter(organisation_id__in=organisations).values(audience.SUBJECT)
        return self.filter(seen | Q(pk__in=shared))


class MergeableQuerySet(VisibleQuerySet):
    """Rows of which a duplicate can be merged into another, which then stands in its place."""

    def visible_to(self, viewer: Any) -> Self:
        """The rows this viewer may see, without those merged into another."""
        return super().visible_to(viewer).filter(merged_into__isnull=True)

    def visible_or_merged_to(self, viewer: Any) -> Self:
        """The rows this viewer may see, merged ones included: what was filed under them keeps its page."""
        return super().visible_to(viewer)


class AudienceBase(models.Model):
    """One organisation that a row names as allowed to see it before everyone may."""

    organisation_id = models.BigIntegerField()
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class VisibleModel(models.Model):
    """A row that is a draft, public, or withdrawn with a reason."""

    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


def visibility_constraints(model: str) -> list[models.CheckConstraint]:
    """What must always hold of a visible row: a known state, and a date on what has been public."""
    return [
        models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name=f"{model}_visibility_known"),
        models.CheckConstraint(
            condition=~Q(visibility=Visibility.PUBLIC) | Q(published_at__isnull=False),
            name=f"{model}_public_has_a_date",
        ),
    ]

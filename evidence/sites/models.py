"""Sites of an intervention: where each is and when it was open, kept once and used again."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from evidence.catalogue.models import (
    AudienceBase,
    Intervention,
    Visibility,
    VisibleModel,
    VisibleQuerySet,
    visibility_constraints,
)


class SiteList(VisibleModel):
    """The checked sites of one intervention, as one file gave them. Never edited: a later file is a later list."""

    intervention = models.ForeignKey(Intervention, models.PROTECT, related_name="site_lists")
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=300, help_text="Who says so: a publisher, a register, its date.")
    saved_by = models.CharField(max_length=200, help_text="The organisation that saved it.")
    saved_at = models.DateTimeField(default=timezone.now, editable=False)
    data_sha256 = models.CharField(max_length=64, help_text="Of the file that was checked.")
    decided_by = models.CharField(max_length=200, blank=True, help_text="The editor who published or withdrew it.")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was withdrawn.")

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-saved_at", "-pk"]
        constraints = [
            *visibility_constraints("site_list"),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.DRAFT) | Q(decided_at__isnull=False) & ~Q(decided_by=""),
                name="site_list_decision_is_signed",
            ),
            models.CheckConstraint(
                condition=~Q(visibility=Visibility.WITHDRAWN) | ~Q(reason=""), name="site_list_withdrawn_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of this list."""
        return reverse("site-list", args=[self.pk])


class SiteListAudience(AudienceBase):
    """An organisation that may see a list before it is public."""

    SUBJECT = "site_list_id"
    site_list = models.ForeignKey(SiteList, models.CASCADE, related_name="audience")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site_list", "organisation_id"], name="site_list_audience_once")]


class Site(models.Model):
    """One place that opened, and perhaps closed, in the words of its file."""

    site_list = models.ForeignKey(SiteList, models.CASCADE, related_name="sites")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    latitude = models.FloatField()
    longitude = models.FloatField()
    opened = models.CharField(max_length=40, blank=True)
    closed = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["site_list", "position"]
        constraints = [
            models.UniqueConstraint(fields=["site_list", "position"], name="site_position_once"),
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="site_on_the_globe"
            ),
        ]

    def __str__(self) -> str:
        return self.name

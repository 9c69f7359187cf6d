"""Official statistics by place and period: versioned, credited, never edited."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class OfficialSeries(models.Model):
    """One published measure by place and period, as one file gave it. A later file makes a later version."""

    key = models.CharField(max_length=200, help_text="What it is, whatever the version.")
    version = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    name = models.CharField(max_length=250)
    breakdown = models.CharField(max_length=200, blank=True, help_text="Of whom, such as: eligible for free meals.")
    unit = models.CharField(max_length=100, blank=True)
    outcome = models.ForeignKey(
        "evidence.Outcome", models.PROTECT, null=True, blank=True, related_name="official_series"
    )
    source_name = models.CharField(max_length=250)
    source_url = models.URLField(max_length=500, blank=True)
    credit = models.TextField(help_text="The credit to give wherever the figures show.")
    licence = models.CharField(max_length=100)
    file_sha256 = models.CharField(max_length=64)
    periods = models.JSONField(default=list, help_text="Labels of its periods, in time order.")
    missing = models.JSONField(default=dict, help_text="How many cells were missing, by sign.")
    unmatched = models.JSONField(default=list, help_text="Codes of areas that are no known place.")
    n_places = models.PositiveIntegerField(default=0)
    loaded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "breakdown", "key"]
        verbose_name_plural = "official series"
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="series_version_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(is_current=True), name="series_one_current"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.breakdown}" if self.breakdown else self.name


class SeriesPlace(models.Model):
    """One place's figures in one series: `values[i]` belongs to `periods[i]`; null where not published."""

    series = models.ForeignKey(OfficialSeries, models.CASCADE, related_name="places")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=150)
    place = models.ForeignKey("evidence.Place", models.SET_NULL, null=True, blank=True, related_name="official_series")
    is_authority = models.BooleanField(default=True, help_text="Not a region, nation or other larger area.")
    note = models.CharField(max_length=200, blank=True)
    periods = models.JSONField(default=list)
    values = models.JSONField(default=list)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["series", "code"], name="series_place_once")]
        indexes = [models.Index(fields=["code"], name="series_place_code")]

    def __str__(self) -> str:
        return f"{self.name}: {self.series}"

"""Places: codes, what they lie within, how they changed, and figures on them."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone


class PlaceKind(models.TextChoices):
    """Levels of place, largest first."""

    COUNTRY = "country", "Country"
    NATION = "nation", "Nation"
    REGION = "region", "Region"
    COMBINED_AUTHORITY = "combined_authority", "Combined authority"
    UPPER_TIER = "upper_tier_authority", "Upper-tier authority"
    LOWER_TIER = "lower_tier_authority", "Lower-tier authority"


class Place(models.Model):
    """A place with an official (GSS) code, or ours where it has none."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, choices=PlaceKind)
    nation = models.CharField(max_length=30, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    combined_authority = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    is_coastal = models.BooleanField(null=True, blank=True, help_text="Approximate.")
    index_area = models.CharField(
        max_length=120, blank=True, help_text="The area whose index figures this place carries."
    )
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["kind", "name"], name="place_kind_and_name")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PlaceKind.values), name="place_kind_known"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="place_centroid_on_the_globe",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="place_not_within_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of this place."""
        return reverse("place", args=[self.code])


class PlaceChange(models.Model):
    """A code or boundary that changed: which code came before which."""

    class Kind(models.TextChoices):
        RECODED = "recoded", "The same area under another code"
        RENAMED = "renamed", "The same area under another name"
        MERGED = "merged", "Merged with others"
        SPLIT = "split", "Split"

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="changes")
    previous_code = models.CharField(max_length=12)
    previous_name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RECODED)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-year", "previous_code"]
        constraints = [
            models.UniqueConstraint(fields=["place", "previous_code"], name="place_change_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["recoded", "renamed", "merged", "split"]), name="place_change_kind_known"
            ),
        ]


class PlaceMeasure(models.Model):
    """A context measure: what it is, which way is better, and whose figures they are."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    definition = models.TextField(blank=True)
    unit = models.CharField(max_length=60, blank=True)
    reading = models.CharField(max_length=200, help_text="How to read it, such as: higher is more deprived.")
    period = models.CharField(max_length=40, blank=True)
    credit = models.TextField(help_text="The credit to give wherever the figures show.")
    licence = models.CharField(max_length=100)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class PlaceFigure(models.Model):
    """One measure of one place."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="figures")
    measure = models.ForeignKey(PlaceMeasure, on_delete=models.CASCADE, related_name="figures")
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "measure"], name="place_figure_once")]


class PlaceEdition(models.Model):
    """One published file of names, changes or boundaries that was loaded, with the credit to give."""

    class Shape(models.TextChoices):
        NAMES = "names", "Names and codes"
        CHANGES = "changes", "Changes of codes"
        BOUNDARIES = "boundaries", "Boundaries"

    shape = models.CharField(max_length=12, choices=Shape)
    version = models.PositiveIntegerField()
    vintage = models.CharField(max_length=10, blank=True, help_text="The year the file is of.")
    rows = models.PositiveIntegerField()
    file_sha256 = models.CharField(max_length=64)
    source_name = models.CharField(max_length=250)
    source_url = models.URLField(max_length=500, blank=True)
    credit = models.TextField(help_text="The credit to give wherever it shows.")
    licence = models.CharField(max_length=100)
    loaded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["shape", "-version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shape__in=["names", "changes", "boundaries"]), name="place_edition_shape_known"
            ),
            models.UniqueConstraint(fields=["shape", "file_sha256"], name="place_edition_file_once"),
            models.UniqueConstraint(fields=["shape", "version"], name="place_edition_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_shape_display()} {self.vintage}, version {self.version}"


class PlaceBoundary(models.Model):
    """The outline of a place, simplified: rings of [longitude, latitude] in degrees."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, related_name="boundary")
    edition = models.ForeignKey(PlaceEdition, on_delete=models.PROTECT, related_name="boundaries")
    rings = models.JSONField()

    def __str__(self) -> str:
        return f"Boundary of {self.place}"

"""What interventions try to change, and how it is measured."""

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords


class Direction(models.TextChoices):
    """Which way is better."""

    HIGHER = "higher", "Higher is better"
    LOWER = "lower", "Lower is better"
    LOWER_AMBIGUOUS = "lower_ambiguous", "Lower is usually better, but not always"
    CONTEXT = "context", "Depends on the context"


class Horizon(models.TextChoices):
    """How far along a life an outcome stands."""

    INTERMEDIATE = "intermediate", "Intermediate: on the way to adult life"
    LONG_TERM = "long_term", "Long-term: adult life compared with parents' or others'"
    DRIVER = "driver", "A condition of a place or time"
    PROCESS = "process", "Delivery or value for money"


class Mobility(models.TextChoices):
    """Kinds of mobility an outcome bears on."""

    ABSOLUTE = "absolute", "Absolute"
    RELATIVE = "relative", "Relative: gaps between groups"
    OCCUPATION = "occupation", "Occupation"
    INCOME = "income", "Income"
    EDUCATION = "education", "Education"


class Outcome(models.Model):
    """A measured outcome: definition, unit, direction, domain and official source."""

    code = models.CharField(max_length=40, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=60)
    definition = models.TextField(blank=True)
    stage = models.CharField("age or stage", max_length=60, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    scale = models.CharField(
        max_length=30, blank=True, help_text="What kind of number: share, mean, count, ratio, index."
    )
    direction = models.CharField(max_length=20, choices=Direction)
    horizon = models.CharField(max_length=20, choices=Horizon, default=Horizon.INTERMEDIATE)
    mobility = models.JSONField("kinds of mobility", default=list, blank=True)
    official_code = models.CharField(max_length=40, blank=True)
    latest_value_seen = models.CharField(max_length=300, blank=True)
    follow_up_horizon = models.CharField(max_length=100, blank=True)
    notes = models.TextField(blank=True)
    sources = models.ManyToManyField("evidence.Source", blank=True, related_name="outcomes")
    history = HistoricalRecords(m2m_fields=[sources])

    class Meta:
        ordering = ["domain", "name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(direction__in=Direction.values), name="outcome_direction_known"),
            models.CheckConstraint(condition=models.Q(horizon__in=Horizon.values), name="outcome_horizon_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of this outcome."""
        return reverse("outcome", args=[self.slug])

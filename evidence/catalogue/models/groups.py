"""Whom interventions are for."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords


class EqualityGroup(models.TextChoices):
    """Grounds of inequality that a target group is defined by."""

    DISABILITY = "disability", "Disability or health condition"
    ETHNICITY = "ethnicity", "Ethnic group"
    SEX = "sex", "Sex"
    MATERNITY = "maternity", "Pregnancy and maternity"
    CARE = "care", "Care experience"
    CLASS = "class", "Social class or income"


class TargetGroup(models.Model):
    """A group of people, how it is identified in practice, and what that proxy misses."""

    code = models.CharField(max_length=40, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    definition = models.TextField(blank=True)
    basis = models.CharField("identified by", max_length=100, blank=True, help_text="The proxy used, such as income.")
    proxy_misses = models.TextField("what the proxy misses", blank=True)
    caution = models.TextField(blank=True)
    age_from = models.PositiveSmallIntegerField(null=True, blank=True)
    age_to = models.PositiveSmallIntegerField(null=True, blank=True)
    equality_groups = models.JSONField(default=list, blank=True)
    is_person_targeted = models.BooleanField(default=True)
    sources = models.ManyToManyField("evidence.Source", blank=True, related_name="target_groups")
    history = HistoricalRecords(m2m_fields=[sources])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(age_from__isnull=True) | Q(age_to__isnull=True) | Q(age_from__lte=F("age_to")),
                name="target_group_ages_in_order",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of this target group."""
        return reverse("target-group", args=[self.slug])

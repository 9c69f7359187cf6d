"""Confirmed ratings: who said what of which study or intervention, under which version of a scheme."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Rating(models.Model):
    """One decision of a named reviewer. A later decision replaces it; both are kept."""

    study = models.ForeignKey("evidence.Study", models.PROTECT, null=True, blank=True, related_name="ratings")
    intervention = models.ForeignKey(
        "evidence.Intervention", models.PROTECT, null=True, blank=True, related_name="ratings"
    )
    scheme = models.CharField(max_length=40)
    scheme_version = models.CharField(max_length=20)
    proposed_value = models.CharField(max_length=30, blank=True)
    proposed_reason = models.TextField(blank=True)
    value = models.CharField(max_length=30, blank=True, help_text="Empty: it cannot be rated.")
    reason = models.TextField(blank=True, help_text="Needed where the decision differs from the proposal.")
    judgements = models.JSONField(default=dict, blank=True, help_text="Domain to judgement, where the scheme has them.")
    notes = models.JSONField(default=dict, blank=True, help_text="Domain to what the judgement rests on.")
    facts = models.JSONField(default=dict, help_text="What was known when it was proposed.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["scheme", "-decided_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(study__isnull=True) ^ Q(intervention__isnull=True), name="rating_of_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(value=models.F("proposed_value")) | ~Q(reason=""), name="rating_change_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["study", "scheme"],
                condition=Q(replaced_at__isnull=True, study__isnull=False),
                name="rating_of_study_once",
            ),
            models.UniqueConstraint(
                fields=["intervention", "scheme"],
                condition=Q(replaced_at__isnull=True, intervention__isnull=False),
                name="rating_of_intervention_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.value or 'not rated'}: {self.study or self.intervention}"

"""Designs, stated before they are run and locked so that they cannot drift."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from evaluations.datasets.models import Dataset
from evaluations.organisations.constraints import both_or_neither, filled_only_when
from evaluations.organisations.grants import Grants
from evaluations.organisations.models import User
from evaluations.workspaces.models import Evaluation


class AnalysisPlan(models.Model):
    """What an analyst asks of the data. Once locked it never changes: a later version says why it differs."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="plans")
    version = models.PositiveIntegerField()
    dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="plans")
    sites = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="plans_as_sites")
    spec = models.JSONField(default=dict)
    spec_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the spec as locked.")
    outcome_unit = models.CharField(max_length=60, blank=True, help_text="The unit of a change in the outcome column.")
    comparator_justification = models.TextField(blank=True, help_text="Why the comparison group is a fair one.")
    other_explanations = models.TextField(blank=True, help_text="What else could explain a difference.")
    deviation_reason = models.TextField(blank=True, help_text="Why this differs from the plan locked before it.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    locked_before_outcomes = models.BooleanField(
        null=True, blank=True, help_text="No outcomes had been uploaded when it was locked."
    )

    class Meta:
        ordering = ["evaluation", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["evaluation"], condition=Q(locked_at__isnull=True), name="plan_one_draft_at_a_time"
            ),
            models.CheckConstraint(condition=both_or_neither("locked_at", "locked_by"), name="plan_lock_is_signed"),
            models.CheckConstraint(
                condition=Q(locked_at__isnull=True, spec_sha256="") | Q(locked_at__isnull=False) & ~Q(spec_sha256=""),
                name="plan_locked_with_its_hash",
            ),
            models.CheckConstraint(
                condition=filled_only_when("locked_before_outcomes", Q(locked_at__isnull=False)),
                name="plan_lock_says_whether_outcomes_were_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Plan {self.version} of {self.evaluation}"

    @property
    def is_locked(self) -> bool:
        """Whether the plan can no longer change."""
        return self.locked_at is not None

    def access(self) -> Grants:
        """As its evaluation's."""
        return self.evaluation.access()

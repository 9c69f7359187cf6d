"""A second person's release, what was published, and what people said along the way."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from evaluations.organisations.constraints import both_or_neither, filled_only_when
from evaluations.organisations.grants import Grants
from evaluations.organisations.models import User
from evaluations.plans.models import AnalysisPlan
from evaluations.runs.models import AnalysisRun
from evaluations.workspaces.models import Evaluation


class ReviewState(models.TextChoices):
    """Where a request for release stands."""

    REQUESTED = "requested", "Waiting for the reviewer"
    RELEASED = "released", "Released"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    TAKEN_BACK = "taken_back", "Taken back"


class ReleaseTo(models.TextChoices):
    """Who sees a released estimate."""

    PUBLIC = "public", "Everyone, now"
    EMBARGOED = "embargoed", "Named partners now, everyone from a date"
    NAMED_PARTNERS = "named_partners", "Named partners only"


class Review(models.Model):
    """A request that a named second person release the estimates of a run."""

    run = models.ForeignKey(AnalysisRun, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=20, choices=ReviewState.choices, default=ReviewState.REQUESTED)
    terms = models.JSONField(default=list, help_text="Names of the estimates to be released; the headline first.")
    release_to = models.CharField(max_length=20, choices=ReleaseTo.choices, default=ReleaseTo.PUBLIC)
    embargo_until = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    answers = models.JSONField(
        default=list, blank=True, help_text="What else happened there and then: each question with its answer."
    )
    suppressed = models.JSONField(
        default=list, help_text="What disclosure control hid, and why, as the reviewer saw it."
    )
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ReviewState.values), name="review_state_known"),
            models.CheckConstraint(
                condition=filled_only_when("embargo_until", Q(release_to=ReleaseTo.EMBARGOED)),
                name="review_embargo_has_a_date",
            ),
            models.CheckConstraint(condition=~Q(reviewer=F("requested_by")), name="review_by_a_second_person"),
            models.CheckConstraint(
                condition=~Q(state=ReviewState.RELEASED) | Q(decided_by=F("reviewer")),
                name="review_released_by_the_named_reviewer",
            ),
            models.CheckConstraint(
                condition=both_or_neither("decided_at", "decided_by"), name="review_decision_is_signed"
            ),
            models.CheckConstraint(
                condition=filled_only_when("decided_at", ~Q(state=ReviewState.REQUESTED)),
                name="review_decided_when_no_longer_waiting",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReviewState.CHANGES_REQUESTED) | ~Q(decision_note=""),
                name="review_that_asks_for_changes_says_which",
            ),
            models.UniqueConstraint(
                fields=["run"], condition=Q(state=ReviewState.REQUESTED), name="review_one_waiting_for_a_run"
            ),
        ]

    def access(self) -> Grants:
        """As its run's."""
        return self.run.access()

    def __str__(self) -> str:
        return f"Review of {self.run} by {self.reviewer}"


class Publication(models.Model):
    """One estimate of one run, logged once in the catalogue, with what came before it."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="publications")
    run = models.ForeignKey(AnalysisRun, models.PROTECT, related_name="publications")
    term = models.CharField(max_length=100)
    subgroup = models.CharField(max_length=200, blank=True)
    estimate = models.OneToOneField("evidence.EffectEstimate", models.PROTECT, related_name="publication")
    plans_before = models.PositiveIntegerField()
    runs_before = models.PositiveIntegerField()
    differences = models.JSONField(default=list, help_text="What differed between this plan and the ones before it.")
    plan_locked_before_outcomes = models.BooleanField()
    is_example = models.BooleanField(default=False)
    published_at = models.DateTimeField(default=timezone.now, editable=False)
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "term", "subgroup"], name="publication_once_for_run_and_term"),
            models.CheckConstraint(condition=Q(is_example=False), name="publication_never_of_an_example"),
            models.CheckConstraint(
                condition=both_or_neither("withdrawn_at", "withdrawn_by"), name="publication_withdrawal_is_signed"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_reason=""),
                name="publication_withdrawal_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} of {self.run}"


class Comment(models.Model):
    """What someone said about an evaluation, its plan or a run; a requested change stays open until resolved."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="comments")
    plan = models.ForeignKey(AnalysisPlan, models.PROTECT, null=True, blank=True, related_name="comments")
    run = models.ForeignKey(AnalysisRun, models.PROTECT, null=True, blank=True, related_name="comments")
    body = models.TextField()
    asks_for_change = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="comment_says_something"),
            models.CheckConstraint(
                condition=both_or_neither("resolved_at", "resolved_by"), name="comment_end_is_signed"
            ),
            models.CheckConstraint(condition=Q(plan__isnull=True) | Q(run__isnull=True), name="comment_on_one_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.created_by}: {self.body[:60]}"

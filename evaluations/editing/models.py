"""Proposed changes to the catalogue, what was decided on them, and corrections that readers suggest."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class SubjectKind(models.TextChoices):
    """What a change is about."""

    INTERVENTION = "intervention", "Intervention"
    STUDY = "study", "Study"
    ESTIMATE = "estimate", "Estimate"
    SOURCE = "source", "Source"
    OUTCOME = "outcome", "Outcome"
    TARGET_GROUP = "target_group", "Target group"
    COMPONENT = "component", "Component"
    SUCCESSION = "succession", "Succession"


class ChangeAction(models.TextChoices):
    """What a change does."""

    ADD = "add", "Add"
    EDIT = "edit", "Change"
    SUPERSEDE = "supersede", "Replace by a corrected version"
    WITHDRAW = "withdraw", "Withdraw"
    REMOVE = "remove", "Remove"
    MERGE = "merge", "Merge a duplicate"
    UNMERGE = "unmerge", "Undo a merge"
    IMPORT = "import", "Import a file"


class ChangeState(models.TextChoices):
    """Where a change stands. Only a published one has touched the catalogue."""

    PREPARED = "prepared", "Being checked by its editor"
    PROPOSED = "proposed", "Waiting for another editor"
    PUBLISHED = "published", "Published"
    SENT_BACK = "sent_back", "Sent back"
    TAKEN_BACK = "taken_back", "Taken back"


DECIDED = (ChangeState.PUBLISHED, ChangeState.SENT_BACK)


class Suggestion(models.Model):
    """What a reader says is wrong or missing on a page, and what the editors answered."""

    class State(models.TextChoices):
        OPEN = "open", "Waiting for an editor"
        TAKEN_UP = "taken_up", "Taken up"
        NOT_TAKEN_UP = "not_taken_up", "Not taken up"

    page = models.CharField(max_length=300, blank=True, help_text="The address of the page it is about.")
    text = models.TextField()
    evidence = models.TextField(blank=True, help_text="Where it can be checked.")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True, help_text="Only for the answer; erased once it is sent.")
    token = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True, answered_by__isnull=True)
                | ~Q(state="open") & ~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False),
                name="suggestion_answer_is_signed",
            )
        ]

    def __str__(self) -> str:
        return f"Suggestion {self.pk}"


class Change(models.Model):
    """One proposed change: what it was, what it would be, and why; who proposed it, who decided and how.

    `before` and `after` hold only the fields that differ, as JSON: a reference is the code of what it refers to.
    """

    action = models.CharField(max_length=20, choices=ChangeAction.choices)
    subject_kind = models.CharField(max_length=20, choices=SubjectKind.choices)
    subject_id = models.BigIntegerField(null=True, blank=True, help_text="Empty until something new is published.")
    intervention = models.ForeignKey(
        "evidence.Intervention", models.PROTECT, null=True, blank=True, related_name="changes"
    )
    study = models.ForeignKey("evidence.Study", models.PROTECT, null=True, blank=True, related_name="changes")
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    done = models.JSONField(default=dict, blank=True, help_text="What publishing it did, so that it can be undone.")
    reason = models.TextField()
    suggestion = models.ForeignKey(Suggestion, models.PROTECT, null=True, blank=True, related_name="changes")
    undoes = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=20, choices=ChangeState.choices, default=ChangeState.PROPOSED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True)

    class Meta:
        ordering = ["proposed_at", "pk"]
        indexes = [
            models.Index(fields=["intervention", "state"], name="change_intervention_state"),
            models.Index(fields=["subject_kind", "subject_id"], name="change_subject"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="change_has_a_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="change_decided_by_someone_else",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_by__isnull=False, decided_at__isnull=False)
                | ~Q(state__in=DECIDED) & Q(decided_by__isnull=True, decided_at__isnull=True),
                name="change_decision_is_signed",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.SENT_BACK) | ~Q(decision_note=""), name="change_sent_back_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Change {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for another editor."""
        return self.state == ChangeState.PROPOSED

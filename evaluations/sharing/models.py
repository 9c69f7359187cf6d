"""A second person's release, what was published, and what people said along the way."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from evaluations.datasets.models import Dataset
from evaluations.organisations.constraints import both_or_neither, filled_only_when
from evaluations.organisations.grants import Grants
from evaluations.organisations.models import Organisation, Partnership, User
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


class RunAccount(models.Model):
    """A public account of an answer that was not logged: what came of the run, and why it is not in the ledger."""

    run = models.OneToOneField(AnalysisRun, models.PROTECT, related_name="account")
    why = models.TextField()
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["run"]
        constraints = [models.CheckConstraint(condition=~Q(why=""), name="run_account_says_why")]

    def __str__(self) -> str:
        return f"Account of {self.run}"


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
    also_hidden = models.JSONField(default=list, help_text="Parts of the result the reviewer wanted hidden as well.")
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
    """What someone said of an evaluation, a plan, a run or a rating; a requested change stays open until resolved."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="comments")
    plan = models.ForeignKey(AnalysisPlan, models.PROTECT, null=True, blank=True, related_name="comments")
    run = models.ForeignKey(AnalysisRun, models.PROTECT, null=True, blank=True, related_name="comments")
    rating_scheme = models.CharField(
        max_length=40, blank=True, help_text="The scheme, where it is about the rating of the evaluation's study."
    )
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
            models.CheckConstraint(
                condition=Q(rating_scheme="") | Q(plan__isnull=True, run__isnull=True), name="comment_on_a_rating_alone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.created_by}: {self.body[:60]}"


class NoticeKind(models.TextChoices):
    """What a person is told of."""

    COMMENT = "comment", "A comment"
    CHANGE_ASKED = "change_asked", "A change asked for"
    REVIEW_WAITING = "review_waiting", "A result that waits for your review"
    SENT_BACK = "sent_back", "A result sent back"
    RELEASED = "released", "A release"
    SHARED = "shared", "Something shared with you"
    EMBARGO_LIFTED = "embargo_lifted", "The end of an embargo"
    WITHDRAWN = "withdrawn", "A withdrawal"
    JOINED = "joined", "An invitation accepted"
    RETENTION_NEAR = "retention_near", "Rows that will soon be deleted"


class Notice(models.Model):
    """That something happened which one person should know.

    It holds no words: they are made when they are read, for what its reader may see then.
    """

    recipient = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    permission = models.CharField(max_length=30, help_text="What its reader must still have on what it is about.")
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, null=True, blank=True, related_name="+")
    comment = models.ForeignKey(Comment, models.PROTECT, null=True, blank=True, related_name="+")
    review = models.ForeignKey(Review, models.PROTECT, null=True, blank=True, related_name="+")
    dataset = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    partnership = models.ForeignKey(Partnership, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, help_text="When it was mailed, or found to need no letter.")
    mail_after = models.DateTimeField(default=timezone.now, help_text="Later where a letter could not be sent.")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["recipient", "read_at"], name="notice_unread"),
            models.Index(fields=["mail_after"], condition=Q(mailed_at__isnull=True), name="notice_unmailed"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
            models.CheckConstraint(
                condition=Q(evaluation__isnull=False) | Q(organisation__isnull=False) | Q(partnership__isnull=False),
                name="notice_of_something",
            ),
            models.UniqueConstraint(
                fields=["recipient", "kind", "dataset"],
                condition=Q(dataset__isnull=False),
                name="notice_once_for_a_dataset",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, for {self.recipient}"


class LetterFrequency(models.TextChoices):
    """How often a person is written to."""

    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day, all together"
    NEVER = "never", "Never: I look here"


class NoticeChoice(models.Model):
    """How one person wants to be told. Only a hash of the feed's key is kept: its address is shown once."""

    user = models.OneToOneField(User, models.CASCADE, related_name="notice_choice")
    frequency = models.CharField(max_length=10, choices=LetterFrequency.choices, default=LetterFrequency.AT_ONCE)
    feed_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    digest_on = models.DateField(null=True, blank=True, help_text="The day of the last daily letter.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(frequency__in=LetterFrequency.values), name="letter_frequency_known"),
            models.UniqueConstraint(fields=["feed_sha256"], condition=~Q(feed_sha256=""), name="feed_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_frequency_display()}"

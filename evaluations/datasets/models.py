"""A checked table of outcomes or sites. The rows live in a Parquet file in storage, never in SQL."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from evaluations.organisations.grants import Grants
from evaluations.organisations.models import User
from evaluations.workspaces.models import Evaluation, LawfulBasis


class DatasetKind(models.TextChoices):
    """What the rows are."""

    OUTCOMES = "outcomes", "Outcome data"
    SITES = "sites", "Sites and their opening dates"


class DatasetState(models.TextChoices):
    """Where a dataset stands. `problems` keeps the list of what is wrong and no rows."""

    CHECKING = "checking", "Being checked"
    PROBLEMS = "problems", "Problems found"
    READY = "ready", "Ready"
    DELETED = "deleted", "Deleted"


class Dataset(models.Model):
    """One uploaded file: what it was, what was found in it, and where its table is kept."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="datasets")
    kind = models.CharField(max_length=10, choices=DatasetKind.choices, default=DatasetKind.OUTCOMES)
    state = models.CharField(max_length=10, choices=DatasetState.choices, default=DatasetState.CHECKING)
    original_name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the file as it was uploaded.")
    storage_path = models.CharField(max_length=255, blank=True, help_text="Of the stored Parquet.")
    stored_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the stored Parquet.")
    columns = models.JSONField(default=list, help_text="Name, detected type and summary of each column kept.")
    columns_dropped = models.JSONField(default=list, help_text="Columns not kept, each with the reason.")
    rows_read = models.PositiveBigIntegerField(null=True, blank=True)
    rows_stored = models.PositiveBigIntegerField(null=True, blank=True)
    problems = models.JSONField(default=list, help_text="Issues: code, row, column, message, hint.")
    notices = models.JSONField(default=list, help_text="Issues that do not stop the file being used.")
    reading = models.JSONField(default=dict, blank=True, help_text="How the file was read, step by step.")
    checks = models.PositiveSmallIntegerField(default=0, help_text="How often a check was begun.")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="When a check was last asked for or begun.")
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    units_are_people = models.BooleanField(default=False)
    controller = models.CharField(max_length=200, blank=True)
    lawful_basis = models.CharField(max_length=30, choices=LawfulBasis.choices)
    purpose = models.TextField(blank=True)
    dpia_reference = models.CharField("DPIA reference", max_length=200, blank=True)
    retention_date = models.DateField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: its retention date came."
    )
    deletion_reason = models.TextField(blank=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DatasetKind.values), name="dataset_kind_known"),
            models.CheckConstraint(condition=Q(state__in=DatasetState.values), name="dataset_state_known"),
            models.CheckConstraint(
                condition=Q(state=DatasetState.READY) & ~Q(storage_path="") & Q(rows_stored__isnull=False)
                | Q(state__in=[DatasetState.CHECKING, DatasetState.PROBLEMS, DatasetState.DELETED], storage_path=""),
                name="dataset_rows_kept_only_when_ready",
            ),
            models.CheckConstraint(
                condition=Q(state=DatasetState.DELETED, deleted_at__isnull=False)
                | ~Q(state=DatasetState.DELETED) & Q(deleted_at__isnull=True),
                name="dataset_deleted_exactly_when_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state=DatasetState.DELETED) | ~Q(deletion_reason=""),
                name="dataset_deletion_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(units_are_people=False)
                | ~Q(lawful_basis=LawfulBasis.NOT_PERSONAL) & ~Q(controller="") & Q(retention_date__isnull=False),
                name="dataset_about_people_is_accounted_for",
            ),
        ]

    def __str__(self) -> str:
        return self.original_name

    @property
    def analysed_sha256(self) -> str:
        """The hash of what a run reads: the file's own where it was kept as it came, else that of the stored table."""
        is_changed = bool(self.reading.get("recipe") or self.reading.get("step") or self.columns_dropped)
        return self.stored_sha256 if is_changed else self.sha256

    def access(self) -> Grants:
        """As its evaluation's."""
        return self.evaluation.access()

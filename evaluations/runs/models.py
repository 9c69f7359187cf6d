"""The job: the row is the job, and a message to a worker only rings the bell."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from evaluations.datasets.models import Dataset
from evaluations.organisations.constraints import both_or_neither, filled_only_when
from evaluations.organisations.grants import Grants
from evaluations.organisations.models import User
from evaluations.plans.models import AnalysisPlan
from evaluations.workspaces.models import Evaluation


class RunState(models.TextChoices):
    """Where a run stands. `refused` is an answer about the data; `failed` is a fault of ours."""

    QUEUED = "queued", "Waiting to start"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED = (RunState.QUEUED, RunState.RUNNING)


class AnalysisRun(models.Model):
    """One analysis of one dataset under one locked plan, with what is needed to repeat it.

    `attempt` is the fencing token: a worker whose attempt is no longer the row's may write nothing.
    """

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="runs")
    plan = models.ForeignKey(AnalysisPlan, models.PROTECT, related_name="runs")
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="runs")
    sites = models.ForeignKey(Dataset, models.PROTECT, null=True, blank=True, related_name="runs_as_sites")
    repeats = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="repetitions")
    number = models.PositiveIntegerField(help_text="Counted over the evaluation, from 1.")
    seed = models.BigIntegerField()

    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    reason = models.TextField(blank=True)
    reason_code = models.CharField(max_length=60, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    progress_step = models.CharField(max_length=100, blank=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    memory_limit_mb = models.PositiveIntegerField()
    time_limit_s = models.PositiveIntegerField()

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    engine_version = models.CharField(max_length=40, blank=True)
    data_sha256 = models.CharField(max_length=64, blank=True)
    spec_sha256 = models.CharField(max_length=64, blank=True)
    result = models.JSONField(null=True, blank=True)
    result_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the result without its elapsed time.")
    receipt = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "lease_expires_at"], name="run_leases"),
            models.Index(fields=["plan", "created_at"], name="run_of_plan"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "number"], name="run_number_once"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=filled_only_when("lease_expires_at", Q(state=RunState.RUNNING)),
                name="run_leased_while_running",
            ),
            models.CheckConstraint(
                condition=filled_only_when("finished_at", ~Q(state__in=UNFINISHED)), name="run_finished_when_it_ended"
            ),
            models.CheckConstraint(
                condition=filled_only_when("result", Q(state__in=[RunState.DONE, RunState.REFUSED])),
                name="run_result_when_answered",
            ),
            models.CheckConstraint(
                condition=filled_only_when("receipt", Q(state__in=[RunState.DONE, RunState.REFUSED])),
                name="run_receipt_when_answered",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[RunState.REFUSED, RunState.FAILED, RunState.CANCELLED]) | ~Q(reason=""),
                name="run_that_gave_no_estimate_says_why",
            ),
            models.CheckConstraint(
                condition=both_or_neither("cancel_requested_at", "cancel_requested_by"), name="run_cancel_is_signed"
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.QUEUED) | Q(attempt__gte=1) | Q(state=RunState.CANCELLED),
                name="run_attempted_before_it_answers",
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.number}"

    @property
    def is_finished(self) -> bool:
        """Whether the run has reached an end state."""
        return self.state not in UNFINISHED

    def access(self) -> Grants:
        """As its evaluation's."""
        return self.evaluation.access()


class RunPass(models.Model):
    """One pass of a run over its data: what was known before it, and the blocks that reduce the data to sums.

    Working papers of the run, not its answer: `known` and the blocks' sums are emptied when it ends.
    """

    run = models.ForeignKey(AnalysisRun, models.CASCADE, related_name="passes")
    number = models.PositiveIntegerField(help_text="Counted over the run, from 1.")
    known = models.BinaryField(blank=True)
    started_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="run_pass_once")]

    def __str__(self) -> str:
        return f"Pass {self.number} of run {self.run_id}"


class BlockState(models.TextChoices):
    """Where a block of a pass stands."""

    WAITING = "waiting", "Waiting"
    CLAIMED = "claimed", "Claimed"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class RunBlock(models.Model):
    """Part of a pass, claimed by one worker at a time as a run is; `attempt` fences off one that was taken over."""

    of_pass = models.ForeignKey(RunPass, models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField(help_text="From 0; the sums of a pass are added in this order.")
    row_groups = models.CharField(max_length=40, help_text="Of the Parquet file, first-last.")
    state = models.CharField(max_length=10, choices=BlockState.choices, default=BlockState.WAITING)
    fault = models.CharField(max_length=40, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    sums = models.BinaryField(blank=True)

    class Meta:
        ordering = ["of_pass", "number"]
        indexes = [models.Index(fields=["state", "lease_expires_at"], name="block_leases")]
        constraints = [
            models.UniqueConstraint(fields=["of_pass", "number"], name="run_block_once"),
            models.CheckConstraint(condition=Q(state__in=BlockState.values), name="run_block_state_known"),
            models.CheckConstraint(
                condition=filled_only_when("lease_expires_at", Q(state=BlockState.CLAIMED)),
                name="run_block_leased_while_claimed",
            ),
        ]

    def __str__(self) -> str:
        return f"Block {self.number} of {self.of_pass}"


class WithheldCounts(models.Model):
    """What disclosure control kept back of a run's answer. No page, file or API shows the counts.

    `counts` are the true ones, against which later releases of the same people are checked; with `units`, by which
    these are known again, they go when the data go.
    """

    run = models.OneToOneField(AnalysisRun, models.CASCADE, related_name="withheld")
    hidden = models.JSONField(default=list, help_text="What was hidden, and why: for whoever reviews a release.")
    counts = models.JSONField(default=dict, help_text="The true counts by name.")
    units = models.JSONField(
        default=list, help_text="Keyed hashes of some unit ids: the same people are known by them."
    )

    def __str__(self) -> str:
        return f"Withheld from {self.run}"

"""The life of a run. The row is the job: every change of state is one conditional update.

`attempt` fences a worker off: once a run has been taken over, the earlier worker's updates match
no row. So a run delivered twice, or picked up again after its worker was killed, answers once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from evaluations.datasets.models import Dataset, DatasetState
from evaluations.disclosure.results import Protected
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.queries import dataset_issues
from evaluations.runs.models import AnalysisRun, RunState, WithheldCounts
from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation

TASK_NAME = "evaluations.runs.tasks.run_analysis"
LEASE = timedelta(seconds=settings.RUN_LEASE_S)
RING_AGAIN_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class Swept:
    """What one sweep did."""

    requeued: int = 0
    failed: int = 0
    cancelled: int = 0
    rung: int = 0


@transaction.atomic
def queue_run(
    *,
    plan: AnalysisPlan,
    by: User,
    dataset: Dataset | None = None,
    sites: Dataset | None = None,
    repeats: AnalysisRun | None = None,
) -> AnalysisRun:
    """Create a run of a locked plan and ring for a worker once the row is committed. Raises `BadInput`."""
    require(by, Permission.RUN, plan)
    dataset, sites = dataset or plan.dataset, sites or plan.sites
    issues = _queue_issues(plan, dataset, sites)
    if issues or dataset is None:
        raise BadInput(issues)
    evaluation = Evaluation.objects.select_for_update().get(pk=plan.evaluation_id)
    latest = evaluation.runs.aggregate(latest=Max("number"))["latest"] or 0
    run = AnalysisRun.objects.create(
        evaluation=evaluation,
        plan=plan,
        dataset=dataset,
        sites=sites,
        repeats=repeats,
        number=latest + 1,
        seed=parse_spec(plan.spec).options.seed,
        memory_limit_mb=settings.RUN_MEMORY_LIMIT_MB,
        time_limit_s=settings.RUN_TIME_LIMIT_S,
        rung_at=timezone.now(),
        created_by=by,
    )
    detail = {"number": run.number, "plan": plan.version, "data_sha256": dataset.sha256}
    write_audit(evaluation, by=by, verb="queue_run", subject=run, detail=detail)
    transaction.on_commit(partial(ring, run.pk))
    return run


def _queue_issues(plan: AnalysisPlan, dataset: Dataset | None, sites: Dataset | None) -> list[Issue]:
    issues = []
    if not plan.is_locked:
        issues.append(Issue("plan_not_locked", "The plan is still a draft.", "Lock the plan, then run it."))
    if dataset is None:
        issues.append(Issue("no_dataset", "The plan has no data to run on.", "Upload the data, or choose them."))
    for each in (dataset, sites):
        if each is None:
            continue
        if each.evaluation_id != plan.evaluation_id:
            issues.append(Issue("dataset_elsewhere", "The data belong to another evaluation.", "Choose other data."))
        elif each.state != DatasetState.READY:
            said = each.get_state_display().lower()
            issues.append(Issue("dataset_not_ready", f"{each} is {said}.", "Choose data that are ready."))
    return issues or list(dataset_issues(dataset, parse_spec(plan.spec)))


def ring(run_id: int) -> bool:
    """Tell the workers that a run is waiting; whether the bell could be rung. A sweep rings again if not."""
    try:
        current_app.send_task(TASK_NAME, args=[run_id], retry=False)
    except (OperationalError, OSError):
        return False
    return True


def claim(*, run_id: int, worker: str) -> AnalysisRun | None:
    """The run, now this worker's under a new attempt; null when it is not waiting (any more)."""
    now = timezone.now()
    claimed = AnalysisRun.objects.filter(pk=run_id, state=RunState.QUEUED).update(
        state=RunState.RUNNING,
        attempt=F("attempt") + 1,
        lease_expires_at=now + LEASE,
        heartbeat_at=now,
        started_at=now,
        worker=worker[:100],
        progress_step="Starting",
        progress_done=0,
        progress_total=100,
    )
    if not claimed:
        return None
    return AnalysisRun.objects.select_related("plan", "dataset", "sites", "evaluation").get(pk=run_id)


def beat(*, run_id: int, attempt: int, step: str, share: float) -> str:
    """Extend the lease and write the progress. Answers `lost`, `cancel` or `go on`."""
    now = timezone.now()
    held = AnalysisRun.objects.filter(pk=run_id, state=RunState.RUNNING, attempt=attempt)
    ours = held.update(
        lease_expires_at=now + LEASE,
        heartbeat_at=now,
        progress_step=step[:100],
        progress_done=round(100 * min(max(share, 0.0), 1.0)),
    )
    if not ours:
        return "lost"
    return "cancel" if held.filter(cancel_requested_at__isnull=False).exists() else "go on"


@transaction.atomic
def finish(*, run_id: int, attempt: int, answered: Protected) -> bool:
    """Store the answer; whether this attempt was still the run's. Done or refused, as the result says.

    What was hidden, and the true counts that later releases are checked against, are kept apart from it.
    """
    result = answered.result
    receipt = dict(result["receipt"])
    refusal = result.get("refusal") or {}
    state = RunState.REFUSED if result["status"] == "refused" else RunState.DONE
    ended = _end(
        run_id,
        attempt,
        state,
        reason=refusal.get("message", ""),
        reason_code=refusal.get("code", ""),
        result=dict(result),
        result_sha256=result_sha256(result),
        receipt=receipt,
        engine_version=receipt["engine_version"],
        data_sha256=receipt["data_sha256"],
        spec_sha256=receipt["spec_sha256"],
    )
    if ended and (answered.hidden or answered.counts):
        kept_back = {"hidden": list(answered.hidden), "counts": answered.counts, "units": list(answered.units)}
        WithheldCounts.objects.create(run_id=run_id, **kept_back)
    return ended


@transaction.atomic
def fail(*, run_id: int, attempt: int, code: str, reason: str) -> bool:
    """End the run as failed, which is a fault of ours; whether this attempt was still the run's."""
    return _end(run_id, attempt, RunState.FAILED, reason=reason, reason_code=code)


@transaction.atomic
def stop_cancelled(*, run_id: int, attempt: int) -> bool:
    """End a running run that its owner asked to cancel; whether this attempt was still the run's."""
    return _end(run_id, attempt, RunState.CANCELLED, reason="Cancelled while it was running.", reason_code="cancelled")


def _end(run_id: int, attempt: int, state: RunState, **fields: Any) -> bool:
    held = AnalysisRun.objects.filter(pk=run_id, attempt=attempt, state=RunState.RUNNING)
    if not held.update(state=state, lease_expires_at=None, finished_at=timezone.now(), **fields):
        return False
    _audit_end(run_id)
    return True


def _audit_end(run_id: int) -> None:
    run = AnalysisRun.objects.select_related("evaluation__owner").get(pk=run_id)
    detail = {"number": run.number, "state": run.state, "attempt": run.attempt, "result_sha256": run.result_sha256}
    write_audit(run.evaluation, by=None, verb="run_ended", subject=run, detail=detail)


@transaction.atomic
def request_cancel(*, run: AnalysisRun, by: User) -> AnalysisRun:
    """Cancel a waiting run at once; ask a running one to stop. A finished run stays as it is."""
    require(by, Permission.CANCEL_RUN, run)
    now = timezone.now()
    asked = AnalysisRun.objects.filter(
        pk=run.pk, state__in=[RunState.QUEUED, RunState.RUNNING], cancel_requested_at__isnull=True
    ).update(cancel_requested_at=now, cancel_requested_by=by)
    stopped = AnalysisRun.objects.filter(pk=run.pk, state=RunState.QUEUED).update(
        state=RunState.CANCELLED,
        finished_at=now,
        reason="Cancelled before it started.",
        reason_code="cancelled",
    )
    if asked:
        detail = {"number": run.number, "before_it_started": bool(stopped)}
        write_audit(run.evaluation, by=by, verb="cancel_run", subject=run, detail=detail)
    run.refresh_from_db()
    return run


def sweep() -> Swept:
    """Put back runs whose worker went silent, fail those tried too often, ring again for old waiting ones."""
    now = timezone.now()
    counts = {"requeued": 0, "failed": 0, "cancelled": 0, "rung": 0}
    silent = AnalysisRun.objects.filter(state=RunState.RUNNING, lease_expires_at__lt=now)
    for run_id, attempt in silent.values_list("pk", "attempt"):
        outcome = _take_back(run_id, attempt)
        if outcome:
            counts[outcome] += 1
        if outcome == "requeued":
            ring(run_id)
    unheard = AnalysisRun.objects.filter(state=RunState.QUEUED).filter(
        Q(rung_at__lt=now - RING_AGAIN_AFTER) | Q(rung_at__isnull=True)
    )
    for run_id in unheard.values_list("pk", flat=True):
        AnalysisRun.objects.filter(pk=run_id, state=RunState.QUEUED).update(rung_at=now)
        ring(run_id)
        counts["rung"] += 1
    return Swept(**counts)


@transaction.atomic
def _take_back(run_id: int, attempt: int) -> str | None:
    """Where a silent run went; null when its worker spoke or it was taken back meanwhile."""
    now = timezone.now()
    silent = AnalysisRun.objects.filter(pk=run_id, attempt=attempt, state=RunState.RUNNING, lease_expires_at__lt=now)
    if silent.filter(cancel_requested_at__isnull=False).exists():
        return "cancelled" if stop_cancelled(run_id=run_id, attempt=attempt) else None
    run = AnalysisRun.objects.get(pk=run_id)
    if run.started_at is not None and now - run.started_at > timedelta(seconds=run.time_limit_s):
        return "failed" if fail(run_id=run_id, attempt=attempt, **time_is_up(run)) else None
    if attempt >= MAX_ATTEMPTS:
        return "failed" if fail(run_id=run_id, attempt=attempt, **workers_were_lost(attempt)) else None
    put_back = silent.update(state=RunState.QUEUED, lease_expires_at=None, rung_at=now, progress_step="Starting again")
    return "requeued" if put_back else None


def workers_were_lost(times: int) -> dict[str, str]:
    """The code and reason of a run over which one worker after another was lost."""
    return {
        "code": "worker_lost",
        "reason": f"The worker stopped {times} times before it could answer. The analysis may need more memory.",
    }


def time_is_up(run: AnalysisRun) -> dict[str, str]:
    """The code and reason of a run that reached its time limit."""
    minutes = run.time_limit_s / 60
    return {
        "code": "time_limit",
        "reason": f"The analysis did not end within its limit of {minutes:g} minutes. "
        "Fewer draws, covariates or rows would need less time.",
    }


def memory_is_full(run: AnalysisRun) -> dict[str, str]:
    """The code and reason of a run that reached its memory limit."""
    return {
        "code": "memory_limit",
        "reason": f"The analysis needed more than its limit of {run.memory_limit_mb:,} MB of memory. "
        "Fewer covariates or rows would need less.",
    }


def result_sha256(result: Mapping[str, Any]) -> str:
    """The hash of a result without its elapsed time: the same data, plan and engine give the same hash."""
    receipt = {key: value for key, value in result["receipt"].items() if key != "elapsed_s"}
    canonical = json.dumps({**result, "receipt": receipt}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

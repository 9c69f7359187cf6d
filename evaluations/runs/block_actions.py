"""The life of a block of a run: one row that one worker at a time claims, beats and finishes.

A worker that dies loses only its block: the sweeper puts it back when its lease runs out. What a
block's sums are does not depend on who made them, so a run taken over goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from celery import current_app
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from evaluations.datasets.models import DatasetState
from evaluations.runs.actions import LEASE, MAX_ATTEMPTS
from evaluations.runs.models import AnalysisRun, BlockState, RunBlock, RunPass, RunState

HELP_TASK = "evaluations.runs.tasks.help_with_blocks"
MOST_HELPERS = 16
"""Workers asked to help with one pass, beside the one that has the run."""


@dataclass(frozen=True)
class Standing:
    """How far a pass has come."""

    blocks: int
    done: int
    waiting: int
    fault: str = ""


@transaction.atomic
def open_pass(*, run_id: int, attempt: int, number: int, known: bytes, row_groups: Sequence[str]) -> RunPass | None:
    """Pass `number` of a run with a waiting block for each of `row_groups`, or the pass as an earlier attempt left it.

    Null where the run is no longer this attempt's.
    """
    ours = AnalysisRun.objects.select_for_update().filter(pk=run_id, attempt=attempt, state=RunState.RUNNING)
    if not ours.exists():
        return None
    made, is_new = RunPass.objects.get_or_create(run_id=run_id, number=number, defaults={"known": known})
    if bytes(made.known) != known:  # left by an attempt under another version of the engine
        made.blocks.all().delete()
        RunPass.objects.filter(pk=made.pk).update(known=known)
        is_new = True
    if is_new:
        rows = [RunBlock(of_pass=made, number=place, row_groups=groups) for place, groups in enumerate(row_groups)]
        RunBlock.objects.bulk_create(rows)
    return made


def ring_for_help(run_id: int, n_waiting: int) -> None:
    """Tell other workers that blocks are waiting; nobody needs to come."""
    for _ in range(min(n_waiting, MOST_HELPERS)):
        try:
            current_app.send_task(HELP_TASK, args=[run_id], retry=False)
        except (OperationalError, OSError):
            return


def has_waiting_blocks(run_id: int) -> bool:
    """Whether a running run has a block for someone to take."""
    return _of_live_runs(RunBlock.objects.filter(of_pass__run=run_id, state=BlockState.WAITING)).exists()


def claim_block(*, run_id: int, worker: str) -> RunBlock | None:
    """A waiting block of a running run's latest pass, now this worker's; null where none is waiting."""
    waiting = _of_live_runs(RunBlock.objects.filter(of_pass__run=run_id, state=BlockState.WAITING))
    while (found := waiting.order_by("-of_pass__number", "number").values_list("pk", flat=True).first()) is not None:
        now = timezone.now()
        claimed = RunBlock.objects.filter(pk=found, state=BlockState.WAITING).update(
            state=BlockState.CLAIMED,
            attempt=F("attempt") + 1,
            worker=worker[:100],
            claimed_at=now,
            heartbeat_at=now,
            lease_expires_at=now + LEASE,
        )
        if claimed:
            return RunBlock.objects.select_related("of_pass").get(pk=found)
    return None


def _of_live_runs(blocks: QuerySet[RunBlock]) -> QuerySet[RunBlock]:
    """Those of runs that go on: running, not asked to stop, their data still there."""
    return blocks.filter(of_pass__run__state=RunState.RUNNING, of_pass__run__cancel_requested_at__isnull=True).exclude(
        of_pass__run__dataset__state=DatasetState.DELETED
    )


def beat_block(*, block: RunBlock) -> bool:
    """Extend a block's lease; whether it is still this claim's and its run goes on."""
    now = timezone.now()
    held = _held(block).update(heartbeat_at=now, lease_expires_at=now + LEASE)
    return bool(held) and _of_live_runs(RunBlock.objects.filter(pk=block.pk)).exists()


def finish_block(*, block: RunBlock, sums: bytes) -> bool:
    """Store a block's sums; whether it was still this claim's."""
    return _end(block, BlockState.DONE, sums=sums)


def fail_block(*, block: RunBlock, fault: str) -> bool:
    """Say why a block cannot be reduced, which ends its run; whether it was still this claim's."""
    return _end(block, BlockState.FAILED, fault=fault[:40])


def put_back(*, block: RunBlock) -> None:
    """Let another worker have a block that this one has not finished."""
    _held(block).update(state=BlockState.WAITING, lease_expires_at=None)


def _held(block: RunBlock) -> QuerySet[RunBlock]:
    return RunBlock.objects.filter(pk=block.pk, attempt=block.attempt, state=BlockState.CLAIMED)


def _end(block: RunBlock, state: BlockState, *, sums: bytes = b"", fault: str = "") -> bool:
    ended = _held(block).update(state=state, lease_expires_at=None, finished_at=timezone.now(), sums=sums, fault=fault)
    return bool(ended)


def standing_of(of_pass: RunPass) -> Standing:
    """How far a pass has come, and the first fault in its order if there is one."""
    counts = of_pass.blocks.aggregate(
        blocks=Count("pk"),
        done=Count("pk", filter=Q(state=BlockState.DONE)),
        waiting=Count("pk", filter=Q(state=BlockState.WAITING)),
    )
    fault = of_pass.blocks.filter(state=BlockState.FAILED).values_list("fault", flat=True).first()
    return Standing(**counts, fault=fault or "")


def sweep_blocks() -> int:
    """Put back blocks whose worker went silent, give up on those tried too often; how many were put back."""
    now, count = timezone.now(), 0
    silent = _of_live_runs(RunBlock.objects.filter(state=BlockState.CLAIMED, lease_expires_at__lt=now))
    for block in silent.select_related("of_pass"):
        still = _held(block).filter(lease_expires_at__lt=now)
        if block.attempt >= MAX_ATTEMPTS:
            still.update(state=BlockState.FAILED, lease_expires_at=None, finished_at=now, fault="worker_lost")
        elif still.update(state=BlockState.WAITING, lease_expires_at=None):
            count += 1
            ring_for_help(block.of_pass.run_id, 1)
    _clear_ended()
    return count


def _clear_ended() -> None:
    """Empty the working papers of runs that have ended."""
    unfinished = (RunState.QUEUED, RunState.RUNNING)
    ended = RunPass.objects.exclude(run__state__in=unfinished).exclude(known=b"")
    for run_id in set(ended.values_list("run_id", flat=True)):
        clear_passes(run_id)


@transaction.atomic
def clear_passes(run_id: int) -> None:
    """Empty what a run's passes knew and summed; who did which block stays."""
    RunBlock.objects.filter(of_pass__run=run_id).update(sums=b"")
    RunPass.objects.filter(run=run_id).update(known=b"")

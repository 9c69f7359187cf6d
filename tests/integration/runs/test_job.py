"""The row is the job: claimed once, fenced, taken back from silent workers, cancelled, failed with a reason."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from evaluations.disclosure.results import Protected
from evaluations.organisations.models import AuditEvent
from evaluations.runs import actions
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.stats.issues import BadInput
from tests.workspace_records import (
    SPEC_2X2,
    make_dataset,
    make_evaluation,
    make_locked_plan,
    make_organisation,
    make_user,
    save_draft,
)

pytestmark = pytest.mark.django_db

RESULT = {
    "version": 1,
    "status": "done",
    "estimates": [{"name": "att", "value": 3.0}],
    "receipt": {
        "data_sha256": "d" * 64,
        "spec_sha256": "e" * 64,
        "engine_version": "1",
        "seed": 1,
        "packages": {},
        "elapsed_s": 0.1,
    },
}


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)


@pytest.fixture
def plan(evaluation, analyst):
    return make_locked_plan(evaluation=evaluation, by=analyst, dataset=make_dataset(evaluation=evaluation, by=analyst))


@pytest.fixture
def run(plan, analyst):
    return actions.queue_run(plan=plan, by=analyst)


def expire(run: AnalysisRun) -> None:
    AnalysisRun.objects.filter(pk=run.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_run_is_claimed_once(run):
    assert actions.claim(run_id=run.pk, worker="a").attempt == 1
    assert actions.claim(run_id=run.pk, worker="b") is None


def test_a_worker_that_was_taken_over_can_store_nothing(run):
    first = actions.claim(run_id=run.pk, worker="a")
    expire(run)
    assert actions.sweep().requeued == 1
    second = actions.claim(run_id=run.pk, worker="b")
    assert second.attempt == 2
    assert actions.beat(run_id=run.pk, attempt=first.attempt, step="x", share=0.5) == "lost"
    assert not actions.finish(run_id=run.pk, attempt=first.attempt, answered=Protected(RESULT))
    assert actions.finish(run_id=run.pk, attempt=second.attempt, answered=Protected(RESULT))
    assert not actions.finish(run_id=run.pk, attempt=second.attempt, answered=Protected(RESULT))
    run.refresh_from_db()
    assert (run.state, run.attempt, run.receipt) == (RunState.DONE, 2, RESULT["receipt"])
    assert AuditEvent.objects.filter(verb="run_ended").count() == 1


def test_a_beating_run_is_left_alone(run):
    claimed = actions.claim(run_id=run.pk, worker="a")
    expire(run)
    assert actions.beat(run_id=run.pk, attempt=claimed.attempt, step="Estimating", share=0.42) == "go on"
    assert actions.sweep() == actions.Swept()
    run.refresh_from_db()
    assert (run.progress_step, run.progress_done) == ("Estimating", 42)


def test_a_run_whose_worker_dies_every_time_fails_with_a_reason(run):
    for _ in range(actions.MAX_ATTEMPTS):
        assert actions.claim(run_id=run.pk, worker="a")
        expire(run)
        swept = actions.sweep()
    assert swept.failed == 1
    run.refresh_from_db()
    assert (run.state, run.reason_code) == (RunState.FAILED, "worker_lost")
    assert "5 times" in run.reason


def test_a_silent_run_past_its_time_limit_fails_at_once(run):
    actions.claim(run_id=run.pk, worker="a")
    long_ago = timezone.now() - timedelta(seconds=run.time_limit_s + 1)
    AnalysisRun.objects.filter(pk=run.pk).update(started_at=long_ago, lease_expires_at=long_ago)
    assert actions.sweep().failed == 1
    run.refresh_from_db()
    assert run.reason_code == "time_limit"


def test_a_waiting_run_that_nobody_heard_is_rung_again_once_in_a_while(run):
    assert actions.sweep().rung == 0
    AnalysisRun.objects.filter(pk=run.pk).update(rung_at=timezone.now() - 2 * actions.RING_AGAIN_AFTER)
    assert actions.sweep().rung == 1
    assert actions.sweep().rung == 0


def test_a_waiting_run_is_cancelled_at_once(run, analyst):
    actions.request_cancel(run=run, by=analyst)
    assert (run.state, run.cancel_requested_by) == (RunState.CANCELLED, analyst)
    assert actions.claim(run_id=run.pk, worker="a") is None


def test_a_running_run_hears_of_the_cancel_at_its_next_beat(run, analyst):
    claimed = actions.claim(run_id=run.pk, worker="a")
    actions.request_cancel(run=run, by=analyst)
    assert run.state == RunState.RUNNING
    assert actions.beat(run_id=run.pk, attempt=claimed.attempt, step="x", share=0.1) == "cancel"


def test_a_cancelled_run_whose_worker_died_is_not_started_again(run, analyst):
    actions.claim(run_id=run.pk, worker="a")
    actions.request_cancel(run=run, by=analyst)
    expire(run)
    assert actions.sweep().cancelled == 1
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED


def test_a_finished_run_cannot_be_cancelled_or_changed(run, analyst):
    claimed = actions.claim(run_id=run.pk, worker="a")
    actions.finish(run_id=run.pk, attempt=claimed.attempt, answered=Protected(RESULT))
    actions.request_cancel(run=run, by=analyst)
    run.refresh_from_db()
    assert (run.state, run.cancel_requested_at) == (RunState.DONE, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        AnalysisRun.objects.filter(pk=run.pk).update(result_sha256="0" * 64)


def test_a_done_run_without_a_result_cannot_exist(run):
    actions.claim(run_id=run.pk, worker="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        AnalysisRun.objects.filter(pk=run.pk).update(
            state=RunState.DONE, lease_expires_at=None, finished_at=timezone.now()
        )


def test_a_draft_cannot_be_run(evaluation, analyst):
    dataset = make_dataset(evaluation=evaluation, by=analyst)
    draft = save_draft(evaluation=evaluation, spec=SPEC_2X2, dataset=dataset, by=analyst)
    with pytest.raises(BadInput) as refusal:
        actions.queue_run(plan=draft, by=analyst)
    assert [issue.code for issue in refusal.value.issues] == ["plan_not_locked"]


def test_a_run_without_data_or_on_deleted_data_is_refused_before_it_is_queued(evaluation, analyst):
    plan = make_locked_plan(evaluation=evaluation, by=analyst)
    with pytest.raises(BadInput) as refusal:
        actions.queue_run(plan=plan, by=analyst)
    assert [issue.code for issue in refusal.value.issues] == ["no_dataset"]
    gone = make_dataset(
        evaluation=evaluation,
        by=analyst,
        state="deleted",
        storage_path="",
        deleted_at=timezone.now(),
        deletion_reason="Its retention date came.",
    )
    with pytest.raises(BadInput) as refusal:
        actions.queue_run(plan=plan, dataset=gone, by=analyst)
    assert [issue.code for issue in refusal.value.issues] == ["dataset_not_ready"]


def test_the_hash_of_a_result_ignores_only_the_time_it_took():
    slower = RESULT | {"receipt": RESULT["receipt"] | {"elapsed_s": 9.9}}
    other = RESULT | {"estimates": [{"name": "att", "value": 3.0000000001}]}
    assert actions.result_sha256(slower) == actions.result_sha256(RESULT) != actions.result_sha256(other)

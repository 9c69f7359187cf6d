"""A run's passes shared among workers: the same bytes whoever reduces which block when, nothing lost with a worker."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from evaluations.datasets import ingest_stream
from evaluations.datasets.actions import delete_dataset
from evaluations.runs import actions, block_actions, shared_passes, tasks
from evaluations.runs.models import AnalysisRun, BlockState, RunBlock, RunState
from evaluations.runs.packed import pack, unpack
from evaluations.runs.passes import alone, last_state, parts_of
from evaluations.runs.streaming import panel_and_method
from evaluations.stats import blocks
from evaluations.stats.callaway_santanna.streamed import CohortMoments
from evaluations.stats.spec import parse_spec
from tests.workspace_records import (
    SPEC_PANEL,
    make_dataset,
    make_evaluation,
    make_locked_plan,
    make_organisation,
    make_user,
    panel,
)

pytestmark = pytest.mark.django_db

N_UNITS, BLOCK, BLOCKS_IN_A_PART = 90, 4, 3
N_PARTS = 8


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Ninety units in 23 blocks, in 8 parts, from any size of file on."""
    from evaluations.stats.callaway_santanna import unit_blocks

    monkeypatch.setattr(ingest_stream, "STREAM_FROM_ROWS", 1)
    monkeypatch.setattr(ingest_stream, "BLOCK_UNITS", BLOCK)
    monkeypatch.setattr(blocks, "BLOCKS_IN_A_RUN", BLOCKS_IN_A_PART)
    monkeypatch.setattr(unit_blocks.UnitBlocks.of.__func__, "__kwdefaults__", {"size": BLOCK})
    monkeypatch.setattr(shared_passes, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(shared_passes, "BEAT_EVERY_S", 0)


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def plan(analyst):
    evaluation = make_evaluation(owner=make_organisation(lead=analyst), by=analyst)
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=panel(N_UNITS))
    return make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=SPEC_PANEL)


def queued(plan, analyst) -> AnalysisRun:
    return actions.claim(run_id=actions.queue_run(plan=plan, by=analyst).pk, worker="first")


def answered(run: AnalysisRun, monkeypatch, *, meanwhile=lambda run: None) -> AnalysisRun:
    """The run after its worker worked on it; `meanwhile` is what others do at each look of it at its pass."""
    looked = shared_passes.standing_of

    def look(opened):
        meanwhile(run)
        return looked(opened)

    with monkeypatch.context() as patch:
        patch.setattr(shared_passes, "standing_of", look)
        tasks.work_on(run)
    run.refresh_from_db()
    return run


def reduce_one(run: AnalysisRun, *, worker: str) -> RunBlock | None:
    """What another worker does: take a waiting block and reduce it."""
    block = block_actions.claim_block(run_id=run.pk, worker=worker)
    if block is not None:
        path = Path(default_storage.path(run.dataset.storage_path))
        known = shared_passes.state_before(block.of_pass)
        shared_passes.reduce_part(block, *panel_and_method(path, parse_spec(run.plan.spec)), known)
    return block


def workers_of(run: AnalysisRun) -> set[str]:
    return set(RunBlock.objects.filter(of_pass__run=run).values_list("worker", flat=True))


@pytest.fixture
def in_one_process(plan, analyst, monkeypatch) -> str:
    """The hash of the answer of one process that shares with nobody."""
    with monkeypatch.context() as patch:
        patch.setattr(shared_passes, "parts_of", lambda panel: parts_of(panel)[:1])
        run = answered(queued(plan, analyst), patch)
    assert run.state == RunState.DONE
    assert not run.passes.exists()
    return run.result_sha256


def test_a_file_read_whole_gives_the_same_effects(plan, analyst, monkeypatch, in_one_process):
    shared = answered(queued(plan, analyst), monkeypatch)
    monkeypatch.setattr(ingest_stream, "STREAM_FROM_ROWS", 10**9)
    whole = answered(queued(plan, analyst), monkeypatch)
    assert not whole.passes.exists()
    for part in ("estimates", "att_gt", "event_study", "by_cohort", "by_period"):
        assert shared.result[part] == whole.result[part]


@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_any_number_of_workers_gives_the_same_bytes(plan, analyst, monkeypatch, in_one_process, helpers):
    def help_out(run):
        for number in range(helpers):
            reduce_one(run, worker=f"helper {number}")

    run = answered(queued(plan, analyst), monkeypatch, meanwhile=help_out)
    assert run.result_sha256 == in_one_process
    assert len(workers_of(run)) == helpers + 1
    assert RunBlock.objects.filter(of_pass__run=run, state=BlockState.DONE).count() == N_PARTS


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_blocks_gives_the_same_bytes(plan, analyst, monkeypatch, in_one_process, seed):
    """Blocks are finished in a shuffled order before the run's own worker takes any."""

    def in_shuffled_order(run):
        taken = []
        while (block := block_actions.claim_block(run_id=run.pk, worker="helper")) is not None:
            taken.append(block)
        random.Random(seed).shuffle(taken)
        opened = panel_and_method(Path(default_storage.path(run.dataset.storage_path)), parse_spec(run.plan.spec))
        for block in taken:
            shared_passes.reduce_part(block, *opened, shared_passes.state_before(block.of_pass))

    run = answered(queued(plan, analyst), monkeypatch, meanwhile=in_shuffled_order)
    assert run.result_sha256 == in_one_process
    assert workers_of(run) == {"helper"}


class MomentsTwice(CohortMoments):
    """Two passes: the second starts from what the first found, and counts every unit again."""

    def start(self):
        return ("nothing yet", None)

    def reduce_block(self, block, state):
        assert (state[0] == "nothing yet") == (state[1] is None)
        return super().reduce_block(block, None)

    def solve(self, state, total):
        return (f"after {state[0]}", total if state[1] is None else state[1] + total)

    def is_finished(self, state):
        return state[0] == "after after nothing yet"


def test_the_last_block_of_a_pass_starts_the_next_which_knows_what_it_found(plan, analyst, monkeypatch):
    run = queued(plan, analyst)
    opened, _ = panel_and_method(Path(default_storage.path(run.dataset.storage_path)), parse_spec(plan.spec))
    monkeypatch.setattr(
        "tests.integration.runs.test_shared_blocks.panel_and_method", lambda *_: (opened, MomentsTwice())
    )
    looked = shared_passes.standing_of

    def with_help(of_pass):
        reduce_one(run, worker="helper")
        return looked(of_pass)

    monkeypatch.setattr(shared_passes, "standing_of", with_help)
    found = last_state(opened, MomentsTwice(), shared_passes.AmongWorkers(run), tick=lambda step, share: None)[1]
    assert found.moments.count.sum() == 2 * N_UNITS
    assert list(run.passes.values_list("number", flat=True)) == [1, 2]
    assert pack(found) == pack(last_state(opened, MomentsTwice(), alone, tick=lambda step, share: None)[1])
    assert workers_of(run) == {"helper", shared_passes.worker_name()}


def test_the_block_of_a_worker_that_died_is_claimed_anew(plan, analyst, monkeypatch, in_one_process):
    died = []

    def die_once(run):
        if not died:
            died.append(block_actions.claim_block(run_id=run.pk, worker="dies"))
            RunBlock.objects.filter(pk=died[0].pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
            assert block_actions.sweep_blocks() == 1

    run = answered(queued(plan, analyst), monkeypatch, meanwhile=die_once)
    assert run.result_sha256 == in_one_process
    again = RunBlock.objects.get(pk=died[0].pk)
    assert (again.state, again.attempt) == (BlockState.DONE, 2)
    assert again.worker != "dies"
    assert not block_actions.finish_block(block=died[0], sums=b"late")


def test_a_block_that_kills_every_worker_fails_its_run(plan, analyst, monkeypatch):
    def always_die(run):
        for _ in range(actions.MAX_ATTEMPTS):
            block = block_actions.claim_block(run_id=run.pk, worker="dies")
            RunBlock.objects.filter(pk=block.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
            block_actions.sweep_blocks()

    run = answered(queued(plan, analyst), monkeypatch, meanwhile=always_die)
    assert (run.state, run.reason_code) == (RunState.FAILED, "worker_lost")


def test_a_run_taken_over_goes_on_where_it_was(plan, analyst, monkeypatch, in_one_process):
    run = queued(plan, analyst)

    def all_but_two_then_die(run):
        for _ in range(N_PARTS - 2):
            reduce_one(run, worker="first")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answered(run, monkeypatch, meanwhile=all_but_two_then_die)
    AnalysisRun.objects.filter(pk=run.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert actions.sweep().requeued == 1
    assert not block_actions.has_waiting_blocks(run.pk), "a run that nobody has gives out no blocks"
    again = answered(actions.claim(run_id=run.pk, worker="second"), monkeypatch)
    assert again.result_sha256 == in_one_process
    assert RunBlock.objects.filter(of_pass__run=run, worker="first").count() == N_PARTS - 2


def test_blocks_left_by_another_version_of_the_engine_are_not_used(plan, analyst, monkeypatch, in_one_process):
    run = queued(plan, analyst)
    stale = block_actions.open_pass(
        run_id=run.pk, attempt=1, number=1, known=pack(("0.0.0", None)), row_groups=["0-0"] * N_PARTS
    )
    stale.blocks.update(state=BlockState.DONE, sums=b"other digits")
    assert answered(run, monkeypatch).result_sha256 == in_one_process


def test_a_run_stopped_by_its_owner_stops_those_who_help(plan, analyst, monkeypatch):
    held = []

    def cancel_while_a_block_is_out(run):
        if not held:
            held.append(block_actions.claim_block(run_id=run.pk, worker="helper"))
            actions.request_cancel(run=run, by=analyst)
        assert block_actions.claim_block(run_id=run.pk, worker="late") is None
        assert not block_actions.beat_block(block=held[0])

    def word_to_stop(step, share):
        if held:
            raise shared_passes.Stopped("cancel")

    run = queued(plan, analyst)
    looked = shared_passes.standing_of
    monkeypatch.setattr(
        shared_passes, "standing_of", lambda opened: (cancel_while_a_block_is_out(run), looked(opened))[1]
    )
    tasks.work_on(run, tick=word_to_stop)
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    path = Path(default_storage.path(run.dataset.storage_path))
    with pytest.raises(shared_passes.Stopped):
        shared_passes.reduce_part(held[0], *panel_and_method(path, parse_spec(run.plan.spec)), None)
    tasks.help_with_blocks(run.pk)
    assert not RunBlock.objects.filter(of_pass__run=run, state=BlockState.DONE).exists()


def test_data_deleted_meanwhile_are_a_refusal_and_nobody_goes_on(plan, analyst, monkeypatch):
    def delete(run):
        if run.dataset.storage_path:
            reduce_one(run, worker="helper")
            held = block_actions.claim_block(run_id=run.pk, worker="helper")
            path = Path(default_storage.path(run.dataset.storage_path))
            delete_dataset(dataset=run.dataset, reason="Asked to.", by=analyst)
            path.unlink(missing_ok=True)
            run.dataset.refresh_from_db()
            assert not block_actions.beat_block(block=held)
            assert block_actions.claim_block(run_id=run.pk, worker="late") is None

    run = answered(queued(plan, analyst), monkeypatch, meanwhile=delete)
    assert (run.state, run.reason_code) == (RunState.REFUSED, "data_deleted")
    assert RunBlock.objects.filter(of_pass__run=run, state=BlockState.DONE).count() == 1


def test_a_helper_that_finds_no_file_says_so(plan, analyst):
    run = queued(plan, analyst)
    block_actions.open_pass(run_id=run.pk, attempt=1, number=1, known=pack(("0", None)), row_groups=["0-0"] * N_PARTS)
    Path(default_storage.path(run.dataset.storage_path)).unlink()
    tasks.help_with_blocks(run.pk)
    assert list(RunBlock.objects.exclude(fault="").values_list("fault", flat=True)) == ["data_deleted"]


def test_a_layout_that_breaks_in_some_block_is_read_whole(analyst, monkeypatch):
    evaluation = make_evaluation(owner=make_organisation(lead=analyst), by=analyst)
    frame = panel(N_UNITS)
    swapped = [*range(300), 301, 300, *range(302, len(frame))]
    plans = [
        make_locked_plan(
            evaluation=evaluation,
            by=analyst,
            dataset=make_dataset(evaluation=evaluation, by=analyst, frame=each),
            spec=SPEC_PANEL,
        )
        for each in (frame, frame.iloc[swapped])
    ]
    in_order, broken = (answered(queued(plan, analyst), monkeypatch) for plan in plans)
    assert broken.state == RunState.DONE
    assert broken.result["att_gt"] == in_order.result["att_gt"]
    assert RunBlock.objects.filter(of_pass__run=broken, fault="irregular").exists()


def test_progress_says_blocks_done_of_blocks(plan, analyst, monkeypatch):
    said = []
    run = queued(plan, analyst)
    tasks.work_on(run, tick=lambda step, share: said.append(step))
    for done in (0, 5, N_PARTS):
        assert f"Reading the panel, pass 1: {done} of {N_PARTS} blocks" in said


def test_working_papers_are_emptied_when_the_run_has_ended(plan, analyst, monkeypatch):
    run = answered(queued(plan, analyst), monkeypatch)
    block_actions.sweep_blocks()
    assert set(RunBlock.objects.filter(of_pass__run=run).values_list("sums", flat=True)) == {b""}
    assert workers_of(run)


def test_sums_are_packed_to_the_last_bit(plan):
    path = Path(default_storage.path(plan.dataset.storage_path))
    opened, method = panel_and_method(path, parse_spec(plan.spec))
    sums = method.reduce_block(opened.checked(next(iter(opened.blocks()))), None)
    again = unpack(pack((sums, None, "text", 0.1)))
    assert again[1:] == (None, "text", 0.1)
    assert pack(again[0]) == pack(sums)
    assert (again[0].moments.second == sums.moments.second).all()
    with pytest.raises(TypeError):
        pack({"a": 1})

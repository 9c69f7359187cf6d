"""Runs an analysis in the background: claim, load, compute, store. Safe to deliver twice."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import local_table
from evaluations.disclosure.cells import CellPeople, protect_cells
from evaluations.disclosure.policy import policy_of
from evaluations.disclosure.results import Protected, protect_people
from evaluations.runs.actions import (
    MAX_ATTEMPTS,
    TASK_NAME,
    claim,
    fail,
    finish,
    memory_is_full,
    stop_cancelled,
    time_is_up,
    workers_were_lost,
)
from evaluations.runs.block_actions import HELP_TASK, has_waiting_blocks
from evaluations.runs.heartbeat import DataGone, Heartbeat, Stopped, WorkerLost
from evaluations.runs.limits import limited_memory
from evaluations.runs.models import AnalysisRun
from evaluations.runs.queries import cells_count_people, rows_are_people
from evaluations.stats.issues import BadInput
from evaluations.stats.registry import Tick, ignore_progress

if TYPE_CHECKING:
    from evaluations.stats.table import Table

FAULT = (
    "An unexpected fault stopped the analysis ({name}). It is a fault of Uplift, not of the data; "
    "the site's operators can find it in the log under run {run}."
)


@shared_task(name=HELP_TASK, acks_late=True, soft_time_limit=settings.RUN_TIME_LIMIT_S)
def help_with_blocks(run_id: int) -> None:
    """Reduce waiting blocks of a run that another worker has."""
    from evaluations.runs.shared_passes import help_on
    from evaluations.runs.streaming import panel_and_method
    from evaluations.stats.spec import parse_spec

    if not has_waiting_blocks(run_id):
        return
    run = AnalysisRun.objects.select_related("plan", "dataset").get(pk=run_id)
    spec = parse_spec(run.plan.spec)
    with local_table(run.dataset) as path, limited_memory(run.memory_limit_mb):
        help_on(run_id, path, lambda: panel_and_method(path, spec))


@shared_task(name=TASK_NAME, acks_late=True, soft_time_limit=settings.RUN_TIME_LIMIT_S)
def run_analysis(run_id: int) -> None:
    """Answer the run if it is still waiting for someone to."""
    run = claim(run_id=run_id, worker=f"{socket.gethostname()}:{os.getpid()}")
    if run is None:
        return
    with Heartbeat(run.pk, run.attempt) as heartbeat:
        work_on(run, tick=heartbeat.tick)


def work_on(run: AnalysisRun, *, tick: Tick = ignore_progress) -> None:
    """Compute a claimed run's answer and store it, or why there is none."""
    run_id, attempt = run.pk, run.attempt
    try:
        with limited_memory(run.memory_limit_mb):
            answered = answer(run, tick)
    except Stopped as stopped:
        if stopped.why == "cancel":
            stop_cancelled(run_id=run_id, attempt=attempt)
    except MemoryError:
        fail(run_id=run_id, attempt=attempt, **memory_is_full(run))
    except SoftTimeLimitExceeded:
        fail(run_id=run_id, attempt=attempt, **time_is_up(run))
    except WorkerLost:
        fail(run_id=run_id, attempt=attempt, **workers_were_lost(MAX_ATTEMPTS))
    except Exception as error:
        reason = FAULT.format(name=type(error).__name__, run=run.pk)
        fail(run_id=run_id, attempt=attempt, code="unexpected_fault", reason=reason)
        raise
    else:
        finish(run_id=run_id, attempt=attempt, answered=answered)


def answer(run: AnalysisRun, tick: Tick) -> Protected:
    """The run's result, as it may be stored: refused in words where the data do not fit the plan."""
    from evaluations.runs.cell_people import people_in

    cells: list[CellPeople] = []
    result = _result(run, tick, look=lambda table: cells.append(people_in(table)))
    policy = policy_of(run.evaluation.disclosure_policy)
    if rows_are_people(run):
        protected = protect_people(result, policy, covariates=len(run.plan.spec["columns"].get("covariates", [])))
        return replace(protected, units=_marks(run)) if protected.counts else protected
    if cells_count_people(run):
        return protect_cells(result, policy, cells[0] if cells else CellPeople())
    return Protected(result)


def _marks(run: AnalysisRun) -> tuple[int, ...]:
    """Keyed hashes by which the people of the run are known again; none where the plan names no unit."""
    from evaluations.runs.same_people import marks_of_units

    column = run.plan.spec["columns"].get("unit")
    if not column:
        return ()
    try:
        with local_table(run.dataset) as path:
            return marks_of_units(path, column)
    except FileNotFoundError:  # deleted since the answer was there
        return ()


def _result(run: AnalysisRun, tick: Tick, look: Callable[[Table], None]) -> dict[str, Any]:
    from evaluations.datasets.place_store import places_for
    from evaluations.runs.runner import run_analysis_file
    from evaluations.runs.shared_passes import AmongWorkers

    if _data_are_gone(run):
        return _data_deleted(run)
    with ExitStack() as files:
        try:
            return run_analysis_file(
                files.enter_context(local_table(run.dataset)),
                run.plan.spec,
                sites_path=files.enter_context(local_table(run.sites)) if run.sites else None,
                loaded_places=places_for,
                data_sha256=run.dataset.analysed_sha256,
                tick=tick,
                reduce=AmongWorkers(run),
                look=look,
            )
        except (DataGone, FileNotFoundError, BadInput) as wrong:
            if _data_are_gone(run):
                return _data_deleted(run)
            if not isinstance(wrong, BadInput):
                raise
            return _bad_input(run, wrong)


def _data_are_gone(run: AnalysisRun) -> bool:
    """Whether the rows that the run needs were deleted, perhaps since it began."""
    needed = [pk for pk in (run.dataset_id, run.sites_id) if pk is not None]
    return Dataset.objects.filter(pk__in=needed, storage_path="").exists()


def _data_deleted(run: AnalysisRun) -> dict[str, Any]:
    return _refused(run, "data_deleted", "The data were deleted.", "Upload them again to run the plan on them.")


def _bad_input(run: AnalysisRun, wrong: BadInput) -> dict[str, Any]:
    first = wrong.issues[0]
    others = len(wrong.issues) - 1
    more = f" There {'is one other problem' if others == 1 else f'are {others} other problems'}." if others else ""
    refused = _refused(run, first.code, first.message + more, first.hint)
    return refused | {"issues": [issue.to_json() for issue in wrong.issues]}


def _refused(run: AnalysisRun, code: str, message: str, hint: str) -> dict[str, Any]:
    from evaluations.runs.runner import package_versions
    from evaluations.stats.engine import ENGINE_VERSION

    receipt: Mapping[str, Any] = {
        "data_sha256": run.dataset.analysed_sha256,
        "spec_sha256": run.plan.spec_sha256,
        "engine_version": ENGINE_VERSION,
        "seed": run.seed,
        "packages": package_versions(),
        "elapsed_s": 0.0,
    }
    refusal = {"code": code, "message": message, "hint": hint}
    return {"version": 1, "status": "refused", "refusal": refusal, "receipt": receipt}

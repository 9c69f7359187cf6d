"""The pages of a run: start it, watch it, cancel it, read its answer, repeat it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evaluations.datasets.charts import sites_figure
from evaluations.organisations.addresses import is_row_number
from evaluations.organisations.permissions import Permission, may, require
from evaluations.organisations.queries import organisations_where
from evaluations.runs import presenters
from evaluations.runs.actions import queue_run, request_cancel
from evaluations.runs.example_actions import start_example
from evaluations.runs.examples import EXAMPLES
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.queries import result_for, runs_where
from evaluations.runs.subjects import subject_of
from evaluations.stats.issues import BadInput
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where
from evidence.drawing.figures import Figure
from evidence.drawing.tables import Table, csv_text
from evidence.estimates.charts import figures

TABLES = {
    "estimates": presenters.estimates_table,
    "sample": presenters.waterfall,
}


def _crumbs(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [("Evaluations", reverse("evaluations")), (evaluation.title, reverse("evaluation", args=[evaluation.pk]))]


def _run(request: HttpRequest, pk: int, run_pk: int) -> AnalysisRun:
    found = runs_where(request.user).select_related(
        "sites", "evaluation__owner", "evaluation__intervention", "evaluation__outcome"
    )
    return get_object_or_404(found, pk=run_pk, evaluation_id=pk)


@login_required
def run_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Every run of an evaluation, the newest first: none is hidden."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_RESULTS), pk=pk)
    runs = runs_where(request.user).filter(evaluation=evaluation)
    shown = {"evaluation": evaluation, "runs": runs, "crumbs": _crumbs(evaluation)}
    return render(request, "runs/list.html", shown)


@login_required
@require_POST
def run_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a run of a locked plan."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_PLAN), pk=pk)
    require(request.user, Permission.RUN, evaluation)
    plan = get_object_or_404(evaluation.plans, pk=_number(request.POST.get("plan")))
    dataset = evaluation.datasets.filter(pk=_number(request.POST.get("dataset"))).first()
    try:
        run = queue_run(plan=plan, dataset=plan.dataset or dataset, by=request.user)  # type: ignore[arg-type]
    except BadInput as wrong:
        for issue in wrong.issues:
            messages.error(request, f"{issue.message} {issue.hint}")
        return redirect("plan", pk=pk)
    return redirect("run", pk=pk, run_pk=run.pk)


def _number(text: str | None) -> int:
    return int(text) if text and is_row_number(text) else 0


@login_required
def run_page(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """A run: its progress while it works, then its answer, its refusal or its fault."""
    run = _run(request, pk, run_pk)
    shown = {
        "run": run,
        "evaluation": run.evaluation,
        "crumbs": [*_crumbs(run.evaluation), ("Runs", reverse("runs", args=[pk]))],
        "may_cancel": not run.is_finished and may(request.user, Permission.CANCEL_RUN, run),
        "may_run": may(request.user, Permission.RUN, run),
        "may_request_release": may(request.user, Permission.REQUEST_RELEASE, run),
        "repetition": presenters.repetition_text(run),
    }
    if run.state == RunState.DONE:
        return render(request, "runs/result.html", shown | _answered(run, result_for(request.user, run) or {}))
    template = "runs/refused.html" if run.state == RunState.REFUSED else "runs/run.html"
    if run.state == RunState.REFUSED:
        shown |= {"receipt": presenters.receipt_rows(run), "waterfall": presenters.waterfall(run.result or {})}
    return render(request, template, shown)


def _answered(run: AnalysisRun, result: dict[str, Any]) -> dict[str, Any]:
    """What the page of a finished run shows."""
    subject = subject_of(run)
    return {
        "answer": presenters.answer(result, subject, run.plan.spec["estimator"]),
        "subject": subject,
        "standing": result.get("standing"),
        "figures": figures(result, outcome=subject.outcome, unit=subject.unit),
        "sites": _sites_map(run),
        "estimates": presenters.estimates_table(result),
        "sensitivity": presenters.sensitivity_tables(result),
        "diagnostics": presenters.diagnostic_rows(result),
        "waterfall": presenters.waterfall(result),
        "receipt": presenters.receipt_rows(run),
        "disclosure": result.get("disclosure"),
        "detectable": presenters.detectable_text(result, subject.unit),
        "comparison": presenters.known_answer(run),
    }


def _sites_map(run: AnalysisRun) -> Figure | None:
    """The sites of a proximity design with the distances it uses; null for other designs."""
    spec = run.plan.spec
    if run.sites is None or spec["method"] != "proximity":
        return None
    proximity = spec["proximity"]
    edges = [edge for edge in proximity["edges_km"] if edge > 0]
    return sites_figure(run.sites, circles_km=edges if spec["estimator"] == "ring_did" else [proximity["radius_km"]])


@login_required
def run_progress(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """Where a run stands, as a fragment; once it has ended, the whole page is asked for again."""
    run = _run(request, pk, run_pk)
    may_cancel = not run.is_finished and may(request.user, Permission.CANCEL_RUN, run)
    response = render(request, "runs/progress.html", {"run": run, "may_cancel": may_cancel})
    if run.is_finished:
        response["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def run_cancel(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """Cancel a waiting run, or ask a running one to stop."""
    run = request_cancel(run=_run(request, pk, run_pk), by=request.user)  # type: ignore[arg-type]
    if run.state == RunState.RUNNING:
        messages.info(request, "The run was asked to stop. It does so at its next step.")
    return redirect("run", pk=pk, run_pk=run_pk)


@login_required
@require_POST
def run_repeat(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """Run the same plan on the same data again, to see the same digits."""
    run = _run(request, pk, run_pk)
    try:
        again = queue_run(plan=run.plan, dataset=run.dataset, sites=run.sites, repeats=run, by=request.user)  # type: ignore[arg-type]
    except BadInput as wrong:
        for issue in wrong.issues:
            messages.error(request, f"{issue.message} {issue.hint}")
        return redirect("run", pk=pk, run_pk=run_pk)
    return redirect("run", pk=pk, run_pk=again.pk)


@login_required
def run_numbers(request: HttpRequest, pk: int, run_pk: int, part: str) -> HttpResponse:
    """The numbers behind one chart or table, as CSV."""
    run = _run(request, pk, run_pk)
    table = _table(run, result_for(request.user, run), part)
    if table is None:
        raise Http404
    response = HttpResponse(csv_text(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="run-{run.number}-{part}.csv"'
    return response


def _table(run: AnalysisRun, result: dict[str, Any] | None, part: str) -> Table | None:
    if run.state != RunState.DONE or result is None:
        return None
    if part in TABLES:
        return TABLES[part](result)
    subject = subject_of(run)
    figure = figures(result, outcome=subject.outcome, unit=subject.unit).get(part)
    return figure.table if figure else None


@login_required
def run_result(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """The whole result, as the analysis contract writes it."""
    run = _run(request, pk, run_pk)
    result = result_for(request.user, run)
    if result is None:
        raise Http404
    response = HttpResponse(json.dumps(result, indent=1), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="run-{run.number}-result.json"'
    return response


@login_required
def examples(request: HttpRequest) -> HttpResponse:
    """The examples with known answers; choosing one starts it."""
    owners = organisations_where(request.user, Permission.CREATE_EVALUATION)
    if request.method == "POST":
        example = EXAMPLES.get(request.POST.get("example", ""))
        owner = owners.first()
        if example is not None and owner is not None:
            run = start_example(example=example, owner=owner, by=request.user)  # type: ignore[arg-type]
            return redirect("run", pk=run.evaluation_id, run_pk=run.pk)
    shown = {
        "examples": EXAMPLES.values(),
        "may_start": owners.exists(),
        "crumbs": [("Evaluations", reverse("evaluations"))],
    }
    return render(request, "runs/examples.html", shown)

"""The full report on a run, on the screen and to print."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.queries import runs_where
from evaluations.sharing.report import report_of_run
from evidence.briefs.reports import report_html
from evidence.briefs.views import report_as_pdf


def _run(request: HttpRequest, pk: int, run_pk: int) -> AnalysisRun:
    found = runs_where(request.user).select_related("evaluation__owner", "evaluation__intervention")
    return get_object_or_404(found, pk=run_pk, evaluation_id=pk, state=RunState.DONE)


@login_required
def report(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """The full report, for those who may see the results."""
    href = reverse("run-report-pdf", args=[pk, run_pk])
    return HttpResponse(
        report_html(report_of_run(_run(request, pk, run_pk), request.user), for_print=False, pdf_href=href)
    )


@login_required
def report_pdf(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """The full report, to hand to a board."""
    run = _run(request, pk, run_pk)
    return report_as_pdf(request, report_of_run(run, request.user), name=f"evaluation-{pk}-run-{run.number}.pdf")

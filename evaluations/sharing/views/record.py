"""What was registered and what was reported, and everything that happened to an evaluation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from evaluations.disclosure.policy import policy_of
from evaluations.organisations.permissions import Permission, require
from evaluations.organisations.queries import audit_events_visible_to
from evaluations.sharing.data_flow import data_flow, data_flow_html
from evaluations.sharing.presenters import audit_table, crumbs_to
from evaluations.sharing.registered import registered_plans, reported_estimates, reported_runs
from evaluations.workspaces.queries import evaluations_where
from evidence.briefs.documents import PdfUnavailable, pdf_of
from evidence.drawing.tables import csv_text

EVENTS_A_PAGE = 50


@login_required
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """The plans that were locked, the runs that were made and the estimates that were logged, side by side."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_RESULTS), pk=pk)
    shown = {
        "evaluation": evaluation,
        "crumbs": crumbs_to(evaluation),
        "policy": policy_of(evaluation.disclosure_policy).stated(of_people=evaluation.units_are_people),
        "policy_changes": evaluation.policy_changes.select_related("by"),
        "plans": registered_plans(evaluation),
        "runs": reported_runs(evaluation),
        "estimates": reported_estimates(evaluation),
    }
    return render(request, "sharing/record.html", shown)


@login_required
def data_flow_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The data-flow sheet for the impact assessment, as a page or as PDF."""
    evaluation = get_object_or_404(evaluations_where(request.user), pk=pk)
    require(request.user, Permission.SEE_AUDIT, evaluation)
    sheet = data_flow(evaluation)
    if request.GET.get("download") != "pdf":
        return HttpResponse(data_flow_html(sheet, for_print=False))
    try:
        content = pdf_of(data_flow_html(sheet, for_print=True))
    except PdfUnavailable as missing:
        messages.error(request, f"{missing} Print this page instead.")
        return redirect("evaluation", pk=pk)
    name = f'inline; filename="evaluation-{pk}-data-flow.pdf"'
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": name})


@login_required
def audit(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that happened to an evaluation, the latest first; all of it as CSV."""
    evaluation = get_object_or_404(evaluations_where(request.user), pk=pk)
    require(request.user, Permission.SEE_AUDIT, evaluation)
    events = audit_events_visible_to(request.user).filter(evaluation_id=pk)
    if request.GET.get("download") == "csv":
        response = HttpResponse(csv_text(audit_table(events, whole=True)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="evaluation-{pk}-audit.csv"'
        return response
    page = Paginator(events, EVENTS_A_PAGE).get_page(request.GET.get("page"))
    shown = {"evaluation": evaluation, "crumbs": crumbs_to(evaluation), "page": page, "table": audit_table(page)}
    return render(request, "sharing/audit.html", shown)

"""What was registered and what was reported, and everything that happened to an evaluation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from evaluations.disclosure.policy import policy_of
from evaluations.organisations.permissions import Permission, may, require
from evaluations.organisations.queries import audit_events_visible_to
from evaluations.runs.queries import runs_where
from evaluations.sharing.actions import account_for
from evaluations.sharing.data_flow import data_flow, data_flow_html
from evaluations.sharing.forms import AccountForm
from evaluations.sharing.presenters import audit_table, crumbs_to
from evaluations.sharing.queries import what_came_of
from evaluations.sharing.registered import registered_plans, reported_estimates, reported_runs
from evaluations.stats.issues import BadInput
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
        "may_account": not evaluation.is_example and may(request.user, Permission.SHARE, evaluation),
        "estimates": reported_estimates(evaluation),
    }
    return render(request, "sharing/record.html", shown)


@login_required
def run_account(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """Tell everyone what came of a run that is not logged, and why it is not."""
    run = get_object_or_404(runs_where(request.user), pk=run_pk, evaluation_id=pk)
    require(request.user, Permission.SHARE, run)
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account_for(run=run, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except BadInput as wrong:
            for issue in wrong.issues:
                form.add_error("why" if issue.column else None, f"{issue.message} {issue.hint}")
        else:
            messages.success(request, f"Everyone can now read what came of run {run.number}.")
            return redirect("record", pk=pk)
    crumbs = [*crumbs_to(run.evaluation), ("Registered and reported", reverse("record", args=[pk]))]
    shown = {"form": form, "run": run, "found": what_came_of(run), "evaluation": run.evaluation, "crumbs": crumbs}
    return render(request, "sharing/account.html", shown)


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

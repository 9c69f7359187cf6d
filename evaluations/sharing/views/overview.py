"""An evaluation's overview, and the page on which it is shared."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from evaluations.organisations.permissions import Permission, may
from evaluations.organisations.queries import organisations_where, partnerships_of
from evaluations.runs.models import RunState
from evaluations.runs.queries import runs_where
from evaluations.sharing.forms import ShareForm
from evaluations.sharing.presenters import about_rows, crumbs_to, stage_moves, steps
from evaluations.sharing.queries import open_requests, publications_where, reviews_waiting_for, reviews_where
from evaluations.sharing.visibility import AT_LEVEL, partners_of
from evaluations.workspaces.models import ShareLevel
from evaluations.workspaces.queries import evaluations_where


@login_required
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """One evaluation: what it is, where it stands and what comes next."""
    found = evaluations_where(request.user).select_related("owner", "intervention", "outcome", "created_by")
    evaluation = get_object_or_404(found, pk=pk)
    may_see_plan = may(request.user, Permission.SEE_PLAN, evaluation)
    shown = {
        "evaluation": evaluation,
        "crumbs": [("Evaluations", reverse("evaluations"))],
        "rows": about_rows(evaluation),
        "steps": steps(evaluation, request.user) if may_see_plan else [],
        "runs": runs_where(request.user).filter(evaluation=evaluation)[:5],
        "publications": publications_where(request.user).filter(run__evaluation=evaluation),
        "waiting": reviews_waiting_for(request.user).filter(run__evaluation=evaluation),
        "requests": open_requests(request.user).filter(evaluation=evaluation),
        "may_edit": may(request.user, Permission.EDIT_EVALUATION, evaluation),
        "may_see_plan": may_see_plan,
        "may_see_results": may(request.user, Permission.SEE_RESULTS, evaluation),
        "may_see_audit": may(request.user, Permission.SEE_AUDIT, evaluation),
    }
    return render(request, "sharing/overview.html", shown)


@login_required
def sharing_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The reviews and releases of an evaluation."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_RESULTS), pk=pk)
    may_share = may(request.user, Permission.SHARE, evaluation)
    shown = {
        "evaluation": evaluation,
        "crumbs": crumbs_to(evaluation),
        "reviews": reviews_where(request.user).filter(run__evaluation=evaluation),
        "publications": publications_where(request.user).filter(run__evaluation=evaluation),
        "runs": runs_where(request.user).filter(evaluation=evaluation, state=RunState.DONE, publications__isnull=True),
        "may_request": may(request.user, Permission.REQUEST_RELEASE, evaluation),
        "partners": [(each, AT_LEVEL[ShareLevel(each.level)]) for each in partners_of(evaluation)] if may_share else [],
        "moves": stage_moves(evaluation) if may_share and not evaluation.is_example else [],
        "changes": evaluation.stage_changes.select_related("by"),
        "share_form": ShareForm(evaluation=evaluation) if may_share else None,
        "may_share": may_share,
        "partnerships": partnerships_of(request.user).filter(dissolved_at__isnull=True) if may_share else [],
        "may_withdraw": may(request.user, Permission.WITHDRAW, evaluation),
        "heirs": organisations_where(request.user, Permission.CREATE_EVALUATION).exclude(pk=evaluation.owner_id)
        if may(request.user, Permission.TRANSFER, evaluation) and not evaluation.is_example
        else [],
    }
    return render(request, "sharing/sharing.html", shown)

"""What people say about an evaluation, and the changes they ask for."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from evaluations.organisations.permissions import Permission, may
from evaluations.runs.queries import runs_where
from evaluations.sharing import actions
from evaluations.sharing.forms import CommentForm
from evaluations.sharing.presenters import crumbs_to
from evaluations.sharing.queries import comments_where, rating_choices, study_of_evaluation
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where
from evidence.ratings.schemes import schemes


@login_required
def discussion(request: HttpRequest, pk: int) -> HttpResponse:
    """Every comment the viewer may read, the oldest first, and a form for another."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_PLAN), pk=pk)
    may_comment = may(request.user, Permission.COMMENT, evaluation)
    form = _form(request, evaluation) if may_comment else None
    if request.method == "POST" and form is not None and form.is_valid():
        _say(request, evaluation, form)
        return redirect("discussion", pk=pk)
    shown = {
        "evaluation": evaluation,
        "crumbs": crumbs_to(evaluation),
        "comments": comments_where(request.user).filter(evaluation=evaluation),
        "scheme_names": {each.key: each.name for each in schemes()},
        "study": study_of_evaluation(request.user, evaluation),
        "form": form,
        "may_resolve": may(request.user, Permission.WRITE_PLAN, evaluation),
    }
    return render(request, "sharing/discussion.html", shown)


def _form(request: HttpRequest, evaluation: Evaluation) -> CommentForm:
    runs = runs_where(request.user).filter(evaluation=evaluation)
    initial = {"about": request.GET.get("about", "")}
    ratings = rating_choices(request.user, evaluation)
    return CommentForm(request.POST or None, plans=evaluation.plans.all(), runs=runs, ratings=ratings, initial=initial)


def _say(request: HttpRequest, evaluation: Evaluation, form: CommentForm) -> None:
    kind, _, number = form.cleaned_data["about"].partition("-")
    plan = evaluation.plans.filter(pk=int(number)).first() if kind == "plan" else None
    run = runs_where(request.user).filter(evaluation=evaluation, pk=int(number)).first() if kind == "run" else None
    actions.add_comment(
        evaluation=evaluation,
        body=form.cleaned_data["body"],
        asks_for_change=form.cleaned_data["asks_for_change"],
        plan=plan,
        run=run,
        rating_scheme=number if kind == "rating" else "",
        by=request.user,  # type: ignore[arg-type]
    )


@login_required
@require_POST
def comment_resolve(request: HttpRequest, pk: int, comment_pk: int) -> HttpResponse:
    """Mark a requested change as dealt with."""
    comment = get_object_or_404(comments_where(request.user), pk=comment_pk, evaluation_id=pk)
    actions.resolve_comment(comment=comment, by=request.user)  # type: ignore[arg-type]
    return redirect("discussion", pk=pk)

"""The release of a result by a second person."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evaluations.disclosure.releases import PARTS
from evaluations.organisations.permissions import Permission, require
from evaluations.runs import presenters as run_presenters
from evaluations.runs.models import AnalysisRun
from evaluations.runs.queries import runs_where
from evaluations.runs.subjects import subject_of
from evaluations.sharing import actions
from evaluations.sharing.cautions import cautions_for
from evaluations.sharing.coincidences import answers_before, coincidences_of
from evaluations.sharing.forms import DecisionForm, ReleaseRequestForm, WithdrawForm
from evaluations.sharing.models import Review, ReviewState
from evaluations.sharing.presenters import by_reason, crumbs_to, estimands
from evaluations.sharing.queries import (
    other_plans,
    other_runs,
    publications_where,
    reviews_where,
    suppressed_for,
    what_differed,
)
from evaluations.stats.issues import BadInput


@login_required
def release_request(request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
    """Ask a named second person to release a run's estimates."""
    run = get_object_or_404(runs_where(request.user), pk=run_pk, evaluation_id=pk)
    require(request.user, Permission.REQUEST_RELEASE, run)
    questions = coincidences_of(run).questions
    form = ReleaseRequestForm(request.POST or None, run=run, questions=questions, answers=answers_before(run))
    if request.method == "POST" and form.is_valid():
        try:
            review = actions.request_release(run=run, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except BadInput as wrong:
            _put_on(form, wrong)
        else:
            messages.success(request, f"{review.reviewer} has been asked to release run {run.number}.")
            return redirect("sharing", pk=pk)
    shown = {"form": form, "run": run, "evaluation": run.evaluation, "crumbs": crumbs_to(run.evaluation)}
    return render(request, "sharing/request.html", shown)


def _put_on(form: Form, wrong: BadInput) -> None:
    for issue in wrong.issues:
        field = issue.column if issue.column in form.fields else None
        form.add_error(field, f"{issue.message} {issue.hint}")


@login_required
def review_page(request: HttpRequest, pk: int, review_pk: int) -> HttpResponse:
    """What the reviewer sees before deciding, and the decision."""
    review = get_object_or_404(reviews_where(request.user), pk=review_pk, run__evaluation_id=pk)
    is_mine = review.reviewer_id == request.user.pk and review.state == ReviewState.REQUESTED
    form = DecisionForm(request.POST or None, run=review.run) if is_mine else None
    if request.method == "POST" and form is not None and form.is_valid() and _decided(request, review, form):
        return redirect("sharing", pk=pk)
    run = review.run
    shown = {
        "review": review,
        "run": run,
        "evaluation": run.evaluation,
        "crumbs": [*crumbs_to(run.evaluation), ("Sharing", reverse("sharing", args=[pk]))],
        "form": form,
        "answer": _answer(run),
        "n_plans": other_plans(run).count(),
        "n_runs": other_runs(run).count(),
        "differences": what_differed(run),
        "suppressed": by_reason(suppressed_for(request.user, review)),
        "cautions": cautions_for(request.user, review) if review.state == ReviewState.REQUESTED else [],  # type: ignore[arg-type]
        "also_hidden": [PARTS[part] for part in review.also_hidden],
        "policy": ((run.result or {}).get("disclosure") or {}).get("policy"),
        "estimands": [text for name, text in estimands(run).items() if name in review.terms],
        "may_take_back": review.state == ReviewState.REQUESTED and review.requested_by_id == request.user.pk,
    }
    return render(request, "sharing/review.html", shown)


def _answer(run: AnalysisRun) -> run_presenters.Answer:
    return run_presenters.answer(run.result or {}, subject_of(run), run.plan.spec["estimator"])


def _decided(request: HttpRequest, review: Review, form: DecisionForm) -> bool:
    note = form.cleaned_data["note"]
    try:
        if form.cleaned_data["decision"] == DecisionForm.RELEASE:
            also_hide = form.cleaned_data["also_hide"]
            released = actions.release(review=review, by=request.user, note=note, also_hide=also_hide)  # type: ignore[arg-type]
            s = "s" if len(released) > 1 else ""
            messages.success(request, f"Released: {len(released)} estimate{s} logged in the catalogue.")
        else:
            actions.request_changes(review=review, by=request.user, note=note)  # type: ignore[arg-type]
            messages.info(request, f"Sent back to {review.requested_by}.")
    except BadInput as wrong:
        _put_on(form, wrong)
        return False
    return True


@login_required
@require_POST
def review_take_back(request: HttpRequest, pk: int, review_pk: int) -> HttpResponse:
    """Take back a request that has not been decided."""
    review = get_object_or_404(reviews_where(request.user), pk=review_pk, run__evaluation_id=pk)
    try:
        actions.take_back(review=review, by=request.user)  # type: ignore[arg-type]
    except BadInput as wrong:
        messages.error(request, str(wrong))
    return redirect("sharing", pk=pk)


@login_required
def withdraw(request: HttpRequest, pk: int, publication_pk: int) -> HttpResponse:
    """Withdraw a released estimate, saying why."""
    found = publications_where(request.user).filter(run__evaluation_id=pk)
    publication = get_object_or_404(found, pk=publication_pk)
    require(request.user, Permission.WITHDRAW, publication.run)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.withdraw_publication(publication=publication, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        messages.success(request, "The estimate is withdrawn. It keeps its page, which says why.")
        return redirect("sharing", pk=pk)
    evaluation = publication.run.evaluation
    shown = {"form": form, "publication": publication, "evaluation": evaluation, "crumbs": crumbs_to(evaluation)}
    return render(request, "sharing/withdraw.html", shown)

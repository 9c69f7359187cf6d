"""Pages on which a file is taken in, or put in order first."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.datasets.actions import upload_dataset
from evaluations.datasets.forms import UploadForm
from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.datasets.pending import Pending, keep_pending, keep_tidied, pending_for, remaining_problems, tidied
from evaluations.datasets.presenters import (
    problems_heading,
    tidy_context,
)
from evaluations.datasets.recipes import earlier_recipe
from evaluations.datasets.tidy_forms import TidyForm
from evaluations.datasets.views.shared import crumbs_of, evaluation_or_404
from evaluations.organisations.permissions import Permission
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.models import Evaluation


@login_required
def dataset_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """The form that takes a file in, and every problem found in it."""
    evaluation = evaluation_or_404(request, pk, Permission.UPLOAD_DATA)
    initial = {"kind": DatasetKind.SITES} if request.GET.get("kind") == DatasetKind.SITES else {}
    form = UploadForm(request.POST or None, request.FILES or None, evaluation=evaluation, initial=initial)
    issues: list[Issue] = []
    pending = None
    if request.method == "POST" and form.is_valid():
        try:
            dataset = _taken_in(request, evaluation, form)
        except BadInput as wrong:
            issues, pending = _may_wait(request, evaluation, form, list(wrong.issues))
            form.add_error("file", f"{problems_heading(issues)} in the file. Nothing was stored")
        except ValidationError as wrong:
            form.add_refusal(wrong)
        else:
            return redirect("dataset", pk=evaluation.pk, dataset_pk=dataset.pk)
    context = {
        "evaluation": evaluation,
        "crumbs": crumbs_of(evaluation, ("Data", reverse("datasets", args=[pk]))),
        "form": form,
        "issues": issues,
        "issues_heading": problems_heading(issues),
        "pending": pending,
    }
    return render(request, "datasets/upload.html", context)


def _may_wait(
    request: HttpRequest, evaluation: Evaluation, form: UploadForm, issues: list[Issue]
) -> tuple[list[Issue], Pending | None]:
    """The file's problems, and the file itself kept waiting where it could be put in order here."""
    if any(issue.code == "personal_data" for issue in issues):
        return issues, None
    file = form.cleaned_data["file"]
    stated = {"name": file.name, "particulars": form.particulars(), "how": form.how()}
    try:
        return issues, keep_pending(evaluation=evaluation, file=file, by=request.user, **stated)  # type: ignore[arg-type]
    except BadInput as wrong:
        return [*wrong.issues, *issues], None


@login_required
def dataset_tidy(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Puts a waiting file in order: each step shown, each can be undone, and then the table is kept."""
    evaluation = evaluation_or_404(request, pk, Permission.UPLOAD_DATA)
    pending = pending_for(evaluation=evaluation, token=token, by=request.user)  # type: ignore[arg-type]
    if pending is None:
        return render(
            request, "datasets/gone.html", {"evaluation": evaluation, "crumbs": crumbs_of(evaluation)}, status=404
        )
    form = TidyForm(request.POST or None)
    recipe = form.recipe(request.POST) if request.method == "POST" and form.is_valid() else None
    issues: list[Issue] = []
    found = None
    may_repeat = request.method == "GET" and "fresh" not in request.GET
    earlier = earlier_recipe(pending, by=request.user) if may_repeat else None  # type: ignore[arg-type]
    try:
        found = earlier.tidied if earlier else tidied(pending, recipe)
        if request.method == "POST" and form.is_valid() and "keep" in request.POST:
            dataset = keep_tidied(pending=pending, recipe=found.recipe, by=request.user)  # type: ignore[arg-type]
            return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
        issues = list(found.raw.issues) or remaining_problems(pending, found)
    except BadInput as wrong:
        issues = list(wrong.issues)
        found = found or tidied(pending, None)
    context = tidy_context(found, recipe or found.recipe, issues) | {
        "evaluation": evaluation,
        "crumbs": crumbs_of(evaluation, ("Data", reverse("datasets", args=[pk]))),
        "pending": pending,
        "earlier": earlier,
        "tried": "keep" in request.POST,
    }
    return render(request, "datasets/tidy.html", context)


def _taken_in(request: HttpRequest, evaluation: Evaluation, form: UploadForm) -> Dataset:
    file = form.cleaned_data["file"]
    return upload_dataset(
        evaluation=evaluation,
        file=file,
        name=file.name,
        particulars=form.particulars(),
        how=form.how(),
        by=request.user,  # type: ignore[arg-type]
    )

"""Pages on which data are uploaded, looked at and deleted."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from evaluations.datasets.actions import delete_dataset, read_rows, upload_dataset
from evaluations.datasets.forms import DeleteForm, UploadForm
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.pending import Pending, keep_pending, keep_tidied, pending_for, remaining_problems, tidied
from evaluations.datasets.presenters import (
    columns_table,
    facts,
    problems_heading,
    rows_table,
    state_colour,
    tidy_context,
)
from evaluations.datasets.queries import datasets_where
from evaluations.datasets.templates_to_fill import TEMPLATES, template_csv
from evaluations.datasets.tidy_forms import TidyForm
from evaluations.organisations.permissions import Permission, may
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where

FIRST_ROWS = 10


def _evaluation(request: HttpRequest, pk: int, permission: Permission = Permission.SEE_PLAN) -> Evaluation:
    return get_object_or_404(evaluations_where(request.user, permission), pk=pk)


def _crumbs(evaluation: Evaluation, *more: tuple[str, str]) -> list[tuple[str, str]]:
    start = [("Evaluations", "/evaluations/"), (evaluation.title, f"/evaluations/{evaluation.pk}/")]
    return [*start, *more]


@login_required
def dataset_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The data of an evaluation, newest first, and the way to upload more."""
    evaluation = _evaluation(request, pk)
    datasets = list(datasets_where(request.user).filter(evaluation=evaluation))
    context = {
        "evaluation": evaluation,
        "crumbs": _crumbs(evaluation),
        "cards": [{"dataset": each, "colour": state_colour(each)} for each in datasets],
        "may_upload": may(request.user, Permission.UPLOAD_DATA, evaluation),
        "templates": TEMPLATES,
    }
    return render(request, "datasets/list.html", context)


@login_required
def dataset_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """The form that takes a file in, and every problem found in it."""
    evaluation = _evaluation(request, pk, Permission.UPLOAD_DATA)
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
        "crumbs": _crumbs(evaluation, ("Data", reverse("datasets", args=[pk]))),
        "form": form,
        "issues": issues,
        "issues_heading": problems_heading(issues),
        "pending": pending,
        "templates": TEMPLATES,
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
    evaluation = _evaluation(request, pk, Permission.UPLOAD_DATA)
    pending = pending_for(evaluation=evaluation, token=token, by=request.user)  # type: ignore[arg-type]
    if pending is None:
        return render(
            request, "datasets/gone.html", {"evaluation": evaluation, "crumbs": _crumbs(evaluation)}, status=404
        )
    form = TidyForm(request.POST or None)
    recipe = form.recipe(request.POST) if request.method == "POST" and form.is_valid() else None
    issues: list[Issue] = []
    found = None
    try:
        found = tidied(pending, recipe)
        if request.method == "POST" and form.is_valid() and "keep" in request.POST:
            dataset = keep_tidied(pending=pending, recipe=found.recipe, by=request.user)  # type: ignore[arg-type]
            return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
        issues = list(found.raw.issues) or remaining_problems(pending, found)
    except BadInput as wrong:
        issues = list(wrong.issues)
        found = found or tidied(pending, None)
    context = tidy_context(found, recipe or found.recipe, issues) | {
        "evaluation": evaluation,
        "crumbs": _crumbs(evaluation, ("Data", reverse("datasets", args=[pk]))),
        "pending": pending,
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


def _dataset(request: HttpRequest, pk: int, dataset_pk: int) -> Dataset:
    return get_object_or_404(datasets_where(request.user).filter(evaluation_id=pk), pk=dataset_pk)


@login_required
def dataset_page(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """One dataset: what its columns hold, what was found, on what footing it is held."""
    dataset = _dataset(request, pk, dataset_pk)
    may_see_rows = may(request.user, Permission.SEE_ROWS, dataset)
    wants_rows = "rows" in request.GET and may_see_rows and dataset.state == DatasetState.READY
    rows = read_rows(dataset=dataset, by=request.user, most=FIRST_ROWS) if wants_rows else None  # type: ignore[arg-type]
    context = {
        "evaluation": dataset.evaluation,
        "dataset": dataset,
        "colour": state_colour(dataset),
        "crumbs": _crumbs(dataset.evaluation, ("Data", reverse("datasets", args=[pk]))),
        "columns": columns_table(dataset) if dataset.columns else None,
        "rows": rows_table(rows) if rows is not None else None,
        "facts": facts(dataset),
        "problems_heading": problems_heading(dataset.problems),
        "may_see_rows": may_see_rows,
        "may_delete": may(request.user, Permission.DELETE_DATA, dataset) and dataset.state != DatasetState.DELETED,
        "may_plan": may(request.user, Permission.WRITE_PLAN, dataset) and dataset.state == DatasetState.READY,
    }
    is_fragment = getattr(request, "htmx", False)
    return render(request, "datasets/checking.html" if is_fragment else "datasets/page.html", context)


@login_required
def dataset_delete(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """Asks why, then deletes the rows for good."""
    dataset = _dataset(request, pk, dataset_pk)
    if not may(request.user, Permission.DELETE_DATA, dataset):
        raise Http404
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        delete_dataset(dataset=dataset, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
        return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
    context = {
        "dataset": dataset,
        "form": form,
        "crumbs": _crumbs(dataset.evaluation, ("Data", reverse("datasets", args=[pk]))),
    }
    return render(request, "datasets/delete.html", context)


@login_required
def dataset_rows(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse | StreamingHttpResponse:
    """The rows as CSV, for those who may have them; each download is on record."""
    dataset = _dataset(request, pk, dataset_pk)
    if not may(request.user, Permission.SEE_ROWS, dataset) or dataset.state != DatasetState.READY:
        raise Http404
    table = read_rows(dataset=dataset, by=request.user)  # type: ignore[arg-type]
    response = StreamingHttpResponse(_csv_lines(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="dataset-{dataset.pk}.csv"'
    return response


class _Echo:
    """A file for the CSV writer that hands back each line."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def _csv_lines(table: Any) -> Any:
    writer = csv.writer(_Echo())
    yield writer.writerow(table.schema.names)
    for batch in table.to_batches(max_chunksize=10_000):
        for row in zip(*(batch.column(name).to_pylist() for name in table.schema.names), strict=True):
            yield writer.writerow(["" if value is None else value for value in row])


def template_download(request: HttpRequest, name: str) -> HttpResponse:
    """A file to fill in, with example rows that pass as they are."""
    if name not in {each.name for each in TEMPLATES}:
        raise Http404
    response = HttpResponse(template_csv(name), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response

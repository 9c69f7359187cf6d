"""Pages on which data are looked at and deleted."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.datasets.actions import delete_dataset, read_rows
from evaluations.datasets.charts import sites_figure
from evaluations.datasets.forms import DeleteForm
from evaluations.datasets.join_forms import match_tables
from evaluations.datasets.models import DatasetState
from evaluations.datasets.presenters import (
    columns_table,
    facts,
    problems_heading,
    rows_table,
    state_colour,
)
from evaluations.datasets.queries import as_seen_by, datasets_where, parents_of
from evaluations.datasets.views.shared import crumbs_of, dataset_or_404, evaluation_or_404
from evaluations.organisations.permissions import Permission, may
from evaluations.workspaces.models import Evaluation
from evidence.drawing.tables import inert

FIRST_ROWS = 10


@login_required
def dataset_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The data of an evaluation, newest first, and the way to upload more."""
    evaluation = evaluation_or_404(request, pk)
    datasets = list(datasets_where(request.user).filter(evaluation=evaluation))
    context = {
        "evaluation": evaluation,
        "crumbs": crumbs_of(evaluation),
        "cards": [{"dataset": as_seen_by(request.user, each), "colour": state_colour(each)} for each in datasets],
        "may_upload": may(request.user, Permission.UPLOAD_DATA, evaluation),
        "may_join": _may_join(request, evaluation),
    }
    return render(request, "datasets/list.html", context)


@login_required
def dataset_page(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """One dataset: what its columns hold, what was found, on what footing it is held."""
    dataset = as_seen_by(request.user, dataset_or_404(request, pk, dataset_pk))
    may_see_rows = may(request.user, Permission.SEE_ROWS, dataset)
    wants_rows = "rows" in request.GET and may_see_rows and dataset.state == DatasetState.READY
    rows = read_rows(dataset=dataset, by=request.user, most=FIRST_ROWS) if wants_rows else None  # type: ignore[arg-type]
    context = {
        "evaluation": dataset.evaluation,
        "dataset": dataset,
        "colour": state_colour(dataset),
        "crumbs": crumbs_of(dataset.evaluation, ("Data", reverse("datasets", args=[pk]))),
        "columns": columns_table(dataset) if dataset.columns else None,
        "sites": sites_figure(dataset, circles_km=(2.5,)),
        "rows": rows_table(rows) if rows is not None else None,
        "facts": facts(dataset),
        "problems_heading": problems_heading(dataset.problems),
        "may_see_rows": may_see_rows,
        "may_join": _may_join(request, dataset.evaluation),
        "match_tables": match_tables(dataset.reading["report"]) if "report" in dataset.reading else [],
        "parents": parents_of(dataset),
        "may_delete": may(request.user, Permission.DELETE_DATA, dataset) and dataset.state != DatasetState.DELETED,
        "may_save_sites": may(request.user, Permission.UPLOAD_DATA, dataset) and not dataset.is_example,
        "may_plan": may(request.user, Permission.WRITE_PLAN, dataset) and dataset.state == DatasetState.READY,
    }
    is_fragment = getattr(request, "htmx", False)
    return render(request, "datasets/checking.html" if is_fragment else "datasets/page.html", context)


def _may_join(request: HttpRequest, evaluation: Evaluation) -> bool:
    return all(may(request.user, right, evaluation) for right in (Permission.UPLOAD_DATA, Permission.SEE_ROWS))


@login_required
def dataset_delete(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """Asks why, then deletes the rows for good."""
    dataset = dataset_or_404(request, pk, dataset_pk)
    if not may(request.user, Permission.DELETE_DATA, dataset):
        raise Http404
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        delete_dataset(dataset=dataset, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
        return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
    context = {
        "dataset": dataset,
        "form": form,
        "crumbs": crumbs_of(dataset.evaluation, ("Data", reverse("datasets", args=[pk]))),
    }
    return render(request, "datasets/delete.html", context)


@login_required
def dataset_rows(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse | StreamingHttpResponse:
    """The rows as CSV, for those who may have them; each download is on record."""
    dataset = dataset_or_404(request, pk, dataset_pk)
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
    yield writer.writerow([inert(name) for name in table.schema.names])
    for batch in table.to_batches(max_chunksize=10_000):
        for row in zip(*(batch.column(name).to_pylist() for name in table.schema.names), strict=True):
            yield writer.writerow([inert(value) if isinstance(value, str) else value for value in row])

"""Pages on which a kept table is given what its design needs: treatment, places, a second table."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.datasets.deriving import derive_dataset
from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.presenters import problems_heading
from evaluations.datasets.queries import whole_table
from evaluations.datasets.treatment import (
    WAYS,
    other_datasets,
    period_labels,
    stated_from,
    step_of,
    ticks,
    timing_of,
    treated_table,
)
from evaluations.datasets.views.shared import crumbs_of, dataset_or_404
from evaluations.organisations.permissions import Permission, may
from evaluations.stats.issues import BadInput, Issue


def _open_dataset(request: HttpRequest, pk: int, dataset_pk: int) -> Dataset:
    """A dataset that the viewer may build on; any other does not exist."""
    dataset = dataset_or_404(request, pk, dataset_pk)
    rights = (Permission.UPLOAD_DATA, Permission.SEE_ROWS)
    if dataset.state != DatasetState.READY or not all(may(request.user, right, dataset) for right in rights):
        raise Http404
    return dataset


@login_required
def treatment(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """Says who was treated when, shows it drawn, and keeps it as a column of a new dataset."""
    dataset = _open_dataset(request, pk, dataset_pk)
    if dataset.kind != DatasetKind.OUTCOMES:
        raise Http404
    data = whole_table(dataset)
    names = [name for name in data.column_names if name != LINE_COLUMN]
    stated = stated_from(request.POST if request.method == "POST" else request.GET, names)
    issues: list[Issue] = []
    figure = None
    notes: tuple[str, ...] = ()
    if request.method == "POST" and "choose" not in request.POST:
        try:
            treated = treated_table(dataset, data, stated)
            figure, notes = timing_of(treated), treated.notes
            if "keep" in request.POST:
                step = step_of(dataset, stated)
                made = derive_dataset(source=dataset, data=treated.data, step=step, by=request.user, notes=notes)  # type: ignore[arg-type]
                return redirect("dataset", pk=pk, dataset_pk=made.pk)
        except BadInput as wrong:
            issues = list(wrong.issues)
    context = {
        "evaluation": dataset.evaluation,
        "dataset": dataset,
        "crumbs": crumbs_of(dataset.evaluation, ("Data", reverse("datasets", args=[pk]))),
        "names": names,
        "stated": stated,
        "ways": WAYS.items(),
        "ticks": ticks(data, stated),
        "periods": period_labels(data, stated),
        "others": other_datasets(dataset),
        "figure": figure,
        "notes": notes,
        "issues": issues,
        "issues_heading": problems_heading(issues),
    }
    return render(request, "datasets/treatment.html", context)

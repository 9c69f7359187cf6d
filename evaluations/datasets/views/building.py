"""Pages on which a kept table is given what its design needs: treatment, places, a second table."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.datasets.building import LIKELY_PERIODS, likely_column
from evaluations.datasets.deriving import derive_dataset
from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.picking import picker_of, ticked_with_found
from evaluations.datasets.place_store import loaded_places
from evaluations.datasets.placing import LIKELY_PLACES, matches_in, with_places
from evaluations.datasets.presenters import noted_places, places_summary, problems_heading
from evaluations.datasets.queries import whole_table
from evaluations.datasets.treatment import (
    WAYS,
    other_datasets,
    period_labels,
    stated_from,
    step_of,
    ticked_units,
    timing_of,
    treated_table,
    units_to_tick,
)
from evaluations.datasets.views.shared import crumbs_of, dataset_or_404
from evaluations.organisations.permissions import Permission, may
from evaluations.stats.issues import BadInput, Issue
from evidence.places.matching import gazetteer

MOST_UNMATCHED = 200
"""Unmatched values shown one by one, to be matched by hand."""
MOST_IN_SIGHT = 20
"""Ticked units above which their list is folded."""


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
    asked = request.POST if request.method == "POST" else request.GET
    stated = stated_from(asked, names)
    options = units_to_tick(data, stated)
    ticked = ticked_with_found(options, stated.ticked, asked)
    if "choose" in asked:
        ticked = tuple(unit for unit in ticked if any(each.value == unit for each in options))
    stated = replace(stated, ticked=ticked)
    issues: list[Issue] = []
    figure = None
    notes: tuple[str, ...] = ()
    if "show" in request.POST or "keep" in request.POST:
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
        "ways": WAYS,
        "picker": picker_of(options, stated.ticked, asked) if options else None,
        "ticked": ticked_units(stated),
        "is_short": len(ticked) <= MOST_IN_SIGHT,
        "periods": period_labels(data, stated),
        "others": other_datasets(dataset),
        "figure": figure,
        "notes": notes,
        "issues": issues,
        "issues_heading": problems_heading(issues),
    }
    return render(request, "datasets/treatment.html", context)


@login_required
def places(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """Matches names and codes to places, shows how each was told, and keeps the result as a new dataset."""
    dataset = _open_dataset(request, pk, dataset_pk)
    data = whole_table(dataset)
    names = [name for name in data.column_names if name != LINE_COLUMN]
    posted = request.POST
    column = (
        posted.get("column", "") if posted.get("column") in names else likely_column(names, LIKELY_PLACES) or names[0]
    )
    chosen = dict(zip(posted.getlist("written"), posted.getlist("place"), strict=False))
    chosen = {written: code for written, code in chosen.items() if code}
    known, small_areas = gazetteer(), loaded_places(["small_area"]).small_area
    issues: list[Issue] = []
    if "keep" in posted:
        period = likely_column(names, LIKELY_PERIODS)
        try:
            placed = with_places(
                data, column=column, period=period, known=known, chosen=chosen, small_areas=small_areas
            )
            step = {"step": "places", "column": column, "chosen": chosen}
            made = derive_dataset(source=dataset, data=placed.data, step=step, by=request.user, notes=placed.notes)  # type: ignore[arg-type]
            return redirect("dataset", pk=pk, dataset_pk=made.pk)
        except BadInput as wrong:
            issues = list(wrong.issues)
    matches = matches_in(data, column, known, chosen, small_areas)
    context = {
        "evaluation": dataset.evaluation,
        "dataset": dataset,
        "crumbs": crumbs_of(dataset.evaluation, ("Data", reverse("datasets", args=[pk]))),
        "names": names,
        "column": column,
        "summary": places_summary(matches),
        "noted": noted_places(matches),
        "unmatched": [match for match in matches if not match.is_place][:MOST_UNMATCHED],
        "n_unmatched": sum(not match.is_place for match in matches),
        "issues": issues,
        "issues_heading": problems_heading(issues),
    }
    return render(request, "datasets/places.html", context)

"""Pages on which sites go into the catalogue, come out of it, and are approved by an editor."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evaluations.datasets.models import DatasetKind, DatasetState
from evaluations.datasets.site_list_forms import SaveSitesForm, UseSitesForm
from evaluations.datasets.site_lists import decide_on_sites, save_sites, use_sites
from evaluations.datasets.views.shared import crumbs_of, dataset_or_404, evaluation_or_404
from evaluations.organisations.permissions import Permission, may
from evaluations.stats.issues import BadInput
from evidence.sites.queries import site_lists_visible_to


@login_required
def sites_save(request: HttpRequest, pk: int, dataset_pk: int) -> HttpResponse:
    """Saves the sites of a dataset to the catalogue, for the organisation's other evaluations."""
    dataset = dataset_or_404(request, pk, dataset_pk)
    if (
        not may(request.user, Permission.UPLOAD_DATA, dataset)
        or dataset.kind != DatasetKind.SITES
        or dataset.state != DatasetState.READY
    ):
        raise Http404
    form = SaveSitesForm(request.POST or None, viewer=request.user, dataset=dataset)
    if request.method == "POST" and form.is_valid():
        try:
            made = save_sites(dataset=dataset, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except BadInput as wrong:
            _put_on(form, wrong)
        else:
            messages.success(
                request, "The sites are in the catalogue. Your organisation sees them; an editor can publish them."
            )
            return redirect(made.get_absolute_url())
    context = {
        "dataset": dataset,
        "form": form,
        "crumbs": crumbs_of(
            dataset.evaluation,
            ("Data", reverse("datasets", args=[pk])),
            (dataset.original_name, reverse("dataset", args=[pk, dataset_pk])),
        ),
    }
    return render(request, "datasets/save_sites.html", context)


@login_required
def sites_use(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a list of sites of the catalogue into the evaluation."""
    evaluation = evaluation_or_404(request, pk, Permission.UPLOAD_DATA)
    form = UseSitesForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            dataset = use_sites(site_list=form.cleaned_data["site_list"], evaluation=evaluation, by=request.user)  # type: ignore[arg-type]
        except BadInput as wrong:
            _put_on(form, wrong)
        else:
            return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
    context = {
        "evaluation": evaluation,
        "form": form,
        "has_lists": form.fields["site_list"].queryset.exists(),  # type: ignore[attr-defined]
        "crumbs": crumbs_of(evaluation, ("Data", reverse("datasets", args=[pk]))),
    }
    return render(request, "datasets/use_sites.html", context)


@login_required
@require_POST
def sites_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """An editor publishes or withdraws a list."""
    site_list = get_object_or_404(site_lists_visible_to(request.user), pk=pk)
    said = {name: request.POST.get(name, "") for name in ("decision", "reason")}
    try:
        decided = decide_on_sites(site_list=site_list, by=request.user, **said)  # type: ignore[arg-type]
    except BadInput as wrong:
        for issue in wrong.issues:
            messages.error(request, f"{issue.message} {issue.hint}")
    else:
        words = {"public": "The list is public.", "withdrawn": "The list is withdrawn."}
        messages.success(request, words.get(decided.visibility, ""))
    return redirect(site_list.get_absolute_url())


def _put_on(form: Form, wrong: BadInput) -> None:
    for issue in wrong.issues:
        form.add_error(issue.column if issue.column in form.fields else None, f"{issue.message} {issue.hint}".strip())

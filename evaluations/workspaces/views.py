"""The list of evaluations, and the form that makes or changes one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from evaluations.disclosure.policy import PRESET, policy_of
from evaluations.organisations.permissions import Permission, may, require
from evaluations.organisations.queries import organisations_where
from evaluations.workspaces.actions import create_evaluation, edit_evaluation, set_policy
from evaluations.workspaces.forms import NOT_PEOPLE, PEOPLE, EvaluationForm, PolicyForm
from evaluations.workspaces.queries import evaluations_where

PAGE_SIZE = 20


PREFILLED = ("intervention", "title", "purpose", "outcome", "units")
"""What an address may fill in of a new evaluation, so that a brief can lead to it."""


@login_required
def evaluation_list(request: HttpRequest) -> HttpResponse:
    """The evaluations the viewer may see, newest first."""
    found = evaluations_where(request.user).select_related("owner", "intervention", "outcome")
    search = request.GET.get("search", "").strip()
    if search:
        found = found.filter(title__icontains=search)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    may_create = organisations_where(request.user, Permission.CREATE_EVALUATION).exists()
    return render(request, "workspaces/list.html", {"page": page, "search": search, "may_create": may_create})


@login_required
def evaluation_new(request: HttpRequest) -> HttpResponse:
    """The form for a new evaluation."""
    if not organisations_where(request.user, Permission.CREATE_EVALUATION).exists():
        return render(request, "workspaces/no_organisation.html", status=403)
    initial = {name: request.GET[name].replace("\x00", "")[:2000] for name in PREFILLED if name in request.GET}
    form = EvaluationForm(request.POST or None, viewer=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        evaluation = create_evaluation(by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        return redirect("evaluation", pk=evaluation.pk)
    crumbs = [("Evaluations", reverse("evaluations"))]
    return render(request, "workspaces/form.html", {"form": form, "crumbs": crumbs, "heading": "New evaluation"})


@login_required
def evaluation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form that changes what an evaluation states about itself."""
    evaluation = get_object_or_404(evaluations_where(request.user), pk=pk)
    require(request.user, Permission.EDIT_EVALUATION, evaluation)
    stated = {name: getattr(evaluation, name) for name in ("title", "purpose", "intervention", "outcome")}
    stated |= {
        "lawful_basis": evaluation.lawful_basis,
        "units": PEOPLE if evaluation.units_are_people else NOT_PEOPLE,
    }
    form = EvaluationForm(request.POST or None, viewer=request.user, is_new=False, initial=stated)
    if request.method == "POST" and form.is_valid():
        edit_evaluation(evaluation=evaluation, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        return redirect("evaluation", pk=evaluation.pk)
    crumbs = [("Evaluations", reverse("evaluations")), (evaluation.title, reverse("evaluation", args=[pk]))]
    return render(request, "workspaces/form.html", {"form": form, "crumbs": crumbs, "heading": "Change the evaluation"})


@login_required
def disclosure_policy(request: HttpRequest, pk: int) -> HttpResponse:
    """The policy of disclosure control, who chose it and why; for those entitled, the form that changes it."""
    evaluation = get_object_or_404(evaluations_where(request.user, Permission.SEE_RESULTS), pk=pk)
    may_change = may(request.user, Permission.SHARE, evaluation)
    if request.method == "POST":
        require(request.user, Permission.SHARE, evaluation)
    form = PolicyForm(request.POST or None, evaluation=evaluation) if may_change else None
    if form is not None and request.method == "POST" and form.is_valid():
        stated = form.cleaned_data
        set_policy(evaluation=evaluation, policy=stated["policy"], reason=stated["reason"], by=request.user)  # type: ignore[arg-type]
        messages.success(request, "The policy is recorded. It applies to runs from now on.")
        return redirect("disclosure-policy", pk=pk)
    shown = {
        "evaluation": evaluation,
        "policy": policy_of(evaluation.disclosure_policy).stated(of_people=evaluation.units_are_people),
        "preset": PRESET.in_words(),
        "is_preset": not evaluation.disclosure_policy,
        "changes": evaluation.policy_changes.select_related("by").order_by("-at"),
        "form": form,
        "crumbs": [("Evaluations", reverse("evaluations")), (evaluation.title, reverse("evaluation", args=[pk]))],
    }
    return render(request, "workspaces/policy.html", shown)

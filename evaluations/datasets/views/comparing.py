"""The page on which an evaluator with only her own area picks others to compare it with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.datasets.comparing import advice
from evaluations.datasets.official import Choice, areas_of, keep_panel, panel, paths, proposal_for
from evaluations.datasets.picking import Option, picker_of, ticked_with_found
from evaluations.datasets.presenters import candidate_rows, problems_heading
from evaluations.datasets.views.shared import crumbs_of, evaluation_or_404
from evaluations.organisations.addresses import row_number
from evaluations.organisations.permissions import Permission
from evaluations.stats.issues import BadInput, Issue
from evidence.series.models import OfficialSeries
from evidence.series.queries import series_known

MOST_SERIES = 60
LOOKING = {"look", "go", "tick_found"}
"""Buttons by which areas are looked for, before anything is asked."""


@login_required
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Chooses a series, one's own areas and the start; proposes comparison areas; keeps the panel."""
    evaluation = evaluation_or_404(request, pk, Permission.UPLOAD_DATA)
    asked = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {
        "evaluation": evaluation,
        "crumbs": crumbs_of(evaluation, ("Data", reverse("datasets", args=[pk]))),
        "search": asked.get("search", ""),
    }
    series = series_known(request.user).filter(pk=row_number(asked.get("series", ""))).first()
    if series is None:
        context["series_found"] = _found(request, evaluation, context["search"])
        return render(request, "datasets/compare_series.html", context)
    areas = areas_of(request.user, series, evaluation)
    compared = () if "propose" in asked else tuple(asked.getlist("compared"))
    options = [Option(area.code, area.name) for area in areas]
    treated = ticked_with_found(options, tuple(dict.fromkeys(asked.getlist("treated"))), asked)
    compared = tuple(code for code in compared if code not in treated)
    choice = Choice(series, treated, asked.get("start", ""), compared)
    issues: list[Issue] = []
    if choice.treated and choice.start in series.periods:
        try:
            proposal = proposal_for(areas, choice)
            compared = compared or proposal.proposed
            choice = Choice(series, choice.treated, choice.start, compared)
            if "keep" in request.POST:
                dataset = keep_panel(evaluation=evaluation, choice=choice, data=panel(areas, choice), by=request.user)  # type: ignore[arg-type]
                return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
            context |= {
                "proposal": proposal,
                "candidates": _by_tick(candidate_rows(proposal, compared)),
                "figure": paths(areas, choice, compared),
                "advice": advice(len(choice.treated), len(compared)),
            }
        except BadInput as wrong:
            issues = list(wrong.issues)
    elif request.method == "POST" and not LOOKING & asked.keys():
        what = "Choose at least one treated area, and the period from which it was treated."
        issues = [Issue("choice_missing", what, "Tick the areas and choose the period.")]
    context |= {
        "series": series,
        "treated": [each for each in options if each.value in treated],
        "picker": picker_of(options, treated, asked),
        "choice": choice,
        "issues": issues,
        "issues_heading": problems_heading(issues),
    }
    return render(request, "datasets/compare.html", context)


def _by_tick(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The areas ticked, and the others."""
    return {"on": [row for row in rows if row["is_on"]], "off": [row for row in rows if not row["is_on"]]}


def _found(request: HttpRequest, evaluation: Any, search: str) -> list[OfficialSeries]:
    """Series by name; without words, first those of the evaluation's own outcome."""
    known = series_known(request.user)
    if search:
        for word in search.split():
            known = known.filter(name__icontains=word) | known.filter(breakdown__icontains=word)
        return list(known.distinct()[:MOST_SERIES])
    own = list(known.filter(outcome=evaluation.outcome)) if evaluation.outcome_id else []
    return (own + [each for each in known[:MOST_SERIES] if each not in own])[:MOST_SERIES]

"""Pages that pool what can be pooled, and say of the rest why not."""

from __future__ import annotations

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.queries import intervention_visible_to
from evidence.estimates.examples import teacher_expectancy
from evidence.estimates.pooling import synthesise, synthesise_effects
from evidence.estimates.queries import estimates_for_intervention
from evidence.estimates.synthesis_presenters import shown


def synthesis(request: HttpRequest, slug: str) -> HttpResponse:
    """One intervention's estimates pooled outcome by outcome, computed as the page is read."""
    intervention = intervention_visible_to(request.user, slug=slug)
    if intervention is None:
        raise Http404("There is no such intervention.")
    estimates = estimates_for_intervention(intervention, viewer=request.user)
    outcomes = [
        shown(outcome.name, synthesise(group), ident=f"forest-{outcome.pk}")
        for outcome, group in groupby(estimates, key=lambda estimate: estimate.outcome)
    ]
    context = {
        "intervention": intervention,
        "outcomes": outcomes,
        "n_pooled": sum(item.figure is not None for item in outcomes),
        "crumbs": [("Interventions", reverse("interventions")), (intervention.name, intervention.get_absolute_url())],
    }
    return render(request, "estimates/synthesis.html", context)


def worked_example(request: HttpRequest) -> HttpResponse:
    """What the page does when studies can be pooled, on public figures that are no part of the catalogue."""
    example = teacher_expectancy()
    found = synthesise_effects(example.effects, scale=example.scale)
    context = {"example": example, "shown": shown(example.title, found, ident="forest-example")}
    return render(request, "estimates/worked_synthesis.html", context)

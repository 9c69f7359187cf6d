"""Pages that pool what can be pooled, and say of the rest why not."""

from __future__ import annotations

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.models import Outcome
from evidence.catalogue.queries import intervention_visible_to
from evidence.estimates.examples import teacher_expectancy
from evidence.estimates.models import EffectEstimate
from evidence.estimates.pooling import Synthesis, subgroups_of, synthesise, synthesise_effects
from evidence.estimates.queries import estimates_for_intervention
from evidence.estimates.synthesis_presenters import ShownSynthesis, shown
from evidence.places.kinds import PLACE_KIND, read_places


def synthesis(request: HttpRequest, slug: str) -> HttpResponse:
    """One intervention's estimates pooled outcome by outcome, computed as the page is read."""
    intervention = intervention_visible_to(request.user, slug=slug)
    if intervention is None:
        raise Http404("There is no such intervention.")
    estimates = estimates_for_intervention(intervention, viewer=request.user)
    rows = estimates.prefetch_related("study__places")
    outcomes = [_shown(outcome, list(group)) for outcome, group in groupby(rows, key=lambda estimate: estimate.outcome)]
    context = {
        "intervention": intervention,
        "outcomes": outcomes,
        "n_pooled": sum(item.figure is not None for item in outcomes),
        "crumbs": [("Interventions", reverse("interventions")), (intervention.name, intervention.get_absolute_url())],
    }
    return render(request, "estimates/synthesis.html", context)


def _shown(outcome: Outcome, estimates: list[EffectEstimate]) -> ShownSynthesis:
    """One outcome pooled, and where it is, apart by target group and by kind of place."""
    found = synthesise(estimates)
    subgroups = []
    if isinstance(found, Synthesis):
        places, labels = read_places(), dict(PLACE_KIND)

        def kinds(estimate: EffectEstimate) -> list[str]:
            return [labels[kind] for kind in places.of(estimate.study.places.all())["place_kind"]]

        subgroups = [
            subgroups_of(estimates, by="Target group", values=_target_group),
            subgroups_of(estimates, by="Kind of place", values=kinds),
        ]
    return shown(outcome.name, found, ident=f"forest-{outcome.pk}", subgroups=subgroups)


def _target_group(estimate: EffectEstimate) -> list[str]:
    return [estimate.target_group.name if estimate.target_group else "Not recorded"]


def worked_example(request: HttpRequest) -> HttpResponse:
    """What the page does when studies can be pooled, on public figures that are no part of the catalogue."""
    example = teacher_expectancy()
    found = synthesise_effects(example.effects, scale=example.scale)
    context = {"example": example, "shown": shown(example.title, found, ident="forest-example")}
    return render(request, "estimates/worked_synthesis.html", context)

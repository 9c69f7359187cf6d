"""The page of an estimate: the number, what it can bear, and its receipt."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.estimates.presenters import receipt_rows, sample_rows, words_for
from evidence.estimates.queries import estimate_visible_to


def estimate(request: HttpRequest, pk: int) -> HttpResponse:
    """One estimate, for good: a withdrawn one keeps its page and says why."""
    found = estimate_visible_to(request.user, pk=pk)
    if found is None:
        raise Http404("There is no such estimate.")
    return render(
        request,
        "estimates/estimate.html",
        {
            "crumbs": [
                ("Interventions", reverse("interventions")),
                (found.intervention.name, found.intervention.get_absolute_url()),
            ],
            "heading": f"Estimate {found.pk}",
            "estimate": found,
            "words": words_for(found),
            "about": sample_rows(found),
            "receipt": receipt_rows(found),
            "waterfall": found.sample.get("dropped", []),
        },
    )

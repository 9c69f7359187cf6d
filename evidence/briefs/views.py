"""The page of an intervention."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.briefs import presenters
from evidence.briefs.queries import account_of
from evidence.ratings.queries import ratings_of_intervention


def intervention(request: HttpRequest, slug: str) -> HttpResponse:
    """What is known of one intervention."""
    account = account_of(request.user, slug=slug)
    if account is None:
        raise Http404("There is no such intervention.")
    return render(
        request,
        "catalogue/intervention.html",
        {
            "crumbs": [("Interventions", reverse("interventions"))],
            "account": account,
            "intervention": account.intervention,
            "answer": presenters.short_answer(account),
            "groups": presenters.evidence_groups(account),
            "facts": presenters.fact_rows(account.intervention),
            "ratings": ratings_of_intervention(account.intervention, viewer=request.user),
            "tags": [
                {"text": account.intervention.get_life_stage_display()},
                {"text": account.intervention.get_status_display(), "colour": "grey"},
            ],
        },
    )

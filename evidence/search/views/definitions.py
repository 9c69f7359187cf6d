"""What outcomes and target groups are, and the evidence on each."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from evidence.catalogue.models import Intervention
from evidence.catalogue.queries import outcomes_known, target_groups_known
from evidence.estimates.presenters import grouped
from evidence.estimates.queries import estimates_listed_for
from evidence.series.charts import of_outcome


def outcome(request: HttpRequest, slug: str) -> HttpResponse:
    """One outcome: how it is measured, breaks in its series, and the estimates on it."""
    found = get_object_or_404(outcomes_known(request.user), slug=slug)
    estimates = estimates_listed_for(request.user).filter(outcome=found).order_by("intervention__name", "pk")
    crumbs = [("Outcomes", reverse("outcomes"))]
    context = {
        "crumbs": crumbs,
        "outcome": found,
        "groups": grouped(estimates),
        "breaks": found.series_breaks.select_related("source"),
        "official": of_outcome(request.user, found),
    }
    return render(request, "catalogue/outcome.html", context)


def outcomes(request: HttpRequest) -> HttpResponse:
    """Every outcome, by domain."""
    listed = Q(estimates__in=estimates_listed_for(request.user))
    found = outcomes_known(request.user).annotate(n_estimates=Count("estimates", listed)).order_by("domain", "name")
    return render(request, "catalogue/outcomes.html", {"outcomes": found})


def target_group(request: HttpRequest, slug: str) -> HttpResponse:
    """One target group: who it is, the measure used, and the interventions for it."""
    found = get_object_or_404(target_groups_known(request.user), slug=slug)
    context = {
        "crumbs": [],
        "group": found,
        "interventions": Intervention.objects.visible_to(request.user).filter(target_groups=found).order_by("name"),
    }
    return render(request, "catalogue/target_group.html", context)

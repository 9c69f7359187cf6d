"""The page of a study."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.linked_data import data_block, of_study
from evidence.catalogue.models import Study
from evidence.catalogue.queries import study_visible_to
from evidence.estimates.presenters import grouped
from evidence.estimates.queries import estimates_listed_for
from evidence.ratings.queries import ratings_of_study


def study(request: HttpRequest, pk: int) -> HttpResponse:
    """One evaluation as the catalogue sees it, or the record that there is none."""
    found = study_visible_to(request.user, pk=pk)
    if found is None:
        raise Http404("There is no such study.")
    estimates = estimates_listed_for(request.user).filter(study=found).order_by("pk")
    crumbs = [
        ("Interventions", reverse("interventions")),
        (found.intervention.name, found.intervention.get_absolute_url()),
    ]
    context = {
        "crumbs": crumbs,
        "study": found,
        "groups": grouped(estimates),
        "rows": _rows(found),
        "linked_data": data_block(of_study(found)),
        "ratings": ratings_of_study(found, viewer=request.user),
    }
    return render(request, "catalogue/study.html", context)


def _rows(study: Study) -> list[dict]:
    source = study.source
    rows = [
        {"key": "Intervention", "value": study.intervention.name, "href": study.intervention.get_absolute_url()},
        {"key": "Status", "value": study.get_status_display()},
        {"key": "Results expected", "value": study.expected},
        {"key": "Design", "value": study.get_design_display(), "hint": study.design_detail},
        {"key": "Compared with", "value": study.comparator},
        {"key": "Target groups", "value": "; ".join(group.name for group in study.target_groups.all())},
        {"key": "Places", "value": "; ".join(place.name for place in study.places.all())},
        {"key": "By", "value": study.authors},
        {"key": "Published by", "value": study.publisher},
        {"key": "Source", "value": source.citation if source else "", "href": source.url if source else ""},
    ]
    return [row for row in rows if row["value"] and not (study.is_gap and row["key"] in {"Design", "Status"})]

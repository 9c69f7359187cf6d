"""The page of an estimate: the number, what it can bear, and its receipt."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.linked_data import data_block
from evidence.drawing.figures import Figure
from evidence.drawing.tables import csv_text
from evidence.estimates.charts import figures
from evidence.estimates.coincidences import Coincidences, what_else_happened
from evidence.estimates.linked_data import of_estimate
from evidence.estimates.models import EffectEstimate
from evidence.estimates.plain_answers import plain_answers
from evidence.estimates.presenters import receipt_rows, sample_rows, words_for
from evidence.estimates.queries import estimate_visible_to, estimates_visible_to


def estimate(request: HttpRequest, pk: int) -> HttpResponse:
    """One estimate, for good: a withdrawn one keeps its page and says why."""
    found = estimate_visible_to(request.user, pk=pk)
    if found is None:
        raise Http404("There is no such estimate.")
    drawn, words = _figures(found), words_for(found)
    if request.GET.get("download") in drawn:
        return _download(drawn[request.GET["download"]], f"estimate-{pk}-{request.GET['download']}.csv")
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
            "words": words,
            "linked_data": data_block(of_estimate(found, words)),
            "about": sample_rows(found),
            "receipt": receipt_rows(found),
            "plain": plain_answers(found),
            "figures": [(part, figure) for part, figure in drawn.items()],
            "coincidences": _coincidences(request, found),
            "address": f"{settings.SITE_URL.rstrip('/')}{found.get_absolute_url()}",
            "earlier": estimates_visible_to(request.user).filter(superseded_by=found).order_by("pk"),
            "waterfall": found.sample.get("dropped", []),
        },
    )


def _figures(estimate: EffectEstimate) -> dict[str, Figure]:
    """The pictures of a computed estimate, from what the workspace wrote with it."""
    stated = {"estimates": [{"level": estimate.level}], **estimate.series}
    return figures(stated, outcome=estimate.outcome.name, unit=estimate.unit)


def _download(figure: Figure, name: str) -> HttpResponse:
    return HttpResponse(
        csv_text(figure.table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _coincidences(request: HttpRequest, estimate: EffectEstimate) -> Coincidences | None:
    """What else the catalogue knows of the same places and years; None where the years are not known."""
    row = estimate.intervention
    years = estimate.sample.get("years") or [row.start_year, row.end_year or estimate.study.year or row.start_year]
    if years[0] is None:
        return None
    places = list(estimate.study.places.select_related("parent", "combined_authority"))
    return what_else_happened(
        request.user,
        intervention=row,
        outcome=estimate.outcome,
        places=places,
        from_year=years[0],
        to_year=max(years),
    )

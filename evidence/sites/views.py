"""The page of a list of sites."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.models import Visibility, is_editor
from evidence.drawing.tables import csv_text
from evidence.sites.charts import map_of_list
from evidence.sites.queries import site_list_visible_to

CIRCLE_KM = 2.5


def site_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an intervention's sites are and when they opened, with whose list it is."""
    found = site_list_visible_to(request.user, pk=pk)
    if found is None:
        raise Http404("There is no such list of sites.")
    figure = map_of_list(found, circles_km=(CIRCLE_KM,))
    if request.GET.get("download") == "csv":
        return HttpResponse(
            csv_text(figure.table),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="sites-{found.pk}.csv"'},
        )
    decides = is_editor(request.user) and found.visibility != Visibility.WITHDRAWN
    context = {
        "sites": found,
        "figure": figure,
        "intervention": found.intervention,
        "crumbs": [
            ("Interventions", reverse("interventions")),
            (found.intervention.name, found.intervention.get_absolute_url()),
        ],
        "facts": [
            {"key": "Sites", "value": f"{found.n_sites:,}"},  # type: ignore[attr-defined]
            {"key": "Source", "value": found.source},
            {"key": "Saved by", "value": f"{found.saved_by}, {found.saved_at:%-d %B %Y}"},
            {"key": "File checked", "value": found.data_sha256},
        ],
        "may_publish": decides and found.visibility == Visibility.DRAFT,
        "may_withdraw": decides,
    }
    return render(request, "sites/page.html", context)

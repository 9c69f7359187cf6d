"""The gap map."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evidence.drawing.tables import csv_text
from evidence.gap_map.presenters import gap_table
from evidence.gap_map.queries import COLUMNS, ROWS, gap_map, interventions_in_order

ROWS_ON_A_PAGE = 40


def gaps(request: HttpRequest) -> HttpResponse:
    """Interventions or themes against outcomes, with what was never evaluated."""
    rows = request.GET.get("rows", "life_stage")
    columns = request.GET.get("columns", "domain")
    rows = rows if rows in ROWS else "life_stage"
    columns = columns if columns in COLUMNS and columns != rows else "domain"
    page, only = None, None
    if rows == "intervention":
        page = Paginator(interventions_in_order(request.user), ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
        only = tuple(page.object_list)
    table = gap_table(gap_map(request.user, rows=rows, columns=columns, only=only))
    if request.GET.get("download") == "csv":
        return HttpResponse(
            csv_text(table),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="gap-map.csv"'},
        )
    context = {
        "table": table,
        "page": page,
        "rows": [(axis, axis.name == rows) for axis in ROWS.values()],
        "columns": [(axis, axis.name == columns) for axis in COLUMNS.values()],
    }
    return render(request, "gap_map/gap_map.html", context)

"""Importing evidence from a file: templates, checks, and a look before it is proposed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from evaluations.editing.actions.proposing import prepare_import
from evaluations.editing.forms import ImportForm
from evaluations.editing.import_columns import MEANINGS
from evaluations.editing.importing import COLUMNS, MOST_BYTES, read_file, template_text
from evaluations.editing.views.shared import crumbs, editors_only
from evidence.catalogue.issues import CatalogueRefused, Issue

MOST_PROBLEMS = 500


@editors_only
@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Check a file; every problem is listed, and a file without one is shown before it is proposed."""
    form = ImportForm(request.POST or None, request.FILES or None)
    issues: tuple[Issue, ...] = ()
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        reading = read_file(upload.name, upload.read(MOST_BYTES + 1))
        try:
            made = prepare_import(
                name=upload.name,
                reading=reading,
                reason=form.cleaned_data["reason"],
                by=request.user,  # type: ignore[arg-type]
            )
        except CatalogueRefused as refused:
            issues = refused.issues
        else:
            return redirect("change", pk=made.pk)
    context = {
        "crumbs": crumbs(),
        "form": form,
        "issues": issues[:MOST_PROBLEMS],
        "n_issues": len(issues),
        "kinds": [(kind, [(column, MEANINGS[kind][column]) for column in COLUMNS[kind]]) for kind in COLUMNS],
    }
    return render(request, "editing/import.html", context, status=422 if issues else 200)


@editors_only
@require_GET
def import_template(request: HttpRequest, kind: str) -> HttpResponse:
    """A file with the right columns and one example row, which passes as it is and is never imported."""
    if kind not in COLUMNS:
        raise Http404
    return HttpResponse(
        "\ufeff" + template_text(kind),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{kind}.csv"'},
    )

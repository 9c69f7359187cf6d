"""The page on which two files are joined on an opaque id."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from evaluations.datasets.join_forms import asked_of, choices_context, match_tables
from evaluations.datasets.join_report import report_in_words
from evaluations.datasets.joined import joined, keep_join
from evaluations.datasets.presenters import problems_heading, rows_table
from evaluations.datasets.views.shared import crumbs_of, evaluation_or_404
from evaluations.organisations.permissions import Permission, may
from evaluations.stats.issues import BadInput, Issue

FIRST_ROWS = 8


@login_required
def join(request: HttpRequest, pk: int) -> HttpResponse:
    """Chooses two files and their ids, shows who is matched and who is lost, and keeps the joined rows."""
    evaluation = evaluation_or_404(request, pk, Permission.UPLOAD_DATA)
    if not may(request.user, Permission.SEE_ROWS, evaluation):
        raise Http404
    asked = asked_of(request.POST if request.method == "POST" else request.GET, evaluation.pk)
    issues: list[Issue] = []
    context = {
        "evaluation": evaluation,
        "crumbs": crumbs_of(evaluation, ("Data", reverse("datasets", args=[pk]))),
        **choices_context(asked, evaluation.pk),
    }
    if request.method == "POST" and not asked.is_whole:
        issues = [Issue("files_missing", "Two files are needed.", "Choose one of participation and one of outcomes.")]
    elif request.method == "POST" and "files" not in request.POST:
        try:
            if "keep" in request.POST:
                dataset = keep_join(join=asked.join(), by=request.user)  # type: ignore[arg-type]
                return redirect("dataset", pk=pk, dataset_pk=dataset.pk)
            found = joined(asked.join())
            context |= {
                "tables": match_tables(found.report),
                "words": report_in_words(found.report),
                "rows": rows_table(found.data.slice(0, FIRST_ROWS)),
                "n_rows": found.data.num_rows,
            }
        except BadInput as wrong:
            issues = list(wrong.issues)
    context |= {"issues": issues, "issues_heading": problems_heading(issues)}
    return render(request, "datasets/join.html", context)

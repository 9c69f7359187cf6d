"""Ratings: every decision for everyone to read, and the page on which a reviewer decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from evaluations.editing.actions.rating import rate
from evaluations.editing.forms import RatingForm
from evaluations.editing.presenters import past_decisions
from evaluations.editing.queries import may_edit
from evaluations.editing.views.shared import add_errors, editors_only
from evidence.briefs.queries import account_of
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Intervention, Study
from evidence.catalogue.queries import intervention_visible_to, study_visible_to
from evidence.ratings.queries import ShownRating, decisions_on, ratings_of_intervention, ratings_of_study


def _subject(request: HttpRequest, of: str, name: str) -> Study | Intervention:
    """The study of this number or the intervention of this slug, where the viewer may see it."""
    found: Study | Intervention | None = None
    if of == "interventions":
        found = intervention_visible_to(request.user, slug=name)
    elif name.isdecimal():
        found = study_visible_to(request.user, pk=int(name))
    if found is None:
        raise Http404
    return found


def _ratings(subject: Study | Intervention, viewer: Any) -> list[ShownRating]:
    if isinstance(subject, Study):
        return ratings_of_study(subject, viewer=viewer)
    account = account_of(viewer, slug=subject.slug)
    if account is None:
        raise Http404
    return ratings_of_intervention(subject, studies=account.studies, estimates=account.estimates)


@require_GET
def ratings(request: HttpRequest, of: str, name: str) -> HttpResponse:
    """The ratings of one study or programme, what was proposed and why, and every decision ever made."""
    subject = _subject(request, of, name)
    context = {
        "crumbs": [("Interventions", "/interventions/"), (str(subject), subject.get_absolute_url())],
        "subject": subject,
        "of": "study" if isinstance(subject, Study) else "programme",
        "ratings": _ratings(subject, request.user),
        "decisions": past_decisions(decisions_on(subject)),
        "may_decide": may_edit(request.user),  # type: ignore[arg-type]
    }
    return render(request, "editing/ratings.html", context)


@editors_only
@require_http_methods(["GET", "POST"])
def rating(request: HttpRequest, of: str, name: str, scheme_key: str) -> HttpResponse:
    """A reviewer confirms or changes what one scheme proposes, with a reason and under their own name."""
    subject = _subject(request, of, name)
    shown = next((each for each in _ratings(subject, request.user) if each.scheme.key == scheme_key), None)
    if shown is None:
        raise Http404
    form = RatingForm(shown, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rate(subject=subject, scheme_key=scheme_key, by=request.user, **form.decided)  # type: ignore[arg-type]
        except CatalogueRefused as refused:
            add_errors(form, refused)
        else:
            messages.success(request, "Recorded under your name.")
            return redirect("ratings", of=of, name=name)
    address = subject.get_absolute_url()
    context = {
        "crumbs": [(str(subject), address), ("Ratings", f"{address}ratings/")],
        "subject": subject,
        "rating": shown,
        "form": form,
    }
    return render(request, "editing/rating.html", context)

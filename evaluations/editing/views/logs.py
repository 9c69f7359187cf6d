"""The change log of a page, for everyone."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evaluations.editing.presenters import shown
from evaluations.editing.queries import Subject, log_of
from evidence.catalogue.queries import (
    intervention_visible_to,
    outcomes_known,
    study_visible_to,
    target_groups_known,
)


@require_GET
def intervention_log(request: HttpRequest, slug: str) -> HttpResponse:
    """What was changed on an intervention's page: when, by whom, field by field, and why."""
    return _log(request, intervention_visible_to(request.user, slug=slug))


@require_GET
def study_log(request: HttpRequest, pk: int) -> HttpResponse:
    """What was changed on a study's page."""
    return _log(request, study_visible_to(request.user, pk=pk))


@require_GET
def outcome_log(request: HttpRequest, slug: str) -> HttpResponse:
    """What was changed on an outcome's page."""
    return _log(request, outcomes_known(request.user).filter(slug=slug).first(), ("Outcomes", "/outcomes/"))


@require_GET
def target_group_log(request: HttpRequest, slug: str) -> HttpResponse:
    """What was changed on a target group's page."""
    return _log(request, target_groups_known(request.user).filter(slug=slug).first(), None)


def _log(
    request: HttpRequest, subject: Subject | None, filed: tuple[str, str] | None = ("Interventions", "/interventions/")
) -> HttpResponse:
    if subject is None:
        raise Http404
    entries = [(entry, shown(entry.change) if entry.change else None) for entry in log_of(subject, viewer=request.user)]
    context = {
        "crumbs": [*([filed] if filed else []), (str(subject), subject.get_absolute_url())],
        "subject": subject,
        "entries": entries,
    }
    return render(request, "editing/log.html", context)

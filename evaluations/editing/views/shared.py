"""What the editors' pages share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from evaluations.editing.queries import may_edit
from evidence.catalogue.issues import CatalogueRefused

View = Callable[..., HttpResponse]


def editors_only(view: View) -> View:
    """The view for editors; everyone else who is signed in finds nothing."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_edit(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def crumbs() -> list[tuple[str, str]]:
    """Where the editors' pages are."""
    return [("Editing", reverse("editing"))]


def add_errors(form: Any, refused: CatalogueRefused) -> None:
    """Show every problem that an action found, each beside its field where the form has it."""
    for issue in refused.issues:
        column = issue.column if issue.column in form.fields else None
        form.add_error(column, f"{issue.message} {issue.hint}".strip())

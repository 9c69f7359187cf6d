"""What the editors' pages share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from evaluations.editing.models import Change
from evaluations.editing.queries import may_edit
from evaluations.editing.record_forms import show_problems
from evaluations.organisations.models import User
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


def signed_in(request: HttpRequest) -> User:
    """Who asks; `editors_only` has let nobody else in."""
    return cast(User, request.user)


def crumbs() -> list[tuple[str, str]]:
    """Where the editors' pages are."""
    return [("Editing", reverse("editing"))]


def add_errors(form: Any, refused: CatalogueRefused) -> None:
    """Show every problem that an action found, each beside its field where the form has it."""
    show_problems(form, refused.issues)


def proposed(form: Any, propose: Callable[[], Change]) -> HttpResponse | None:
    """The way to the page of the change that is proposed; None, with every problem on the form, where it is refused."""
    try:
        made = propose()
    except CatalogueRefused as refused:
        add_errors(form, refused)
        return None
    return redirect("change", pk=made.pk)

"""Suggesting a correction, without an account; and the editors' answers."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from rest_framework.throttling import SimpleRateThrottle

from evaluations.editing.actions.suggesting import answer_suggestion, suggest
from evaluations.editing.forms import AnswerForm, SuggestionForm, page_address
from evaluations.editing.presenters import record_of_page, shown
from evaluations.editing.queries import suggestion_with, suggestions_visible_to
from evaluations.editing.views.shared import add_errors, crumbs, editors_only
from evaluations.organisations.adapter import client_ip
from evidence.catalogue.issues import CatalogueRefused


class SuggestionThrottle(SimpleRateThrottle):
    """So many suggestions from one address. Reading is never throttled."""

    scope = "suggestions"
    rate = "10/hour"

    def get_cache_key(self, request: HttpRequest, view: object) -> str:  # type: ignore[override]
        """One count for each address."""
        return self.cache_format % {"scope": self.scope, "ident": client_ip(request) or "unknown"}


@require_http_methods(["GET", "POST"])
def suggestion_new(request: HttpRequest) -> HttpResponse:
    """The form for anyone; what a program fills in goes nowhere."""
    page = page_address(request.GET.get("page", ""))
    form = SuggestionForm(request.POST or None, initial={"page": page})
    status = 200
    if request.method == "POST" and form.is_valid():
        if form.is_trapped:
            return render(request, "editing/suggestion_sent.html", {"suggestion": None})
        if SuggestionThrottle().allow_request(request, None):  # type: ignore[arg-type]
            said = {name: form.cleaned_data[name] for name in ("page", "text", "evidence", "name", "email")}
            return redirect("suggestion", token=suggest(**said).token)
        form.add_error(None, "Many suggestions came from your address in the last hour. Please send this one later.")
        status = 429
    return render(request, "editing/suggest.html", {"form": form, "page": page}, status=status)


@never_cache
@require_GET
def suggestion(request: HttpRequest, token: str) -> HttpResponse:
    """A reader's own suggestion and, once there is one, the answer: for whoever holds its address."""
    found = suggestion_with(token)
    if found is None:
        raise Http404
    return render(request, "editing/suggestion_sent.html", {"suggestion": found})


@editors_only
@require_http_methods(["GET", "POST"])
def suggestion_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """One suggestion, the changes it led to, and the answer to it."""
    found = get_object_or_404(suggestions_visible_to(request.user), pk=pk)
    form = AnswerForm(request.POST or None) if found.state == found.State.OPEN else None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            answer_suggestion(suggestion=found, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except CatalogueRefused as refused:
            add_errors(form, refused)
        else:
            return redirect("suggestion-answer", pk=pk)
    changes = [shown(each) for each in found.changes.all()]
    context = {
        "crumbs": crumbs(),
        "suggestion": found,
        "form": form,
        "changes": changes,
        "edit_href": record_of_page(found.page),
    }
    return render(request, "editing/suggestion.html", context)

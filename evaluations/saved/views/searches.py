"""Saved searches: keep one, see what is new, follow it, stop its letters."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluations.saved.actions.searches import (
    NameTaken,
    TooMany,
    change_search,
    delete_search,
    kept_part,
    mark_seen,
    renew_feed,
    save_search,
    unsubscribe,
)
from evaluations.saved.forms import SearchForm
from evaluations.saved.models import SavedSearch
from evaluations.saved.queries import news_since_seen, searches_of
from evidence.search.feeds import Asked, SearchFeed
from evidence.search.models import DocumentKind
from evidence.search.queries import read_criteria
from evidence.search.words import printable

CRUMBS = [("Account", "/account/")]


@login_required
@require_GET
def searches(request: HttpRequest) -> HttpResponse:
    """One's saved searches, each with how much is new."""
    news = [news_since_seen(each) for each in searches_of(request.user)]
    return render(request, "saved/searches.html", {"crumbs": CRUMBS, "news": news})


@login_required
@require_http_methods(["GET", "POST"])
def search_new(request: HttpRequest) -> HttpResponse:
    """Keep the search that the address repeats."""
    kind = request.GET.get("kind", "")
    if kind not in DocumentKind.values:
        raise Http404
    query = kept_part(request.GET, kind)
    words = read_criteria(request.GET, kind).text
    form = SearchForm(
        request.POST or None,
        initial={"name": words or f"All {DocumentKind(kind).label.lower()}"},
        button="Save this search",
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = save_search(kind=kind, query=query, by=request.user, **said)  # type: ignore[arg-type]
        except (NameTaken, TooMany) as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, "Saved. What comes to match from now on is new.")
            return redirect("saved-search", pk=made.pk)
    lede = f"{DocumentKind(kind).label} that match what you searched for."
    context = {"form": form, "crumbs": [*CRUMBS, _list_crumb()], "heading": "Save this search", "lede": lede}
    return render(request, "saved/form.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest, pk: int) -> HttpResponse:
    """What is new in one search, its feed, and its name and letters to change."""
    found = get_object_or_404(searches_of(request.user), pk=pk)
    initial = {"name": found.name, "frequency": found.frequency}
    form = SearchForm(request.POST or None, initial=initial, button="Save changes")
    if request.method == "POST" and form.is_valid():
        try:
            change_search(search=found, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except NameTaken as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, "Saved.")
            return redirect("saved-search", pk=pk)
    news = news_since_seen(found)
    context = {
        "crumbs": [*CRUMBS, _list_crumb()],
        "form": form,
        "search": found,
        "news": news,
        "feed": request.build_absolute_uri(reverse("saved-search-feed", args=[found.feed_token])),
        "left": len(news.new_keys) - len(news.rows),
    }
    return render(request, "saved/search.html", context)


def _list_crumb() -> tuple[str, str]:
    return ("Saved searches", reverse("saved-searches"))


@login_required
@require_POST
def search_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark everything that a search finds now as seen."""
    mark_seen(search=get_object_or_404(searches_of(request.user), pk=pk), by=request.user)  # type: ignore[arg-type]
    return redirect("saved-search", pk=pk)


@login_required
@require_POST
def search_renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the feed another address."""
    renew_feed(search=get_object_or_404(searches_of(request.user), pk=pk), by=request.user)  # type: ignore[arg-type]
    messages.success(request, "The feed has a new address. The one before no longer works.")
    return redirect("saved-search", pk=pk)


@login_required
@require_POST
def search_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a search."""
    found = get_object_or_404(searches_of(request.user), pk=pk)
    name = found.name
    delete_search(search=found, by=request.user)  # type: ignore[arg-type]
    messages.success(request, f"“{name}” is deleted, with its feed and its letters.")
    return redirect("saved-searches")


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def search_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the letters of one search, for whoever holds the address in them.

    Asking changes nothing, because mail programs open addresses by themselves; only the button does, or the one click
    of a mail program (RFC 8058), which sends no token of ours.
    """
    found = get_object_or_404(SavedSearch, unsubscribe_token=token)
    if request.method == "POST":
        unsubscribe(search=found)
    return render(request, "saved/unsubscribe.html", {"search": found, "is_done": request.method == "POST"})


class SavedSearchFeed(SearchFeed):
    """A saved search as a feed, under the name its owner gave it."""

    def __init__(self, saved: SavedSearch) -> None:
        super().__init__(saved.kind)
        self.saved = saved

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Asked:
        """What is searched for."""
        return Asked(read_criteria(QueryDict(self.saved.query), self.saved.kind), self.saved.query)

    def title(self, asked: Asked) -> str:
        """The name of the search."""
        return printable(f"Uplift: {self.saved.name}")


def search_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The feed behind a private address: nobody who lacks it learns what is searched for."""
    found = get_object_or_404(SavedSearch, feed_token=token)
    answer = SavedSearchFeed(found)(request)
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer

"""What a person is told: a page, a choice of letters, and a private feed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from evaluations.sharing.actions.notices import choose_letters, close_feed, mark_read, new_feed_key
from evaluations.sharing.models import LetterFrequency
from evaluations.sharing.notices import choice_of, feed_owner, in_words, notices_of, unread_count
from evidence.search.words import printable

NOTICES_A_PAGE = 30
IN_THE_FEED = 50


@never_cache
@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """The person's notices, the latest first, and how they want to be told."""
    return _page(request)


def _page(request: HttpRequest, feed_address: str = "") -> HttpResponse:
    page = Paginator(notices_of(request.user), NOTICES_A_PAGE).get_page(request.GET.get("page"))
    choice = choice_of(request.user)  # type: ignore[arg-type]
    shown = {
        "page": page,
        "told": [in_words(each) for each in page],
        "unread": unread_count(request.user),
        "choice": choice,
        "frequencies": LetterFrequency.choices,
        "feed_address": feed_address,
        "crumbs": [("Account", "/account/")],
    }
    return render(request, "sharing/notices.html", shown)


@login_required
@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    mark_read(by=request.user)  # type: ignore[arg-type]
    return redirect("notices")


@login_required
@require_POST
def notices_letters(request: HttpRequest) -> HttpResponse:
    """Choose how often to be written to."""
    frequency = request.POST.get("frequency", "")
    if frequency in LetterFrequency.values:
        choose_letters(frequency=frequency, by=request.user)  # type: ignore[arg-type]
        messages.success(request, f"Letters: {LetterFrequency(frequency).label.lower()}.")
    else:
        messages.error(request, "Choose how often Uplift should write to you.")
    return redirect("notices")


@never_cache
@login_required
@require_POST
def notices_feed_new(request: HttpRequest) -> HttpResponse:
    """Make a private feed, whose address shows on this answer and never again; or end it."""
    if request.POST.get("end"):
        close_feed(by=request.user)  # type: ignore[arg-type]
        messages.success(request, "Your feed has ended. Its address opens nothing any more.")
        return redirect("notices")
    key = new_feed_key(by=request.user)  # type: ignore[arg-type]
    return _page(request, f"{settings.SITE_URL}/notices/feed/{key}/")


@never_cache
@require_GET
def notices_feed(request: HttpRequest, key: str) -> HttpResponse:
    """The notices of whoever holds this key, as Atom."""
    person = feed_owner(key)
    if person is None:
        raise Http404
    site = settings.SITE_URL
    feed: Any = Atom1Feed(title="Uplift: what concerns you", link=f"{site}/notices/", description="")
    for notice in notices_of(person)[:IN_THE_FEED]:
        told = in_words(notice)
        feed.add_item(
            title=printable(told.words),
            link=f"{site}{told.href}",
            description=printable(told.words),
            unique_id=f"{site}/notices/#notice-{told.pk}",
            updateddate=told.at,
            pubdate=told.at,
        )
    response = HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    response["X-Robots-Tag"] = "noindex"
    return response

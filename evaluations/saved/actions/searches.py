"""Keeping a search, looking at what is new in it, and how often news of it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from evaluations.organisations.audit import record
from evaluations.organisations.models import User
from evaluations.saved.models import Frequency, SavedSearch
from evaluations.saved.queries import keys_found
from evidence.search.queries import read_criteria

EVERY = {Frequency.DAILY: timedelta(days=1), Frequency.WEEKLY: timedelta(days=7)}
MOST_SEARCHES = 100


class TooMany(ValueError):
    """Someone keeps as many as anyone may."""


class NameTaken(ValueError):
    """Someone has one of this name already."""


def kept_part(params: QueryDict, kind: str) -> str:
    """The words and filters of an address that are part of a search, in a settled order."""
    criteria = read_criteria(params, kind)
    kept = QueryDict(mutable=True)
    if criteria.text:
        kept["search"] = criteria.text
    for name in sorted(criteria.chosen):
        kept.setlist(name, sorted(criteria.chosen[name]))
    return kept.urlencode()


@transaction.atomic
def save_search(*, name: str, kind: str, query: str, frequency: str, by: User) -> SavedSearch:
    """The search, kept as it is now: what it finds at this moment is not new. Raises `NameTaken` or `TooMany`."""
    if by.saved_searches.count() >= MOST_SEARCHES:
        raise TooMany(f"You keep {MOST_SEARCHES} searches already. Delete one first.")
    _check_name(by, name)
    now = timezone.now()
    keys = keys_found(kind, query)
    made = SavedSearch.objects.create(
        owner=by,
        name=name,
        kind=kind,
        query=query,
        seen_keys=keys,
        seen_at=now,
        sent_keys=keys,
        sent_at=now,
        frequency=frequency,
        next_digest_at=_next(frequency, now),
        feed_token=token_urlsafe(32),
        unsubscribe_token=token_urlsafe(32),
    )
    record(by=by, verb="save_search", subject=made)
    return made


@transaction.atomic
def change_search(*, search: SavedSearch, name: str, frequency: str, by: User) -> SavedSearch:
    """The search under another name, or with news at other times. Raises `NameTaken`."""
    if name != search.name:
        _check_name(by, name)
    if frequency != search.frequency:
        now = timezone.now()
        search.sent_keys, search.sent_at = keys_found(search.kind, search.query), now
        search.frequency, search.next_digest_at = frequency, _next(frequency, now)
    search.name = name
    search.save()
    record(by=by, verb="change_saved_search", subject=search, detail={"frequency": frequency})
    return search


@transaction.atomic
def mark_seen(*, search: SavedSearch, by: User) -> SavedSearch:
    """The search with nothing new: what it finds now has been seen."""
    search.seen_keys, search.seen_at = keys_found(search.kind, search.query), timezone.now()
    search.save(update_fields=["seen_keys", "seen_at"])
    record(by=by, verb="mark_search_seen", subject=search)
    return search


@transaction.atomic
def renew_feed(*, search: SavedSearch, by: User) -> SavedSearch:
    """The search with another feed address; the one before leads nowhere from now on."""
    search.feed_token = token_urlsafe(32)
    search.save(update_fields=["feed_token"])
    record(by=by, verb="renew_search_feed", subject=search)
    return search


@transaction.atomic
def delete_search(*, search: SavedSearch, by: User) -> None:
    """Forget the search, its feed and its e-mails."""
    record(by=by, verb="delete_saved_search", subject=search)
    search.delete()


@transaction.atomic
def unsubscribe(*, search: SavedSearch) -> SavedSearch:
    """The search without e-mail, for whoever holds the address from a letter."""
    search.frequency, search.next_digest_at = Frequency.NONE, None
    search.save(update_fields=["frequency", "next_digest_at"])
    record(by=None, verb="unsubscribe_search", subject=search)
    return search


def _check_name(by: User, name: str) -> None:
    if by.saved_searches.filter(name=name).exists():
        raise NameTaken(f"You have a search called “{name}” already.")


def _next(frequency: str, now: datetime) -> datetime | None:
    return now + EVERY[Frequency(frequency)] if frequency in EVERY else None

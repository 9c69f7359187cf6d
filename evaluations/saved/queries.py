"""What someone keeps, what is new in it, and who may read a short list. Searches are of public records only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from evaluations.organisations.permissions import Permission, Viewer
from evaluations.organisations.queries import organisation_ids_where
from evaluations.saved.models import SavedSearch, ShortList, ShortListItem
from evidence.catalogue.models import Intervention
from evidence.search.presenters import PLURALS, Result, results
from evidence.search.queries import find, read_criteria, rows_in_order

MOST_NAMED = 50


def keys_found(kind: str, query: str) -> list[int]:
    """The keys of the public records that a search finds now, best first."""
    return list(find(None, kind, read_criteria(QueryDict(query), kind)).keys)


def searches_of(viewer: Viewer) -> QuerySet[SavedSearch]:
    """The viewer's own saved searches."""
    return SavedSearch.objects.filter(owner_id=viewer.pk) if viewer.pk else SavedSearch.objects.none()


@dataclass(frozen=True)
class News:
    """What a search finds now, and which of it was not there before."""

    search: SavedSearch
    keys: list[int]
    new_keys: list[int]
    gone: int
    rows: list[Result]

    @property
    def href(self) -> str:
        """The whole search, as everyone can open it."""
        return address_of(self.search)


def address_of(search: SavedSearch) -> str:
    """The address of the search itself."""
    return reverse(PLURALS[search.kind]) + (f"?{search.query}" if search.query else "")


def news_since_seen(search: SavedSearch) -> News:
    """What is new since its owner last marked it as seen."""
    return _news(search, search.seen_keys)


def news_since_letter(search: SavedSearch) -> News:
    """What is new since the letter before, or since letters were asked for."""
    return _news(search, search.sent_keys)


def _news(search: SavedSearch, before: Sequence[int]) -> News:
    known = set(before)
    keys = keys_found(search.kind, search.query)
    new = [key for key in keys if key not in known]
    rows = results(rows_in_order(None, search.kind, new[:MOST_NAMED]), search.kind)
    return News(search, keys, new, len(known.difference(keys)), rows)


def short_lists_of(viewer: Viewer) -> QuerySet[ShortList]:
    """The viewer's own short lists."""
    return ShortList.objects.filter(owner_id=viewer.pk) if viewer.pk else ShortList.objects.none()


def short_lists_visible_to(viewer: Viewer) -> QuerySet[ShortList]:
    """The viewer's own short lists, and those shared with an organisation the viewer works for."""
    if not viewer.pk:
        return ShortList.objects.none()
    organisations = organisation_ids_where(viewer, Permission.SEE_ORGANISATION)
    return ShortList.objects.filter(Q(owner_id=viewer.pk) | Q(organisation_id__in=organisations)).select_related(
        "owner", "organisation"
    )


def short_list_with(token: str) -> ShortList | None:
    """The short list that a private address opens to read."""
    return ShortList.objects.filter(link_token=token).select_related("owner").first() if token else None


def items_of(short_list: ShortList, *, viewer: Viewer) -> list[ShortListItem]:
    """The items in order, each with what the viewer may see of its intervention; others are left out.

    An intervention that was merged into another stands under the one in its place.
    """
    visible = Intervention.objects.visible_or_merged_to(viewer).select_related("merged_into")
    items = list(short_list.items.filter(intervention__in=visible).prefetch_related(Prefetch("intervention", visible)))
    for item in items:
        while item.intervention.merged_into is not None:
            item.intervention = item.intervention.merged_into
    return items

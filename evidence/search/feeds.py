"""Any search as an Atom feed: the newest of what matches first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from evidence.search.models import DocumentKind
from evidence.search.presenters import PLURALS, results
from evidence.search.queries import Criteria, find, read_criteria, rows_in_order
from evidence.search.words import printable

MOST_ENTRIES = 50


@dataclass(frozen=True)
class Asked:
    """One search, and the query of the address that asked for it."""

    criteria: Criteria
    query: str


class SearchFeed(Feed):
    """What everyone may see of one search."""

    feed_type = Atom1Feed

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Asked:
        """What is searched for."""
        return Asked(read_criteria(request.GET, self.kind), request.GET.urlencode())

    def title(self, asked: Asked) -> str:
        """The words, or everything."""
        plural, words = PLURALS[self.kind].capitalize(), asked.criteria.text
        return f"Uplift: {plural} for “{words}”" if words else f"Uplift: {plural}"

    def link(self, asked: Asked) -> str:
        """The list that the feed follows."""
        return reverse(PLURALS[self.kind]) + (f"?{asked.query}" if asked.query else "")

    def subtitle(self, asked: Asked) -> str:
        """What an entry is."""
        return "Raw rates, forecasts and cost ratios are marked as such: only causal estimates are effects."

    def items(self, asked: Asked) -> list[Any]:
        """The newest of what matches."""
        newest = sorted(find(None, self.kind, asked.criteria).keys, reverse=True)[:MOST_ENTRIES]
        return results(rows_in_order(None, self.kind, newest), self.kind)

    def item_title(self, item: Any) -> str:
        """The heading of an entry."""
        if self.kind == DocumentKind.ESTIMATE:
            return printable(f"{item.row.intervention.name}: {item.words.sentence}")
        return printable(str(item.row))

    def item_description(self, item: Any) -> str:
        """What an entry says."""
        return printable(self._said(item))

    def _said(self, item: Any) -> str:
        if self.kind == DocumentKind.ESTIMATE:
            parts = [item.row.get_estimate_kind_display(), item.words.number, item.words.uncertainty]
            return ". ".join(part.rstrip(".") for part in (*parts, *item.words.caveats) if part) + "."
        if self.kind == DocumentKind.STUDY:
            return f"{item.row.intervention.name}. {item.row.get_status_display()}. {item.row.statement}".strip()
        return f"{item.row.summary} {item.known}"

    def item_link(self, item: Any) -> str:
        """The page of an entry."""
        return item.row.get_absolute_url()

    def item_pubdate(self, item: Any) -> Any:
        """When it became public."""
        return item.row.published_at

    def item_updateddate(self, item: Any) -> Any:
        """When it last changed."""
        return getattr(item.row, "updated_at", item.row.published_at)

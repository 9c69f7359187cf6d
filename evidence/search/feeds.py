"""Any search as an Atom feed: the newest of what matches first."""

from __future__ import annotations

from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from evidence.search.models import DocumentKind
from evidence.search.presenters import PLURALS, results
from evidence.search.queries import Criteria, find, read_criteria, rows_in_order

MOST_ENTRIES = 50


class SearchFeed(Feed):
    """What everyone may see of one search."""

    feed_type = Atom1Feed

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Criteria:
        """What is searched for."""
        self.query = request.GET.urlencode()
        return read_criteria(request.GET, self.kind)

    def title(self, criteria: Criteria) -> str:
        """The words, or everything."""
        plural = PLURALS[self.kind].capitalize()
        return f"Uplift: {plural} for “{criteria.text}”" if criteria.text else f"Uplift: {plural}"

    def link(self, criteria: Criteria) -> str:
        """The list that the feed follows."""
        return reverse(PLURALS[self.kind]) + (f"?{self.query}" if self.query else "")

    def subtitle(self, criteria: Criteria) -> str:
        """What an entry is."""
        return "Raw rates, forecasts and cost ratios are marked as such: only causal estimates are effects."

    def items(self, criteria: Criteria) -> list[Any]:
        """The newest of what matches."""
        newest = sorted(find(None, self.kind, criteria).keys, reverse=True)[:MOST_ENTRIES]
        return results(rows_in_order(None, self.kind, newest), self.kind)

    def item_title(self, item: Any) -> str:
        """The heading of an entry."""
        if self.kind == DocumentKind.ESTIMATE:
            return f"{item.row.intervention.name}: {item.words.sentence}"
        return str(item.row)

    def item_description(self, item: Any) -> str:
        """What an entry says."""
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

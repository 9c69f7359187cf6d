"""What search engines are told of: every public page that is meant to be found."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from evidence.catalogue.queries import (
    interventions_visible_to,
    outcomes_known,
    studies_visible_to,
    target_groups_known,
)
from evidence.estimates.queries import estimates_listed_for
from evidence.places.queries import places_known

EVERYONE = AnonymousUser()
ON_A_PAGE = 5_000


class Fixed(Sitemap):
    """The pages that are always there."""

    def items(self) -> list[str]:
        """Their addresses' names."""
        return ["start", "interventions", "studies", "estimates", "outcomes", "places", "gap-map", "data"]

    def location(self, item: str) -> str:
        """The address of one."""
        return reverse(item)


class Interventions(Sitemap):
    """Public interventions."""

    limit = ON_A_PAGE

    def items(self) -> Any:
        """All of them, in a fixed order."""
        return interventions_visible_to(EVERYONE).order_by("pk")

    def lastmod(self, item: Any) -> Any:
        """When the entry was last edited."""
        return item.updated_at


class Studies(Sitemap):
    """Public studies."""

    limit = ON_A_PAGE

    def items(self) -> Any:
        """All of them."""
        return studies_visible_to(EVERYONE).order_by("pk")


class Estimates(Sitemap):
    """Public estimates that stand."""

    limit = ON_A_PAGE

    def items(self) -> Any:
        """All of them."""
        return estimates_listed_for(EVERYONE).order_by("pk")


class Outcomes(Sitemap):
    """Outcomes."""

    def items(self) -> Any:
        """All of them."""
        return outcomes_known(EVERYONE).order_by("pk")

    def location(self, item: Any) -> str:
        """The page of one."""
        return reverse("outcome", args=[item.slug])


class TargetGroups(Sitemap):
    """Target groups."""

    def items(self) -> Any:
        """All of them."""
        return target_groups_known(EVERYONE).order_by("pk")

    def location(self, item: Any) -> str:
        """The page of one."""
        return reverse("target-group", args=[item.slug])


class Places(Sitemap):
    """Places."""

    limit = ON_A_PAGE

    def items(self) -> Any:
        """All of them."""
        return places_known(EVERYONE).order_by("pk")


SITEMAPS = {
    "fixed": Fixed,
    "interventions": Interventions,
    "studies": Studies,
    "estimates": Estimates,
    "outcomes": Outcomes,
    "target-groups": TargetGroups,
    "places": Places,
}

"""Lists of sites as a viewer may see them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet

from evidence.catalogue.models import Intervention, Visibility
from evidence.catalogue.queries import interventions_visible_to
from evidence.sites.models import SiteList


def site_lists_visible_to(viewer: Any) -> QuerySet[SiteList]:
    """The lists the viewer may open, of interventions they may open, each with `n_sites`."""
    found = SiteList.objects.visible_to(viewer).filter(intervention__in=interventions_visible_to(viewer))
    return found.select_related("intervention").annotate(n_sites=Count("sites")).order_by("name", "-saved_at", "-pk")


def site_list_visible_to(viewer: Any, *, pk: int) -> SiteList | None:
    """One list with its sites, or None."""
    return site_lists_visible_to(viewer).prefetch_related("sites").filter(pk=pk).first()


def usable_site_lists(viewer: Any) -> QuerySet[SiteList]:
    """The lists that the viewer may use in an evaluation: those they may open and nobody has withdrawn."""
    return site_lists_visible_to(viewer).exclude(visibility=Visibility.WITHDRAWN)


def site_lists_of(intervention: Intervention, *, viewer: Any) -> list[SiteList]:
    """The lists of one intervention in use, with their sites."""
    return list(usable_site_lists(viewer).filter(intervention=intervention).prefetch_related("sites"))

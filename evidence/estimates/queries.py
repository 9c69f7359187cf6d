"""Estimates as a viewer may see them."""

from __future__ import annotations

from typing import Any

from evidence.catalogue.models import Intervention, Visibility
from evidence.estimates.models import EffectEstimate, EstimateQuerySet


def estimates_visible_to(viewer: Any) -> EstimateQuerySet:
    """Every estimate the viewer may open, withdrawn and superseded ones included, with what their pages name.

    The estimates of an intervention the viewer may not see are hidden with it.
    """
    return (
        EffectEstimate.objects.visible_to(viewer)
        .filter(intervention__in=Intervention.objects.visible_or_merged_to(viewer))
        .select_related("intervention", "study", "outcome", "source", "target_group")
    )


def estimates_listed_for(viewer: Any) -> EstimateQuerySet:
    """The estimates that lists, exports and counts show: those neither withdrawn nor superseded."""
    return estimates_visible_to(viewer).filter(superseded_by__isnull=True).exclude(visibility=Visibility.WITHDRAWN)


def estimates_for_intervention(intervention: Intervention, *, viewer: Any) -> EstimateQuerySet:
    """The listed estimates of one intervention, in the order of outcome, then as logged."""
    return (
        estimates_listed_for(viewer)
        .filter(intervention=intervention)
        .order_by("outcome__domain", "outcome__name", "pk")
    )


def estimate_visible_to(viewer: Any, *, pk: int) -> EffectEstimate | None:
    """One estimate with its successor, or None where the viewer may not see it or it does not exist."""
    return estimates_visible_to(viewer).select_related("superseded_by").filter(pk=pk).first()

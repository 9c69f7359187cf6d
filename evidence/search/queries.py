"""Lists and what is asked of them, read the same way by pages and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from evidence.catalogue.models import Intervention
from evidence.catalogue.queries import interventions_visible_to
from evidence.estimates.models import EstimateKind


def interventions_found(viewer: Any, *, text: str = "", filters: dict[str, list[str]] | None = None) -> QuerySet:
    """Interventions that match the words and the filters, by name, with how many estimates each has."""
    found: QuerySet[Intervention] = interventions_visible_to(viewer)
    for word in text.split()[:10]:
        found = found.filter(
            Q(name__icontains=word)
            | Q(summary__icontains=word)
            | Q(kind__icontains=word)
            | Q(target_groups__name__icontains=word)
            | Q(studies__title__icontains=word)
        )
    for name, values in (filters or {}).items():
        if values:
            found = found.filter(**{f"{name}__in": values})
    public = Q(estimates__visibility="public", estimates__superseded_by__isnull=True)
    return (
        found.annotate(
            n_effects=Count("estimates", public & Q(estimates__estimate_kind=EstimateKind.CAUSAL), distinct=True),
            n_estimates=Count("estimates", public, distinct=True),
            n_gaps=Count("studies", Q(studies__status="never_evaluated"), distinct=True),
        )
        .distinct()
        .order_by("name")
    )

"""The catalogue as a viewer may see it."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from evidence.catalogue.models import (
    Intervention,
    InterventionNote,
    Outcome,
    Source,
    Study,
    Succession,
    TargetGroup,
)


def interventions_visible_to(viewer: Any) -> QuerySet[Intervention]:
    """Every intervention the viewer may open."""
    return Intervention.objects.visible_to(viewer)


def interventions_named(viewer: Any, words: str) -> QuerySet[Intervention]:
    """Interventions whose name has every word."""
    found = interventions_visible_to(viewer)
    for word in words.split()[:10]:
        found = found.filter(name__icontains=word)
    return found.order_by("name")


def intervention_visible_to(viewer: Any, *, slug: str) -> Intervention | None:
    """One intervention with what its page names, or None where the viewer may not see it or it does not exist."""
    return (
        interventions_visible_to(viewer)
        .select_related("cost_source")
        .prefetch_related(
            "target_groups",
            "places",
            "sources",
            "components",
            Prefetch("notes", InterventionNote.objects.prefetch_related("sources")),
        )
        .filter(slug=slug)
        .first()
    )


def studies_visible_to(viewer: Any) -> QuerySet[Study]:
    """Every study the viewer may open, with its intervention and source; studies of hidden interventions are hidden."""
    return (
        Study.objects.visible_to(viewer)
        .filter(intervention__in=interventions_visible_to(viewer))
        .select_related("intervention", "source")
    )


def study_visible_to(viewer: Any, *, pk: int) -> Study | None:
    """One study with its target groups and places, or None."""
    return studies_visible_to(viewer).prefetch_related("target_groups", "places").filter(pk=pk).first()


def studies_of(intervention: Intervention, *, viewer: Any) -> QuerySet[Study]:
    """The studies of one intervention the viewer may see, newest first, gaps last."""
    return studies_visible_to(viewer).filter(intervention=intervention).order_by("-year", "title")


def outcomes_known(viewer: Any) -> QuerySet[Outcome]:
    """Every outcome; definitions are public."""
    return Outcome.objects.prefetch_related("sources")


def target_groups_known(viewer: Any) -> QuerySet[TargetGroup]:
    """Every target group; definitions are public."""
    return TargetGroup.objects.prefetch_related("sources")


def sources_known(viewer: Any) -> QuerySet[Source]:
    """Every source; publications are public."""
    return Source.objects.all()


def successions_of(intervention: Intervention, *, viewer: Any) -> tuple[list[Succession], list[Succession]]:
    """What came before an intervention and what came after it, as far as the viewer may see."""
    visible = interventions_visible_to(viewer)
    links = Succession.objects.select_related("earlier", "later", "source")
    before = links.filter(later=intervention, earlier__in=visible).order_by("earlier__start_year")
    after = links.filter(earlier=intervention, later__in=visible).order_by("later__start_year")
    return list(before), list(after)

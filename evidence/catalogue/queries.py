"""The catalogue as a viewer may see it."""

from __future__ import annotations

import re
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

MERGEABLE_ADDRESS = re.compile(r"^(?:/api/v1)?/(?P<kind>interventions|studies|sources)/(?P<name>[^/]{1,100})/")


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
    """Every source, without those merged into another; publications are public."""
    return Source.objects.filter(merged_into__isnull=True)


def address_after_merging(path: str) -> str | None:
    """Where an address of a merged intervention, study or source is now; None where nothing was merged."""
    found = MERGEABLE_ADDRESS.match(path)
    if found is None or "\x00" in path:
        return None
    name = found["name"]
    if found["kind"] == "interventions":
        kept = _kept(Intervention.objects.filter(slug=name).select_related("merged_into").first())
        now = kept.slug if kept else ""
    elif found["kind"] == "sources":
        kept = _kept(Source.objects.filter(code=name).select_related("merged_into").first())
        now = kept.code if kept else ""
    else:
        study = Study.objects.filter(pk=name).select_related("merged_into").first() if name.isdecimal() else None
        kept = _kept(study)
        now = str(kept.pk) if kept else ""
    return path[: found.start("name")] + now + path[found.end("name") :] if now and now != name else None


def slugs_after_merging(slugs: list[str]) -> list[str]:
    """The slugs of interventions, each merged one replaced by that of the intervention in its place."""
    merged = Intervention.objects.filter(slug__in=slugs, merged_into__isnull=False).select_related("merged_into")
    now = {row.slug: _kept(row).slug for row in merged}
    return list(dict.fromkeys(now.get(slug, slug) for slug in slugs))


def _kept(row: Any) -> Any:
    """The row that stands in the place of this one in the end: itself where it was never merged."""
    while row is not None and row.merged_into_id is not None:
        row = row.merged_into
    return row


def successions_of(intervention: Intervention, *, viewer: Any) -> tuple[list[Succession], list[Succession]]:
    """What came before an intervention and what came after it, as far as the viewer may see."""
    visible = interventions_visible_to(viewer)
    links = Succession.objects.select_related("earlier", "later", "source")
    before = links.filter(later=intervention, earlier__in=visible).order_by("earlier__start_year")
    after = links.filter(earlier=intervention, later__in=visible).order_by("later__start_year")
    return list(before), list(after)

"""What can be filtered by: names in addresses, legends, and what each value is called."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.catalogue.models import (
    Component,
    Design,
    EqualityGroup,
    LifeStage,
    Mobility,
    Outcome,
    Status,
    StudyStatus,
    TargetGroup,
)
from evidence.estimates.models import EstimateKind, Origin
from evidence.places.kinds import PLACE_KIND
from evidence.places.models import Place


@dataclass(frozen=True)
class Facet:
    """One filter: its name in addresses, its legend, and its fixed values in order, where they are fixed."""

    name: str
    legend: str
    values: tuple[tuple[str, str], ...] = ()


def _choices(enumeration: type) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in enumeration.choices)  # type: ignore[attr-defined]


EVIDENCE = (
    ("effect_with_interval", "An estimated effect with an interval"),
    ("effect", "An estimated effect"),
    ("no_effect_found", "A finding of no effect"),
    ("not_effects_only", "Only figures that are not effects"),
    ("under_way", "A study under way"),
    ("never_evaluated", "Never evaluated"),
    ("nothing_recorded", "No evaluation recorded"),
)
STRENGTH = (
    ("5", "5: randomised"),
    ("4", "4: quasi-random variation"),
    ("3", "3: before and after with a comparison group"),
    ("2", "2: controls or matching, one comparison"),
    ("1", "1: no controls"),
    ("none", "Cannot be rated"),
)
DIRECTION = (
    ("better", "Points to an improvement"),
    ("worse", "Points the wrong way"),
    ("no_difference", "No difference"),
    ("inconclusive", "Leaves open both directions"),
    ("unclear", "Better is not clear"),
)
CERTAINTY = (
    ("clear", "Interval excludes no difference"),
    ("inconclusive", "Interval includes no difference"),
    ("unknown", "No interval in what was read"),
)
COST = (
    ("under_500", "Under £500 a person"),
    ("500_2000", "£500 to £2,000"),
    ("2000_5000", "£2,000 to £5,000"),
    ("over_5000", "Over £5,000"),
    ("other_currency", "In another currency"),
    ("unknown", "Not known"),
)
FOLLOW_UP = (
    ("under_1", "Under a year"),
    ("1_to_3", "One to three years"),
    ("over_3", "Over three years"),
    ("unknown", "Not clear"),
)
MOBILITY = (*_choices(Mobility), ("intermediate", "Intermediate"), ("long_term", "Long-term"))

FACETS = (
    Facet("target_group", "Target group"),
    Facet("life_stage", "Life stage", _choices(LifeStage)),
    Facet("domain", "Outcome domain"),
    Facet("outcome", "Outcome"),
    Facet("evidence", "What is known", EVIDENCE),
    Facet("strength", "Evidence strength (Maryland scale)", STRENGTH),
    Facet("direction", "Direction of effect", DIRECTION),
    Facet("certainty", "Certainty of effect", CERTAINTY),
    Facet("design", "Design", _choices(Design)),
    Facet("place", "Place"),
    Facet("place_kind", "Kind of place", PLACE_KIND),
    Facet("cost", "Cost", COST),
    Facet("status", "Status", _choices(Status)),
    Facet("intervention_status", "Status of the intervention", _choices(Status)),
    Facet("follow_up", "Length of follow-up", FOLLOW_UP),
    Facet("mobility", "Kind of mobility", MOBILITY),
    Facet("component", "Component", _choices(Component)),
    Facet("equality_group", "Equality group", _choices(EqualityGroup)),
    Facet("origin", "Computed or published", _choices(Origin)),
    Facet("estimate_kind", "Kind of figure", _choices(EstimateKind)),
    Facet("study_status", "Stage of study", _choices(StudyStatus)),
)
BY_NAME = {facet.name: facet for facet in FACETS}

NOT_SHOWN = {
    "intervention": {"intervention_status", "estimate_kind", "study_status"},
    "study": {"status", "estimate_kind"},
    "estimate": {"status", "study_status"},
}
SHOWN = {kind: tuple(each.name for each in FACETS if each.name not in names) for kind, names in NOT_SHOWN.items()}
"""The filters of each list. What an intervention, a study or an estimate has not itself, it has from the other two."""


def labels_of(name: str) -> dict[str, str]:
    """What each value of a facet is called, in the order to show them in."""
    if name == "outcome":
        return dict(Outcome.objects.order_by("name").values_list("slug", "name"))
    if name == "target_group":
        return dict(TargetGroup.objects.order_by("name").values_list("slug", "name"))
    if name == "place":
        return dict(Place.objects.order_by("name").values_list("code", "name"))
    if name == "domain":
        domains = Outcome.objects.order_by("domain").values_list("domain", flat=True).distinct()
        return {domain: domain[:1].upper() + domain[1:] for domain in domains}
    return dict(BY_NAME[name].values)


def cost_band(amount: float | None, currency: str) -> str:
    """The band of a cost per participant."""
    if amount is None:
        return "unknown"
    if currency != "GBP":
        return "other_currency"
    bands = ((500, "under_500"), (2000, "500_2000"), (5000, "2000_5000"))
    return next((band for limit, band in bands if amount < limit), "over_5000")


def follow_up_band(months: int | None) -> str:
    """The band of a length of follow-up."""
    if months is None:
        return "unknown"
    return "under_1" if months < 12 else "1_to_3" if months <= 36 else "over_3"

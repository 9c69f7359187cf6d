"""Where evidence is thin: the cheapest credible evaluation, and how many people it would need."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from scipy.stats import norm

from evidence.briefs.queries import Account
from evidence.catalogue.models import Component, Status
from evidence.estimates.presenters import interval_of

OFFERED_TO_PEOPLE = {
    Component.KEY_WORKER,
    Component.HOME_VISITS,
    Component.SMALL_GROUP,
    Component.ONE_TO_ONE,
    Component.MENTORING,
    Component.PAID_PLACEMENT,
    Component.JOB_SEARCH,
    Component.TRAINING,
    Component.OUTREACH,
    Component.CASH,
}
LEVEL, POWER = 0.95, 0.8
BASE_SHARE = 0.5
DIFFERENCES = (0.05, 0.10)
SINGLE_PLACE_KINDS = {"upper_tier_authority", "lower_tier_authority", "combined_authority"}


@dataclass(frozen=True)
class NextEvaluation:
    """A design in words, why it is the one proposed, the sizes it needs, and the estimator that a plan of it names."""

    design: str
    why: str
    sizes: tuple[str, ...]
    estimator: str
    about_people: bool = False


def people_in_each_group(difference: float, *, base: float = BASE_SHARE) -> int:
    """People in each of two equal groups to detect a difference in a share, at 95 % and 80 % power.

    The usual formula for two proportions with the spread of the base share in both (Fleiss, 1981).
    """
    quantiles = norm.ppf(0.5 + LEVEL / 2) + norm.ppf(POWER)
    return math.ceil(2 * quantiles**2 * base * (1 - base) / difference**2)


def is_thin(account: Account) -> bool:
    """Whether no causal estimate with an interval is recorded."""
    return not any(each.is_effect and interval_of(each) for each in account.estimates)


def next_evaluation(account: Account) -> NextEvaluation | None:
    """What to do next, where the evidence is thin; None where it is not."""
    if not is_thin(account):
        return None
    row = account.intervention
    parts = {part.component for part in row.components.all()}
    places = list(row.places.all())
    if row.status == Status.ENDED:
        return NextEvaluation(
            "Difference-in-differences on records already kept: places or cohorts it reached against those it did "
            "not, over several years before, during and after.",
            "It has ended, so nobody can be assigned to it; records from before and after can still be compared.",
            _sizes_of_areas(),
            "callaway_santanna",
        )
    if parts & OFFERED_TO_PEOPLE:
        return NextEvaluation(
            "Where there are more eligible people than places, draw by lot who is offered one first, and compare.",
            "It is offered person by person, so chance can decide the order at almost no cost.",
            _sizes_of_people(),
            "callaway_santanna",
            about_people=True,
        )
    if len(places) == 1 and places[0].kind in SINGLE_PLACE_KINDS:
        return NextEvaluation(
            f"Compare {places[0].name} with the places most like it before it began, over several years before and "
            "after (synthetic difference-in-differences).",
            "One place has it, so the comparison is with a weighted set of other places.",
            _sizes_of_areas(),
            "synthetic_did",
        )
    return NextEvaluation(
        "Difference-in-differences over places or cohorts that it reaches at different dates, with two or more "
        "periods before the first.",
        "It reaches whole places or cohorts, so its timing is what can be compared.",
        _sizes_of_areas(),
        "callaway_santanna",
    )


def _sizes_of_people() -> tuple[str, ...]:
    sizes = [
        f"{people_in_each_group(difference):,} people in each group to detect {difference * 100:g} points on a share "
        f"near {BASE_SHARE * 100:g}%"
        for difference in DIFFERENCES
    ]
    return (*sizes, "More where whole classes, schools or areas are drawn rather than people.")


def _sizes_of_areas() -> tuple[str, ...]:
    return (
        "40 or more places or schools for ordinary clustered intervals; fewer need randomisation inference.",
        "What can be detected depends on how much the outcome moves from year to year: the plan works it out from "
        "your data before the outcomes after it are seen.",
    )


def start_query(account: Account, proposed: NextEvaluation) -> dict[str, str]:
    """What a form for an evaluation of it starts with, as the parameters of its address."""
    row = account.intervention
    outcomes = Counter(each.outcome_id for each in account.estimates)
    stated = {
        "intervention": str(row.pk),
        "title": f"Evaluation of {row.name}"[:200],
        "purpose": f"Whether {row.name} changes the headline outcome. {proposed.design} {proposed.why}",
        "units": "people" if proposed.about_people else "not_people",
    }
    return stated | ({"outcome": str(outcomes.most_common(1)[0][0])} if outcomes else {})

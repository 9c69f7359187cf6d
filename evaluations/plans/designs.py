"""The designs one can choose from, in words: what each compares, and what must be true for it to be right."""

from __future__ import annotations

from dataclasses import dataclass

from evaluations.stats.spec import Columns


@dataclass(frozen=True)
class Design:
    """One estimator as a choice. `needs` are groups of roles, of which one of each group must be played."""

    estimator: str
    method: str
    title: str
    compares: str
    assumes: str
    chosen_when: str
    needs: tuple[tuple[str, ...], ...]

    def missing(self, columns: Columns) -> list[str]:
        """What the columns lack for this design, in words."""
        played = columns.named()
        return [
            " or ".join(ROLES[role].label.lower() for role in group)
            for group in self.needs
            if not any(role in played for role in group)
        ]


@dataclass(frozen=True)
class RoleText:
    """What a role is called, and what a column that plays it holds."""

    label: str
    hint: str


ROLES: dict[str, RoleText] = {
    "outcome": RoleText("Outcome", "The number the intervention tries to change."),
    "unit": RoleText("Unit", "What is followed over time: an area, a school, a person's opaque number."),
    "period": RoleText("Period", "When the outcome was measured: a year, a term, a month."),
    "first_treated": RoleText("First treated", "The period in which the unit's treatment began; empty for never."),
    "treated": RoleText("Treated group", "1 for the group that gets the intervention, 0 for the other."),
    "post": RoleText("After", "1 for rows from after the start, 0 for rows from before."),
    "covariates": RoleText("Characteristic to adjust for", "Something that predicts trends and was fixed beforehand."),
    "cluster": RoleText("Cluster", "The level at which the intervention was assigned, if above the unit."),
    "weight": RoleText("Weight", "A sampling or population weight."),
    "subgroup": RoleText("Subgroup", "Groups for which the effect is also wanted apart."),
    "placebo_outcomes": RoleText("Placebo outcome", "An outcome the intervention should not change."),
    "fixed_effects": RoleText("Further fixed effect", "Groups whose own level is taken out, beyond unit and period."),
    "third_difference": RoleText("Third difference", "The group within which the contrast is made."),
    "n": RoleText("Number in the cell", "How many the row stands for, where rows are averages."),
    "sd": RoleText("Standard deviation in the cell", "The spread behind the average, where rows are averages."),
    "latitude": RoleText("Latitude", "In degrees."),
    "longitude": RoleText("Longitude", "In degrees."),
    "easting": RoleText("Easting", "British National Grid, in metres."),
    "northing": RoleText("Northing", "British National Grid, in metres."),
    "postcode": RoleText("Postcode", "Used to work out distances, then dropped."),
    "district": RoleText("District", "A postcode district, such as M14."),
    "small_area": RoleText("Small area", "An LSOA or data zone code."),
    "distance_km": RoleText("Distance", "Kilometres to the nearest site, worked out beforehand."),
    "location_from": RoleText("Lived there from", "The period from which the place is true."),
    "location_to": RoleText("Lived there to", "The period until which the place is true."),
    "neighbourhood": RoleText("Comparison area", "The area within which near and far are compared."),
    "born": RoleText("Period of birth", "From which the ages of exposure follow."),
}
LIST_ROLES = ("covariates", "placebo_outcomes", "fixed_effects")

_SAME_TREND = "Without it, both groups would have changed by the same amount (parallel trends)."
_NO_EARLY = "Nobody changed before the start because they saw it coming."
_LOCATED = ("latitude", "easting", "postcode", "district", "small_area", "distance_km")

DESIGNS: tuple[Design, ...] = (
    Design(
        "callaway_santanna",
        "did",
        "Different starting dates, each group against those without it",
        "Each group of units that started in the same period is compared with units that had not started, "
        "before and after; the results are then averaged.",
        f"{_SAME_TREND} {_NO_EARLY} Effects may differ between groups and grow over time.",
        "The usual first choice where places or schools start at different times.",
        (("period",), ("first_treated",)),
    ),
    Design(
        "did_2x2",
        "did",
        "Two groups, before and after",
        "The change in the treated group, less the change in the other group.",
        f"{_SAME_TREND} {_NO_EARLY} With one period before, this cannot be checked in the data.",
        "One start date, two groups; rows can be people, places, or averages with their number and spread.",
        (("treated",), ("post",)),
    ),
    Design(
        "event_study",
        "did",
        "Before and after, period by period",
        "Treated and other units in every period before and after the start, in one regression.",
        f"{_SAME_TREND} {_NO_EARLY} Units that start at different times have the same effect.",
        "One start date, many periods, and you want to see the whole path.",
        (("unit",), ("period",), ("first_treated",)),
    ),
    Design(
        "sun_abraham",
        "did",
        "Different starting dates, in one regression",
        "As the event study, with each starting date given its own path, then averaged.",
        f"{_SAME_TREND} {_NO_EARLY}",
        "A second look beside the first choice, when starting dates differ.",
        (("unit",), ("period",), ("first_treated",)),
    ),
    Design(
        "imputation",
        "did",
        "Different starting dates, by filling in what would have been",
        "What each treated unit would have had, from its own level and the periods' changes among the untreated.",
        f"{_SAME_TREND} {_NO_EARLY} It leans on all earlier periods, so is precise but sensitive to early drift.",
        "Long panels where trends look parallel for many periods.",
        (("unit",), ("period",), ("first_treated",)),
    ),
    Design(
        "twfe",
        "did",
        "Two-way fixed effects regression",
        "Outcomes on treatment, with every unit's own level and every period's change taken out.",
        f"{_SAME_TREND} The effect is the same for all units and all periods; otherwise the average can mislead.",
        "To repeat a published analysis, or where everyone starts at once.",
        (("first_treated", "treated"),),
    ),
    Design(
        "synthetic_did",
        "did",
        "Synthetic difference-in-differences",
        "The treated units against a weighted mix of others that moved as they did before.",
        "The mix that followed the treated units before would have followed them after.",
        "Few treated units, many others, many periods before.",
        (("unit",), ("period",), ("first_treated",)),
    ),
    Design(
        "ring_did",
        "proximity",
        "Rings around sites, before and after",
        "The change within each distance band around a site, against the outermost band.",
        "Without the site, near and far places would have changed alike, and the outermost band is unaffected.",
        "One thing opened in known places, and you know how far each row is from it.",
        (_LOCATED, ("post", "period")),
    ),
    Design(
        "access_did",
        "proximity",
        "Coming within reach of a site",
        "Units once a site opens near them, against units not yet or never within reach.",
        f"{_SAME_TREND} Sites did not open where things were about to improve anyway.",
        "Sites opened at different dates, such as Family Hubs.",
        (("period", "born"), (*_LOCATED, "first_treated")),
    ),
    Design(
        "distance_curve",
        "proximity",
        "Effect by distance",
        "The change as a smooth curve of distance from the site, against those far away.",
        "Without the site, near and far places would have changed alike.",
        "To see how far an effect reaches.",
        (_LOCATED, ("post", "period")),
    ),
)
BY_ESTIMATOR = {design.estimator: design for design in DESIGNS}

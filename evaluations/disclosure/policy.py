"""What leaves the workspace about people: the preset, how far an evaluation may depart from it, and how it is said.

The preset is that of the standards this project follows: counts under 10 hidden (ONS; the published rules of `acro`),
the others rounded to 5, 10 residual degrees of freedom, 60 treated people (Justice Data Lab).
Totals and means of people are shown nowhere, so no rule of dominance is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Policy:
    """The preset of disclosure control; an evaluation may depart from it, but never below `FLOOR`."""

    min_treated_people: int = 60
    min_count: int = 10
    round_to: int = 5
    min_residual_df: int = 10

    def in_words(self) -> str:
        """The policy as it is stated on every output about people."""
        return (
            f"No estimate is shown for fewer than {self.min_treated_people} treated people, "
            f"or with fewer than {self.min_residual_df} residual degrees of freedom. "
            f"Counts under {self.min_count} are hidden, with the numbers that rest on them and whatever else would "
            f"give them away; other counts are rounded to the nearest {self.round_to}. "
            "No minimum or maximum is shown."
        )

    def of_cells(self) -> str:
        """The policy as it is stated where rows are places and the numbers in their cells count people."""
        return (
            f"Rows are places or groups; the number of people in each counts. What rests on a cell of fewer than "
            f"{self.min_count} people is hidden, with whatever else would give its size away; other numbers of people "
            f"are rounded to the nearest {self.round_to}."
        )

    def stated(self, *, of_people: bool) -> str:
        """The policy as it is stated for rows that are people, or places with people in them."""
        return self.in_words() if of_people else self.of_cells()


PRESET = Policy()
FLOOR = Policy(min_treated_people=10)
"""The least that any evaluation keeps to: the preset itself but for the number of treated people, which it may lower
to the smallest count that is shown at all."""

LABELS = {
    "min_treated_people": "Treated people an estimate needs",
    "min_count": "Counts under this are hidden",
    "round_to": "Other counts are rounded to the nearest",
    "min_residual_df": "Residual degrees of freedom an estimate needs",
}
MOST = {
    "min_treated_people": 100_000,
    "min_count": 1_000,
    "round_to": 1_000,
    "min_residual_df": 1_000,
}


def policy_of(departures: Mapping[str, Any]) -> Policy:
    """The preset with an evaluation's own departures from it; whatever stands below the floor is lifted to it."""
    known = {name: value for name, value in departures.items() if name in LABELS}
    lifted = {name: max(value, getattr(FLOOR, name)) for name, value in known.items()}
    return replace(PRESET, **lifted)


def departures_of(policy: Policy) -> dict[str, Any]:
    """What differs from the preset, as an evaluation keeps it."""
    preset = asdict(PRESET)
    return {name: value for name, value in asdict(policy).items() if value != preset[name]}


def below_floor(policy: Policy) -> list[tuple[str, str]]:
    """The names of the numbers that protect less than the floor, or make no sense, each with why in words."""
    wrong = []
    for name, label in LABELS.items():
        value, least, most = getattr(policy, name), getattr(FLOOR, name), MOST[name]
        if not least <= value <= most:
            wrong.append((name, f"{label}: not below {least} and not above {most:,}."))
    if not wrong and policy.round_to > policy.min_count:
        wrong.append(("round_to", "Rounding to more than the smallest count shown would print it as zero."))
    return wrong


def is_weaker(policy: Policy, than: Policy = PRESET) -> bool:
    """Whether any number of the policy protects less than that of the other."""
    return any(getattr(policy, name) < getattr(than, name) for name in LABELS)

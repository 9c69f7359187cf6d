"""What a later release would give away beside earlier ones of the same data, and a result with more of it hidden.

Two counts of nearly the same people tell apart those who are in one and not in the other. So where a count of the later
release differs from one of an earlier by fewer people than the threshold, every count of the later one is hidden.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.disclosure.counting import LISTS
from evaluations.disclosure.policy import Policy

ALL_COUNTS = "counts"
PARTS = {
    ALL_COUNTS: "Every count: units, treated units, rows, clusters and the sample",
    "event_study": "The effect by time since first treated",
    "by_cohort": "The effect by starting period",
    "by_period": "The effect by calendar period",
    "rings": "The change by distance",
    "distance_curve": "The effect by distance as a curve",
    "diagnostics": "The checks",
}
"""What a reviewer may ask to be hidden as well, by its name in the result."""

RING = re.compile(r"(units|rows|people) in ring (\S+) to (\S+)")
WHOLES = {
    "units": ("units in ",),
    "rows_used": ("rows_used in ", "rows in "),
    "treated": ("treated in ", "cohort "),
    "people": ("people in ",),
}


@dataclass(frozen=True)
class Earlier:
    """An earlier release: how it is called, and its counts. `is_rounded` where only the shown ones are left."""

    name: str
    counts: Mapping[str, int]
    is_rounded: bool = False


@dataclass(frozen=True)
class Clash:
    """A count of the later release that nearly repeats one of an earlier."""

    count: str
    earlier: str

    def in_words(self, policy: Policy) -> str:
        """Why it must not be shown beside the earlier one."""
        return (
            f"It differs from {self.earlier}, already released, by fewer than {policy.min_count} people: "
            "shown side by side they would tell who is in one and not in the other."
        )


def clashes(counts: Mapping[str, int], earlier: Iterable[Earlier], policy: Policy) -> list[Clash]:
    """The counts that differ too little from a count of nearly the same people in an earlier release."""
    per = _rows_a_unit(counts)
    found = (
        Clash(name, each.name)
        for each in earlier
        for name, value in counts.items()
        for other, before in each.counts.items()
        if _may_overlap(name, other) and _is_near(name, value, before, each.is_rounded, per, policy)
    )
    return list(dict.fromkeys(found))


def _rows_a_unit(counts: Mapping[str, int]) -> int:
    rows, units = counts.get("rows_used"), counts.get("units")
    return max(math.ceil(rows / units), 1) if rows and units else 1


def _is_near(name: str, value: int, before: int, is_rounded: bool, per: int, policy: Policy) -> bool:
    gap, times = abs(value - before), per if name.startswith("rows") else 1
    if is_rounded:
        return gap < (policy.min_count + policy.round_to) * times
    return 0 < gap < policy.min_count * times


def _may_overlap(one: str, other: str) -> bool:
    """Whether two counts may be of nearly the same people: one group, a group and its whole, or rings that meet."""
    if one == other:
        return not one.startswith(("rows lost", "units lost"))
    rings = RING.fullmatch(one), RING.fullmatch(other)
    if rings[0] and rings[1]:
        (kind, start, end), (other_kind, other_start, other_end) = rings[0].groups(), rings[1].groups()
        return kind == other_kind and float(start) < float(other_end) and float(other_start) < float(end)
    return _is_part(one, other) or _is_part(other, one)


def _is_part(part: str, whole: str) -> bool:
    return whole in WHOLES and part.startswith(WHOLES[whole])


def shown_counts(result: Mapping[str, Any]) -> dict[str, int]:
    """The headline's counts as a kept result shows them, by the names that true counts have."""
    headline = (result.get("estimates") or [{}])[0]
    times = (result.get("disclosure") or {}).get("times_counted")
    if times:
        return {"people": headline["n_obs"] // times} if headline.get("n_obs") is not None else {}
    names = {"units": "n_units", "treated": "n_treated_units", "rows_used": "n_obs"}
    return {word: headline[name] for word, name in names.items() if headline.get(name) is not None}


def hiding(result: Mapping[str, Any], parts: Iterable[str]) -> dict[str, Any]:
    """The result without these of its `PARTS`."""
    gone = set(parts)
    kept = {name: value for name, value in result.items() if name not in gone}
    return _without_counts(kept) if ALL_COUNTS in gone else kept


def _without_counts(result: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(result)
    for part in LISTS:
        if part in kept:
            kept[part] = [_uncounted(row) for row in kept[part]]
    if "sample" in kept:
        kept["sample"] = {"hidden": ["rows_read", "rows_used"]}
    return kept


def _uncounted(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = [name for name in row if name.startswith("n_")]
    if not counts:
        return dict(row)
    before = row.get("hidden")
    hidden = before if isinstance(before, list) else []
    return {**row, **dict.fromkeys(counts), "hidden": [*hidden, *(name for name in counts if name not in hidden)]}

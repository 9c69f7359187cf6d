"""A result of aggregate rows as it may be kept: rows are about places, but the numbers in their cells count people.

How many places there are is no secret. How many people stand behind a number is, where they are few: so what rests on
a small cell goes, with whatever would give its size away, and the other numbers of people are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluations.disclosure.counting import Counted, people_in_cells
from evaluations.disclosure.places import where_in_words
from evaluations.disclosure.policy import Policy
from evaluations.disclosure.readings import SILENT
from evaluations.disclosure.results import BROKEN_DOWN, LEGEND, NUMBERS, WHY, Protected, hide_a_second
from evaluations.disclosure.tables import PRIMARY, Hidden, hidden_counts, rounded

TIMES_COUNTED = "times_counted"
"""How often one person may be counted in the released numbers of people, beside the policy."""


@dataclass(frozen=True)
class CellPeople:
    """The fewest people in any cell that a number rests on, by what results tell apart; absent where not known.

    `times` is how often a person may be counted: once in every period.
    """

    headline: int | None = None
    subgroups: Mapping[Any, int] = field(default_factory=dict)
    cohorts: Mapping[Any, int] = field(default_factory=dict)
    group_times: Mapping[tuple[Any, Any], int] = field(default_factory=dict)
    event_times: Mapping[int, int] = field(default_factory=dict)
    periods: Mapping[Any, int] = field(default_factory=dict)
    times: int = 1

    def behind(self, part: str, row: Mapping[str, Any]) -> int | None:
        """The fewest people behind one row of a result."""
        match part:
            case "estimates":
                group = row.get("subgroup")
                return self.headline if group is None else self.subgroups.get(group)
            case "by_cohort":
                return self.cohorts.get(row["cohort"])
            case "att_gt":
                return self.group_times.get((row["cohort"], row["period"]))
            case "event_study":
                return self.event_times.get(row["event_time"], self.headline)
            case "by_period":
                return self.periods.get(row["period"])
            case _:
                seen = row.get("n_obs")
                return None if seen is None else math.ceil(seen / self.times)


PARTS = ("estimates", "by_cohort", "att_gt", "event_study", "by_period", "rings")


def protect_cells(result: Mapping[str, Any], policy: Policy, people: CellPeople) -> Protected:
    """The result of aggregate rows as it may be kept and shown; a refusal where its headline rests on a small cell."""
    if result["status"] == "refused":
        return Protected({**result} | _stated(policy, [], people))
    if _is_small(people.headline, policy):
        return _refused(result, policy, people)
    found = people_in_cells(result, people.times)
    gone = {each.key: each for each in hidden_counts(found.tables, policy)}
    rows = _rows_to_hide(result, policy, people, found, gone)
    shown = _shown(result, policy, found, gone, rows)
    hidden = (
        *({"where": f"The number of {key}", "why": WHY[each.why].format(policy)} for key, each in gone.items()),
        *({"where": where_in_words(*at, result), "why": why} for at, why in rows.items()),
    )
    counts = {count.key: math.ceil(count.value / count.per) for count in found.tables.counts if count.is_shown}
    stated = _stated(policy, [{"where": each["where"]} for each in hidden], people)
    return Protected(shown | stated, hidden, counts)


def _is_small(people: int | None, policy: Policy) -> bool:
    """Whether some cell behind a number holds people, but fewer than the policy's threshold."""
    return people is not None and 0 < people < policy.min_count


def _stated(policy: Policy, places: Sequence[Mapping[str, str]], people: CellPeople) -> dict[str, Any]:
    stated = {"policy": policy.of_cells(), "legend": LEGEND, "hidden": list(places), TIMES_COUNTED: people.times}
    return {"disclosure": stated}


def _refused(result: Mapping[str, Any], policy: Policy, people: CellPeople) -> Protected:
    message = (
        f"The estimate would rest on a group with fewer than {policy.min_count} people before or after, "
        "so it is not shown: it could say something about a person."
    )
    hint = "Take places, periods or groups together until every group compared has enough people."
    kept = {name: result[name] for name in ("version", "receipt")}
    refusal = {"code": "cell_too_small", "message": message, "hint": hint}
    shown = {**kept, "status": "refused", "refusal": refusal} | _stated(policy, [{"where": "everything"}], people)
    return Protected(shown, ({"where": "everything", "why": message},))


def _rows_to_hide(
    result: Mapping[str, Any], policy: Policy, people: CellPeople, found: Counted, gone: Mapping[str, Hidden]
) -> dict[tuple[str, int], str]:
    why: dict[tuple[str, int], str] = {}
    for part in PARTS:
        for place, row in enumerate(result.get(part, [])):
            key = found.printed.get((part, place, "n_obs"))
            is_primary = key is not None and key in gone and gone[key].why == PRIMARY
            if is_primary or _is_small(people.behind(part, row), policy):
                why[part, place] = f"It rests on a cell of fewer than {policy.min_count} people."
    for part in (*BROKEN_DOWN, "rings"):
        hide_a_second(part, result.get(part, []), why)
    return why


def _shown(
    result: Mapping[str, Any],
    policy: Policy,
    found: Counted,
    gone: Mapping[str, Hidden],
    rows: Mapping[tuple[str, int], str],
) -> dict[str, Any]:
    shown = dict(result)
    for part in PARTS:
        if part in result:
            shown[part] = [
                _row(row, (part, place), found, gone, policy, (part, place) in rows)
                for place, row in enumerate(result[part])
            ]
    if (rows or gone) and "diagnostics" in result:
        shown["diagnostics"] = [each for each in result["diagnostics"] if each["code"] not in SILENT]
    if any(part in ("by_cohort", "att_gt") for part, _ in rows):
        shown.pop("decomposition", None)
    return shown


def _row(
    row: Mapping[str, Any],
    at: tuple[str, int],
    found: Counted,
    gone: Mapping[str, Hidden],
    policy: Policy,
    is_hidden: bool,
) -> dict[str, Any]:
    shown = dict(row)
    missing = [name for name in NUMBERS if is_hidden and row.get(name) is not None]
    key = found.printed.get((*at, "n_obs"))
    if key is not None:
        shown["n_obs"] = None if key in gone else rounded(found.tables.counts[found.tables.place[key]], policy)
        missing += ["n_obs"] if key in gone else []
    shown |= dict.fromkeys(name for name in missing if name != "n_obs")
    return shown | ({"hidden": missing} if missing else {})

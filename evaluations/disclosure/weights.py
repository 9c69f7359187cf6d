"""Numbers made coarse enough that averages of averages do not give the size of a hidden cohort.

The headline averages the event times, each weighted by how many are seen at it. With every digit shown, one equation
in one hidden size would give that size exactly. So where a cohort is hidden the numbers are rounded to a step at which
the equation allows sizes that differ by the threshold; where that step would be coarse beside the error, the event
study is not shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evaluations.disclosure.policy import Policy

FINEST_STEP = 0.02
COARSEST_STEP = 0.5
"""Shares of the headline's standard error: what the numbers are always rounded to, and the most they may be."""

ROUNDED = ("value", "ci_lower", "ci_upper", "band_lower", "band_upper")
PARTS = ("estimates", "event_study", "by_cohort", "att_gt", "rings", "specifications")


def coarser(result: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The result with its effects rounded to one step, or without its event study where no step would do."""
    kept = dict(result)
    headline = kept["estimates"][0]
    error, value = headline.get("std_error"), headline.get("value")
    if not error or value is None:
        return _without(kept)
    needed = step_needed(kept, policy)
    if needed > COARSEST_STEP * error:
        kept, needed = _without(kept), 0.0
    step = _ladder(max(needed, FINEST_STEP * error))
    for part in PARTS:
        if part in kept:
            kept[part] = [_rounded(row, step) for row in kept[part]]
    return kept


def step_needed(result: Mapping[str, Any], policy: Policy) -> float:
    """The step at which the averages allow sizes of a hidden cohort that differ by the threshold.

    With the headline b = sum N_e b_e / sum N_e, one more unit in a cohort moves it by sum (b_e - b) / sum N_e over the
    event times e at which the cohort is seen; rounding all to a step s leaves its size open by 2 s over that.
    """
    headline = result["estimates"][0]["value"]
    after = [row for row in result.get("event_study", []) if row["event_time"] >= 0 and row.get("value") is not None]
    people = sum(row.get("n_treated_units") or policy.min_count for row in after)
    if not people:
        return 0.0
    apart = [row["value"] - headline for row in after]
    most = max(sum(each for each in apart if each > 0), -sum(each for each in apart if each < 0))
    return policy.min_count * most / (2 * people)


def _ladder(step: float) -> float:
    """The next of 1, 2, 5, 10 ... times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= step * (1 - 1e-12))


def _rounded(row: Mapping[str, Any], step: float) -> dict[str, Any]:
    digits = max(0, -math.floor(math.log10(step)))
    changed = {name: row[name] for name in ROUNDED if row.get(name) is not None}
    kept = {**row, **{name: round(step * round(number / step), digits) for name, number in changed.items()}}
    if kept.get("std_error"):
        size = math.floor(math.log10(kept["std_error"]))
        kept["std_error"] = round(kept["std_error"], 2 - size)
    if kept.get("p_value") is not None:
        kept["p_value"] = round(kept["p_value"], 3)
    return kept


def _without(result: dict[str, Any]) -> dict[str, Any]:
    """The result with its event study's numbers hidden."""
    rows = [
        {
            **row,
            **dict.fromkeys([name for name in ROUNDED if name in row]),
            "std_error": None,
            "p_value": None,
            "hidden": True,
        }
        for row in result.get("event_study", [])
    ]
    return result | ({"event_study": rows} if rows else {})

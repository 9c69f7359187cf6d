"""Words that carry counts: readings of checks, reasons and refusals, as they may be kept where units are people.

A check is known by its code. Readings that state no count stay as they are; in the others every count becomes a rounded
one, or "fewer than 10". A code that is not known here loses its reading, its numbers and its details: nothing leaves
because nobody thought of it. `tests/unit/disclosure/test_readings.py` holds the list against the engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evaluations.disclosure.policy import Policy

PLAIN = {
    "balance_not_checked",
    "breakdown_value",
    "composition_change",
    "errors_of_independent_people",
    "interval_has_no_end",
    "no_standard_error",
    "placebo_outcome",
    "placebo_time",
    "pretrend_joint",
    "pretrend_power",
    "pretrend_ring",
    "spillover_next_ring",
    "subgroup_difference",
    "subgroup_gradient",
    "synthetic_fit",
}
"""Checks whose readings and statistics say nothing about how many people there are."""

COUNTING = {
    "attrition_wwc",
    "baseline_wwc",
    "cells_not_estimable",
    "checks_not_repeated",
    "clusters_below_40",
    "composition_numbers",
    "curve_rings",
    "exposure_dose",
    "few_clusters",
    "few_control_clusters",
    "few_degrees_of_freedom",
    "few_treated_clusters",
    "forbidden_comparisons",
    "movers",
    "near_far_balance",
    "overlap",
    "overlap_of_sites",
    "placebo_sites",
    "randomisation",
    "subgroups_not_estimable",
    "too_few_assignments",
    "unbalanced_panel",
}
"""Checks whose readings count units, rows or clusters, or whose statistic is such a count or a share of one."""

SILENT = {"no_error_for_lone_units", "ring_small"}
"""Checks that are left out: that they were raised at all says that something is small, and which."""

SAFE_DETAILS = {
    "power", "slope", "bias_at_half_power", "wald", "event_times", "ci_lower", "ci_upper", "value", "std_error",
    "difference", "mean_effect", "inner_km", "outer_km", "periods_early", "covariate", "averaged_over_cohorts",
}  # fmt: skip
"""What a check's details may keep: nothing that counts, and no least or greatest value."""

UNKNOWN_READING = "This check was made. What it found counts people and is not shown."
COUNTED = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(\s?%|\spoints)?(?![\w]|[.,]\d)(?!\s?km| to [\d.]+ km)"
)
LIMIT_WORDS = ("below", "than", "least", "up to")


def told_check(check: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """A diagnostic as it may be kept."""
    code = check["code"]
    if code in PLAIN:
        details = {name: value for name, value in (check.get("details") or {}).items() if name in SAFE_DETAILS}
        rounded = None if check.get("p_value") is None else round(check["p_value"], 4)
        return {**check, "df": _first(check.get("df")), "p_value": rounded, "details": details or None}
    if code in COUNTING:
        p_value = None if check.get("p_value") is None else round(check["p_value"], 3)
        told = {"code": code, "reading": coarse(check.get("reading", ""), policy), "p_value": p_value}
        return {**told, "statistic": None, "df": None, "details": None}
    return {"code": code, "reading": UNKNOWN_READING, "statistic": None, "df": None, "p_value": None, "details": None}


def _first(df: Any) -> Any:
    """The degrees of freedom of what is tested; those of what is left over count clusters or people."""
    return df[0] if isinstance(df, list | tuple) else df


def coarse(words: str, policy: Policy) -> str:
    """The words with every count rounded, or said to be under the threshold; shares to the nearest five hundredths."""

    def told(found: re.Match[str]) -> str:
        digits, decimals, percent = found.groups()
        if percent:
            return _share(float(digits.replace(",", "") + (decimals or "")), percent)
        count = int(digits.replace(",", ""))
        if decimals or _names_limit(words, found.start()) or _is_year(digits):
            return found.group()
        if count < policy.min_count:
            return f"fewer than {policy.min_count}"
        return f"about {policy.round_to * round(count / policy.round_to):,}"

    return COUNTED.sub(told, words)


def _share(share: float, unit: str) -> str:
    if 5 <= share <= 95:
        return f"about {5 * round(share / 5):g}{unit}"
    return f"under 5{unit}" if share < 5 else f"over 95{unit}"


def _names_limit(words: str, at: int) -> bool:
    return words[:at].rstrip().lower().endswith(LIMIT_WORDS)


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and 1900 <= int(digits) <= 2100

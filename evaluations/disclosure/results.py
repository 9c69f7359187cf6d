"""A result as it may be kept and shown where it counts people: the one place through which every such result passes.

What is kept is listed; anything else that a result may come to hold is left out until it is listed here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluations.disclosure.counting import CELL_COUNTS, LISTS, Counted, Place, counted, rows_per_unit
from evaluations.disclosure.places import where_in_words
from evaluations.disclosure.policy import Policy
from evaluations.disclosure.readings import SILENT, coarse, told_check
from evaluations.disclosure.tables import ASKED, PRIMARY, SECONDARY, WHOLE, Hidden, hidden_counts, rounded
from evaluations.disclosure.weights import coarser

NUMBERS = ("value", "std_error", "ci_lower", "ci_upper", "band_lower", "band_upper", "p_value", "p_value_adjusted")
WORDS = ("name", "estimand", "level", "subgroup", "cohort", "period", "event_time", "inner_km", "outer_km")
LEGEND = "Numbers named under `hidden` are not shown, so that nobody can be identified."
MORE_WORDS = ("distance_km", "is_reference", "is_simultaneous")
KEPT_WHOLE = ("version", "status", "receipt", "sensitivity", "detectable_effect")
ROW_HAS_PROBLEM = "A row of the data has this problem. Those who may see the rows find which by checking them."
BROKEN_DOWN = ("by_cohort", "event_study", "estimates")
"""Breakdowns whose rows make up the headline: one hidden row alone could be worked out from the others."""

WHY = {
    PRIMARY: "Fewer than {0.min_count} people.",
    SECONDARY: "So that a small count elsewhere cannot be worked out from it.",
    WHOLE: "No choice of counts to hide would protect the small ones, so none is shown.",
    ASKED: "Fewer people than an estimate may rest on.",
}


@dataclass(frozen=True)
class Protected:
    """A result as it may be kept, what was hidden and why, and what never leaves: true counts, marks of the units."""

    result: dict[str, Any]
    hidden: tuple[dict[str, str], ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    units: tuple[int, ...] = ()


def protect_people(result: Mapping[str, Any], policy: Policy, *, covariates: int = 0) -> Protected:
    """The result as it may be kept and shown when it counts people.

    Too few treated people, or too few residual degrees of freedom, turn the whole result into a refusal that says what
    would be enough. Otherwise small counts go, with the numbers that rest on them and whatever would give them away.
    Averages of groups with their sizes are for `cells.protect_cells`.
    """
    if result["status"] == "refused":
        return _refused(result, policy)
    headline = result["estimates"][0]
    treated = headline.get("n_treated_units")
    if treated is None or treated < policy.min_treated_people:
        return _too_few_people(result, policy)
    freedom = residual_df(headline, covariates)
    if freedom is not None and freedom < policy.min_residual_df:
        return _too_few_degrees(result, policy)
    found = counted(result)
    gone = {each.key: each for each in hidden_counts(found.tables, policy)}
    rows = _rows_without_numbers(result, policy, found, gone, covariates)
    shown = _shown(result, policy, found, gone, rows)
    hidden = (
        *_hidden_counts(found, gone, policy),
        *({"where": where_in_words(*at, result), "why": why} for at, why in rows.items()),
    )
    counts = {count.key: count.value for count in found.tables.counts if count.is_shown}
    places = [{"where": each["where"]} for each in hidden]
    return Protected(shown | _stated(policy, places), hidden, counts)


def residual_df(row: Mapping[str, Any], covariates: int) -> int | None:
    """Residual degrees of freedom of the regression behind an estimate, counted low; null where nothing is known.

    Units seen more than once are taken to have an effect each, and every period one.
    """
    n_treated, n_control = row.get("n_treated_units"), row.get("n_control_units")
    if n_treated is not None and n_control is not None:
        return n_treated + n_control - 2 - covariates
    n_obs, n_units = row.get("n_obs"), row.get("n_units")
    if n_obs is None:
        return None if n_units is None else n_units - 2 - covariates
    if n_units is None or n_obs <= n_units:
        return n_obs - 4 - covariates
    return n_obs - n_units - math.ceil(n_obs / n_units) - covariates


def _stated(policy: Policy, places: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {"disclosure": {"policy": policy.in_words(), "legend": LEGEND, "hidden": list(places)}}


def _refused(result: Mapping[str, Any], policy: Policy) -> Protected:
    """A refusal with its counts made coarse, and without its sample: there is no estimate for it to explain."""
    refusal = {name: coarse(words, policy) if name != "code" else words for name, words in result["refusal"].items()}
    kept = {name: result[name] for name in ("version", "status", "receipt")}
    issues = [_issue(each) for each in result.get("issues", [])]
    more = {"issues": issues} if issues else {}
    return Protected(kept | {"refusal": refusal} | more | _stated(policy, []))


def _issue(issue: Mapping[str, Any]) -> dict[str, Any]:
    """A problem in the data without the row and the unit it names, which those who may see the rows find there."""
    kept = {name: issue[name] for name in ("code", "column", "hint") if issue.get(name) is not None}
    return kept | {"message": ROW_HAS_PROBLEM}


def _too_few_people(result: Mapping[str, Any], policy: Policy) -> Protected:
    message = (
        f"The estimate would rest on fewer than {policy.min_treated_people} treated people, "
        "so it is not shown: it could say something about a person."
    )
    hint = (
        f"At least {policy.min_treated_people} treated people would be enough. "
        "Add later cohorts or more places, or pool the analysis with partners."
    )
    return _withheld(result, policy, "too_few_treated_people", message, hint)


def _too_few_degrees(result: Mapping[str, Any], policy: Policy) -> Protected:
    message = (
        f"The model would leave fewer than {policy.min_residual_df} residual degrees of freedom, "
        "so it is not shown: its fit could give single people's values away."
    )
    hint = "Use fewer characteristics to adjust for, or more people or periods."
    return _withheld(result, policy, "too_few_degrees_of_freedom", message, hint)


def _withheld(result: Mapping[str, Any], policy: Policy, code: str, message: str, hint: str) -> Protected:
    kept = {name: result[name] for name in ("version", "receipt")}
    refusal = {"code": code, "message": message, "hint": hint}
    hidden = ({"where": "everything", "why": message},)
    shown = {**kept, "status": "refused", "refusal": refusal} | _stated(policy, [{"where": "everything"}])
    return Protected(shown, hidden)


def _rows_without_numbers(
    result: Mapping[str, Any],
    policy: Policy,
    found: Counted,
    gone: Mapping[str, Hidden],
    covariates: int,
) -> dict[tuple[str, int], str]:
    """The rows whose numbers are hidden, each with why: small ones first, then those that would give one away."""
    small = {place[:2] for place, key in found.printed.items() if key in gone and gone[key].why == PRIMARY}
    why: dict[tuple[str, int], str] = {}
    for part in LISTS:
        for place, row in enumerate(result.get(part, [])):
            freedom = residual_df(row, covariates)
            people = row.get("n_treated_units")
            if (part, place) in small and any(_is_small(found, gone, (part, place, name)) for name in CELL_COUNTS):
                why[part, place] = f"It rests on fewer than {policy.min_count} people."
            elif part == "estimates" and people is not None and people < policy.min_treated_people:
                why[part, place] = f"It rests on fewer than {policy.min_treated_people} treated people."
            elif freedom is not None and freedom < policy.min_residual_df:
                why[part, place] = f"It leaves fewer than {policy.min_residual_df} residual degrees of freedom."
    for part in BROKEN_DOWN:
        hide_a_second(part, result.get(part, []), why)
    if _is_cohort_hidden(found, gone):
        _hide_other_averages(result, why)
    return why


def _is_small(found: Counted, gone: Mapping[str, Hidden], place: Place) -> bool:
    key = found.printed.get(place)
    return key is not None and key in gone and gone[key].why == PRIMARY


def hide_a_second(part: str, rows: Sequence[Mapping[str, Any]], why: dict[tuple[str, int], str]) -> None:
    """Hide the smallest other row where one is hidden alone: the headline and the rest would give it."""
    parts = [place for place, row in enumerate(rows) if part != "estimates" or row.get("subgroup") is not None]
    hidden = [place for place in parts if (part, place) in why]
    others = [place for place in parts if (part, place) not in why and rows[place].get("value")]
    if len(hidden) == 1 and others:
        smallest = min(others, key=lambda place: rows[place].get("n_treated_units") or math.inf)
        why[part, smallest] = "So that the one hidden beside it cannot be worked out."


def _is_cohort_hidden(found: Counted, gone: Mapping[str, Hidden]) -> bool:
    small = {key for key, each in gone.items() if each.why == PRIMARY}
    return any(key in small and place[0] in ("cohorts", "by_cohort", "att_gt") for place, key in found.printed.items())


def _hide_other_averages(result: Mapping[str, Any], why: dict[tuple[str, int], str]) -> None:
    """Averages of the same effects with other weights: set against the headline they would give the cohorts' sizes."""
    reason = "Beside the headline it would give the size of a hidden cohort."
    for place, row in enumerate(result["estimates"]):
        if place and row.get("subgroup") is None:
            why.setdefault(("estimates", place), reason)
    for place in range(len(result.get("by_period", []))):
        why.setdefault(("by_period", place), reason)


def _shown(
    result: Mapping[str, Any],
    policy: Policy,
    found: Counted,
    gone: Mapping[str, Hidden],
    rows: Mapping[tuple[str, int], str],
) -> dict[str, Any]:
    kept = {name: result[name] for name in KEPT_WHOLE if name in result}
    for part in LISTS:
        if part in result:
            kept[part] = [
                _row(part, place, row, policy, found, gone, (part, place) in rows)
                for place, row in enumerate(result[part])
            ]
    if "diagnostics" in result:
        checks = [each for each in result["diagnostics"] if each["code"] not in SILENT]
        kept["diagnostics"] = [told_check(each, policy) for each in checks]
    if "standing" in result:
        reasons = [coarse(each, policy) for each in result["standing"].get("reasons", [])]
        kept["standing"] = {**result["standing"], "reasons": reasons}
    if "specifications" in result:
        kept["specifications"] = [_specification(each, policy) for each in result["specifications"]]
    if "sample" in result:
        kept["sample"] = _sample(result, policy, found, gone)
    is_hidden = _is_cohort_hidden(found, gone)
    if "decomposition" in result and not is_hidden:
        kept["decomposition"] = [_decomposed(each) for each in result["decomposition"]]
    return coarser(kept, policy) if is_hidden else kept


def _decomposed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison of two cohorts; its weight to two decimals, which says little about their sizes."""
    kept = {name: row.get(name) for name in ("kind", "treated", "control", "value")}
    return kept | {"weight": None if row.get("weight") is None else round(row["weight"], 2)}


def _specification(row: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    kept = {name: row.get(name) for name in ("name", "value", "std_error", "ci_lower", "ci_upper")}
    return kept | {"note": coarse(row["note"], policy) if row.get("note") else None}


def _row(
    part: str,
    place: int,
    row: Mapping[str, Any],
    policy: Policy,
    found: Counted,
    gone: Mapping[str, Hidden],
    is_hidden: bool,
) -> dict[str, Any]:
    shown: dict[str, Any] = {name: row[name] for name in (*WORDS, *MORE_WORDS) if name in row}
    missing = [name for name in NUMBERS if is_hidden and row.get(name) is not None]
    shown |= {name: None if is_hidden else row[name] for name in NUMBERS if name in row}
    for name in (each for each in row if each.startswith("n_")):
        number = _count((part, place, name), found, gone, policy)
        shown[name] = number
        if number is None and row[name] is not None:
            missing.append(name)
    return shown | ({"hidden": missing} if missing else {})


def _count(place: Place, found: Counted, gone: Mapping[str, Hidden], policy: Policy) -> int | None:
    key = found.printed.get(place)
    if key is None or key in gone:
        return None
    return rounded(found.tables.counts[found.tables.place[key]], policy)


def _sample(result: Mapping[str, Any], policy: Policy, found: Counted, gone: Mapping[str, Hidden]) -> dict[str, Any]:
    sample, hidden = result["sample"], []
    shown: dict[str, Any] = {}
    for name in ("rows_read", "rows_used"):
        if sample.get(name) is not None:
            shown[name] = _count(("sample", 0, name), found, gone, policy)
            hidden += [] if shown[name] is not None else [name]
    shown["dropped"] = [
        {"reason": each["reason"], **_counts("dropped", place, each, ("rows", "units"), found, gone, policy)}
        for place, each in enumerate(sample.get("dropped", []))
        if each.get("rows")
    ]
    shown["cohorts"] = [
        {"cohort": each["cohort"], **_counts("cohorts", place, each, ("n_units",), found, gone, policy)}
        for place, each in enumerate(sample.get("cohorts", []))
    ]
    shown["notes"] = [coarse(each, policy) for each in sample.get("notes", [])]
    return {name: value for name, value in shown.items() if value != []} | ({"hidden": hidden} if hidden else {})


def _counts(
    part: str,
    place: int,
    row: Mapping[str, Any],
    names: Iterable[str],
    found: Counted,
    gone: Mapping[str, Hidden],
    policy: Policy,
) -> dict[str, Any]:
    shown = {name: _count((part, place, name), found, gone, policy) for name in names if name in row}
    hidden = [name for name, number in shown.items() if number is None and row.get(name) is not None]
    return shown | ({"hidden": hidden} if hidden else {})


def _hidden_counts(found: Counted, gone: Mapping[str, Hidden], policy: Policy) -> list[dict[str, str]]:
    """Each hidden count by its name, once, and why."""
    return [{"where": f"The count: {key}", "why": WHY[each.why].format(policy)} for key, each in gone.items()]


__all__ = ["Protected", "hide_a_second", "protect_people", "residual_df", "rows_per_unit"]

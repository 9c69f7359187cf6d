"""What a result about people may show, applied before the result is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

CELL_COUNTS = ("n_treated_units", "n_units", "n_control_units")
COUNTS = (*CELL_COUNTS, "n_obs", "n_clusters", "rows", "units", "rows_read", "rows_used")
LISTS = ("estimates", "att_gt", "event_study", "by_cohort", "by_period", "rings", "distance_curve")
NUMBERS = ("value", "std_error", "ci_lower", "ci_upper", "band_lower", "band_upper", "p_value", "p_value_adjusted")


@dataclass(frozen=True)
class Policy:
    """The preset of disclosure control, and where an evaluation departs from it."""

    min_treated_people: int = 60
    min_count: int = 10
    round_to: int = 5

    def in_words(self) -> str:
        """The policy as it is stated on every output about people."""
        return (
            f"No estimate is shown for fewer than {self.min_treated_people} treated people. "
            f"Counts under {self.min_count} are hidden, and so are numbers that rest on them; "
            f"other counts are rounded to the nearest {self.round_to}."
        )


def policy_of(departures: Mapping[str, Any]) -> Policy:
    """The preset with an evaluation's own departures from it."""
    known = {name: value for name, value in departures.items() if name in Policy.__dataclass_fields__}
    return replace(Policy(), **known)


def protect_people(result: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The result as it may be kept and shown when its units are people.

    Too few treated people turns the whole result into a refusal that says what would be enough.
    Otherwise small cells lose their numbers, counts are rounded, and `disclosure` lists what was hidden.
    """
    if result["status"] == "refused":
        return _rounded_sample(result, policy) | {"disclosure": {"policy": policy.in_words(), "hidden": []}}
    treated = result["estimates"][0].get("n_treated_units")
    if treated is None or treated < policy.min_treated_people:
        return _too_few(result, policy)
    hidden: list[dict[str, str]] = []
    protected = dict(_rounded_sample(result, policy))
    for name in LISTS:
        if name in result:
            floor = policy.min_treated_people if name == "estimates" else policy.min_count
            protected[name] = [_cell(name, cell, floor, policy, hidden) for cell in result[name]]
    return protected | {"disclosure": {"policy": policy.in_words(), "hidden": hidden}}


def _too_few(result: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    refusal = {
        "code": "too_few_treated_people",
        "message": f"The estimate would rest on fewer than {policy.min_treated_people} treated people, "
        "so it is not shown: it could say something about a person.",
        "hint": f"At least {policy.min_treated_people} treated people would be enough. "
        "Add later cohorts or more places, or pool the analysis with partners.",
    }
    kept = {name: result[name] for name in ("version", "receipt")}
    disclosure = {"policy": policy.in_words(), "hidden": [{"where": "everything", "why": refusal["message"]}]}
    return {**kept, "status": "refused", "refusal": refusal, "disclosure": disclosure}


def _cell(
    part: str, cell: Mapping[str, Any], floor: int, policy: Policy, hidden: list[dict[str, str]]
) -> dict[str, Any]:
    floors = dict.fromkeys(CELL_COUNTS, policy.min_count) | {"n_treated_units": floor}
    small = [name for name in CELL_COUNTS if cell.get(name) is not None and cell[name] < floors[name]]
    if not small:
        return {key: _rounded(key, value, policy) for key, value in cell.items()}
    hidden.append({"where": f"{part}: {_label(cell)}", "why": f"It rests on fewer than {floors[small[0]]} people."})
    return {key: None if key in NUMBERS or key in COUNTS else value for key, value in cell.items()} | {"hidden": True}


def _label(cell: Mapping[str, Any]) -> str:
    keys = ("name", "subgroup", "cohort", "period", "event_time", "inner_km", "outer_km", "distance_km")
    return ", ".join(f"{key.replace('_', ' ')} {cell[key]}" for key in keys if cell.get(key) is not None)


def _rounded(key: str, value: Any, policy: Policy) -> Any:
    if key not in COUNTS or not isinstance(value, int):
        return value
    return None if 0 < value < policy.min_count else policy.round_to * round(value / policy.round_to)


def _rounded_sample(result: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    protected = dict(result)
    if "sample" in result:
        protected["sample"] = dict(_rounded_block(result["sample"], policy))
    return protected


def _rounded_block(block: Mapping[str, Any], policy: Policy) -> Iterator[tuple[str, Any]]:
    for key, value in block.items():
        if isinstance(value, list):
            yield key, [dict(_rounded_block(each, policy)) if isinstance(each, Mapping) else each for each in value]
        else:
            yield key, _rounded(key, value, policy)

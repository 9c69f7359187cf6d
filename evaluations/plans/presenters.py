"""A plan in words, and how it differs from the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluations.plans.designs import BY_ESTIMATOR, ROLES
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.option_forms import OPTIONS, RESIDENCE, RESIDENCE_ROLES
from evaluations.plans.queries import Difference, unit_of_change

NOTHING = "nothing"


def plan_in_words(plan: AnalysisPlan) -> list[dict[str, str]]:
    """The plan as rows of key and value, for a summary list."""
    spec = plan.spec
    design = BY_ESTIMATOR[spec["estimator"]]
    rows = [
        {"key": "Design", "value": design.title, "hint": design.compares},
        {"key": "It assumes", "value": design.assumes},
        {"key": "Data", "value": str(plan.dataset or "Not uploaded when this was stated")},
    ]
    if plan.sites is not None:
        rows.append({"key": "Sites", "value": str(plan.sites)})
    for role, text in ROLES.items():
        names = spec["columns"].get(role)
        if names:
            rows.append({"key": text.label, "value": ", ".join(names) if isinstance(names, list) else names})
    rows.append({"key": "Unit of a change in the outcome", "value": unit_of_change(plan)})
    rows += _option_rows(spec)
    if design.method == "proximity" and not any(spec["columns"].get(role) for role in RESIDENCE_ROLES):
        rows.append({"key": "When each address was true", "value": dict(RESIDENCE)["held"]})
    rows += [
        {"key": "Why the comparison is fair", "value": plan.comparator_justification},
        {"key": "What else could explain a difference", "value": plan.other_explanations},
    ]
    if plan.deviation_reason:
        rows.append({"key": "Why it differs from the plan before", "value": plan.deviation_reason})
    return rows


def _option_rows(spec: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"key": each.label.rstrip("?"), "value": option_text(each.name, spec[each.block].get(each.name))}
        for each in OPTIONS
        if (not each.of or spec["estimator"] in each.of) and (not each.advanced or _is_told(each.name, spec))
    ]


def _is_told(name: str, spec: Mapping[str, Any]) -> bool:
    """Whether an advanced option is told all the same: how chance is judged, where that was chosen for the case."""
    return name == "inference" and spec["options"].get("inference", "analytic") != "analytic"


def option_text(name: str, value: Any) -> str:
    """The value of an option as the form words it."""
    for each in OPTIONS:
        if each.name == name:
            stated = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
            return dict(each.choices).get(str(stated)) or _plain(value)
    return _plain(value)


def difference_text(difference: Mapping[str, Any] | Difference) -> str:
    """One difference between two plans as a sentence."""
    told = difference.to_json() if isinstance(difference, Difference) else difference
    block, _, name = told["path"].partition(".")
    if block == "columns":
        label = ROLES[name].label if name in ROLES else name
        return f"{label}: {_plain(told['before'])} became {_plain(told['after'])}."
    if block == "estimator":
        before, after = (BY_ESTIMATOR[told[side]].title for side in ("before", "after"))
        return f"Design: “{before}” became “{after}”."
    label = next((each.label for each in OPTIONS if each.name == name), told["path"].replace("_", " "))
    return f"{label.rstrip('?')}: {option_text(name, told['before'])} became {option_text(name, told['after'])}."


def _plain(value: Any) -> str:
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)

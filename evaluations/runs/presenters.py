"""A result in words: one plain sentence, the number with its interval and unit, and what each check can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.plans.designs import BY_ESTIMATOR
from evaluations.runs.examples import EXAMPLES
from evaluations.runs.models import AnalysisRun
from evaluations.runs.subjects import Subject
from evidence.drawing.numbers import CONFIDENTIAL_LEGEND, digits_for, interval_text, number_text
from evidence.drawing.tables import Cell, CellValue, Column, Table, build_table, hidden_cell, number_cell

DIAGNOSTIC_TITLES = {
    "pretrend_joint": "Were the groups already moving apart before?",
    "pretrend_ring": "Was this ring already moving apart before?",
    "pretrend_power": "How large a drift would that test have missed?",
    "breakdown_value": "How far could trends have parted before the result falls?",
    "overlap": "Are treated and comparison units alike enough?",
    "few_clusters": "Are there enough clusters?",
    "clusters_below_40": "Are there enough clusters?",
    "few_degrees_of_freedom": "Is there enough information in the clusters?",
    "unbalanced_panel": "Units missing in some periods",
    "cells_not_estimable": "Comparisons that could not be made",
    "errors_of_independent_people": "Errors from averages",
    "movers": "Units that moved",
    "no_error_for_lone_units": "Units that stand alone",
    "no_standard_error": "No standard error",
    "ring_small": "Small rings",
    "baseline_wwc": "Were the groups alike before?",
    "attrition_wwc": "Who was lost, and from which group?",
    "placebo_time": "The same design when nothing had begun",
    "placebo_outcome": "The same design on an outcome that should not move",
    "leave_out_cohort": "Does it hang on one cohort?",
    "curve_rings": "The bands behind the curve",
    "exposure_dose": "How long were those with access exposed?",
    "overlap_of_sites": "Are people near several sites at once?",
    "spillover_next_ring": "Did those just beyond reach gain or lose?",
    "placebo_sites": "Is there an effect around made-up sites?",
    "composition_numbers": "Did the share of rows that are near change?",
    "composition_change": "Did who is near change?",
    "near_far_balance": "Are near and far places alike?",
    "balance_not_checked": "Are near and far places alike?",
    "checks_not_repeated": "Checks that were left out",
}
DROPPED_REASONS = {
    "outcome_missing": "the outcome is missing",
    "covariate_missing": "a characteristic to adjust for is missing",
    "fixed_effect_missing": "a further fixed effect is missing",
    "location_missing": "the place is not known",
    "distance_missing": "the distance is not known",
    "always_treated": "already treated in the first period",
    "weight_zero": "the weight is zero",
    "unit_not_before_and_after": "the unit is not there both before and after",
    "no_untreated_units_left": "no untreated units are left to compare with",
    "inside_donut": "nearer than the distance left out",
    "not_balanced": "the unit is missing in some periods",
}
SENSITIVITY_KINDS = {
    "relative_magnitudes": (
        "The effect in the first treated period, if trends had parted after the start",
        "Break after the start, as a multiple of the largest break before",
    ),
    "smoothness": (
        "The effect in the first treated period, if the drift had bent",
        "Most that the drift may bend from one period to the next",
    ),
}
IN_WORDS = {"higher": "better", "lower": "worse"}


@dataclass(frozen=True)
class Answer:
    """The headline of a result: a sentence, the number, and how it was reached."""

    sentence: str
    number: str
    method: str


def answer(result: Mapping[str, Any], subject: Subject, estimator: str) -> Answer:
    """The headline estimate in words."""
    headline = result["estimates"][0]
    design = BY_ESTIMATOR[estimator]
    estimand = headline.get("estimand") or ""
    method = f"{design.title}. {estimand[:1].upper()}{estimand[1:]}".rstrip(". ") + "."
    return Answer(_sentence(result, subject), estimate_text(headline, subject.unit), method)


def estimate_text(estimate: Mapping[str, Any], unit: str) -> str:
    """The estimate with its unit and interval, rounded to three figures."""
    value, lower, upper = estimate.get("value"), estimate.get("ci_lower"), estimate.get("ci_upper")
    if value is None:
        return ""
    digits = digits_for(value, lower, upper)
    text = f"{number_text(value, digits=digits)} {unit}".strip()
    if lower is None or upper is None:
        return f"{text} (no interval that could be trusted)"
    level = 100 * estimate.get("level", 0.95)
    return f"{text} ({level:g}% interval {interval_text(lower, upper, digits=digits)})"


def _sentence(result: Mapping[str, Any], subject: Subject) -> str:
    headline = result["estimates"][0]
    value, lower, upper = headline.get("value"), headline.get("ci_lower"), headline.get("ci_upper")
    standing = (result.get("standing") or {}).get("level", "")
    if value is None:
        return "No number could be worked out for the headline estimate."
    if standing == "does_not_support":
        return (
            f"These data and this design do not show whether {subject.cause} changed {subject.outcome}. "
            "The number below is a difference, not an effect; the reasons follow."
        )
    if lower is None or upper is None:
        return (
            f"The estimate is below, but how far chance could have moved it cannot be said, "
            f"so it does not show whether {subject.cause} changed {subject.outcome}."
        )
    if lower <= 0 <= upper:
        return _inconclusive(result, subject, lower, upper)
    return _conclusive(subject, value, lower, upper, cautious=standing == "caution")


def _inconclusive(result: Mapping[str, Any], subject: Subject, lower: float, upper: float) -> str:
    digits = digits_for(lower, upper)
    low, high = (f"{number_text(abs(end), digits=digits)} {subject.unit}".strip() for end in (lower, upper))
    words = (
        f"Inconclusive: {subject.outcome} may have been anywhere between {low} lower and {high} higher "
        f"because of {subject.cause}.{subject.caveat} This is not evidence of no effect; more data would be needed."
    )
    return f"{words} {detectable_text(result, subject.unit)}".strip()


def _conclusive(subject: Subject, value: float, lower: float, upper: float, *, cautious: bool) -> str:
    digits = digits_for(lower, upper)
    low, high = sorted((abs(lower), abs(upper)))
    amounts = f"between {number_text(low, digits=digits)} and {number_text(high, digits=digits)} {subject.unit}".strip()
    verb = "raised" if value > 0 else "lowered"
    better = ""
    if subject.direction in IN_WORDS:
        better = ", which is for the better" if (value > 0) == (subject.direction == "higher") else ", for the worse"
    told = (
        f"{subject.cause[:1].upper()}{subject.cause[1:]} {verb} {subject.outcome} by {amounts}{better}.{subject.caveat}"
    )
    return f"To be read with caution: {told}" if cautious else told


def diagnostic_rows(result: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each check with its statistic, its p-value and what it can and cannot show."""
    return [
        {
            "title": _diagnostic_title(each),
            "numbers": _statistic_text(each),
            "reading": each.get("reading", ""),
        }
        for each in result.get("diagnostics", [])
    ]


def diagnostic_title(code: str) -> str:
    """What a check asks, for a heading."""
    return DIAGNOSTIC_TITLES.get(code, code.replace("_", " ").capitalize())


def _diagnostic_title(diagnostic: Mapping[str, Any]) -> str:
    """What the check asks; of what, where it is made several times."""
    title = diagnostic_title(diagnostic["code"])
    details = diagnostic.get("details") or {}
    if "covariate" in details:
        return f"{title} By {details['covariate']}"
    if diagnostic["code"] in ("pretrend_ring", "ring_small") and {"inner_km", "outer_km"} <= set(details):
        return f"{title} {details['inner_km']:.4g} to {details['outer_km']:.4g} km"
    return title


def _statistic_text(diagnostic: Mapping[str, Any]) -> str:
    parts = []
    statistic, freedom, p_value = (diagnostic.get(name) for name in ("statistic", "df", "p_value"))
    if statistic is not None:
        parts.append(f"statistic {number_text(statistic, digits=digits_for(statistic))}")
    if freedom is not None:
        shown = freedom if isinstance(freedom, list) else [freedom]
        parts.append(f"{' and '.join(f'{each:g}' for each in shown)} degrees of freedom")
    if p_value is not None:
        parts.append(p_value_text(p_value))
    return ", ".join(parts)


def p_value_text(p_value: float) -> str:
    """The p-value to three decimals."""
    return "p below 0.001" if p_value < 0.001 else f"p = {number_text(p_value, digits=3)}"


def waterfall(result: Mapping[str, Any]) -> Table | None:
    """From the rows submitted to the rows analysed, with what was left out and why."""
    sample = result.get("sample")
    if not sample:
        return None
    steps: list[list[Any]] = [["Rows submitted", _count_cell(sample, "rows_read")]]
    for each in sample.get("dropped", []):
        reason = DROPPED_REASONS.get(each["reason"], each["reason"].replace("_", " "))
        steps.append([f"Left out: {reason}", _count_cell(each, "rows")])
    steps.append(["Rows analysed", _count_cell(sample, "rows_used")])
    headline = (result.get("estimates") or [{}])[0]
    for name, label in (("n_units", "Units"), ("n_treated_units", "Units treated"), ("n_clusters", "Clusters")):
        if headline.get(name) is not None or is_hidden(headline, name):
            steps.append([label, _count_cell(headline, name)])
    heads: list[Column | str] = ["Step", Column("Number", numeric=True)]
    return build_table("From rows submitted to rows analysed", heads, steps, note=_legend(steps))


def is_hidden(row: Mapping[str, Any], name: str) -> bool:
    """Whether disclosure control took this number away."""
    hidden = row.get("hidden")
    return name in hidden if isinstance(hidden, list) else bool(hidden)


def _count_cell(row: Mapping[str, Any], name: str) -> Cell:
    return hidden_cell() if is_hidden(row, name) else number_cell(row.get(name), digits=0)


def _legend(rows: list[list[Any]]) -> str:
    """What the sign of a hidden number means, where there is one."""
    return CONFIDENTIAL_LEGEND if hidden_cell() in [cell for row in rows for cell in row] else ""


def estimates_table(result: Mapping[str, Any]) -> Table:
    """Every estimate of the result; the headline first."""
    rows = result["estimates"]
    digits = digits_for(*(row.get("value") for row in rows))
    names = ("value", "std_error", "ci_lower", "ci_upper")
    labels = ("Estimate", "Standard error", "Interval, lower", "Interval, upper")
    heads = [Column("What is averaged", wide=True), *(Column(label, numeric=True) for label in labels)]
    body: list[list[Any]] = []
    for row in rows:
        label = row.get("estimand") or row["name"].replace("_", " ")
        group = f", {row['subgroup']}" if row.get("subgroup") is not None else ""
        numbers = [
            hidden_cell() if is_hidden(row, name) else number_cell(row.get(name), digits=digits) for name in names
        ]
        body.append([f"{label}{group}", *numbers])
    return build_table("Every estimate of this run", heads, body, note=_legend(body))


def sensitivity_tables(result: Mapping[str, Any]) -> list[Table]:
    """What the effect could be if trends were not parallel, a table for each way in which they might not be."""
    rows = result.get("sensitivity", [])
    kinds = dict.fromkeys(row["kind"] for row in rows)
    return [_sensitivity_table(kind, [row for row in rows if row["kind"] == kind]) for kind in kinds]


def _sensitivity_table(kind: str, rows: list[Mapping[str, Any]]) -> Table:
    caption, label = SENSITIVITY_KINDS.get(kind, (kind.replace("_", " "), "Bound"))
    digits = digits_for(*(row.get("ci_upper") for row in rows))
    body: list[list[CellValue]] = [
        [f"{row['bound']:.3g}", *(number_cell(row[end], digits=digits) for end in ("ci_lower", "ci_upper"))]
        for row in rows
    ]
    return build_table(caption, [label, Column("Lower", numeric=True), Column("Upper", numeric=True)], body)


def detectable_text(result: Mapping[str, Any], unit: str) -> str:
    """The smallest effect the study could reliably have found; empty where it is not known."""
    detectable = result.get("detectable_effect")
    if not detectable or detectable.get("value") is None:
        return ""
    smallest = f"{number_text(abs(detectable['value']), digits=digits_for(detectable['value']))} {unit}".strip()
    share = 100 * detectable.get("power", 0.8)
    found = f"It would have found a true effect of {smallest} or more {share:g}% of the time"
    return f"{found}; a smaller one it may have missed."


def receipt_rows(run: AnalysisRun) -> list[dict[str, str]]:
    """What is needed to check and repeat the run."""
    receipt = run.receipt or {}
    packages = ", ".join(f"{name} {version}" for name, version in receipt.get("packages", {}).items())
    rows = [
        {"key": "Data (SHA-256 of the upload)", "value": receipt.get("data_sha256", "")},
        {"key": "Plan (SHA-256)", "value": receipt.get("spec_sha256", "")},
        {"key": "Result (SHA-256, without its time)", "value": run.result_sha256},
        {"key": "Engine", "value": receipt.get("engine_version", "")},
        {"key": "Seed", "value": str(receipt.get("seed", ""))},
        {"key": "Packages", "value": packages},
        {"key": "Time taken", "value": f"{receipt.get('elapsed_s', 0):g} seconds"},
        {"key": "Attempts", "value": str(run.attempt)},
        {"key": "Memory limit", "value": f"{run.memory_limit_mb:,} MB"},
    ]
    if "sites_sha256" in receipt:
        rows.insert(1, {"key": "Sites (SHA-256)", "value": receipt["sites_sha256"]})
    return rows


def repetition_text(run: AnalysisRun) -> str:
    """Whether a repeated run gave the same digits; empty where it repeats nothing or has no answer."""
    first = run.repeats
    if first is None or not run.result_sha256 or not first.result_sha256:
        return ""
    if run.result_sha256 == first.result_sha256:
        return f"The same digits as run {first.number}: both results have the same hash."
    if run.engine_version != first.engine_version:
        return (
            f"Not the same digits as run {first.number}: that one used engine {first.engine_version}, "
            f"this one {run.engine_version}."
        )
    return f"Not the same digits as run {first.number}, although the engine is the same. Please report it."


def known_answer(run: AnalysisRun) -> Table | None:
    """For an example, the number that is known beside the one found here."""
    example = EXAMPLES.get(run.evaluation.example_key)
    if example is None or run.result is None or run.plan.version != 1:
        return None
    headline = run.result["estimates"][0]
    digits = digits_for(example.known_value) + 2
    rows: list[list[Cell | str | int | float | None]] = [
        [example.known_label, *(number_cell(n, digits=digits) for n in (example.known_value, example.known_std_error))],
        ["Found here", *(number_cell(headline.get(name), digits=digits) for name in ("value", "std_error"))],
    ]
    heads: list[Column | str] = ["", Column("Value", numeric=True), Column("Standard error", numeric=True)]
    return build_table("The known answer beside ours", heads, rows, note=f"{example.source} {example.tolerance_reason}")

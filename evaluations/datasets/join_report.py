"""What a join matched and lost, by group, as it is recorded and shown. Counts about few people are hidden."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from evaluations.datasets.ingest_columns import coded, numbers
from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.joining import Matched, Side, first_rows
from evaluations.stats.diagnostics.clearinghouse import CAUTIOUS, attrition
from evaluations.stats.linkage import CategoryCheck, NumberCheck, check_category, check_number

MOST_VALUES = 30
"""Different values up to which a column is looked at value by value."""
FEW_NUMBERS = 12
"""The same for a column of numbers; with more it is looked at by its mean."""
MOST_COLUMNS = 40
LEAST_COUNT, ROUND_TO = 10, 5
"""Counts about people: hidden below the first, rounded to the second."""
SMALL = "(a small group)"
ARMS = ("treated", "treatment", "group", "arm", "participant", "participated", "attended")


def match_report(participation: Side, outcomes: Side, matched: Matched, *, people: bool) -> dict[str, Any]:
    """The report as plain data: each file's rows, ids, matched and not, and the checks of its columns.

    A column that is the same in all rows of an id is counted by ids, any other by rows.
    """
    sides = []
    sources = ((participation, matched.left, matched.in_right), (outcomes, matched.right, matched.in_left))
    for side, codes, in_other in sources:
        sides.append(_side(side, codes, in_other > 0, people=people))
    return {"sides": sides, "people": people}


def _side(side: Side, codes: np.ndarray, is_in_other: np.ndarray, *, people: bool) -> dict[str, Any]:
    present = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(is_in_other)))
    n_matched = int(is_in_other[present].sum())
    categories, means = _checks(side, codes, is_in_other)
    counts = {
        "rows": side.data.num_rows,
        "ids": len(present),
        "matched": n_matched,
        "unmatched": len(present) - n_matched,
        "without_id": int(np.count_nonzero(codes < 0)),
        "rows_of_repeated_ids": int(np.count_nonzero(codes >= 0) - len(present)),
    }
    return {
        "what": side.what,
        "id_column": side.id_column,
        "counts": {name: shown_count(count, people=people) for name, count in counts.items()},
        "rate": _rate(n_matched, len(present), people=people),
        "categories": [_category(check, of, people=people) for check, of in categories],
        "numbers": [_number(check, people=people) for check in means],
        "attrition": _attrition(categories, people=people),
    }


def _checks(
    side: Side, codes: np.ndarray, is_in_other: np.ndarray
) -> tuple[list[tuple[CategoryCheck, str]], list[NumberCheck]]:
    rows = np.flatnonzero(codes >= 0)
    ids = codes[rows]
    found = is_in_other[ids]
    first_of = first_rows(ids, len(is_in_other))
    first = np.sort(first_of[first_of >= 0])
    categories: list[tuple[CategoryCheck, str]] = []
    means: list[NumberCheck] = []
    names = [name for name in side.data.column_names if name not in (LINE_COLUMN, side.id_column)]
    for name in names[:MOST_COLUMNS]:
        column = side.data[name]
        values = _values_of(column)
        if values is not None:
            labels, where = values
            where = where[rows]
            is_of_ids = bool(np.array_equal(where[first_of[ids]], where))
            kept = first if is_of_ids else slice(None)
            check = check_category(name, labels, where[kept], found[kept])
            categories.append((check, "ids" if is_of_ids else "rows"))
        elif _is_number(column.type):
            amounts = numbers(column).values[rows]
            mean = check_number(name, amounts, found)
            means += [mean] if mean is not None else []
    return categories, means


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _values_of(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray] | None:
    """The column's labels and codes where it has few values, but more than one; null otherwise."""
    found = coded(column)
    most = FEW_NUMBERS if _is_number(column.type) else MOST_VALUES
    if not 1 < len(found.labels) + bool(np.any(found.codes < 0)) <= most:
        return None
    return [str(label) for label in found.labels], np.asarray(found.codes)


def shown_count(count: int, *, people: bool) -> int | None:
    """A count as it may be shown: about people, null under ten and rounded to five; none at all is none."""
    if not people or count == 0:
        return count
    return None if count < LEAST_COUNT else ROUND_TO * round(count / ROUND_TO)


def _rate(matched: int, n: int, *, people: bool) -> float | None:
    of, whole = shown_count(matched, people=people), shown_count(n, people=people)
    left = shown_count(n - matched, people=people)
    return None if of is None or not whole or left is None else min(of / whole, 1.0)


def _category(check: CategoryCheck, of: str, *, people: bool) -> dict[str, Any]:
    small = [people and min(group.matched, group.n - group.matched) < LEAST_COUNT for group in check.groups]
    if sum(small) == 1:
        others = [place for place, is_small in enumerate(small) if not is_small]
        if others:
            small[min(others, key=lambda place: check.groups[place].n)] = True
    rates = [
        rate
        for group, is_small in zip(check.groups, small, strict=True)
        if not is_small and (rate := _rate(group.matched, group.n, people=people)) is not None
    ]
    groups: list[dict[str, Any]] = [
        {"label": SMALL, "n": None, "matched": None, "rate": None}
        if is_small
        else {
            "label": group.label,
            "n": shown_count(group.n, people=people),
            "matched": shown_count(group.matched, people=people),
            "rate": _rate(group.matched, group.n, people=people),
        }
        for group, is_small in zip(check.groups, small, strict=True)
    ]
    return {
        "column": check.column,
        "of": of,
        "groups": groups,
        "gap": max(rates) - min(rates) if len(rates) > 1 else None,
        "p_value": check.p_value,
        "is_likely_bias": check.is_likely_bias,
    }


def _number(check: NumberCheck, *, people: bool) -> dict[str, Any]:
    hidden = people and min(check.n_matched, check.n_unmatched) < LEAST_COUNT
    shown = {
        "mean_matched": check.mean_matched,
        "mean_unmatched": check.mean_unmatched,
        "distance": check.distance,
        "p_value": check.p_value,
        "is_likely_bias": check.is_likely_bias,
    }
    return {"column": check.column} | (dict.fromkeys(shown) if hidden else shown)


def _attrition(categories: Iterable[tuple[CategoryCheck, str]], *, people: bool) -> dict[str, Any] | None:
    """Loss from two arms against the Clearinghouse's cautious limit, where one column tells treated from comparison."""
    for check, of in categories:
        if of != "ids" or len(check.groups) != 2 or check.column.lower() not in ARMS:
            continue
        kept = [shown_count(group.matched, people=people) for group in check.groups]
        had = [shown_count(group.n, people=people) for group in check.groups]
        lost = [shown_count(group.n - group.matched, people=people) for group in check.groups]
        if None in (*kept, *had, *lost):
            return None
        found = attrition((kept[0] or 0, kept[1] or 0), (had[0] or 1, had[1] or 1))
        limit = CAUTIOUS[int(found.overall)] if int(found.overall) < len(CAUTIOUS) else 0.0
        return {
            "column": check.column,
            "overall": found.overall,
            "differential": found.differential,
            "limit": limit,
            "is_low": found.is_low(CAUTIOUS),
        }
    return None


def report_in_words(report: dict[str, Any]) -> list[str]:
    """The report in sentences: how much was matched, who was likelier to be lost, and what that may do."""
    lines = []
    for side in report["sides"]:
        lines.append(_matched_line(side))
        lines += [_category_line(side, each) for each in side["categories"] if each["is_likely_bias"]]
        lines += [_number_line(side, each) for each in side["numbers"] if each["is_likely_bias"]]
        if side["attrition"] is not None:
            lines.append(_attrition_line(side["attrition"]))
    looked_at = sum(len(side["categories"]) + len(side["numbers"]) for side in report["sides"])
    biased = any(each["is_likely_bias"] for side in report["sides"] for each in side["categories"] + side["numbers"])
    if not looked_at:
        lines.append("Nothing but the ids is known of those not found, so it cannot be said how they differ.")
    elif biased:
        lines.append(
            "Those not found differ from those found, so an answer from the joined rows is about the people found. If "
            "the outcome goes with what they differ in, and more were lost on one side, the answer is off by that much."
        )
    else:
        lines.append(
            "On what both files show, those not found look like those found. They may still differ in what is not here."
        )
    return lines


def count_words(count: int | None) -> str:
    """A count for reading."""
    return f"fewer than {LEAST_COUNT}" if count is None else f"{count:,}"


def _matched_line(side: dict[str, Any]) -> str:
    counts = side["counts"]
    share = "" if side["rate"] is None else f" ({100 * side['rate']:.0f} %)"
    line = f"{side['what']}: {count_words(counts['matched'])} of {count_words(counts['ids'])} ids{share} were found"
    line += f" in the other file, {count_words(counts['unmatched'])} were not."
    if counts["without_id"] != 0:
        line += f" {count_words(counts['without_id']).capitalize()} rows have no id and cannot be matched."
    return line


def _category_line(side: dict[str, Any], check: dict[str, Any]) -> str:
    shown = [group for group in check["groups"] if group["rate"] is not None]
    where = f"{side['what']}, by {check['column']}"
    if len(shown) < 2:
        return f"{where}: the share found differs by more than chance; the groups are too small to show."
    low, high = min(shown, key=lambda each: each["rate"]), max(shown, key=lambda each: each["rate"])
    return (
        f"{where}: {100 * low['rate']:.0f} % found where it is {low['label']}, {100 * high['rate']:.0f} % where it is "
        f"{high['label']} ({p_words(check['p_value'])})."
    )


def _number_line(side: dict[str, Any], check: dict[str, Any]) -> str:
    return (
        f"{side['what']}, {check['column']}: the mean is {check['mean_unmatched']:.4g} among those not found and "
        f"{check['mean_matched']:.4g} among those found, {abs(check['distance']):.2f} standard deviations apart "
        f"({p_words(check['p_value'])})."
    )


def _attrition_line(found: dict[str, Any]) -> str:
    verdict = "within" if found["is_low"] else "beyond"
    return (
        f"By {found['column']}: {found['overall']:.1f} % were lost overall and {found['differential']:.1f} points more "
        f"in one group than in the other, {verdict} the What Works Clearinghouse's cautious limit of "
        f"{found['limit']:.1f} points."
    )


def p_words(p_value: float | None) -> str:
    """A p-value for reading."""
    return "not tested" if p_value is None else "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"

"""Puts the labels of periods in time order: years, academic years, quarters, months, dates, or numbered waves."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluations.stats.issues import Issue
from evaluations.stats.results import Label

Parser = Callable[[Label], Any]

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
            ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"),
            ("nov", "november"), ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_ACADEMIC = re.compile(r"(?:[AF]Y\s*)?(\d{4})\s*[/_–-]\s*(\d{4}|\d{2})")
_QUARTER = re.compile(r"(\d{4})\s*[-/]?\s*Q\s*([1-4])|Q\s*([1-4])\s*[-/]?\s*(\d{4})", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})\s*(?:[-/.]|\s|m)\s*(\d{1,2})", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"([A-Za-z]+)[\s/-]*(\d{4}|\d{2})")
_MONTH_LAST = re.compile(r"(\d{4})[\s/-]*([A-Za-z]+)")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_LOCAL_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def _number(label: Label) -> float | None:
    return float(label) if isinstance(label, int | float) else None


def _year(label: Label) -> float | None:
    text = str(label)
    return float(text) if re.fullmatch(r"(19|20|21)\d\d", text) else None


def _academic_year(label: Label) -> int | None:
    """The year in which an academic or financial year starts: 2019/20, 2019-2020, and 201920 as a number."""
    text = str(label).strip()
    if re.fullmatch(r"(19|20|21)\d{4}", text):
        text = f"{text[:4]}/{text[4:]}"
    match = _ACADEMIC.fullmatch(text)
    if not match:
        return None
    start, end = int(match[1]), match[2]
    follows = int(end) == start + 1 if len(end) == 4 else int(end) == (start + 1) % 100
    return start if follows else None


def _quarter(label: Label) -> int | None:
    match = _QUARTER.fullmatch(str(label).strip())
    if not match:
        return None
    year, quarter = (match[1], match[2]) if match[1] else (match[4], match[3])
    return int(year) * 4 + int(quarter) - 1


def _month(label: Label) -> int | None:
    text = str(label).strip()
    if re.fullmatch(r"(19|20|21)\d{4}", text):
        return _month_number(text[:4], text[4:])
    if match := _MONTH.fullmatch(text):
        return _month_number(match[1], match[2])
    if match := _MONTH_FIRST.fullmatch(text):
        return _month_number(match[2], match[1])
    if match := _MONTH_LAST.fullmatch(text):
        return _month_number(match[1], match[2])
    return None


def _month_number(year: str, month: str) -> int | None:
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0)
    full_year = int(year) if len(year) == 4 else 2000 + int(year) if int(year) < 70 else 1900 + int(year)
    return full_year * 12 + number - 1 if 1 <= number <= 12 else None


def _iso_date(label: Label) -> int | None:
    match = _ISO_DATE.fullmatch(str(label).strip())
    return _ordinal(match[1], match[2], match[3]) if match else None


def _day_first(label: Label) -> int | None:
    match = _LOCAL_DATE.fullmatch(str(label).strip())
    return _ordinal(match[3], match[2], match[1]) if match else None


def _month_first(label: Label) -> int | None:
    match = _LOCAL_DATE.fullmatch(str(label).strip())
    return _ordinal(match[3], match[1], match[2]) if match else None


def _ordinal(year: str, month: str, day: str) -> int | None:
    try:
        return datetime.date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return None


def _natural(label: Label) -> tuple:
    """Text in the order a person expects: wave 2 before wave 10."""
    parts = re.split(r"(\d+(?:\.\d+)?)", str(label).strip().lower())
    return tuple((0, float(part), "") if part[:1].isdigit() else (1, 0.0, part) for part in parts if part)


PARSERS: dict[str, Parser] = {
    "academic_year": _academic_year,
    "month": _month,
    "quarter": _quarter,
    "number": _number,
    "year": _year,
    "date": _iso_date,
    "date_day_first": _day_first,
    "date_month_first": _month_first,
    "text": _natural,
}
"""How each kind of label is placed in time; the first that reads every label is used."""


@dataclass(frozen=True)
class TimeAxis:
    """The periods of a table in time order: `labels[i]` stands at position i."""

    kind: str
    labels: tuple[Label, ...]
    keys: tuple[Any, ...]

    def key(self, label: Label) -> Any:
        """Where a label stands in time, comparable with `keys`; null where it is not written as the periods are."""
        return PARSERS[self.kind](label)

    def start(self, label: Label) -> int | None:
        """Position of the first period at or after `label`; the number of periods where it is after the last."""
        key = self.key(label)
        return None if key is None else bisect_left(self.keys, key)

    def position(self, label: Label) -> float | None:
        """`label` on the scale of positions, carried on evenly beyond the first and last period."""
        key = self.key(label)
        if key is None or self.kind == "text":
            return float(self.keys.index(key)) if key in self.keys else None
        step = float(np.median(np.diff(self.keys))) if len(self.keys) > 1 else 1.0
        if key < self.keys[0]:
            return (key - self.keys[0]) / step
        if key > self.keys[-1]:
            return len(self.keys) - 1 + (key - self.keys[-1]) / step
        return float(np.interp(key, self.keys, np.arange(len(self.keys))))

    @property
    def has_gaps(self) -> bool:
        """Whether the periods are not evenly spaced, as far as their labels tell."""
        if self.kind in ("text", "date", "date_day_first", "date_month_first") or len(self.keys) < 3:
            return False
        steps = np.diff(self.keys)
        return bool(np.ptp(steps) > 1e-9)


def kind_of_labels(labels: Sequence[Label]) -> str:
    """The one way of writing periods that all of `labels` follow; text where there is none."""
    return next(kind for kind, parse in PARSERS.items() if all(parse(label) is not None for label in labels))


def time_axis(labels: Sequence[Label]) -> TimeAxis:
    """The labels in time order. Two ways of writing one period count as one, under the first of them."""
    kind = kind_of_labels(labels)
    parse = PARSERS[kind]
    placed: dict[Any, Label] = {}
    for label in sorted(labels, key=str):
        placed.setdefault(parse(label), label)
    keys = sorted(placed)
    return TimeAxis(kind, tuple(placed[key] for key in keys), tuple(keys))


def mixed_periods(labels: Sequence[Label], column: str) -> Issue | None:
    """The problem of a column that writes some periods one way and some another, as 2019 and 2019/20."""
    if kind_of_labels(labels) != "text":
        return None
    readings = {
        kind: [label for label in labels if parse(label) is not None]
        for kind, parse in PARSERS.items()
        if kind not in ("text", "number", "date_month_first")
    }
    readings = {kind: read for kind, read in readings.items() if read}
    if len(readings) < 2 or not all(any(label in read for read in readings.values()) for label in labels):
        return None
    examples = " and ".join(str(read[0]) for read in list(readings.values())[:2])
    return Issue(
        "periods_mixed",
        f"Column {column} writes its periods in more than one way, such as {examples}.",
        "Write every period the same way: all calendar years, or all academic or financial years.",
        column=column,
    )

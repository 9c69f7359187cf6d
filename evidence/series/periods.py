"""Labels of periods as published series write them, in time order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

PLAIN = re.compile(r"(?:19|20)\d\d")
SPLIT = re.compile(r"(?:19|20)\d\d[/-]\d\d")


def start_of(label: str) -> tuple[float, str]:
    """A key that sorts labels in time: the year they start in, then the quarter, term or month they name."""
    year = re.search(r"(?:19|20)\d\d", label)
    quarter = re.search(r"(?i)q([1-4])", label)
    return (float(year[0]) if year else float("inf")) + (int(quarter[1]) / 10 if quarter else 0.0), label


def in_time_order(labels: Iterable[str]) -> list[str]:
    """The labels in time order."""
    return sorted(labels, key=start_of)


def year_of(label: str) -> int | None:
    """The year in which a period starts; null where its label names none."""
    key = start_of(label)[0]
    return None if key == float("inf") else int(key)


def ending_year(label: str) -> int | None:
    """The year in which a period ends: that of its label, or the second of a label such as 2019/20."""
    year = year_of(label)
    return year if year is None or not SPLIT.search(label) else year + 1


def every_year(labels: Sequence[str]) -> list[str]:
    """The labels with those of the years between them that have none, where all are plain or split years."""
    years = [year_of(label) for label in labels]
    known = {year: label for year, label in zip(years, labels, strict=True) if year is not None}
    if len(known) != len(labels) or len(labels) < 2:
        return list(labels)
    if all(PLAIN.fullmatch(label) for label in labels):
        return [str(year) for year in range(min(known), max(known) + 1)]
    if all(SPLIT.fullmatch(label) for label in labels):
        sign = labels[0][4]
        return [known.get(year, f"{year}{sign}{(year + 1) % 100:02d}") for year in range(min(known), max(known) + 1)]
    return list(labels)

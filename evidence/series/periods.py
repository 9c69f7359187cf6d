"""Labels of periods as published series write them, in time order."""

from __future__ import annotations

import re
from collections.abc import Iterable


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

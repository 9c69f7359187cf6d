"""One order of rows for one set of rows, whatever the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evaluations.stats.table import Coded, Cohorts, is_whole

WIDEST = 64_000_000
"""Cells of unit by period up to which rows are put in place by counting rather than by sorting."""


def canonical_order(parts: dict[str, Any], *, panel: bool) -> np.ndarray | None:
    """Row numbers in canonical order, int64: by unit and period, then by everything else. Null where in order.

    Rows that compare equal are equal in every part, so that their order changes nothing.
    """
    unit, period = parts.get("unit"), parts.get("period")
    if panel and unit is not None and period is not None:
        if is_whole(unit, period):
            return None
        key = unit.codes.astype(np.int64) * period.n_labels + period.codes
        if np.all(key[1:] > key[:-1]):
            return None
        order = _by_counting(key, unit.n_labels * period.n_labels)
        if order is not None:
            return order
    return _by_everything(parts)


def _by_counting(key: np.ndarray, n_keys: int) -> np.ndarray | None:
    """The order of distinct keys below `n_keys`; null where they repeat or are too sparse."""
    if n_keys > max(WIDEST, 4 * len(key)):
        return None
    place = np.full(n_keys, -1, dtype=np.int32)
    place[key] = np.arange(len(key), dtype=np.int32)
    order = place[place >= 0]
    return order.astype(np.int64) if len(order) == len(key) else None


def _by_everything(parts: dict[str, Any]) -> np.ndarray:
    columns = list(_packed(parts))
    return np.lexsort(columns[::-1])


def _packed(parts: dict[str, Any]) -> Iterator[np.ndarray]:
    """Every part as sortable columns, first the most important; labelled columns share one where they fit."""
    first = [parts[role] for role in ("unit", "period") if parts.get(role) is not None]
    others = [part for role, part in sorted(parts.items()) if role not in ("unit", "period") and part is not None]
    flat = [item for part in (*first, *others) for item in (part if isinstance(part, tuple) else (part,))]
    key, width = None, 1
    for column in [item for item in flat if isinstance(item, Coded | Cohorts)]:
        n_codes = len(column.labels) + 1
        if key is not None and width * n_codes > 2**62:
            yield key
            key, width = None, 1
        codes = column.codes.astype(np.int64) + 1
        key, width = codes if key is None else key * n_codes + codes, width * n_codes
    if key is not None:
        yield key
    yield from (item for item in flat if isinstance(item, np.ndarray))

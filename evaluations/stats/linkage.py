"""Who is lost when two files are joined: match rates by group, and how those matched differ from those not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import chi2, norm

CLEAR = 0.01
"""P-value below which a difference is called more than chance; low, because many columns are looked at."""
LARGE_GAP, LARGE_DISTANCE = 0.05, 0.25
"""Gap between match rates, and difference of means in standard deviations, that could move an answer."""
LEAST_EXPECTED = 5.0
"""Expected count in a cell below which the chi-squared test is not trusted."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """How many of one group there are, and how many of them were matched."""

    label: str
    n: int
    matched: int

    @property
    def rate(self) -> float:
        """The share matched."""
        return self.matched / self.n


@dataclass(frozen=True)
class CategoryCheck:
    """Match rates over the values of one column, with Pearson's test that they are all alike."""

    column: str
    groups: tuple[GroupRate, ...]
    statistic: float | None
    df: int
    p_value: float | None

    @property
    def gap(self) -> float:
        """The highest rate less the lowest."""
        rates = [group.rate for group in self.groups]
        return max(rates) - min(rates)

    @property
    def is_likely_bias(self) -> bool:
        """Whether the rates differ by more than chance, and by enough to matter."""
        return self.p_value is not None and self.p_value < CLEAR and self.gap >= LARGE_GAP


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """Means of one column among matched and unmatched; `distance` is their difference in pooled standard deviations."""

    column: str
    n_matched: int
    n_unmatched: int
    mean_matched: float
    mean_unmatched: float
    distance: float | None
    p_value: float | None

    @property
    def is_likely_bias(self) -> bool:
        """Whether the means differ by more than chance, and by enough to matter."""
        far = self.distance is not None and abs(self.distance) >= LARGE_DISTANCE
        return far and self.p_value is not None and self.p_value < CLEAR


def check_category(column: str, labels: Sequence[str], codes: np.ndarray, matched: np.ndarray) -> CategoryCheck:
    """Match rates by value. `codes` index `labels`, -1 where missing; `matched` is bool, one entry for each.

    Pearson's chi-squared on the table of value by matched or not; null where nothing varies or an
    expected count is below 5.
    """
    names = [*labels, "(empty)"]
    where = np.where(codes < 0, len(labels), codes)
    n = np.bincount(where, minlength=len(names))
    found = np.bincount(where[matched], minlength=len(names))
    kept = np.flatnonzero(n)
    groups = tuple(GroupRate(str(names[place]), int(n[place]), int(found[place])) for place in kept)
    statistic, p_value = _pearson(n[kept].astype(float), found[kept].astype(float))
    return CategoryCheck(column, groups, statistic, len(kept) - 1, p_value)


def _pearson(n: np.ndarray, found: np.ndarray) -> tuple[float | None, float | None]:
    share = found.sum() / n.sum() if n.sum() else 0.0
    if len(n) < 2 or share in (0.0, 1.0):
        return None, None
    expected = np.array([n * share, n * (1 - share)])
    if expected.min() < LEAST_EXPECTED:
        return None, None
    statistic = float((((np.array([found, n - found]) - expected) ** 2) / expected).sum())
    return statistic, float(chi2.sf(statistic, len(n) - 1))


def check_number(column: str, values: np.ndarray, matched: np.ndarray) -> NumberCheck | None:
    """Means among matched and unmatched, with a test by their own variances; null where one side has fewer than two."""
    known = np.isfinite(values)
    found, lost = values[known & matched], values[known & ~matched]
    if min(len(found), len(lost)) < 2:
        return None
    gap = float(lost.mean() - found.mean())
    error = sqrt(found.var(ddof=1) / len(found) + lost.var(ddof=1) / len(lost))
    spread = sqrt(
        ((len(found) - 1) * found.var(ddof=1) + (len(lost) - 1) * lost.var(ddof=1)) / (len(found) + len(lost) - 2)
    )
    return NumberCheck(
        column,
        len(found),
        len(lost),
        float(found.mean()),
        float(lost.mean()),
        gap / spread if spread > 0 else None,
        float(2 * norm.sf(abs(gap) / error)) if error > 0 else None,
    )

"""What a two-way fixed-effects estimate is an average of, and how much of it should not be there.

Source: Goodman-Bacon (2021), Difference-in-differences with variation in treatment timing, Journal of
Econometrics 225(2), theorem 1 and equations (7)-(10). Comparisons that use units already treated as
controls ("later v earlier") are the forbidden ones: they subtract effects, not trends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evaluations.stats.table import NEVER_TREATED

TREATED_V_UNTREATED = "treated_v_untreated"
EARLIER_V_LATER = "earlier_v_later"
LATER_V_EARLIER = "later_v_earlier"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One two-by-two comparison. `treated` and `control` are starts; `weight` sums to one over all."""

    kind: str
    treated: int
    control: int
    value: float
    weight: float


@dataclass(frozen=True)
class CohortMeans:
    """Cohorts of a balanced panel: `starts` and `sizes` (n_cohorts,), `means` (n_cohorts, n_periods)."""

    starts: np.ndarray
    sizes: np.ndarray
    means: np.ndarray

    @classmethod
    def of_panel(cls, outcome: np.ndarray, starts: np.ndarray, weight: np.ndarray | None = None) -> CohortMeans:
        """Cohort means of a complete outcome matrix (n_units, n_periods); `starts` has shape (n_units,)."""
        weight = np.ones(len(starts)) if weight is None else weight
        found, codes = np.unique(starts, return_inverse=True)
        sizes = np.bincount(codes, weights=weight, minlength=len(found))
        columns = [np.bincount(codes, weights=weight * column, minlength=len(found)) for column in outcome.T]
        return cls(found, sizes, np.array(columns).T / sizes[:, None])


def decompose(cohorts: CohortMeans) -> tuple[Comparison, ...]:
    """Every comparison in the two-way estimate with its value and weight; starts at position 0 are not expected."""
    found = list(_comparisons(cohorts))
    total = sum(comparison.weight for comparison in found)
    return tuple(Comparison(item.kind, item.treated, item.control, item.value, item.weight / total) for item in found)


def forbidden_share(comparisons: tuple[Comparison, ...]) -> float:
    """The share of the estimate's weight on comparisons with units already treated."""
    return sum(item.weight for item in comparisons if item.kind == LATER_V_EARLIER)


def _comparisons(cohorts: CohortMeans) -> Iterator[Comparison]:
    n_periods = cohorts.means.shape[1]
    shares = cohorts.sizes / cohorts.sizes.sum()
    treated_share = np.clip(n_periods - cohorts.starts.astype(float), 0, None) / n_periods
    order = range(len(cohorts.starts))
    for k in order:
        for other in order:
            if cohorts.starts[k] < cohorts.starts[other] and cohorts.starts[k] < n_periods:
                yield from _pair(cohorts, k, other, shares, treated_share)


def _pair(
    cohorts: CohortMeans, early: int, late: int, shares: np.ndarray, treated_share: np.ndarray
) -> Iterator[Comparison]:
    """The comparisons between two cohorts, the second treated later or never; equations (10e)-(10g) weights."""
    periods = np.arange(cohorts.means.shape[1])
    start_early, start_late = int(cohorts.starts[early]), int(cohorts.starts[late])
    both = shares[early] + shares[late]
    mix = shares[early] / both * (1 - shares[early] / both)
    d_early, d_late = treated_share[early], treated_share[late]
    before, after = periods < start_early, periods >= start_early
    gap = cohorts.means[early] - cohorts.means[late]
    if d_late == 0:
        weight = both**2 * mix * d_early * (1 - d_early)
        value = gap[after].mean() - gap[before].mean()
        yield Comparison(TREATED_V_UNTREATED, start_early, NEVER_TREATED, float(value), float(weight))
        return
    between, last = after & (periods < start_late), periods >= start_late
    weight = both**2 * mix * (d_early - d_late) * (1 - d_early)
    value = gap[between].mean() - gap[before].mean()
    yield Comparison(EARLIER_V_LATER, start_early, start_late, float(value), float(weight))
    weight = both**2 * mix * d_late * (d_early - d_late)
    value = gap[between].mean() - gap[last].mean()
    yield Comparison(LATER_V_EARLIER, start_late, start_early, float(value), float(weight))

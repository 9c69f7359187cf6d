"""Effects on a common scale, and in words that people use.

Sources: Hedges (1981) and What Works Clearinghouse Procedures 4.0, appendix E, for g, Cox's index and
the corrections for clustering; the Education Endowment Foundation's toolkit for months of progress.
An effect standardised on the spread of area averages is not on the scale of people: nothing here
converts it, and callers must not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MONTHS_OF_PROGRESS = (0.01, 0.09, 0.18, 0.26, 0.35, 0.44, 0.52, 0.61, 0.69, 0.78, 0.87, 0.95, 1.00)
"""The largest effect size, in standard deviations of pupils, that counts as 0, 1, 2 ... 12 months."""


@dataclass(frozen=True, slots=True)
class EffectSize:
    """A standardised effect and its standard error."""

    value: float
    std_error: float


def small_sample_factor(n: int) -> float:
    """Hedges's omega, 1 - 3/(4N - 9), for N people in all."""
    return 1 - 3 / (4 * n - 9)


def hedges_g(mean_1: float, sd_1: float, n_1: int, mean_2: float, sd_2: float, n_2: int) -> EffectSize:
    """The difference of two means in pooled standard deviations, corrected for small samples."""
    pooled = math.sqrt(((n_1 - 1) * sd_1**2 + (n_2 - 1) * sd_2**2) / (n_1 + n_2 - 2))
    return _with_error(small_sample_factor(n_1 + n_2) * (mean_1 - mean_2) / pooled, n_1, n_2)


def g_from_t(t: float, n_1: int, n_2: int) -> EffectSize:
    """The standardised difference behind a t statistic of two independent groups."""
    return _with_error(small_sample_factor(n_1 + n_2) * t * math.sqrt((n_1 + n_2) / (n_1 * n_2)), n_1, n_2)


def _with_error(g: float, n_1: int, n_2: int) -> EffectSize:
    total = n_1 + n_2
    spread = small_sample_factor(total) * math.sqrt(total / (n_1 * n_2) + g**2 / (2 * total))
    return EffectSize(g, spread)


def cox_index(share_1: float, n_1: int, share_2: float, n_2: int) -> float:
    """The difference of two shares as a standardised effect; undefined at 0 or 1.

    Raises `ValueError` where a share is not strictly between 0 and 1.
    """
    if not (0 < share_1 < 1 and 0 < share_2 < 1):
        raise ValueError("A share of 0 or 1 has no log odds, so Cox's index is not defined.")
    log_odds = math.log(share_1 / (1 - share_1)) - math.log(share_2 / (1 - share_2))
    return small_sample_factor(n_1 + n_2) * log_odds / 1.65


def difference_in_differences_g(post: EffectSize, pre: EffectSize) -> float:
    """The standardised effect where before and after are on different scales: g after less g before."""
    return post.value - pre.value


def clustered_g(g: float, *, n: int, cluster_size: float, intraclass: float) -> float:
    """g made smaller because people in a cluster resemble each other; `n` people in clusters of a mean size."""
    return g * math.sqrt(1 - 2 * (cluster_size - 1) * intraclass / (n - 2))


def clustered_t_factor(*, n: int, cluster_size: float, intraclass: float) -> float:
    """What a t statistic that ignored clustering must be multiplied by."""
    top = (n - 2) - 2 * (cluster_size - 1) * intraclass
    return math.sqrt(top / ((n - 2) * (1 + (cluster_size - 1) * intraclass)))


def clustered_df(*, n: int, cluster_size: float, intraclass: float) -> float:
    """The degrees of freedom, h, that go with `clustered_t_factor`."""
    m, r = cluster_size, intraclass
    top = ((n - 2) - 2 * (m - 1) * r) ** 2
    return top / ((n - 2) * (1 - r) ** 2 + m * (n - 2 * m) * r**2 + 2 * (n - 2 * m) * r * (1 - r))


def months_of_progress(g: float) -> int | None:
    """Months of progress in attainment; null beyond a year, where the table ends. Negatives mirror."""
    size = round(abs(g) + 1e-12, 2)
    for months, largest in enumerate(MONTHS_OF_PROGRESS):
        if size <= largest:
            return int(math.copysign(months, g)) if months else 0
    return None

"""Randomisation inference: the estimate against those under other assignments of the same treatments.

If treatment changed no outcome, the outcomes would be the same under any assignment, and the
estimate one draw among many (Fisher; for staggered adoption, Athey and Imbens 2022; for few treated
clusters, MacKinnon and Webb 2020). It is exact where treatment was drawn at random among the groups,
and says nothing of how it was drawn. The interval holds the constant effects that are not rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import comb, lgamma, log

import numpy as np

from evaluations.stats.inference.inversion import inverted_interval

TIE = 1e-10
"""Relative difference below which an estimate ties with the actual one, and counts as extreme."""


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """The share of assignments whose estimate is at least as far from zero, the actual one included.

    The interval is null where no constant effect in one direction is ever rejected.
    """

    p_value: float
    ci_lower: float | None
    ci_upper: float | None
    n_assignments: int
    is_enumerated: bool


def randomisation_test(
    actual: tuple[float, float],
    drawn: Iterable[tuple[float, float]],
    *,
    is_enumerated: bool,
    level: float,
    std_error: float | None,
) -> RandomisationTest:
    """The test and interval. Each pair is an estimate for the outcome and one for the treatment itself as outcome.

    A constant effect b taken out of the outcome takes b times the second from the first. Where all
    assignments are enumerated, the actual one is among them.
    """
    pairs = np.array(list(drawn), dtype=float).reshape(-1, 2)
    added = 0 if is_enumerated else 1

    def p_value(null: float) -> float:
        distance = abs(actual[0] - null * actual[1])
        others = np.abs(pairs[:, 0] - null * pairs[:, 1])
        extreme = np.count_nonzero(others >= distance * (1 - TIE))
        return float((extreme + added) / (len(pairs) + added))

    centre = actual[0] / actual[1]
    step = std_error or abs(centre) or float(np.std(pairs[:, 0])) or 1.0
    lower, upper = inverted_interval(p_value, centre=centre, std_error=step, level=level)
    return RandomisationTest(p_value(0.0), lower, upper, len(pairs), is_enumerated)


def n_assignments(paths: np.ndarray, *, most: int) -> int:
    """How many distinct ways there are to assign the paths to groups; `most` + 1 where there are more."""
    counts = np.unique(paths, return_counts=True)[1].tolist()
    size = lgamma(len(paths) + 1) - sum(lgamma(count + 1) for count in counts)
    if size > log(most) + 1:
        return most + 1
    left, ways = len(paths), 1
    for count in counts:
        ways *= comb(left, count)
        left -= count
        if ways > most:
            return most + 1
    return ways


def assignments(paths: np.ndarray, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Assignments of the paths to groups: every distinct one where there are no more than `draws`, else random."""
    if n_assignments(paths, most=draws) <= draws:
        yield from _every(paths)
        return
    for _ in range(draws):
        yield rng.permutation(paths)


def _every(paths: np.ndarray) -> Iterator[np.ndarray]:
    """Every distinct order of `paths`, in one fixed order."""
    values, counts = np.unique(paths, return_counts=True)
    order = np.empty(len(paths), dtype=paths.dtype)

    def place(position: int, left: np.ndarray) -> Iterator[np.ndarray]:
        if position == len(order):
            yield order.copy()
            return
        for k in np.flatnonzero(left):
            order[position] = values[k]
            left[k] -= 1
            yield from place(position + 1, left)
            left[k] += 1

    yield from place(0, counts.copy())

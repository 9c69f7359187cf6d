"""Linked tables of counts: which are hidden so that no small one can be worked out from all that is shown together.

Small counts are hidden first (primary suppression). Then the range in which a reader could place each, given all
that is shown with its rounding and every sum that ties it together, is found by linear programming. Where a range is
narrower than the protection, more counts are hidden (secondary suppression), and the ranges are found again.

Choosing what else to hide is the linear relaxation of the cell suppression problem, one sensitive count after another:
Fischetti and Salazar (2001), Solving the cell suppression problem on tabular data with linear constraints, Management
Science 47(7), section 3 for the reader's problem; Kelly, Golden and Assad (1992), Cell suppression: disclosure
protection for sensitive tabular data, Networks 22, for the relaxation. The answer is checked, not trusted: nothing is
given back whose ranges were not found wide enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, identity, vstack

from evaluations.disclosure.policy import Policy

MOST_ROUNDS = 25
SLACK = 1e-6

PRIMARY = "primary"
SECONDARY = "secondary"
WHOLE = "whole"
ASKED = "asked"


@dataclass(frozen=True)
class Count:
    """One count: its true value, how many stand for one person, and what it costs to hide it.

    `is_shown` is false of what is printed nowhere but follows from what is, as a complement does.
    `is_known` is true of what readers can work out by other means, so that hiding it hides nothing.
    """

    key: str
    value: int
    per: int = 1
    cost: float = 1.0
    is_shown: bool = True
    is_known: bool = False

    def is_small(self, policy: Policy) -> bool:
        """Whether fewer people than the policy's threshold are behind it; of what is not printed, nobody is none."""
        people = math.ceil(self.value / self.per)
        return people < policy.min_count and (self.is_shown or people > 0)

    def width(self, policy: Policy) -> int:
        """How wide a reader's range of it has to be: as wide as the threshold."""
        return policy.min_count * self.per


@dataclass(frozen=True)
class Sum:
    """A relation that holds: the terms, each with its coefficient, add up to zero."""

    terms: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Tables:
    """Counts and every relation among them."""

    counts: tuple[Count, ...]
    sums: tuple[Sum, ...] = ()

    @cached_property
    def place(self) -> dict[str, int]:
        """Where each count stands."""
        return {count.key: place for place, count in enumerate(self.counts)}

    @cached_property
    def matrix(self) -> csr_matrix:
        """The relations as rows, shape (n_sums, n_counts): their product with the counts is zero."""
        entries = [(row, self.place[key], times) for row, each in enumerate(self.sums) for key, times in each.terms]
        rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
        return csr_matrix((values, (rows, columns)), shape=(len(self.sums), len(self.counts)), dtype=float)


@dataclass(frozen=True)
class Hidden:
    """One count that is not shown, and why: it is small, or another could be worked out from it."""

    key: str
    why: str


def base_of(count: Count, policy: Policy) -> int:
    """What a count is rounded to: as many as `round_to` people stand for."""
    return policy.round_to * count.per


def rounded(count: Count, policy: Policy) -> int:
    """The count as it is shown; never rounded to less than the threshold."""
    base = base_of(count, policy)
    return max(base * math.floor(count.value / base + 0.5), policy.min_count * count.per)


def shown_range(count: Count, policy: Policy) -> tuple[float, float]:
    """The least and the most that the shown, rounded count can stand for."""
    half, middle = base_of(count, policy) / 2, rounded(count, policy)
    return max(middle - half, policy.min_count * count.per), max(middle + half, count.value)


def hidden_counts(tables: Tables, policy: Policy, also: Iterable[str] = ()) -> tuple[Hidden, ...]:
    """Every count that must not be shown, checked: no small one can be placed within a range that is too narrow.

    `also` names counts hidden for other reasons. Where no choice of counts to hide protects, all of them are hidden.
    """
    small = [count for count in tables.counts if count.is_small(policy)]
    why = dict.fromkeys(also, ASKED) | {count.key: PRIMARY for count in small if count.is_shown}
    for _ in range(MOST_ROUNDS):
        exposed = [count for count in small if _is_exposed(tables, policy, why, count)]
        if not exposed:
            return tuple(Hidden(count.key, why[count.key]) for count in tables.counts if count.key in why)
        more: set[str] = set()
        for count in exposed:
            more |= _to_hide_for(tables, policy, {*why, *more}, count)
        if not more - set(why):
            break
        why |= {key: SECONDARY for key in more if key not in why}
    printed = [count.key for count in tables.counts if count.is_shown]
    return tuple(Hidden(key, why.get(key, WHOLE)) for key in printed)


def reader_range(tables: Tables, policy: Policy, hidden: Iterable[str], key: str) -> tuple[float, float]:
    """The least and the most a reader could think the count to be, by linear programming over all that is shown."""
    bounds = _bounds(tables, policy, set(hidden))
    cost = np.zeros(len(tables.counts))
    cost[tables.place[key]] = 1.0
    return _extreme(tables, cost, bounds), -_extreme(tables, -cost, bounds)


def _is_exposed(tables: Tables, policy: Policy, hidden: Mapping[str, str], count: Count) -> bool:
    low, high = reader_range(tables, policy, hidden, count.key)
    width = count.width(policy)
    return high - low < width - SLACK or high < width - SLACK


def _bounds(tables: Tables, policy: Policy, hidden: set[str]) -> list[tuple[float, float | None]]:
    def of(count: Count) -> tuple[float, float | None]:
        if count.is_known:
            return count.value, count.value
        if count.key in hidden or not count.is_shown:
            return 0.0, None
        return shown_range(count, policy)

    return [of(count) for count in tables.counts]


def _extreme(tables: Tables, cost: np.ndarray, bounds: Sequence[tuple[float, float | None]]) -> float:
    """The least value of `cost` over every table that fits what is shown; minus infinity where there is no least."""
    sums = {"A_eq": tables.matrix, "b_eq": np.zeros(len(tables.sums))} if tables.sums else {}
    found = linprog(cost, bounds=bounds, method="highs", **sums)
    if found.status == 0:
        return float(found.fun)
    if found.status in (3, 4):  # unbounded, which the solver may also report as "unbounded or infeasible"
        return -math.inf
    raise ValueError(f"The counts do not fit the relations stated among them: {found.message}")


def _to_hide_for(tables: Tables, policy: Policy, hidden: set[str], count: Count) -> set[str]:
    """Counts whose hiding lets a reader think `count` far larger: the cheapest, as a linear program chooses them.

    The program looks for another table that a reader should not be able to rule out, and pays for each shown count by
    which that table differs from what is shown. What it pays for is hidden. Empty where there is no such table.
    """
    n = len(tables.counts)
    bounds = _bounds(tables, policy, hidden)
    low, _ = reader_range(tables, policy, hidden, count.key)
    target = max(low, 0.0) + count.width(policy)
    lower = np.array([each[0] for each in bounds])
    upper = np.array([math.inf if each[1] is None else each[1] for each in bounds])
    price = np.array([each.cost for each in tables.counts])
    free = [(each.value, each.value) if each.is_known else (0.0, None) for each in tables.counts]
    free[tables.place[count.key]] = (target, None)
    capped = np.flatnonzero(np.isfinite(upper))
    eye = identity(n, format="csr")
    over = hstack([eye[capped], -eye[capped]])  # y - e <= upper
    under = hstack([-eye, -eye])  # -y - e <= -lower
    stacked = vstack([over, under], format="csr")
    sums = hstack([tables.matrix, csr_matrix((len(tables.sums), n))]) if tables.sums else None
    found = linprog(
        np.concatenate([np.zeros(n), price]),
        A_ub=stacked,
        b_ub=np.concatenate([upper[capped], -lower]),
        A_eq=sums,
        b_eq=np.zeros(len(tables.sums)) if tables.sums else None,
        bounds=[*free, *[(0.0, None)] * n],
        method="highs",
    )
    if found.status != 0:
        return set()
    paid = found.x[n:] > SLACK
    return {each.key for each, is_paid in zip(tables.counts, paid, strict=True) if is_paid and each.is_shown}

"""Proposes areas to compare with, from an official series: whose earlier path and context were most alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import BadInput, Issue

PROPOSED = 40
"""Areas proposed, where there are so many."""
LEAST_JUMP = 1e-12
"""Jumps below this count as this: areas on straight lines have none."""
FEW_TREATED = 5
"""Treated areas up to which errors that rest on many clusters cannot be trusted."""


@dataclass(frozen=True)
class Area:
    """One authority's figures, and what is known of it; `values[i]` belongs to period i, NaN where missing."""

    code: str
    name: str
    values: np.ndarray
    context: Mapping[str, float]
    left_out: str = ""


@dataclass(frozen=True)
class Candidate:
    """An area to compare with: how far its earlier path lay from the treated areas', and whether it is proposed."""

    code: str
    name: str
    trend_gap: float
    level_gap: float
    context_gap: float | None
    is_proposed: bool


@dataclass(frozen=True)
class Proposal:
    """Areas in order of likeness, those left out by reason, and the mean paths for a chart."""

    candidates: tuple[Candidate, ...]
    left_out: dict[str, tuple[str, ...]]
    n_before: int
    n_after: int

    @property
    def proposed(self) -> tuple[str, ...]:
        """Codes of the areas proposed."""
        return tuple(each.code for each in self.candidates if each.is_proposed)


def propose(areas: Sequence[Area], treated: Collection[str], start: int, *, most: int = PROPOSED) -> Proposal:
    """Areas to compare `treated` with, treatment beginning at position `start` of the periods.

    Likeness is of the path before `start` alone: how unevenly the gap to the treated areas moved beyond
    what both sides' jumps from period to period explain, how alike those jumps are in size, how wide the
    gap was, and how different the context is. Nearness alone would pick areas that are quieter than the
    treated ones, beside which any area looks as if something had happened to it. Nothing after `start` is
    looked at, but that a figure is there. Raises `BadInput` where there is too little to go by.
    """
    own = [area for area in areas if area.code in treated]
    _check(own, treated, start)
    others, left_out = _usable([area for area in areas if area.code not in treated], own)
    n_periods = len(own[0].values)
    if not others:
        what = "No other area has figures in every period in which the treated areas have them."
        raise BadInput([Issue("no_comparison", what, "Choose another series, or a later first period.")])
    window = _window(own)
    path = np.mean([area.values for area in own], axis=0)
    before = window & (np.arange(n_periods) < start)
    gaps = np.array([area.values[before] - path[before] for area in others])
    trend, level = gaps.std(axis=1), np.abs(gaps.mean(axis=1))
    context = _context_gaps(own, others)
    apart, unlike = _beyond_jumps(trend, own, others, before)
    score = _relative(apart) + unlike + 0.25 * _relative(level) + 0.25 * _relative(np.nan_to_num(context, nan=0.0))
    order = np.argsort(score, kind="stable")
    candidates = tuple(
        Candidate(
            others[index].code,
            others[index].name,
            float(trend[index]),
            float(level[index]),
            None if np.isnan(context[index]) else float(context[index]),
            place < most,
        )
        for place, index in enumerate(order)
    )
    return Proposal(candidates, left_out, int(before.sum()), int((window & ~before).sum()))


def _check(own: list[Area], treated: Collection[str], start: int) -> None:
    issues = []
    missing = sorted(set(treated) - {area.code for area in own})
    if missing or not own:
        what = f"The series has no figures for {', '.join(missing) or 'any area'}."
        issues.append(Issue("area_not_in_series", what, "Choose areas that the series covers."))
    elif np.count_nonzero(_window(own)[:start]) < 2:
        what = "The treated areas have fewer than two periods of figures before the start."
        issues.append(Issue("too_few_before", what, "Choose a later start, or a series that begins earlier."))
    elif not _window(own)[start:].any():
        what = "The treated areas have no figures from the start on."
        issues.append(Issue("none_after", what, "Choose an earlier start, or a series that goes on longer."))
    if issues:
        raise BadInput(issues)


def _window(own: Sequence[Area]) -> np.ndarray:
    """Periods in which every treated area has a figure."""
    return np.all([np.isfinite(area.values) for area in own], axis=0)


def _usable(others: list[Area], own: list[Area]) -> tuple[list[Area], dict[str, tuple[str, ...]]]:
    window = _window(own)
    kept: list[Area] = []
    reasons: dict[str, list[str]] = {}
    for area in others:
        reason = area.left_out or ("" if np.isfinite(area.values[window]).all() else "figures missing in some period")
        if reason:
            reasons.setdefault(reason, []).append(area.name)
        else:
            kept.append(area)
    return kept, {reason: tuple(sorted(names)) for reason, names in reasons.items()}


def _context_gaps(own: list[Area], others: list[Area]) -> np.ndarray:
    """Mean distance in standard deviations over the context measures that both have; NaN where none is shared."""
    measures = sorted({name for area in others for name in area.context})
    table = np.array([[area.context.get(name, np.nan) for name in measures] for area in others], dtype=float)
    mine = np.array([[area.context.get(name, np.nan) for name in measures] for area in own], dtype=float)
    if not measures:
        return np.full(len(others), np.nan)
    spread = np.array([_spread(column) for column in table.T])
    centre = np.array([np.nan if np.isnan(column).all() else np.nanmean(column) for column in mine.T])
    gaps = np.abs(table - centre) / spread
    known = np.isfinite(gaps)
    return np.where(known.any(axis=1), np.where(known, gaps, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)


def _spread(column: np.ndarray) -> float:
    known = column[np.isfinite(column)]
    return float(known.std()) if len(known) > 1 and known.std() > 0 else np.nan


def _beyond_jumps(
    trend: np.ndarray, own: list[Area], others: list[Area], before: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each area's `trend` gap over what both sides' jumps would give by chance, and how unlike their jumps are in size.

    A jump is a change from one period to the next less the median change among `others`; the second answer
    is the absolute logarithm of the ratio of their root mean squares.
    """
    changes, mine = (np.diff([area.values[before] for area in areas], axis=1) for areas in (others, own))
    usual = np.median(changes, axis=0)
    theirs = np.sqrt(((changes - usual) ** 2).mean(axis=1))
    ours = float(np.sqrt(((mine - usual) ** 2).mean()))
    least = max(1e-9 * max(ours, float(theirs.max())), LEAST_JUMP)
    theirs, ours = np.maximum(theirs, least), max(ours, least)
    return trend / np.sqrt(theirs**2 + ours**2 / len(own)), np.abs(np.log(theirs / ours))


def _relative(values: np.ndarray) -> np.ndarray:
    """The values in units of their median, which makes distances of different kinds comparable."""
    middle = float(np.median(values))
    return values / middle if middle > 0 else values


def advice(n_treated: int, n_comparison: int, *, what: str = "area") -> str:
    """Which design so many treated areas (or `what` they are) lead to, and why."""
    if n_treated == 1:
        return (
            f"With one treated {what}, errors cannot be worked out from how treated {what}s differ among themselves. "
            "Use synthetic difference-in-differences with placebo inference: the same sum is done for each comparison "
            f"{what} as if it had been treated, and shows how large a difference arises by chance."
        )
    if n_treated <= FEW_TREATED:
        return (
            f"With {n_treated} treated {what}s, errors that rest on many clusters are too small. Use randomisation "
            f"inference: treatment is dealt to other {what}s at random, and shows how large a difference arises by "
            "chance."
        )
    return (
        f"With {n_treated} treated and {n_comparison} comparison {what}s, group-time effects with errors clustered by "
        f"{what} are a sound first choice."
    )


def counted(left_out: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many areas were left out for each reason."""
    return dict(Counter({reason: len(names) for reason, names in left_out.items()}))

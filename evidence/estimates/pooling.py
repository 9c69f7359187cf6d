"""Pooling estimates on read: which may be pooled, what comes of it, and why the rest may not.

Only effects with a published error or interval, on one scale, that support a causal reading are
pooled. Whatever is left out is counted with its reason, so that an empty answer explains itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from evidence.estimates.models import EffectEstimate, EstimateKind, Standing
from evidence.estimates.presenters import is_ratio
from evidence.synthesis.random_effects import NotPoolable, Pooled, leave_one_out, pool
from evidence.synthesis.small_studies import AsymmetryTest, TrimAndFill, egger_random_effects, trim_and_fill
from evidence.synthesis.three_level import ThreeLevelPooled, pool_three_level

FEWEST_FOR_ASYMMETRY = 10


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """One effect to pool. `study` says which effects share a study; `moderator` is optional."""

    label: str
    study: str
    value: float
    std_error: float
    moderator: float | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Estimates that were not pooled, and why."""

    reason: str
    count: int


@dataclass(frozen=True)
class Synthesis:
    """Effects on one scale, pooled. `several_each` is there where a study gives more than one."""

    scale: str
    effects: tuple[StudyEffect, ...]
    pooled: Pooled
    paule_mandel: Pooled
    several_each: ThreeLevelPooled | None
    without_each: tuple[Pooled, ...]
    asymmetry: AsymmetryTest | None
    filled: TrimAndFill | None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def n_studies(self) -> int:
        """How many different studies there are."""
        return len({effect.study for effect in self.effects})


@dataclass(frozen=True, slots=True)
class NoSynthesis:
    """Why nothing was pooled, in words, with every estimate accounted for."""

    code: str
    message: str
    left_out: tuple[LeftOut, ...]


def synthesise(estimates: Iterable[EffectEstimate]) -> Synthesis | NoSynthesis:
    """The synthesis of estimates of one outcome, on the scale that most of them share, or why there is none."""
    usable: list[tuple[str, StudyEffect]] = []
    reasons: Counter[str] = Counter()
    for estimate in estimates:
        reason = _why_not(estimate)
        if reason:
            reasons[reason] += 1
        else:
            usable.append((_scale(estimate), _study_effect(estimate)))
    scales = Counter(scale for scale, _ in usable)
    scale = scales.most_common(1)[0][0] if scales else ""
    chosen = [effect for each, effect in usable if each == scale]
    if len(usable) > len(chosen):
        reasons["on another scale than the others"] += len(usable) - len(chosen)
    left_out = tuple(LeftOut(reason, count) for reason, count in reasons.most_common())
    return synthesise_effects(chosen, scale=scale, left_out=left_out)


def synthesise_effects(
    effects: Sequence[StudyEffect], *, scale: str, left_out: tuple[LeftOut, ...] = ()
) -> Synthesis | NoSynthesis:
    """The synthesis of effects already on one scale; refused where there are fewer than two studies."""
    if len({effect.study for effect in effects}) < 2:
        return NoSynthesis("too_few_studies", _too_few(len(effects), left_out), left_out)
    values = np.array([effect.value for effect in effects])
    variances = np.array([effect.std_error**2 for effect in effects])
    try:
        pooled = pool(values, variances)
    except NotPoolable as refusal:
        return NoSynthesis(refusal.code, refusal.message, left_out)
    enough = len(effects) >= FEWEST_FOR_ASYMMETRY
    studies = [effect.study for effect in effects]
    return Synthesis(
        scale=scale,
        effects=tuple(effects),
        pooled=pooled,
        paule_mandel=pool(values, variances, tau2_method="PM"),
        several_each=pool_three_level(values, variances, studies) if len(set(studies)) < len(studies) else None,
        without_each=leave_one_out(values, variances) if len(effects) > 2 else (),
        asymmetry=egger_random_effects(values, variances) if enough else None,
        filled=trim_and_fill(values, variances) if enough else None,
        left_out=left_out,
    )


@dataclass(frozen=True)
class Subgroups:
    """The estimates of one outcome pooled apart by what they share: a target group, or a kind of place."""

    by: str
    found: dict[str, Synthesis | NoSynthesis]


def subgroups_of(
    estimates: Sequence[EffectEstimate], *, by: str, values: Callable[[EffectEstimate], Iterable[str]]
) -> Subgroups | None:
    """Each subgroup pooled by itself; None where fewer than two subgroups hold an estimate that can be pooled."""
    members: dict[str, list[EffectEstimate]] = {}
    for estimate in estimates:
        if not _why_not(estimate):
            for value in values(estimate):
                members.setdefault(value, []).append(estimate)
    if len(members) < 2:
        return None
    return Subgroups(by, {value: synthesise(members[value]) for value in sorted(members)})


def std_error_of(estimate: Any) -> float | None:
    """The published error, else the one that the published interval implies; null where there is neither."""
    if estimate.std_error is not None and estimate.std_error > 0:
        return float(estimate.std_error)
    ends = (estimate.ci_lower, estimate.ci_upper)
    if None in ends or not ends[1] > ends[0]:
        return None
    return float((ends[1] - ends[0]) / (2 * stats.norm.ppf(0.5 + (estimate.level or 0.95) / 2)))


def _why_not(estimate: EffectEstimate) -> str:
    """Why this estimate cannot be pooled; empty where it can."""
    if estimate.is_withdrawn or estimate.superseded_by_id:
        return "withdrawn or replaced"
    if estimate.estimate_kind != EstimateKind.CAUSAL:
        return _kind_in_words(estimate.estimate_kind)
    if estimate.value is None:
        return "reported in words, without a number"
    if is_ratio(estimate) and not _is_standardised(estimate):
        return "a ratio, which is not averaged as it stands"
    if std_error_of(estimate) is None:
        return "published without a standard error or an interval"
    if estimate.standing == Standing.DOES_NOT_SUPPORT:
        return "does not support a causal reading"
    return ""


def _kind_in_words(kind: str) -> str:
    if kind == EstimateKind.NULL:
        return "no effect found, and no number given for it"
    return f"marked “{EstimateKind(kind).label.lower()}”"


def _scale(estimate: EffectEstimate) -> str:
    return estimate.standard_scale if _is_standardised(estimate) else estimate.unit


def _is_standardised(estimate: EffectEstimate) -> bool:
    return bool(estimate.standard_scale) and None not in (estimate.standard_value, estimate.standard_std_error)


def _study_effect(estimate: EffectEstimate) -> StudyEffect:
    standard = _is_standardised(estimate)
    value, error = (
        (estimate.standard_value, estimate.standard_std_error) if standard else (estimate.value, std_error_of(estimate))
    )
    label = estimate.study.title if not estimate.subgroup else f"{estimate.study.title} ({estimate.subgroup})"
    if value is None or error is None:
        raise ValueError(f"Estimate {estimate.pk} has no number to pool.")
    return StudyEffect(label, str(estimate.study_id), float(value), float(error))


def _too_few(n_effects: int, left_out: tuple[LeftOut, ...]) -> str:
    n_left = sum(item.count for item in left_out)
    if not n_left and not n_effects:
        return "No estimate of this outcome is recorded, so there is nothing to pool."
    start = "Nothing can be pooled" if not n_effects else "Only one study can be used, so nothing is pooled"
    reasons = "; ".join(f"{item.count} {item.reason}" for item in left_out)
    return f"{start}. Left out: {reasons}." if reasons else f"{start}."

"""What an analysis gives back: frozen results, and their JSON as the contract writes it.

Every part is optional but the estimates; parts that do not apply are absent from the JSON, and a
number that could not be computed is null there, never NaN and never a stand-in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np

from evaluations.stats.issues import NotEstimable

Label = str | int | float


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with its uncertainty. `value` is in the outcome's own unit."""

    name: str
    estimand: str
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    level: float = 0.95
    p_value: float | None = None
    n_obs: int | None = None
    n_units: int | None = None
    n_treated_units: int | None = None
    n_clusters: int | None = None
    subgroup: Label | None = None
    p_value_adjusted: float | None = None


@dataclass(frozen=True, slots=True)
class AttGt:
    """The effect on one cohort in one period, or a pre-period's placebo of it."""

    cohort: Label
    period: Label
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    p_value: float | None = None
    n_treated_units: int | None = None
    n_control_units: int | None = None


@dataclass(frozen=True, slots=True)
class EventTimeEffect:
    """The average effect `event_time` periods after treatment began; 0 is the first treated period."""

    event_time: int
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    band_lower: float | None = None
    band_upper: float | None = None
    p_value: float | None = None
    n_treated_units: int | None = None


@dataclass(frozen=True, slots=True)
class CohortEffect:
    """The average effect on the units first treated in `cohort`."""

    cohort: Label
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    band_lower: float | None = None
    band_upper: float | None = None
    n_treated_units: int | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class PeriodEffect:
    """The average effect in `period` on all units treated by then."""

    period: Label
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    band_lower: float | None = None
    band_upper: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class RingEffect:
    """The change in the band [inner_km, outer_km) against the outermost band, whose own value is null."""

    inner_km: float
    outer_km: float
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    p_value: float | None = None
    n_obs: int | None = None
    n_units: int | None = None
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class DistancePoint:
    """The effect at one distance from a site, with a pointwise interval and a uniform band."""

    distance_km: float
    value: float | None
    ci_lower: float | None = None
    ci_upper: float | None = None
    band_lower: float | None = None
    band_upper: float | None = None
    std_error: float | None = None
    n_units: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A statistic with its p-value where there is one, and a sentence on what it can and cannot show."""

    code: str
    reading: str
    statistic: float | None = None
    df: float | tuple[float, float] | None = None
    p_value: float | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SensitivityBound:
    """A confidence set for the effect if parallel trends fails by no more than `bound`."""

    kind: str
    bound: float
    ci_lower: float | None
    ci_upper: float | None


@dataclass(frozen=True, slots=True)
class Specification:
    """The headline under one other reasonable choice, for the specification chart."""

    name: str
    value: float | None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DetectableEffect:
    """The smallest true effect this study would have found with probability `power`."""

    value: float
    power: float = 0.8


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the result supports a causal reading, by a stated, versioned rule."""

    level: str
    reasons: tuple[str, ...]
    rule_version: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows that were read and not used, and why."""

    reason: str
    rows: int
    units: int | None = None


@dataclass(frozen=True, slots=True)
class CohortCount:
    """How many units were first treated when; a null cohort was never treated."""

    cohort: Label | None
    n_units: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The waterfall from the rows read to the rows used."""

    rows_read: int
    rows_used: int
    dropped: tuple[Dropped, ...] = ()
    cohorts: tuple[CohortCount, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the question cannot be answered with these data, and what would help."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True)
class LongDifferences:
    """An event study whose every value is measured from one reference period, as the bounds need it.

    `event_times` (n,) in time order, without the reference; `values` (n,), `covariance` (n, n). Where clusters
    are few, `freedom` (n,) are the degrees of freedom that each value's variance rests on.
    """

    event_times: np.ndarray
    values: np.ndarray
    covariance: np.ndarray
    reference: int = -1
    freedom: np.ndarray | None = None


@dataclass(frozen=True)
class Result:
    """One analysis. `estimates[0]` is the headline.

    `covariance` belongs to `event_study`, in its order; it and `long_differences` stay inside the
    engine, where the diagnostics that need them (power, bounds) read them. So does
    `cluster_influence`: what each cluster of the table adds to the headline's error, shape
    (cluster.n_labels,), computed when it is asked for.
    """

    estimates: tuple[Estimate, ...] = ()
    att_gt: tuple[AttGt, ...] = ()
    event_study: tuple[EventTimeEffect, ...] = ()
    by_cohort: tuple[CohortEffect, ...] = ()
    by_period: tuple[PeriodEffect, ...] = ()
    rings: tuple[RingEffect, ...] = ()
    distance_curve: tuple[DistancePoint, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    sensitivity: tuple[SensitivityBound, ...] = ()
    decomposition: tuple[Mapping[str, Any], ...] = ()
    specifications: tuple[Specification, ...] = ()
    detectable_effect: DetectableEffect | None = None
    standing: Standing | None = None
    sample: Sample | None = None
    refusal: Refusal | None = None
    covariance: np.ndarray | None = field(default=None, repr=False, metadata={"internal": True})
    long_differences: LongDifferences | None = field(default=None, repr=False, metadata={"internal": True})
    cluster_influence: Callable[[], np.ndarray] | None = field(default=None, repr=False, metadata={"internal": True})

    @property
    def status(self) -> str:
        """`done` or `refused`."""
        return "refused" if self.refusal else "done"

    def with_diagnostics(self, *more: Diagnostic) -> Result:
        """This result with `more` added to its diagnostics."""
        return replace(self, diagnostics=(*self.diagnostics, *more))

    def to_json(self) -> dict:
        """The result as the contract writes it, but for the receipt, which the runner adds."""
        parts = {item.name: getattr(self, item.name) for item in fields(self) if not item.metadata.get("internal")}
        written = {name: jsonable(part) for name, part in parts.items() if part not in (None, ())}
        return {"version": 1, "status": self.status, **written}


def refused(reason: NotEstimable, sample: Sample | None = None) -> Result:
    """A result that is a refusal, in words."""
    return Result(sample=sample, refusal=Refusal(reason.code, reason.message, reason.hint))


def jsonable(value: Any) -> Any:
    """`value` in plain JSON types: NumPy scalars unwrapped, NaN and infinities null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: jsonable(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [jsonable(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

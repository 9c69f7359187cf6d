"""Before the data: what a design could detect, and how many areas or people it would need.

Sources: Bloom (1995), Evaluation Review 19(5), for the smallest detectable effect; Burlig, Preonas and
Woerman (2020), Journal of Development Economics 144, for errors that are correlated over time.

The model behind every figure: an area's outcome is a fixed level, a common period effect, a shock of
its own that fades by a factor of `serial_correlation` a period, and the average error of the people
in it. Levels and period effects cancel; the rest makes the variance. All variances are of what is
left after an area's own level is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from evaluations.stats.issues import NotEstimable

MOST_UNITS = 1_000_000


@dataclass(frozen=True, slots=True)
class Noise:
    """How outcomes vary. `sd` is of one person (or, with `people` of 1 and `intraclass` of 1, one area).

    `intraclass` is the share of that variance that people of an area and period have in common,
    `serial_correlation` the correlation of that common part between neighbouring periods, and
    `people` how many people an area's average is over. `same_people` says that the same people are
    followed, whose own errors then keep `person_correlation` between neighbouring periods.
    """

    sd: float
    intraclass: float = 1.0
    serial_correlation: float = 0.0
    people: float = 1.0
    same_people: bool = False
    person_correlation: float = 0.0

    def covariance(self, n_periods: int) -> np.ndarray:
        """Of an area's averages over periods, shape (n_periods, n_periods)."""
        gap = np.abs(np.subtract.outer(np.arange(n_periods), np.arange(n_periods)))
        common = self.intraclass * self.serial_correlation**gap
        own_correlation = self.person_correlation if self.same_people else 0.0
        own = (1 - self.intraclass) / self.people * own_correlation**gap
        return self.sd**2 * (common + own)


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """One opening date: `n_pre` periods before, `n_post` after, and how many areas in each group."""

    n_treated: int
    n_control: int
    n_pre: int
    n_post: int

    @property
    def n_areas(self) -> int:
        """All areas."""
        return self.n_treated + self.n_control

    def variance(self, noise: Noise) -> float:
        """Of the difference-in-differences of period averages."""
        weights = np.concatenate([np.full(self.n_pre, -1 / self.n_pre), np.full(self.n_post, 1 / self.n_post)])
        change = weights @ noise.covariance(self.n_pre + self.n_post) @ weights
        return float(change * (1 / self.n_treated + 1 / self.n_control))

    def scaled(self, factor: float) -> TwoGroups:
        """The design with both groups larger by `factor`, rounded up."""
        return replace(self, n_treated=_up(self.n_treated * factor), n_control=_up(self.n_control * factor))


@dataclass(frozen=True)
class Staggered:
    """Several opening dates: cohort start position (from 0) to its number of areas, and areas never treated.

    The estimate is the average of ATT(g, t) over treated cohorts and periods, weighted by cohort
    size, each against the period before treatment and the never treated (Callaway and Sant'Anna 2021).
    """

    cohorts: Mapping[int, int]
    n_never: int
    n_periods: int

    @property
    def n_areas(self) -> int:
        """All areas."""
        return sum(self.cohorts.values()) + self.n_never

    def variance(self, noise: Noise) -> float:
        """Of the average effect, which is a weighted sum of cohort averages."""
        covariance = noise.covariance(self.n_periods)
        cells = sum(size * (self.n_periods - start) for start, size in self.cohorts.items())
        of_never, total = np.zeros(self.n_periods), 0.0
        for start, size in self.cohorts.items():
            own = np.zeros(self.n_periods)
            own[start:] = size / cells
            own[start - 1] -= size * (self.n_periods - start) / cells
            of_never -= own
            total += own @ covariance @ own / size
        return float(total + of_never @ covariance @ of_never / self.n_never)

    def scaled(self, factor: float) -> Staggered:
        """The design with every group larger by `factor`, rounded up."""
        larger = {start: _up(size * factor) for start, size in self.cohorts.items()}
        return replace(self, cohorts=larger, n_never=_up(self.n_never * factor))


Design = TwoGroups | Staggered


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest true effect found with probability `power`, and the standard error expected."""

    effect: float
    std_error: float
    df: int
    power: float
    level: float


def smallest_detectable(design: Design, noise: Noise, *, power: float = 0.8, level: float = 0.95) -> Detectable:
    """What the design would detect. Raises `NotEstimable` for a design that could not be analysed."""
    _check(design, noise)
    df = design.n_areas - 2
    std_error = design.variance(noise) ** 0.5
    reach = stats.t.ppf(0.5 + level / 2, df) + stats.t.ppf(power, df)
    return Detectable(float(reach * std_error), float(std_error), df, power, level)


def design_to_detect(effect: float, design: Design, noise: Noise, *, power: float = 0.8, level: float = 0.95) -> Design:
    """`design` scaled up or down, its groups in proportion, until it detects `effect`.

    Raises `NotEstimable` where no number of areas up to a million would do.
    """
    _check(design, noise)
    if effect <= 0:
        raise NotEstimable("effect_not_positive", "The effect to detect must be more than 0.", "State its size.")

    def excess(factor: float) -> float:
        scaled = design.scaled(factor)
        return smallest_detectable(scaled, noise, power=power, level=level).effect - effect

    smallest, largest = 2 / min(_groups(design)), MOST_UNITS / design.n_areas
    if excess(largest) > 0:
        raise NotEstimable(
            "no_size_is_enough", "Not even a million areas would detect that effect.", "Look for a larger effect."
        )
    return design.scaled(_least(excess, smallest, largest))


def _least(excess: Callable[[float], float], low: float, high: float) -> float:
    """The smallest factor at which the effect can be detected; sizes are whole, so by bisection."""
    if excess(low) <= 0:
        return low
    for _ in range(200):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
        if high / low < 1 + 1e-9:
            break
    return high


def noise_of_pilot(outcome: np.ndarray) -> Noise:
    """The area noise that a pilot panel of untreated areas shows, `outcome` of shape (n_areas, n_periods).

    The variance and the correlation over time are those whose expected within-area covariances,
    after area and period averages are taken out, match the pilot's; so the short-panel bias of
    plain autocorrelations does not enter. Raises `NotEstimable` for fewer than 3 periods or 3 areas.
    """
    n_areas, n_periods = outcome.shape
    if n_periods < 3 or n_areas < 3 or not np.isfinite(outcome).all():
        raise NotEstimable(
            "pilot_too_small", "A pilot needs at least 3 areas with 3 complete periods.", "Add areas or periods."
        )
    centred = outcome - outcome.mean(axis=0) - outcome.mean(axis=1, keepdims=True) + outcome.mean()
    observed = centred.T @ centred / (n_areas - 1)
    lag_0, lag_1 = float(np.trace(observed)), float(np.trace(observed, offset=1))
    if lag_0 <= 0:
        raise NotEstimable("outcome_constant", "The pilot's outcomes do not vary.", "Check the outcome column.")
    keep = np.eye(n_periods) - 1 / n_periods

    def expected(rho: float) -> np.ndarray:
        return keep @ Noise(1.0, serial_correlation=rho).covariance(n_periods) @ keep

    def gap(rho: float) -> float:
        shape = expected(rho)
        return float(np.trace(shape, offset=1) / np.trace(shape)) - lag_1 / lag_0

    rho = _root(gap, 0.0, 0.98)
    return Noise((lag_0 / float(np.trace(expected(rho)))) ** 0.5, serial_correlation=rho)


def _root(gap: Callable[[float], float], low: float, high: float) -> float:
    """Where `gap` crosses zero, or the nearer end where it does not."""
    if gap(low) >= 0:
        return low
    return high if gap(high) <= 0 else float(brentq(gap, low, high))


def _check(design: Design, noise: Noise) -> None:
    if noise.sd <= 0 or not 0 <= noise.intraclass <= 1 or noise.people < 1:
        raise NotEstimable(
            "noise_out_of_range",
            "The spread must be more than 0, the intraclass correlation between 0 and 1, and the people at least 1.",
            "Correct them.",
        )
    if not (-1 < noise.serial_correlation < 1 and -1 < noise.person_correlation < 1):
        raise NotEstimable("noise_out_of_range", "A correlation must lie between -1 and 1.", "Correct it.")
    if min(_groups(design)) < 2:
        raise NotEstimable("too_few_areas", "Each group needs at least two areas.", "Add areas.")
    if isinstance(design, TwoGroups) and min(design.n_pre, design.n_post) < 1:
        raise NotEstimable("no_pre_period", "There must be a period before and one after.", "Add periods.")
    if isinstance(design, Staggered) and not all(1 <= start < design.n_periods for start in design.cohorts):
        raise NotEstimable("no_pre_period", "Every cohort must start after the first period.", "Add earlier periods.")


def _groups(design: Design) -> list[int]:
    if isinstance(design, TwoGroups):
        return [design.n_treated, design.n_control]
    return [*design.cohorts.values(), design.n_never]


def _up(size: float) -> int:
    return int(np.ceil(size - 1e-9))

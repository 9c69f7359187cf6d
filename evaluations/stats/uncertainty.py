"""From a covariance to what is reported: intervals, p-values, joint tests, bands, detectable effects.

Estimators bring values and standard errors; here they meet one set of rules for every method.
Fewer than `FEW_CLUSTERS` clusters, or fewer than `FEW_TREATED_CLUSTERS` on either side of the
comparison, withhold the p-value and the interval (not the value or its error), because the usual
ones reject a true null far too often there (Cameron, Gelbach and Miller 2008; MacKinnon and Webb 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from evaluations.stats.results import DetectableEffect, Diagnostic, Estimate

FEW_CLUSTERS = 10
WARN_CLUSTERS = 40
FEW_TREATED_CLUSTERS = 5
LARGE_SAMPLE_CLUSTERS = 100
MANY_CLUSTERS = 400
"""From here on the degrees of freedom of single cohorts are left out of account."""
POWER = 0.8
BAND_DRAWS = 9_999
RANK_TOLERANCE = 1e-10
NO_VARIATION = 1e-12


@dataclass(frozen=True, slots=True)
class Reference:
    """What errors are judged against: t with `df` degrees of freedom, or the normal where it is null.

    The cluster counts are null where rows are independent. `is_valid_when_few` says that the
    inference is meant for few clusters (wild bootstrap, randomisation), so nothing is withheld.
    `stretch` multiplies a reported error that is known to be short before it is judged.
    """

    level: float = 0.95
    df: float | None = None
    n_clusters: int | None = None
    n_treated_clusters: int | None = None
    n_control_clusters: int | None = None
    is_valid_when_few: bool = False
    stretch: float = 1.0

    @property
    def is_withheld(self) -> bool:
        """There are too few clusters for this p-value and interval."""
        if self.is_valid_when_few:
            return False
        sides = [n for n in (self.n_treated_clusters, self.n_control_clusters) if n is not None]
        few = self.n_clusters is not None and self.n_clusters < FEW_CLUSTERS
        return few or any(n < FEW_TREATED_CLUSTERS for n in sides)

    def critical_value(self) -> float:
        """The two-sided critical value at `level`, for the error as it is reported."""
        return self.stretch * quantile(0.5 + self.level / 2, self.df)


def large_sample_reference(
    level: float, n_clusters: int, n_treated_clusters: int | None = None, n_control_clusters: int | None = None
) -> Reference:
    """The reference of estimators judged by influence values.

    Their theory is normal. Below `LARGE_SAMPLE_CLUSTERS` clusters, t with one degree of freedom
    less than clusters is used, which the normal understates there.
    """
    df = None if n_clusters >= LARGE_SAMPLE_CLUSTERS else max(n_clusters - 1, 1)
    return Reference(level, df, n_clusters, n_treated_clusters, n_control_clusters)


def quantile(probability: float, df: float | None) -> float:
    """The quantile of t with `df` degrees of freedom, of the normal where `df` is null."""
    return float(special.ndtri(probability) if df is None else special.stdtrit(df, probability))


def two_sided_p(statistic: float, df: float | None) -> float:
    """The two-sided p-value of a t (or, where `df` is null, a normal) statistic."""
    tail = special.ndtr(-abs(statistic)) if df is None else special.stdtr(df, -abs(statistic))
    return float(2 * tail)


def known_error(std_error: float | None, scale: float) -> float | None:
    """The error, or null where it does not exist or is rounding noise beside `scale`, the outcome's size."""
    if std_error is None or not np.isfinite(std_error) or std_error <= NO_VARIATION * scale:
        return None
    return float(std_error)


def finish(values: dict[str, Any], reference: Reference, *, critical_value: float | None = None) -> dict[str, Any]:
    """`value` and `std_error` with the interval and p-value the reference allows, for any result type.

    `values` has `value` and `std_error`, either of them null. What cannot be given is null.
    """
    value, error = values["value"], values["std_error"]
    if value is None or error is None or reference.is_withheld:
        return {**values, "ci_lower": None, "ci_upper": None, "p_value": None}
    reach = (critical_value or reference.critical_value()) * error
    p_value = two_sided_p(value / (reference.stretch * error), reference.df)
    return {**values, "ci_lower": value - reach, "ci_upper": value + reach, "p_value": p_value}


def finished_estimate(
    name: str, estimand: str, value: float | None, std_error: float | None, reference: Reference, **counts: Any
) -> Estimate:
    """An `Estimate` with its interval and p-value where the reference allows them."""
    return Estimate(
        name=name,
        estimand=estimand,
        level=reference.level,
        n_clusters=reference.n_clusters,
        **finish({"value": value, "std_error": std_error}, reference),
        **counts,
    )


def detectable_effect(std_error: float | None, reference: Reference) -> DetectableEffect | None:
    """The true effect found with 80 % power at this level: (critical value + 0.84) x error (Bloom 1995)."""
    if std_error is None:
        return None
    power = reference.stretch * quantile(POWER, reference.df)
    return DetectableEffect((reference.critical_value() + power) * std_error, POWER)


def cluster_diagnostics(reference: Reference) -> tuple[Diagnostic, ...]:
    """What the numbers of clusters mean for the p-value and interval, where they are few."""
    if reference.n_clusters is None or reference.is_valid_when_few:
        return ()
    sides = {"treated": reference.n_treated_clusters, "comparison": reference.n_control_clusters}
    found = []
    if reference.n_clusters < FEW_CLUSTERS:
        found.append(_few_clusters(reference.n_clusters))
    elif reference.n_clusters < WARN_CLUSTERS:
        found.append(_some_clusters(reference.n_clusters))
    few = {side: n for side, n in sides.items() if n is not None and n < FEW_TREATED_CLUSTERS}
    return (*found, *(_few_on_one_side(side, n) for side, n in few.items()))


def _few_clusters(n_clusters: int) -> Diagnostic:
    return Diagnostic(
        "few_clusters",
        f"There are {n_clusters} clusters. Below {FEW_CLUSTERS} a cluster-robust p-value and interval are not"
        " trustworthy and are withheld; the wild bootstrap or randomisation inference can give them.",
        statistic=n_clusters,
    )


def _some_clusters(n_clusters: int) -> Diagnostic:
    return Diagnostic(
        "clusters_below_40",
        f"There are {n_clusters} clusters. Below {WARN_CLUSTERS} cluster-robust errors tend to be too small;"
        " read the interval as a lower bound on the uncertainty.",
        statistic=n_clusters,
    )


def _few_on_one_side(side: str, n: int) -> Diagnostic:
    return Diagnostic(
        f"few_{side}_clusters",
        f"There {'is' if n == 1 else 'are'} {n} {side} cluster{'' if n == 1 else 's'}. Below {FEW_TREATED_CLUSTERS} a"
        " cluster-robust error is far too small, so the p-value and interval are withheld; randomisation inference"
        " or synthetic difference-in-differences with placebo errors can give them.",
        statistic=n,
    )


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A joint test that all values are zero. `statistic` is chi-squared with `df` degrees of freedom;
    with `df2`, `statistic / df` is judged as F(df, df2)."""

    statistic: float
    df: int
    p_value: float
    df2: float | None = None


def wald_test(values: np.ndarray, covariance: np.ndarray, *, df2: float | None = None) -> WaldTest | None:
    """The joint test that `values` are all zero; null where nothing can be tested.

    Directions without variance (linear combinations of others) do not count as degrees of freedom.
    """
    values, covariance = np.asarray(values, dtype=float), np.asarray(covariance, dtype=float)
    error = np.sqrt(np.diag(covariance))
    known = np.isfinite(values) & np.isfinite(error) & (error > 0)
    if not known.any():
        return None
    scaled = values[known] / error[known]
    correlation = covariance[np.ix_(known, known)] / np.outer(error[known], error[known])
    size, direction = np.linalg.eigh(correlation)
    has_variance = size > RANK_TOLERANCE * size[-1]
    statistic = float((((direction.T @ scaled)[has_variance]) ** 2 / size[has_variance]).sum())
    df = int(has_variance.sum())
    p_value = special.chdtrc(df, statistic) if df2 is None else special.fdtrc(df, df2, statistic / df)
    return WaldTest(statistic, df, float(p_value), df2)


def hotelling_test(test: WaldTest, freedom: float) -> WaldTest | None:
    """The test judged by Hotelling's T2 for a covariance that itself rests on `freedom` degrees of freedom.

    W (freedom - df + 1) / (freedom df) is F(df, freedom - df + 1) (Hotelling 1931); null where nothing is left over.
    """
    spare = freedom - test.df + 1
    if spare <= 0:
        return None
    statistic = test.statistic * spare / freedom
    return WaldTest(statistic, test.df, float(special.fdtrc(test.df, spare, statistic / test.df)), spare)


def band_critical_value(covariance: np.ndarray, reference: Reference, rng: np.random.Generator) -> float:
    """The critical value of a band that covers all values at once (sup-t, Gaussian limit).

    The share of draws from N(0, correlation) whose largest absolute coordinate lies below it is
    `level` (Montiel Olea and Plagborg-Moller 2019, algorithm 1); with `df`, multivariate t.
    """
    error = np.sqrt(np.diag(covariance))
    known = np.isfinite(error) & (error > 0)
    if known.sum() <= 1:
        return reference.critical_value()
    correlation = covariance[np.ix_(known, known)] / np.outer(error[known], error[known])
    size, direction = np.linalg.eigh(correlation)
    root = direction * np.sqrt(np.clip(size, 0, None))
    draws = rng.standard_normal((BAND_DRAWS, len(size))) @ root.T
    if reference.df is not None:
        draws /= np.sqrt(rng.chisquare(reference.df, BAND_DRAWS) / reference.df)[:, None]
    largest = np.abs(draws).max(axis=1)
    return max(float(np.quantile(largest, reference.level, method="higher")), reference.critical_value())


def balanced_band_factor(
    covariance: np.ndarray,
    critical_values: np.ndarray,
    variances: np.ndarray,
    *,
    level: float,
    rng: np.random.Generator,
) -> float:
    """What pointwise critical values, shape (k,), are multiplied by so that all k intervals hold at once; at least 1.

    Values are drawn from N(0, correlation) and divided by the root of `variances`, shape (`BAND_DRAWS`, k), draws
    of each estimated variance over its truth. Every interval is widened alike, so that one whose error rests on few
    clusters is wide by itself (Montiel Olea and Plagborg-Moller 2019, section 2, on balanced bands).
    """
    error = np.sqrt(np.diag(covariance))
    size, direction = np.linalg.eigh(covariance / np.outer(error, error))
    root = direction * np.sqrt(np.clip(size, 0, None))
    drawn = np.abs(rng.standard_normal((BAND_DRAWS, len(size))) @ root.T) / np.sqrt(variances)
    return max(1.0, float(np.quantile((drawn / critical_values).max(axis=1), level, method="higher")))


def cluster_covariance(sums: np.ndarray, *, factor: float = 1.0) -> np.ndarray:
    """The covariance of estimates whose errors are the column sums of `sums`, shape (n_clusters, n_estimates).

    Each row is a cluster's summed influence on the estimates, already divided by the sample size.
    """
    return factor * (sums.T @ sums)


def benjamini_hochberg(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """P-values adjusted to bound the false discovery rate (Benjamini and Hochberg 1995); null stays null."""
    known = [index for index, p in enumerate(p_values) if p is not None]
    order = sorted(known, key=lambda index: p_values[index] or 0.0, reverse=True)
    adjusted: list[float | None] = [None] * len(p_values)
    smallest = 1.0
    for place, index in enumerate(order):
        smallest = min(smallest, (p_values[index] or 0.0) * len(order) / (len(order) - place))
        adjusted[index] = smallest
    return tuple(adjusted)


def adjusted_for_many(estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """The estimates with p-values adjusted for there being several of them."""
    adjusted = benjamini_hochberg([estimate.p_value for estimate in estimates])
    return tuple(replace(e, p_value_adjusted=p) for e, p in zip(estimates, adjusted, strict=True))

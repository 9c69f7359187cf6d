"""From a fit to an event study: effects by event time, their band, the joint test of the leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.regression.judging import Judge
from evaluations.stats.results import Diagnostic, EventTimeEffect, LongDifferences
from evaluations.stats.spec import Options
from evaluations.stats.uncertainty import (
    BAND_DRAWS,
    MANY_CLUSTERS,
    Reference,
    balanced_band_factor,
    band_critical_value,
    known_error,
    quantile,
)

PRETREND_READING = (
    "Tests that all effects before treatment are zero together, using their covariance. A small p-value speaks against"
    " parallel trends; a large one does not show that trends were parallel, nor that they would have stayed so."
)
NO_LEADS_READING = (
    "There is no period before treatment other than the one of reference, so earlier trends cannot be tested."
)


@dataclass(frozen=True, eq=False)
class EventPath:
    """An event study: the parts of a `Result` that belong together."""

    effects: tuple[EventTimeEffect, ...]
    covariance: np.ndarray
    differences: LongDifferences | None
    pretrend: Diagnostic

    def parts(self) -> dict:
        """The keyword arguments of `Result`, but for diagnostics."""
        return {
            "event_study": self.effects,
            "covariance": self.covariance,
            "long_differences": self.differences,
        }


def event_path(
    judge: Judge,
    contrasts: Mapping[int, np.ndarray],
    treated_units: Mapping[int, int],
    *,
    options: Options,
    has_one_reference: bool = True,
) -> EventPath:
    """The event study whose effect at each event time is a contrast of the judge's coefficients.

    `has_one_reference` says that all effects are measured from the period before treatment (or its
    anticipation), as bounds on violations of parallel trends need.
    """
    times = np.array(sorted(contrasts), dtype=int)
    rows = np.array([contrasts[e] for e in times]).reshape(len(times), len(judge.coefficients))
    covariance = rows @ judge.errors.covariance @ rows.T
    answers = [judge.answer(row) for row in rows]
    critical = _bands(judge, rows, covariance, options, [treated_units[int(e)] for e in times])
    effects = tuple(
        EventTimeEffect(int(e), **answer, **_band_of(answer, reach), n_treated_units=treated_units[int(e)])
        for e, answer, reach in zip(times, answers, critical, strict=True)
    )
    reference = -1 - options.anticipation
    values = np.array([answer["value"] for answer in answers], dtype=float)
    differences = LongDifferences(times, values, covariance, reference) if has_one_reference else None
    leads = times < (reference if has_one_reference else -options.anticipation)
    return EventPath(effects, covariance, differences, pretrend_test(judge, rows[leads]))


def pretrend_test(judge: Judge, leads: np.ndarray) -> Diagnostic:
    """The joint test that contrasts before treatment are zero."""
    if not len(leads):
        return Diagnostic("pretrend_joint", NO_LEADS_READING)
    found = judge.joint_test(leads)
    if found is None:
        reading = "Earlier trends cannot be tested together: errors are missing, or rest on too few clusters."
        return Diagnostic("pretrend_joint", reading)
    if found.df2 is None:
        return Diagnostic("pretrend_joint", PRETREND_READING, found.statistic, float(found.df), found.p_value)
    statistic = found.statistic / found.df
    details = {"wald": found.statistic}
    df = (float(found.df), float(found.df2))
    return Diagnostic("pretrend_joint", PRETREND_READING, statistic, df, found.p_value, details)


def _bands(
    judge: Judge, rows: np.ndarray, covariance: np.ndarray, options: Options, treated: Sequence[int]
) -> list[float | None]:
    """The critical value of each event time in a band over all; null where intervals are withheld or bootstrapped.

    `treated` are the treated units seen at each event time.
    """
    none: list[float | None] = [None] * len(rows)
    if not len(rows) or judge.wild is not None:
        return none
    references = [judge.reference_for(row) for row in rows]
    if any(reference.is_withheld for reference in references) or not np.isfinite(covariance).all():
        return none
    known = [known_error(float(np.sqrt(max(v, 0))), judge.scale) is not None for v in np.diag(covariance)]
    if not all(known):
        return none
    rng = np.random.default_rng(options.seed)
    n = references[0].n_clusters
    if judge.errors.kind != "cluster" or n is None or n >= MANY_CLUSTERS or len(rows) == 1:
        fewest = min(references, key=lambda reference: reference.df or np.inf)
        return [band_critical_value(covariance, fewest, rng)] * len(rows)
    df = np.array([_thin_freedom(reference, own) for reference, own in zip(references, treated, strict=True)])
    own = np.array([quantile(0.5 + options.level / 2, each) for each in df])
    stretch = references[0].stretch
    drawn = {each: rng.chisquare(each, BAND_DRAWS) / each for each in np.unique(df)}
    variances = np.column_stack([drawn[each] for each in df])
    return list(stretch * balanced_band_factor(covariance, own, variances, level=options.level, rng=rng) * own)


def _thin_freedom(reference: Reference, treated: int) -> float:
    """Degrees of freedom of an event time's error where clusters are few: Welch's (1947), for as many treated clusters
    as are seen there and the comparison ones, both of equal variance; an event time that only a small cohort reaches
    has fewer than the whole sample's G - 1.
    """
    n = reference.n_clusters or 0
    treated = min(treated, reference.n_treated_clusters or treated)
    controls = reference.n_control_clusters or n - treated
    if treated < 2 or controls < 2:
        return 1.0
    parts = np.array([1 / treated, 1 / controls])
    df = float(parts.sum() ** 2 / (parts**2 / np.array([treated - 1, controls - 1])).sum())
    return min(df, reference.df or df)


def _band_of(answer: Mapping[str, float | None], critical: float | None) -> dict[str, float | None]:
    value, error = answer["value"], answer["std_error"]
    if critical is None or value is None or error is None or answer["ci_lower"] is None:
        return {"band_lower": None, "band_upper": None}
    return {"band_lower": value - critical * error, "band_upper": value + critical * error}

"""From a fit to an event study: effects by event time, their band, the joint test of the leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.stats.regression.judging import Judge
from evaluations.stats.results import Diagnostic, EventTimeEffect, LongDifferences
from evaluations.stats.spec import Options
from evaluations.stats.uncertainty import band_critical_value, known_error

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
    critical = _band(judge, rows, covariance, options)
    effects = tuple(
        EventTimeEffect(int(e), **answer, **_band_of(answer, critical), n_treated_units=treated_units[int(e)])
        for e, answer in zip(times, answers, strict=True)
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


def _band(judge: Judge, rows: np.ndarray, covariance: np.ndarray, options: Options) -> float | None:
    """The critical value of the band over all event times; null where intervals are withheld or bootstrapped."""
    if not len(rows) or judge.wild is not None:
        return None
    references = [judge.reference_for(row) for row in rows]
    if any(reference.is_withheld for reference in references) or not np.isfinite(covariance).all():
        return None
    fewest = min(references, key=lambda reference: reference.df or np.inf)
    known = [known_error(float(np.sqrt(max(v, 0))), judge.scale) is not None for v in np.diag(covariance)]
    if not all(known):
        return None
    return band_critical_value(covariance, fewest, np.random.default_rng(options.seed))


def _band_of(answer: Mapping[str, float | None], critical: float | None) -> dict[str, float | None]:
    value, error = answer["value"], answer["std_error"]
    if critical is None or value is None or error is None or answer["ci_lower"] is None:
        return {"band_lower": None, "band_upper": None}
    return {"band_lower": value - critical * error, "band_upper": value + critical * error}

"""From a fit to an event study: effects by event time, their band, the joint test of the leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluations.stats.regression.judging import Judge
from evaluations.stats.results import Diagnostic, EventTimeEffect, LongDifferences
from evaluations.stats.spec import Options
from evaluations.stats.table import played
from evaluations.stats.uncertainty import (
    BAND_DRAWS,
    MANY_CLUSTERS,
    Reference,
    WaldTest,
    balanced_band_factor,
    band_critical_value,
    hotelling_test,
    known_error,
    quantile,
)

PRETREND_READING = (
    "Tests that all effects before treatment are zero together, using their covariance. A small p-value speaks against"
    " parallel trends; a large one does not show that trends were parallel, nor that they would have stayed so."
)
WIDELY_SEEN_READING = (
    "It is of the {kept} of {leads} effects that at least half of the treated are seen at and that there are clusters"
    " enough to judge together."
)
UNTESTED_READING = "Earlier trends cannot be tested together: errors are missing, or rest on too few clusters."
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
    seen = np.array([treated_units[int(e)] for e in times], dtype=int)
    critical = _bands(judge, rows, covariance, options, seen)
    effects = tuple(
        EventTimeEffect(int(e), **answer, **_band_of(answer, reach), n_treated_units=treated_units[int(e)])
        for e, answer, reach in zip(times, answers, critical, strict=True)
    )
    reference = -1 - options.anticipation
    values = np.array([answer["value"] for answer in answers], dtype=float)
    freedom = _freedom(judge, rows, seen)
    differences = LongDifferences(times, values, covariance, reference, freedom) if has_one_reference else None
    leads = times < (reference if has_one_reference else -options.anticipation)
    return EventPath(effects, covariance, differences, pretrend_test(judge, rows[leads], seen[leads]))


def pretrend_test(judge: Judge, leads: np.ndarray, treated: np.ndarray | None = None) -> Diagnostic:
    """The joint test that contrasts before treatment, shape (q, k), are zero.

    `treated` are the treated units seen at each. Where clusters are few, a lead that only a small cohort reaches has an
    error of its own too loose to be judged with the others: the test is then of the leads seen widely.
    """
    if not len(leads):
        return Diagnostic("pretrend_joint", NO_LEADS_READING)
    whole = judge.joint_test(leads)
    if whole is None:
        return Diagnostic("pretrend_joint", UNTESTED_READING)
    if not _is_few(judge, judge.reference_for(leads[0])):
        return _pretrend(PRETREND_READING, whole, whole)
    freedom, kept = _seen_widely(judge, leads, treated)
    wald = judge.joint_test(leads[kept])
    judged = hotelling_test(wald, freedom) if wald else None
    if wald is None or judged is None:
        return Diagnostic("pretrend_joint", UNTESTED_READING)
    reading = PRETREND_READING if len(kept) == len(leads) else f"{PRETREND_READING} {WIDELY_SEEN_READING}"
    return _pretrend(reading.format(kept=len(kept), leads=len(leads)), wald, judged)


def _pretrend(reading: str, wald: WaldTest, judged: WaldTest) -> Diagnostic:
    if judged.df2 is None:
        return Diagnostic("pretrend_joint", reading, judged.statistic, float(judged.df), judged.p_value)
    df = (float(judged.df), float(judged.df2))
    details = {"wald": wald.statistic}
    return Diagnostic("pretrend_joint", reading, judged.statistic / judged.df, df, judged.p_value, details)


def _seen_widely(judge: Judge, leads: np.ndarray, treated: np.ndarray | None) -> tuple[float, list[int]]:
    """The degrees of freedom of the thinnest lead tested, and the leads to test: the latest with enough behind them."""
    everyone = judge.reference.n_treated_clusters or judge.reference.n_clusters or 0
    seen = [everyone] * len(leads) if treated is None else [int(units) for units in treated]
    freedom = played(_freedom(judge, leads, np.array(seen)))
    kept = [n for n, units in enumerate(seen) if units >= max(seen) / 2]
    least = float(freedom[kept].min())
    return least, kept[-max(1, int(least) // 2) :]


def _is_few(judge: Judge, reference: Reference) -> bool:
    """Whether errors rest on so few clusters that how many are treated matters."""
    n = reference.n_clusters
    return judge.errors.kind == "cluster" and n is not None and n < MANY_CLUSTERS


def _bands(
    judge: Judge, rows: np.ndarray, covariance: np.ndarray, options: Options, treated: np.ndarray
) -> list[float | None]:
    """The critical value of each event time in a band over all; null where intervals are withheld or bootstrapped.

    `treated` are the treated units seen at each event time, shape (n_effects,).
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
    if not _is_few(judge, references[0]) or len(rows) == 1:
        fewest = min(references, key=lambda reference: reference.df or np.inf)
        return [band_critical_value(covariance, fewest, rng)] * len(rows)
    df = played(_freedom(judge, rows, treated))
    own = np.array([quantile(0.5 + options.level / 2, each) for each in df])
    stretch = references[0].stretch
    drawn = {each: rng.chisquare(each, BAND_DRAWS) / each for each in np.unique(df)}
    variances = np.column_stack([drawn[each] for each in df])
    return list(stretch * balanced_band_factor(covariance, own, variances, level=options.level, rng=rng) * own)


def _freedom(judge: Judge, rows: np.ndarray, treated: np.ndarray) -> np.ndarray | None:
    """Each event time's degrees of freedom, shape (n_effects,); null where clusters are many."""
    references = [judge.reference_for(row) for row in rows]
    if not references or not _is_few(judge, references[0]):
        return None
    return np.array([_thin_freedom(reference, own) for reference, own in zip(references, treated, strict=True)])


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

"""From group-time effects to the result: averages with their errors, tests, bands and plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.callaway_santanna import aggregates
from evaluations.stats.callaway_santanna.aggregates import Average
from evaluations.stats.callaway_santanna.cells import Cell
from evaluations.stats.callaway_santanna.sources import Estimated
from evaluations.stats.issues import NotEstimable
from evaluations.stats.results import (
    AttGt,
    CohortEffect,
    Diagnostic,
    Estimate,
    EventTimeEffect,
    LongDifferences,
    PeriodEffect,
    Result,
)
from evaluations.stats.spec import Options
from evaluations.stats.uncertainty import (
    Reference,
    band_critical_value,
    cluster_diagnostics,
    detectable_effect,
    finish,
    finished_estimate,
    known_error,
    large_sample_reference,
)

MOST_ALONE = 0.1
"""An average has a standard error only where no more of it than this rests on cells that have none."""

NORMAL_QUARTILES = 1.3489795003921634
"""The distance between the quartiles of the standard normal."""


@dataclass(frozen=True)
class Reporter:
    """Turns averages of one estimation into results."""

    found: Estimated
    options: Options

    def reference(self, average: Average) -> Reference:
        """What the average's error is judged against: clusters on both sides of its comparisons."""
        effects = self.found.effects
        treated = {effects.cells[n].cohort for n in average.cells}
        is_treated = np.array([cohort.code in treated for cohort in effects.cohorts])
        is_control = np.array(
            [any(effects.cells[n].is_control(cohort) for n in average.cells) for cohort in effects.cohorts]
        )
        presence, spread = self.found.presence, self.found.spread
        reference = large_sample_reference(
            self.options.level, self.found.n_clusters, presence.count(is_treated), presence.count(is_control)
        )
        return spread.judge(reference, average.load) if spread else reference

    def error(self, average: Average) -> float | None:
        """The standard error, null where it does not exist."""
        if average.share_alone > MOST_ALONE:
            return None
        variance = aggregates.covariance_of([average], self.found.effects)[0, 0]
        error = float(np.sqrt(variance)) if variance > 0 else None
        if error is not None and self.options.inference == "bootstrap":
            error = spread(self.found.effects.draws @ average.load)
        return known_error(error, self.found.scale)

    def finished(self, average: Average) -> dict:
        """Value, error, interval and p-value."""
        values = {"value": average.value, "std_error": self.error(average)}
        return finish(values, self.reference(average))

    def n_treated(self, average: Average) -> int:
        """Treated units behind an average."""
        codes = {self.found.effects.cells[n].cohort for n in average.cells}
        return sum(cohort.n_units for cohort in self.found.effects.cohorts if cohort.code in codes)

    def estimate(self, name: str, estimand: str, average: Average) -> Estimate:
        """One overall number."""
        return finished_estimate(
            name,
            estimand,
            average.value,
            self.error(average),
            self.reference(average),
            n_obs=self.found.n_rows,
            n_units=sum(count.n_units for count in self.found.cohorts),
            n_treated_units=self.n_treated(average),
        )

    def band(self, averages: Sequence[Average]) -> list[dict]:
        """Each average's band over all that have errors."""
        errors = [self.error(average) for average in averages]
        known = [average for average, error in zip(averages, errors, strict=True) if error is not None]
        blank: dict[str, float | None] = {"band_lower": None, "band_upper": None}
        references = [self.reference(average) for average in averages]
        if not known:
            return [blank] * len(averages)
        critical = self._critical_values(known)
        bands: list[dict] = []
        for average, error, reference in zip(averages, errors, references, strict=True):
            if error is None or reference.is_withheld:
                bands.append(blank)
            else:
                reach = critical(reference) * error
                bands.append({"band_lower": average.value - reach, "band_upper": average.value + reach})
        return bands

    def _critical_values(self, known: Sequence[Average]) -> Callable[[Reference], float]:
        """What each average's error is multiplied by in a band over them all, from its own reference."""
        loads = np.array([average.load for average in known])
        reference = large_sample_reference(self.options.level, self.found.n_clusters)
        drawn = 0.0
        if len(self.found.effects.draws):
            drawn = bootstrap_critical_value(self.found.effects.draws @ loads.T, reference)
        if self.options.inference == "bootstrap":
            return lambda own: max(drawn, own.critical_value())
        covariance = aggregates.covariance_of(known, self.found.effects)
        rng = np.random.default_rng(self.options.seed)
        if self.found.spread is None:
            gaussian = max(drawn, band_critical_value(covariance, reference, rng))
            return lambda own: gaussian
        factor = self.found.spread.band_factor(loads, covariance, [self.reference(a) for a in known], rng)
        return lambda own: max(drawn, factor * own.critical_value())


def spread(draws: np.ndarray) -> float:
    """A standard error from the quartiles of multiplier draws (Callaway and Sant'Anna 2021, algorithm 1)."""
    low, high = np.quantile(draws, [0.25, 0.75])
    return float((high - low) / NORMAL_QUARTILES)


def bootstrap_critical_value(draws: np.ndarray, reference: Reference) -> float:
    """The critical value of a band from multiplier draws, shape (n_draws, n_averages)."""
    spreads = np.array([spread(column) for column in draws.T])
    usable = spreads > 0
    if not usable.any():
        return reference.critical_value()
    largest = np.abs(draws[:, usable] / spreads[usable]).max(axis=1)
    return max(float(np.quantile(largest, reference.level, method="higher")), reference.critical_value())


@dataclass(frozen=True)
class Averages:
    """Every average of the report; the keys are event times, cohort codes and period positions."""

    overall: Average
    by_event_time: dict[int, Average]
    by_cohort: dict[int, Average]
    by_period: dict[int, Average]
    over_event_times: Average | None
    over_cohorts: Average | None
    over_periods: Average | None


def averages_of(found: Estimated) -> Averages:
    """All the averages. Raises `NotEstimable` where no effect of treatment can be estimated."""
    effects = found.effects
    overall = aggregates.cohort_weighted(effects, aggregates.is_post)
    if overall is None:
        raise nothing_estimable(found)
    times = sorted({cell.event_time for cell in effects.cells})
    codes = [cohort.code for cohort in effects.cohorts]
    periods = sorted({cell.period for cell in effects.cells})
    by_event_time = _known({time: aggregates.of_event_time(effects, time) for time in times})
    by_cohort = _known({code: aggregates.of_cohort(effects, code) for code in codes})
    by_period = _known({period: aggregates.of_period(effects, period) for period in periods})
    return Averages(
        overall=overall,
        by_event_time=by_event_time,
        by_cohort=by_cohort,
        by_period=by_period,
        over_event_times=aggregates.plain_mean([a for e, a in by_event_time.items() if e >= 0]),
        over_cohorts=aggregates.over_cohorts(effects, by_cohort),
        over_periods=aggregates.plain_mean(list(by_period.values())),
    )


def _known(parts: dict[int, Average | None]) -> dict[int, Average]:
    return {key: part for key, part in parts.items() if part is not None}


FAILURES = {
    "no_treated_observed": "no treated unit was observed in both periods",
    "no_controls_observed": "no comparison unit was observed in both periods",
    "covariates_collinear": "the covariates are combinations of each other among the comparison units",
    "too_few_controls": "there are fewer comparison units than covariates",
    "no_overlap": "the covariates separate the treated units from all comparison units",
}

HINTS = {
    "covariates_collinear": "Leave out covariates that repeat others, or that never change.",
    "too_few_controls": "Use fewer covariates, or add comparison units.",
    "no_overlap": "Use fewer or coarser covariates, estimation 'reg', or comparison units more like the treated.",
}


def nothing_estimable(found: Estimated) -> NotEstimable:
    """The refusal where every effect of treatment failed, by the commonest reason."""
    codes = Counter(
        code
        for code, cell in zip(found.effects.failure, found.effects.cells, strict=True)
        if code and aggregates.is_post(cell)
    )
    code = sorted(codes, key=lambda item: (-codes[item], item))[0]
    return NotEstimable(
        code,
        f"No effect can be estimated: {FAILURES[code]}.",
        HINTS.get(code, "Add rows from before and after treatment for treated and comparison units."),
    )


ESTIMANDS = {
    "att": "Average effect on treated units in the periods since their treatment began,"
    " each cohort and period weighted by the cohort's size",
    "att_event_time": "Mean of the average effects at each time since treatment began",
    "att_cohort": "Average over treated units of their cohort's mean effect since treatment began",
    "att_calendar": "Mean of the average effects on treated units in each calendar period",
}


def build_result(found: Estimated, options: Options, averages: Averages) -> Result:
    """The result, but for what needs the whole table (its sample and subgroups)."""
    reporter = Reporter(found, options)
    overall = {
        "att": averages.overall,
        "att_event_time": averages.over_event_times,
        "att_cohort": averages.over_cohorts,
        "att_calendar": averages.over_periods,
    }
    estimates = tuple(reporter.estimate(n, ESTIMANDS[n], a) for n, a in overall.items() if a is not None)
    study, covariance = event_study(reporter, averages)
    head = reporter.reference(averages.overall)
    return Result(
        estimates=estimates,
        att_gt=att_gt(reporter),
        event_study=study,
        by_cohort=by_cohort(reporter, averages),
        by_period=by_period(reporter, averages),
        diagnostics=cluster_diagnostics(head),
        detectable_effect=detectable_effect(estimates[0].std_error, head),
        covariance=covariance,
        long_differences=long_differences(reporter),
        cluster_influence=lambda: found.cluster_sums(averages.overall.load),
    )


def att_gt(reporter: Reporter) -> tuple[AttGt, ...]:
    """Every cell, in the order of cohorts and periods; with a universal base, the base itself as 0."""
    found, rows = reporter.found, []
    effects = found.effects
    for number, cell in enumerate(effects.cells):
        average = aggregates.single(effects, number) if effects.is_known[number] else None
        values = reporter.finished(average) if average else {"value": None, "std_error": None}
        rows.append(
            (
                (cell.start, cell.cohort, cell.period),
                AttGt(
                    cohort=found.label(cell.cohort),
                    period=found.periods[cell.period],
                    n_treated_units=int(effects.n_treated[number]),
                    n_control_units=int(effects.n_controls[number]),
                    **values,
                ),
            )
        )
    if reporter.options.base_period == "universal":
        rows += [_base_cell(found, cell) for cell in _bases(effects.cells)]
    return tuple(row for _, row in sorted(rows, key=lambda keyed: keyed[0]))


def _bases(cells: Sequence[Cell]) -> list[Cell]:
    """One cell of each cohort."""
    return list({cell.cohort: cell for cell in cells}.values())


def _base_cell(found: Estimated, cell: Cell) -> tuple[tuple[int, int, int], AttGt]:
    row = AttGt(cohort=found.label(cell.cohort), period=found.periods[cell.base], value=0.0)
    return (cell.start, cell.cohort, cell.base), row


def event_study(reporter: Reporter, averages: Averages) -> tuple[tuple[EventTimeEffect, ...], np.ndarray]:
    """Effects by time since treatment with their band, and their covariance in the same order."""
    times, parts = list(averages.by_event_time), list(averages.by_event_time.values())
    bands = reporter.band(parts)
    study = [
        EventTimeEffect(event_time=time, n_treated_units=reporter.n_treated(part), **reporter.finished(part), **band)
        for time, part, band in zip(times, parts, bands, strict=True)
    ]
    covariance = aggregates.covariance_of(parts, reporter.found.effects)
    if reporter.options.base_period == "universal":
        reference = -1 - reporter.options.anticipation
        place = int(np.searchsorted(times, reference))
        study.insert(place, EventTimeEffect(event_time=reference, value=0.0))
        covariance = np.insert(np.insert(covariance, place, 0.0, axis=0), place, 0.0, axis=1)
    return tuple(study), covariance


def long_differences(reporter: Reporter) -> LongDifferences:
    """The event study from one reference period, for the bounds."""
    effects, options = reporter.found.effects, reporter.options
    parts = aggregates.long_differences(
        effects, anticipation=options.anticipation, is_universal=options.base_period == "universal"
    )
    averages = list(parts.values())
    covariance, freedom = aggregates.covariance_of(averages, effects), None
    if reporter.found.spread is not None and averages:
        references = [reporter.reference(average) for average in averages]
        stretch = np.array([reference.stretch for reference in references])
        covariance = covariance * np.outer(stretch, stretch)
        freedom = np.array([reference.df or np.inf for reference in references])
    return LongDifferences(
        event_times=np.array(list(parts), dtype=int),
        values=np.array([part.value for part in averages]),
        covariance=covariance,
        reference=-1 - options.anticipation,
        freedom=freedom,
    )


def by_cohort(reporter: Reporter, averages: Averages) -> tuple[CohortEffect, ...]:
    """Each cohort's mean effect with its band."""
    parts = averages.by_cohort
    bands = reporter.band(list(parts.values()))
    return tuple(
        CohortEffect(
            cohort=reporter.found.label(code),
            n_treated_units=reporter.n_treated(part),
            **reporter.finished(part),
            **band,
        )
        for (code, part), band in zip(parts.items(), bands, strict=True)
    )


def by_period(reporter: Reporter, averages: Averages) -> tuple[PeriodEffect, ...]:
    """Each calendar period's average effect with its band."""
    parts = averages.by_period
    bands = reporter.band(list(parts.values()))
    return tuple(
        PeriodEffect(period=reporter.found.periods[period], **reporter.finished(part), **band)
        for (period, part), band in zip(parts.items(), bands, strict=True)
    )


def diagnostic_cells(found: Estimated) -> tuple[Diagnostic, ...]:
    """Cells that could not be estimated and cells without an error, counted, with the reasons."""
    effects, reports = found.effects, []
    failed = [
        {"cohort": found.label(cell.cohort), "period": found.periods[cell.period], "reason": code}
        for cell, code in zip(effects.cells, effects.failure, strict=True)
        if code
    ]
    if failed:
        reports.append(
            Diagnostic(
                "cells_not_estimable",
                f"{len(failed)} of {len(effects.cells)} cohort-periods cannot be estimated and are left out of the"
                " averages, which describe the others only.",
                statistic=len(failed),
                details={"cells": failed},
            )
        )
    alone = sorted({cell.cohort for n, cell in enumerate(effects.cells) if effects.is_alone[n]})
    if alone:
        reports.append(
            Diagnostic(
                "no_error_for_lone_units",
                "Some comparisons rest on one treated unit, or on no more comparison units than covariates. Their"
                f" values are shown without a standard error; averages that rest on them for more than {MOST_ALONE:.0%}"
                " have none either, and others understate theirs slightly.",
                statistic=len(alone),
                details={"cohorts": [found.label(code) for code in alone]},
            )
        )
    return tuple(reports)

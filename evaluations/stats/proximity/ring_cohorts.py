"""Rings around sites that opened at different dates, without comparing any ring with one already exposed.

Units of one ring and one opening date are a cohort of Callaway and Sant'Anna; units of the
outermost ring are never treated. A ring's change averages its cohorts over the periods since their
opening, by size. Two-way regression would also compare late openings with early ones, and is biased
where effects grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.callaway_santanna import aggregates
from evaluations.stats.callaway_santanna.aggregates import Average
from evaluations.stats.callaway_santanna.cells import Cell
from evaluations.stats.callaway_santanna.checks import holes, overlap, pretrend_tests
from evaluations.stats.callaway_santanna.estimate import check_options, error_notes, estimated
from evaluations.stats.callaway_santanna.report import (
    FAILURES,
    HINTS,
    Reporter,
    diagnostic_cells,
    long_differences,
)
from evaluations.stats.callaway_santanna.sources import Estimated
from evaluations.stats.issues import NotEstimable
from evaluations.stats.lead_tests import ENOUGH_CLUSTERS, lead_test
from evaluations.stats.proximity.openings import starts_of
from evaluations.stats.proximity.ring_changes import Answer, RingChanges
from evaluations.stats.proximity.ring_leads import RingLeads
from evaluations.stats.proximity.rings import RingRows
from evaluations.stats.registry import Tick
from evaluations.stats.results import Diagnostic, EventTimeEffect
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import NEVER_TREATED, Cohorts, Table
from evaluations.stats.uncertainty import Reference, cluster_diagnostics, finish

DIFFERENT_DATES = (
    "Sites opened at different dates: each ring is compared with the outermost from the last period before its site's"
    " opening, and never with a ring already exposed."
)
SPREADS = ("auto", "cluster", "conley")
BY_CLUSTER = "Standard errors: influence values summed by cluster (the cluster column, else the unit, else the row)."


def many_date_changes(table: Table, spec: Spec, found: RingRows, tick: Tick) -> RingChanges:
    """The changes where sites opened at several dates, averaged over the periods since opening."""
    options = _options(table, spec)
    cohorts, rings = _cohorts(table, found)
    group_time = estimated(replace(table.select(found.rows), cohorts=cohorts), options, tick=tick)
    reporter = Reporter(group_time, options)
    averages = [_since_opening(group_time, rings, ring, found) for ring in range(found.reference)]
    course = _Course(reporter, rings, found)
    references = tuple(_judged_by(reporter, rings, ring, average) for ring, average in enumerate(averages))
    return RingChanges(
        answers=tuple(
            _told(reporter, average, reference) for average, reference in zip(averages, references, strict=True)
        ),
        covariance=aggregates.covariance_of(averages, group_time.effects),
        references=references,
        n_people=group_time.n_rows,
        leads=RingLeads(course.parts(), course.tests(averages)),
        notes=(
            *((DIFFERENT_DATES,) if len(np.unique(starts_of(found)[found.ring < found.reference])) > 1 else ()),
            *(error_notes(options) or (BY_CLUSTER,)),
        ),
        diagnostics=(
            *cluster_diagnostics(reporter.reference(averages[0])),
            *overlap(group_time),
            *holes(group_time, options),
            *diagnostic_cells(group_time),
        ),
    )


def _options(table: Table, spec: Spec) -> Options:
    options = spec.options
    if table.n is not None:
        raise NotEstimable(
            "cells_need_one_date",
            "Rows that are averages of cells can be compared by ring only where sites opened at one date.",
            "Give rows for units or people, or analyse each opening date by itself.",
        )
    has_errors, has_inference = options.std_errors in SPREADS, options.inference in ("analytic", "bootstrap")
    if not (has_errors and has_inference):
        raise NotEstimable(
            "inference_not_available" if has_errors else "std_errors_not_available",
            "Where sites opened at different dates, errors are clustered, analytic or by multiplier bootstrap, or"
            " spatial (Conley).",
            "Set options.std_errors to auto or conley and options.inference to analytic.",
        )
    check_options(options)
    if table.covariates is not None and options.estimation == "linear":
        raise NotEstimable(
            "estimation_not_available",
            "Covariates cannot be added linearly where sites opened at different dates: that is biased.",
            "Choose dr, reg or ipw.",
        )
    return replace(options, panel=options.panel and table.unit is not None)


def _cohorts(table: Table, found: RingRows) -> tuple[Cohorts, dict[int, int]]:
    """The rows' cohorts, one for each opening and ring, and the ring of each cohort's code."""
    start = starts_of(found)
    is_inner = found.ring < found.reference
    key = np.where(is_inner, start * found.n_rings + found.ring, -1)
    keys = np.unique(key[is_inner])
    codes = np.where(is_inner, np.searchsorted(keys, key), -1).astype(np.int32)
    periods = () if table.period is None else table.period.labels
    labels = tuple(f"{periods[k // found.n_rings]}, {found.name(int(k % found.n_rings))}" for k in keys)
    starts = np.where(is_inner, start, NEVER_TREATED).astype(np.int32)
    return Cohorts(starts, codes, labels), {code: int(k % found.n_rings) for code, k in enumerate(keys)}


def _since_opening(group_time: Estimated, rings: dict[int, int], ring: int, found: RingRows) -> Average:
    def wanted(cell: Cell) -> bool:
        return aggregates.is_post(cell) and rings[cell.cohort] == ring

    average = aggregates.cohort_weighted(group_time.effects, wanted)
    if average is None:
        effects = group_time.effects
        reasons = [
            code for code, cell in zip(effects.failure, effects.cells, strict=True) if code and wanted(cell)
        ]  # fmt: skip
        why = f": {FAILURES[reasons[0]]}" if reasons else ""
        raise NotEstimable(
            reasons[0] if reasons else "ring_not_identified",
            f"In the ring {found.name(ring)} no change since opening can be compared with the outermost ring{why}.",
            HINTS.get(
                reasons[0] if reasons else "",
                "Join it with a neighbouring ring by leaving out one of proximity.edges_km.",
            ),
        )
    return average


def _told(reporter: Reporter, average: Average, reference: Reference) -> Answer:
    told = reporter.finished(average)
    if reference == reporter.reference(average) or reporter.options.inference != "analytic":
        return told
    return finish({name: told[name] for name in ("value", "std_error")}, reference)


def _judged_by(reporter: Reporter, rings: dict[int, int], ring: int, average: Average) -> Reference:
    """What a ring's change is judged against: its own few clusters count, however many there are in all.

    With many clusters in all the engine judges by the normal limit. A near ring may hold few of them, by
    opening date fewer still: then variances times n/(n - 1), and t with Welch's degrees of freedom, as if
    clusters varied alike in every cohort.
    """
    reference, found = reporter.reference(average), reporter.found
    if reference.df is not None or reporter.options.std_errors == "conley" or not reference.n_control_clusters:
        return reference
    cohorts = found.effects.cohorts
    sizes = [
        found.presence.count(np.arange(len(cohorts)) == place)
        for place, cohort in enumerate(cohorts)
        if rings.get(cohort.code) == ring
    ]
    counts = np.array([*sizes, reference.n_control_clusters], dtype=float)
    if counts.min() < 2:
        return reference
    weights = np.append(counts[:-1] / counts[:-1].sum(), 1.0)
    plain, freedom = weights**2 / counts, counts - 1
    parts = plain * counts / freedom
    df = float(parts.sum() ** 2 / (parts**2 / freedom).sum())
    return replace(reference, df=df, stretch=float(np.sqrt(parts.sum() / plain.sum())))


@dataclass(frozen=True)
class _Course:
    """The rings' effects by time since opening."""

    reporter: Reporter
    rings: dict[int, int]
    found: RingRows

    def of_rings(self, rings: set[int]) -> Estimated:
        """The estimation with the effects of some rings alone; those of others count as unknown."""
        effects = self.reporter.found.effects
        is_wanted = np.array([self.rings[cell.cohort] in rings for cell in effects.cells])
        return replace(self.reporter.found, effects=replace(effects, value=np.where(is_wanted, effects.value, np.nan)))

    def averages(self, rings: set[int]) -> tuple[Reporter, dict[int, Average], np.ndarray]:
        """The effects on some rings averaged by time since opening, with who reports them, and their covariance."""
        reporter = replace(self.reporter, found=self.of_rings(rings))
        effects = reporter.found.effects
        times = sorted({cell.event_time for cell in effects.cells})
        known = {time: part for time in times if (part := aggregates.of_event_time(effects, time)) is not None}
        return reporter, known, aggregates.covariance_of(list(known.values()), effects)

    def study(self, rings: set[int]) -> tuple[tuple[EventTimeEffect, ...], np.ndarray]:
        """The effects on some rings by time since opening with their band, and their covariance."""
        reporter, known, covariance = self.averages(rings)
        bands = reporter.band(list(known.values()))
        study = tuple(
            EventTimeEffect(time, n_treated_units=reporter.n_treated(part), **reporter.finished(part), **band)
            for (time, part), band in zip(known.items(), bands, strict=True)
        )
        return study, covariance

    def parts(self) -> dict:
        """The innermost ring's event study, as the parts of a `Result`."""
        study, covariance = self.study({0})
        reporter = replace(self.reporter, found=self.of_rings({0}))
        return {"event_study": study, "covariance": covariance, "long_differences": long_differences(reporter)}

    def tests(self, averages: list[Average]) -> tuple[Diagnostic, ...]:
        """The joint test of all rings' leads, then one a ring."""
        everything = range(len(averages))
        made = list(self._tests(set(everything), averages[0]))
        for ring, average in enumerate(averages):
            where = {"inner_km": self.found.edges_km[ring], "outer_km": self.found.edges_km[ring + 1]}
            test = self._tests({ring}, average)[0]
            reading = f"The ring {self.found.name(ring)} against the outermost. {test.reading}"
            made.append(replace(test, code="pretrend_ring", reading=reading, details={**(test.details or {}), **where}))
        return tuple(made)

    def _tests(self, rings: set[int], average: Average) -> tuple[Diagnostic, ...]:
        reference = self.reporter.reference(average)
        whole = self.of_rings(rings)
        of_ring = np.array([self.rings.get(cohort.code) in rings for cohort in whole.effects.cohorts])
        fewest = min(whole.presence.count(np.arange(len(of_ring)) == place) for place in np.flatnonzero(of_ring))
        if fewest < ENOUGH_CLUSTERS:
            reporter, known, covariance = self.averages(rings)
            study = tuple(
                EventTimeEffect(time, n_treated_units=reporter.n_treated(part), **reporter.finished(part))
                for time, part in known.items()
            )
            n_clusters = whole.presence.count(of_ring)
            return (lead_test(study, covariance, n_clusters=n_clusters, is_withheld=reference.is_withheld),)
        return pretrend_tests(self.of_rings(rings), self.reporter.options, reference)

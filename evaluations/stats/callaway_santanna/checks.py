"""Diagnostics of group-time effects: the joint test of the leads, overlap, and holes in the panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evaluations.stats.callaway_santanna.cells import Cell
from evaluations.stats.callaway_santanna.sources import Estimated
from evaluations.stats.lead_tests import ENOUGH_CLUSTERS, lead_test
from evaluations.stats.results import Diagnostic, Result
from evaluations.stats.spec import Options
from evaluations.stats.uncertainty import LARGE_SAMPLE_CLUSTERS, Reference, hotelling_test, wald_test

TESTED = (
    "Tests whether all pre-treatment effects are zero together. A small p-value is evidence that groups were already"
    " drifting apart. A large one does not show that they were not, still less that they would not have after"
    " treatment: the test may have had little power."
)


def pretrend_tests(found: Estimated, options: Options, reference: Reference) -> tuple[Diagnostic, ...]:
    """The joint test of all cells before treatment; with anticipation, also of those before it could act."""
    is_withheld = reference.is_withheld
    whole = _joint_test(found, "pretrend_joint", TESTED, is_withheld, lambda cell: cell.period < cell.start)
    if options.anticipation == 0:
        return (whole,)
    reach = options.anticipation
    before = _joint_test(
        found,
        "pretrend_joint_before_anticipation",
        f"The same test without the {reach} period{'s' if reach > 1 else ''} in which treatment may be anticipated. "
        + TESTED,
        is_withheld,
        lambda cell: cell.period < cell.start - reach,
    )
    return (whole, before)


def _smallest_cohort(found: Estimated) -> int:
    """Clusters of the smallest cohort that has a cell before treatment."""
    tested = {cell.cohort for cell in found.effects.cells if cell.period < cell.start}
    masks = [np.array([other == cohort for other in found.effects.cohorts]) for cohort in found.effects.cohorts]
    counts = [
        found.presence.count(mask)
        for cohort, mask in zip(found.effects.cohorts, masks, strict=True)
        if cohort.code in tested
    ]
    return min(counts, default=0)


def fit_for_small_cohorts(whole: Diagnostic, found: Estimated, result: Result) -> Diagnostic:
    """The joint test; where some cohort is small, with the p-value of its leads averaged over cohorts."""
    if whole.p_value is None or _smallest_cohort(found) >= ENOUGH_CLUSTERS:
        return whole
    treated = {cell.cohort for cell in found.effects.cells}
    is_treated = np.array([cohort.code in treated for cohort in found.effects.cohorts])
    test = lead_test(
        result.event_study,
        result.covariance,
        n_clusters=found.presence.count(is_treated),
        is_withheld=False,
    )
    reading = (
        f"{TESTED} Some cohorts have fewer than {ENOUGH_CLUSTERS} clusters, too few to test each cohort's every period"
        " (the statistic shown): the p-value is of the same effects averaged over cohorts."
    )
    details = {"statistic": test.statistic, "df": test.df, **(test.details or {})}
    return replace(whole, reading=reading, p_value=test.p_value, details={"averaged_over_cohorts": details})


def _joint_test(
    found: Estimated, code: str, reading: str, is_withheld: bool, is_tested: Callable[[Cell], bool]
) -> Diagnostic:
    effects = found.effects
    cells: list[Cell] = list(effects.cells)
    usable = [n for n, cell in enumerate(cells) if is_tested(cell) and effects.is_known[n] and not effects.is_alone[n]]
    covariance = effects.cross[np.ix_(usable, usable)]
    noise = (1e-12 * found.scale) ** 2
    usable = [n for n, variance in zip(usable, np.diag(covariance), strict=True) if variance > noise]
    test = wald_test(effects.value[usable], effects.cross[np.ix_(usable, usable)]) if usable else None
    if test is None:
        return Diagnostic(
            code,
            "There is no pre-treatment period to test: nothing here shows whether groups moved in parallel before.",
        )
    judged = test if found.n_clusters >= LARGE_SAMPLE_CLUSTERS else hotelling_test(test, found.n_clusters - 1)
    p_value = None if is_withheld or judged is None else judged.p_value
    return Diagnostic(code, reading, statistic=test.statistic, df=test.df, p_value=p_value)


def overlap(found: Estimated) -> tuple[Diagnostic, ...]:
    """How many comparison units are so unlike the treated that they count for nothing, or for too much."""
    effects = found.effects
    if effects.n_effective is None:
        return ()
    known = np.flatnonzero(effects.is_known)
    thinnest = int(known[np.argmin(effects.n_effective[known])])
    cell = effects.cells[thinnest]
    return (
        Diagnostic(
            "overlap",
            "The smallest number of equally weighted comparison units that any cohort's comparison amounts to after"
            " weighting by the odds of treatment. A small number means that few comparison units resemble the"
            " treated, and the estimate leans on them; it cannot show what the covariates leave out.",
            statistic=float(effects.n_effective[thinnest]),
            details={
                "cohort": found.label(cell.cohort),
                "period": found.periods[cell.period],
                "comparison_units": int(effects.n_controls[thinnest]),
                "comparison_units_without_weight": int(effects.n_trimmed[known].max()),
            },
        ),
    )


def holes(found: Estimated, options: Options) -> tuple[Diagnostic, ...]:
    """How much of the panel was not observed, and what was done about it."""
    if found.missing_share <= 0:
        return ()
    return (
        Diagnostic(
            "unbalanced_panel",
            f"{found.missing_share:.1%} of unit-periods were not observed. Each cohort and period is estimated from the"
            " units observed both then and in its base period, so different periods can describe different units."
            " Options 'balanced' and 'cross_sections' make other choices, and can give other answers.",
            statistic=found.missing_share,
        ),
    )

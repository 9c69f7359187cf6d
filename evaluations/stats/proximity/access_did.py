"""The effect of living near an open site, by staggered openings (the design of the Sure Start studies).

Carneiro, Cattan and Ridpath (2024) compare children who lived within 2.5 km of a centre in their first
five years with others of the same places born too early, and with those living too far. Here places
whose exposure began with the same births (or in the same period) are a cohort of Callaway and
Sant'Anna; those not yet or never in reach are the comparison.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import numpy as np

from evaluations.stats.callaway_santanna import estimate as staggered
from evaluations.stats.issues import NotEstimable
from evaluations.stats.lead_tests import ENOUGH_CLUSTERS, lead_test
from evaluations.stats.proximity.access import Access, access_of
from evaluations.stats.proximity.residence import is_residence_known
from evaluations.stats.proximity.rings import n_units, precision_note
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.results import CohortCount, Diagnostic, Estimate, Label, Result, Sample
from evaluations.stats.spec import Spec
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table

QUARTERS, MOST_MONTHS = 4, 12
"""Steps of a calendar in a year: of quarters, and of months, beyond which they are days."""


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """Group-time effects of access and their averages; the headline weights exposed births or periods by size."""
    tick("Finding who lived near an open site", 0.0)
    access = access_of(table, spec, radius_km=spec.proximity.radius_km, donut_km=spec.proximity.donut_km)
    check_comparable(access, spec)
    result = effects_of(table, spec, access, tick=tick)
    exposed = access.rows[access.dose > 0]
    return replace(
        result,
        estimates=_estimates(result, table, spec, access, n_units(table, exposed)),
        diagnostics=(*result.diagnostics, *_diagnostics(table, access)),
        sample=_sample(result, table, access),
    )


def check_comparable(access: Access, spec: Spec) -> None:
    """Raise `NotEstimable` where nobody is exposed, or everybody always is."""
    radius = spec.proximity.radius_km
    if not (access.dose > 0).any():
        raise NotEstimable(
            "no_treated_units",
            f"Nobody lived within {radius:g} km of an open site when exposure counts.",
            "Check the sites' places and dates, or set a wider proximity.radius_km.",
        )
    if (access.dose > 0).all():
        raise NotEstimable(
            "no_untreated_units",
            f"Everybody lived within {radius:g} km of an open site when exposure counts, so there is nobody to compare"
            " with.",
            "Add people born earlier or living farther away, or set a smaller proximity.radius_km.",
        )


def effects_of(table: Table, spec: Spec, access: Access, *, tick: Tick = ignore_progress) -> Result:
    """The staggered comparison of the rows in `access`, as Callaway and Sant'Anna's estimator reports it."""
    is_panel = access.window is None and table.unit is not None and spec.options.panel
    options = replace(spec.options, panel=is_panel)
    compared = comparison_table(table, access)
    result = staggered(compared, replace(spec, options=options), tick=tick)
    return replace(result, diagnostics=_with_own_lead_test(result, compared))


def _with_own_lead_test(result: Result, compared: Table) -> tuple[Diagnostic, ...]:
    """The result's diagnostics, its test of leads on averages over cohorts where a cohort has few clusters."""
    cluster, cohorts = compared.cluster or compared.unit, compared.cohorts
    if cluster is None or cohorts is None or compared.period is None:
        return result.diagnostics
    is_cohort = (cohorts.starts > 0) & (cohorts.starts < compared.period.n_labels)
    pairs = np.unique(np.column_stack([cohorts.codes[is_cohort], cluster.codes[is_cohort]]), axis=0)
    if np.unique(pairs[:, 0], return_counts=True)[1].min() >= ENOUGH_CLUSTERS:
        return result.diagnostics
    own = lead_test(
        result.event_study,
        result.covariance,
        n_clusters=len(np.unique(pairs[:, 1])),
        is_withheld=result.estimates[0].ci_lower is None,
    )
    return (own, *(item for item in result.diagnostics if not item.code.startswith("pretrend_joint")))


def comparison_table(table: Table, access: Access) -> Table:
    """The rows with time as period and the start of exposure as cohort, clustered by area where there is one."""
    rows = table.select(access.rows)
    times, time = np.unique(access.time, return_inverse=True)
    starts, place = np.unique(access.start, return_inverse=True)
    is_ever = np.isfinite(starts)
    positions = np.where(is_ever, np.searchsorted(times, np.where(is_ever, starts, 0)), NEVER_TREATED)
    codes = np.where(np.isfinite(access.start), place, -1)
    labels = _labels(table, access, times)
    return replace(
        rows,
        period=Coded(time.astype(np.int32), labels),
        cohorts=Cohorts(
            positions[place].astype(np.int32),
            codes.astype(np.int32),
            _labels_of_starts(table, dict(zip(times.tolist(), labels, strict=True)), starts[is_ever]),
        ),
        cluster=rows.cluster or rows.neighbourhood,
        dropped=(),
        notes=(),
    )


def _labels(table: Table, access: Access, times: np.ndarray) -> tuple:
    """The file's own labels of periods; births are labelled by what their place on the calendar is called."""
    if access.window is not None or table.period is None:
        return tuple(_named(table, time) for time in times)
    used = np.unique(table.period.codes[access.rows])
    return tuple(table.period.labels[code] for code in used)


def _labels_of_starts(table: Table, labels: dict[float, Label], starts: np.ndarray) -> tuple[Label, ...]:
    """The label of the period in which exposure starts: the file's own where it has that period."""
    own = dict(labels)
    if table.cohorts is not None and table.cohorts.places is not None:
        places = np.floor(table.cohorts.places).tolist()
        own = {**dict(zip(reversed(places), reversed(table.cohorts.labels), strict=True)), **own}
    return tuple(own.get(start, _named(table, start)) for start in starts.tolist())


def _named(table: Table, place: float) -> Label:
    """A place on the table's calendar as one writes it: 2021-03, 2021 Q1, 2021-03-31, or the year."""
    steps = table.periods_a_year
    if table.calendar is None or not float(place).is_integer() or steps == 1:
        return _whole(place)
    if steps > MOST_MONTHS:
        return datetime.date.fromordinal(int(place)).isoformat()
    year, step = divmod(int(place), round(steps))
    return f"{year} Q{step + 1}" if steps == QUARTERS else f"{year}-{step + 1:02d}"


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)


def _estimates(result: Result, table: Table, spec: Spec, access: Access, n_exposed: int) -> tuple[Estimate, ...]:
    headline = replace(result.estimates[0], estimand=_estimand(table, spec, access), n_treated_units=n_exposed)
    others = [
        replace(each, estimand=f"{each.estimand} (treated: with access)", n_treated_units=n_exposed)
        for each in result.estimates[1:]
    ]
    per_period = _per_period(headline, access)
    return (headline, *others, *([per_period] if per_period else []))


def _per_period(headline: Estimate, access: Access) -> Estimate | None:
    """The headline divided by the mean number of periods exposed, taking that number as given."""
    if access.window is None or headline.value is None:
        return None
    dose = float(access.dose[access.dose > 0].mean())
    scaled: dict[str, Any] = {
        name: None if getattr(headline, name) is None else getattr(headline, name) / dose
        for name in ("value", "std_error", "ci_lower", "ci_upper")
    }
    words = (
        f"The headline for each period of exposure: divided by the mean number of periods exposed, {dose:.2f}. Each"
        " further period may do more or less than the first; the effects by event time show it."
    )
    return replace(headline, name="att_per_period_exposed", estimand=words, **scaled)


def _estimand(table: Table, spec: Spec, access: Access) -> str:
    ages = spec.proximity.exposure_ages
    radius = spec.proximity.radius_km
    if access.window is None or ages is None:
        who = f"living within {radius:g} km of an open site, since the first opened there"
        others = "those living where none was open yet"
        when = "throughout"
    else:
        span = f"ages {ages[0]:g} to {ages[1]:g}" if ages[0] != ages[1] else f"age {ages[0]:g}"
        who = f"living within {radius:g} km of an open site for at least some of {span}"
        others = "those of the same places born too early"
        when = f"at {span}"
    never = "never in reach" if spec.options.control_group == "never_treated" else "not yet or never in reach"
    held = "" if is_residence_known(table) else f", taking each to have lived at the place given {when}"
    return (
        f"Average effect of {who}, on those who did, compared with {others} and with those in places {never}{held}."
        " This is access, not attendance."
    )


def _diagnostics(table: Table, access: Access) -> tuple[Diagnostic, ...]:
    made = []
    if access.window is not None:
        doses, counts = np.unique(access.dose[access.dose > 0], return_counts=True)
        made.append(
            Diagnostic(
                "exposure_dose",
                f"The mean number of periods exposed among those exposed, of {access.window.n_periods} that count. An"
                " average over short and long exposure need not be the effect of a full one.",
                statistic=float(access.dose[access.dose > 0].mean()),
                details={"rows_by_periods_exposed": {str(d): int(n) for d, n in zip(doses, counts, strict=True)}},
            )
        )
    if access.n_movers:
        made.append(
            Diagnostic(
                "movers",
                f"{access.n_movers} units are later seen farther away than the radius. Their exposure is that of the"
                " place they were first seen at; people may also have moved because of a site.",
                statistic=access.n_movers,
            )
        )
    return tuple(made)


def _sample(result: Result, table: Table, access: Access) -> Sample:
    engine = result.sample or Sample(table.rows_read, len(access.rows))
    counted = tuple(CohortCount(count.cohort, count.n_units) for count in engine.cohorts)
    notes = [*table.notes, *engine.notes, precision_note(table)]
    return Sample(
        table.rows_read, engine.rows_used, (*table.dropped, *access.dropped, *engine.dropped), counted, tuple(notes)
    )

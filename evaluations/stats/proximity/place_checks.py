"""Checks of a proximity result that look at the data again: who else was touched, and where nothing should be.

Each is a statistic with what it can and cannot show. None changes the estimate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import stats

from evaluations.stats.diagnostics.placebos import placebo_outcomes
from evaluations.stats.issues import BadInput, NotEstimable
from evaluations.stats.proximity.access import access_of
from evaluations.stats.proximity.distances import cartesian_km, nearest_site, sites_within
from evaluations.stats.proximity.other_choices import Run, other_choices, plain
from evaluations.stats.proximity.rings import located, ring_rows
from evaluations.stats.results import Diagnostic, Estimate, Result
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table

MOST_ROWS = 100_000
"""Above this many rows the checks that repeat the design are left out, and it is said so."""
PLACEBO_DRAWS = 9
LEADS = (2, 1)
MOST_COVARIATES = 8


def with_place_checks(table: Table, spec: Spec, result: Result, run: Run) -> Result:
    """`result` with the design under other choices, and its checks."""
    if table.n_rows > MOST_ROWS:
        return result.with_diagnostics(
            *overlap_of_sites(table, spec), *near_far_balance(table, spec), _not_repeated(table)
        )
    checks = (
        *overlap_of_sites(table, spec),
        *spillover(table, spec, result, run),
        *placebo_dates(table, spec, run),
        *placebo_sites(table, spec, run),
        *placebo_outcomes(table, spec, run),
        *composition(table, spec, run),
        *near_far_balance(table, spec),
    )
    return replace(result, specifications=other_choices(table, spec, result, run)).with_diagnostics(*checks)


def _not_repeated(table: Table) -> Diagnostic:
    return Diagnostic(
        "checks_not_repeated",
        f"With {table.n_rows:,} rows, the checks that repeat the analysis (other radii, placebo sites and dates, the"
        f" next ring) were not run; they are up to {MOST_ROWS:,}. Run them on a part of the data.",
        statistic=table.n_rows,
    )


def headline(table: Table, spec: Spec, run: Run) -> Estimate | None:
    """The design's headline on changed data; null where it cannot be estimated there."""
    try:
        return run(table, plain(spec)).estimates[0]
    except (NotEstimable, BadInput):
        return None


def reach_km(spec: Spec) -> float:
    """How far from a site counts as near."""
    return spec.proximity.edges_km[1] if spec.estimator == "ring_did" else spec.proximity.radius_km


def nearest_km(table: Table) -> np.ndarray | None:
    """How far each row is from the nearest site of all; null where the data do not say."""
    if table.distance_km is not None:
        return table.distance_km
    if table.latitude is None or table.longitude is None or table.sites is None:
        return None
    people = cartesian_km(table.latitude, table.longitude)
    return nearest_site(people, cartesian_km(table.sites.latitude, table.sites.longitude)).distance_km


def overlap_of_sites(table: Table, spec: Spec) -> tuple[Diagnostic, ...]:
    """How many of those near a site are near another too."""
    if table.latitude is None or table.longitude is None or table.sites is None or len(table.sites.names) < 2:
        return ()
    people = cartesian_km(table.latitude, table.longitude)
    near = sites_within(people, cartesian_km(table.sites.latitude, table.sites.longitude), reach_km(spec))
    if not near.any():
        return ()
    share = float((near > 1).sum() / (near > 0).sum())
    reading = (
        f"Of those within {reach_km(spec):g} km of a site, {share:.0%} are within that of another too. What is"
        " estimated is the effect of the first to open there; it cannot show what one site does where there is no"
        " other."
    )
    return (Diagnostic("overlap_of_sites", reading, statistic=share, details={"most_sites_near": int(near.max())}),)


def spillover(table: Table, spec: Spec, result: Result, run: Run) -> tuple[Diagnostic, ...]:
    """What happened just beyond reach: a loss there would mean that the near gained at their cost."""
    if spec.estimator == "access_did":
        radius = spec.proximity.radius_km
        beyond = replace(spec, proximity=replace(spec.proximity, radius_km=2 * radius, donut_km=radius))
        found = headline(table, beyond, run) if nearest_km(table) is not None else None
        inner, outer = radius, 2 * radius
    else:
        if len(result.rings) < 3:
            return ()
        ring = result.rings[1]
        found = Estimate("att", "", ring.value, ring.std_error, ring.ci_lower, ring.ci_upper, p_value=ring.p_value)
        inner, outer = ring.inner_km, ring.outer_km
    if found is None or found.value is None:
        return ()
    return (
        Diagnostic(
            "spillover_next_ring",
            f"The change of those {inner:.4g} to {outer:.4g} km away, just out of reach, against those farther away. A"
            " loss there suggests that the near gained at their cost; a gain, that the effect reaches farther and the"
            " headline is too small. None does not show that nobody lost: those who lost may live elsewhere.",
            statistic=found.value,
            p_value=found.p_value,
            details={"ci_lower": found.ci_lower, "ci_upper": found.ci_upper, "inner_km": inner, "outer_km": outer},
        ),
    )


def placebo_dates(table: Table, spec: Spec, run: Run) -> tuple[Diagnostic, ...]:
    """The headline on the time before anything opened, as if it had opened a little earlier."""
    for lead in LEADS:
        earlier = _before_opening(table, spec, lead)
        found = None if earlier is None else headline(earlier, spec, run)
        if found is None or found.value is None:
            continue
        plural = "" if lead == 1 else "s"
        return (
            Diagnostic(
                "placebo_time",
                f"The same design before anything opened, as if it had {lead} period{plural} earlier. An effect here"
                " means that near and far were already moving apart; none does not show that they would have stayed"
                " together.",
                statistic=found.value,
                p_value=found.p_value,
                details={"ci_lower": found.ci_lower, "ci_upper": found.ci_upper, "periods_early": lead},
            ),
        )
    return ()


def _before_opening(table: Table, spec: Spec, lead: int) -> Table | None:
    """The rows from before their opening, the dates moved `lead` earlier; null where that leaves nothing."""
    if table.post is not None:
        return _before_post(table, lead)
    if spec.estimator == "access_did":
        try:
            access = access_of(table, spec, radius_km=spec.proximity.radius_km, donut_km=spec.proximity.donut_km)
        except (NotEstimable, BadInput):
            return None
        kept = access.rows[access.dose == 0]
    else:
        where = located(table)
        if where.start is None or table.period is None:
            return None
        kept = np.flatnonzero(table.period.codes < where.start)
    if not len(kept):
        return None
    sites, cohorts = table.sites, table.cohorts
    if sites is not None:
        sites = replace(sites, opened=sites.opened - lead)
    if cohorts is not None:
        starts = np.where(cohorts.codes >= 0, cohorts.starts - lead, cohorts.starts)
        cohorts = replace(cohorts, starts=starts, places=None if cohorts.places is None else cohorts.places - lead)
    return replace(table, sites=sites, cohorts=cohorts).select(kept)


def _before_post(table: Table, lead: int) -> Table | None:
    if table.period is None or table.post is None:
        return None
    before = np.flatnonzero(table.post == 0)
    if not len(before):
        return None
    pretended = int(table.period.codes[before].max()) - lead + 1
    post = (table.period.codes >= pretended).astype(np.float64)
    return replace(table, post=post).select(before) if pretended > 0 else None


def placebo_sites(table: Table, spec: Spec, run: Run) -> tuple[Diagnostic, ...]:
    """The headline around made-up sites, placed where people live far from any real one."""
    distance = nearest_km(table)
    if table.sites is None or distance is None or table.latitude is None or table.longitude is None:
        return ()
    far = np.flatnonzero(distance > 2 * reach_km(spec))
    n_sites = len(table.sites.names)
    if len(far) < 10 * n_sites:
        return ()
    rng = np.random.default_rng(spec.options.seed)
    apart = table.select(far)
    found = []
    for _ in range(PLACEBO_DRAWS):
        home = rng.choice(len(far), n_sites, replace=False)
        made_up = replace(table.sites, latitude=table.latitude[far][home], longitude=table.longitude[far][home])
        found.append(headline(replace(apart, sites=made_up), spec, run))
    known = [each for each in found if each is not None and each.value is not None and each.ci_lower is not None]
    if not known:
        return ()
    excluded = sum(not each.ci_lower <= 0 <= each.ci_upper for each in known)  # type: ignore[operator]
    reading = (
        "The same design around made-up sites with the real dates, among those more than"
        f" {2 * reach_km(spec):g} km from any real one: {excluded} of {len(known)} draws find an effect. More than"
        " about one in twenty speaks against the design or its errors; few do not prove it."
    )
    mean = float(np.mean([each.value for each in known if each.value is not None]))
    return (Diagnostic("placebo_sites", reading, statistic=excluded / len(known), details={"mean_effect": mean}),)


def composition(table: Table, spec: Spec, run: Run) -> Iterator[Diagnostic]:
    """Whether who is near changed with the opening: in numbers, and in what is known of them."""
    yield from _numbers_near(table, spec)
    if table.covariates is None:
        return
    bare = replace(table, covariates=None, covariate_names=())
    for column, name in list(enumerate(table.covariate_names))[:MOST_COVARIATES]:
        found = headline(replace(bare, outcome=table.covariates[:, column]), spec, run)
        if found is None or found.value is None or found.p_value is None:
            continue
        yield Diagnostic(
            "composition_change",
            f"The same design on {name}: whether those near differ from those far in another way after opening than"
            " before. A difference means that who lives there, or is seen, changed; none does not show that nothing"
            " unseen did.",
            statistic=found.value,
            p_value=found.p_value,
            details={"covariate": name},
        )


def _numbers_near(table: Table, spec: Spec) -> Iterator[Diagnostic]:
    """Whether the share of rows that are near changed with the opening, where rows are not followed."""
    if spec.estimator == "access_did" or table.post is None or (table.unit is not None and spec.options.panel):
        return
    try:
        found = ring_rows(table, located(table), spec.proximity.edges_km, donut_km=spec.proximity.donut_km)
    except NotEstimable:
        return
    near, after = found.ring == 0, table.post[found.rows] > 0
    size = np.ones(len(near)) if table.n is None else table.n[found.rows]
    counts = np.array([[size[a & b].sum() for a in (near, ~near)] for b in (~after, after)])
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        return
    test = stats.chi2_contingency(counts, correction=False)
    shares = counts[:, 0] / counts.sum(axis=1)
    yield Diagnostic(
        "composition_numbers",
        f"The share of rows that are near was {shares[0]:.1%} before and {shares[1]:.1%} after opening. A change means"
        " that people, or those seen, moved; none does not show that they are the same people.",
        statistic=float(test.statistic),
        df=float(test.dof),
        p_value=float(test.pvalue),
    )


def near_far_balance(table: Table, spec: Spec) -> tuple[Diagnostic, ...]:
    """How near and far differ in the covariates and in what is known of their areas, in standard deviations."""
    distance = nearest_km(table)
    if distance is None:
        return ()
    compared = _characteristics(table)
    if not compared:
        reading = (
            "Whether near and far places differ in deprivation, rurality or anything else is not known, because the"
            " design names no characteristics and no column of areas whose figures are known. Name columns for them:"
            " they are compared, and adjusted for."
        )
        return (Diagnostic("balance_not_checked", reading),)
    near = distance < reach_km(spec)
    gaps = {name: gap for name, values in compared.items() if (gap := _gap(values[near], values[~near])) is not None}
    if not gaps:
        return ()
    widest = max(gaps, key=lambda name: abs(gaps[name]))
    others = [f"{name} {gap:+.2f}" for name, gap in gaps.items() if name != widest][:MOST_COVARIATES]
    reading = (
        f"Near and far places differ most in {widest}, by {gaps[widest]:.2f} standard deviations (near less far)"
        f"{'; in the others: ' + ', '.join(others) if others else ''}. A level that differs"
        " is no bias by itself, but places that differ much may also have been on different paths; deprivation and"
        " rurality are worth having among the covariates."
    )
    return (Diagnostic("near_far_balance", reading, statistic=gaps[widest], details={"differences": gaps}),)


def _characteristics(table: Table) -> dict[str, np.ndarray]:
    """The covariates, then the figures on areas, by name."""
    found: dict[str, np.ndarray] = {}
    for names, columns in ((table.covariate_names, table.covariates), (table.context_names, table.context)):
        if columns is not None:
            found |= {name: columns[:, place] for place, name in enumerate(names) if name not in found}
    return found


def _gap(near: np.ndarray, far: np.ndarray) -> float | None:
    """The difference of the means in standard deviations; null where a side has too few, or nothing varies."""
    near, far = near[np.isfinite(near)], far[np.isfinite(far)]
    if len(near) < 2 or len(far) < 2:
        return None
    spread = np.sqrt((near.var(ddof=1) + far.var(ddof=1)) / 2)
    return float((near.mean() - far.mean()) / spread) if spread > 0 else None

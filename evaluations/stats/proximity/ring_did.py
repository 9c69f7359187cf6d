"""The change in each ring around a site against the outermost ring (Currie et al. 2015; Butts 2023)."""

from __future__ import annotations

from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.proximity.openings import check_places_while_open, dated_by_post, opening_of
from evaluations.stats.proximity.residence import residence_assumed
from evaluations.stats.proximity.ring_changes import RingChanges, has_reweighting, one_date_changes
from evaluations.stats.proximity.ring_cohorts import many_date_changes
from evaluations.stats.proximity.rings import RingRows, located, n_units, precision_note, ring_rows
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.results import Diagnostic, Estimate, Result, RingEffect, Sample
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import detectable_effect

SMALL_RING = 10
"""A ring of fewer units than this is flagged."""


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The change in each ring against the outermost, nearest ring first; the headline is the innermost ring's."""
    if len(spec.proximity.edges_km) < 3:
        raise BadInput(
            [
                Issue(
                    "one_ring",
                    "Two edges make one ring, and a ring is compared with the outermost of at least two.",
                    "Give proximity.edges_km three distances or more, such as [0, 2.5, 10].",
                )
            ]
        )
    tick("Placing rows in rings", 0.0)
    found = ring_rows(table, located(table), spec.proximity.edges_km, donut_km=spec.proximity.donut_km)
    found, changes = changes_of(table, spec, found, tick)
    return Result(
        estimates=(headline_of(table, spec, found, changes),),
        rings=ring_effects(table, found, changes),
        diagnostics=(*changes.leads.diagnostics, *changes.diagnostics, *ring_diagnostics(table, found)),
        specifications=changes.specifications,
        detectable_effect=detectable_effect(changes.answers[0]["std_error"], changes.references[0]),
        sample=ring_sample(table, found, changes),
        **changes.leads.parts,
    )


def headline_of(table: Table, spec: Spec, found: RingRows, changes: RingChanges) -> Estimate:
    """The innermost ring's change."""
    return Estimate(
        name="att",
        estimand=_estimand(table, spec, found),
        level=spec.options.level,
        n_obs=changes.n_people,
        n_units=n_units(table, found.rows),
        n_treated_units=n_units(table, found.rows[found.ring == 0]),
        n_clusters=changes.references[0].n_clusters,
        **changes.answers[0],
    )


def changes_of(table: Table, spec: Spec, found: RingRows, tick: Tick) -> tuple[RingRows, RingChanges]:
    """The rows compared and the rings' changes, whether sites opened at one date or at many."""
    found, post = opening_of(table, found)
    check_places_while_open(table, found, post)
    if post is None:
        return found, many_date_changes(table, spec, found, tick)
    if has_reweighting(table, spec) and (dated := dated_by_post(table, found, post)) is not None:
        table, found = dated
        return found, many_date_changes(table, spec, found, tick)
    return found, one_date_changes(table, spec, found, post, tick)


def ring_effects(table: Table, found: RingRows, changes: RingChanges) -> tuple[RingEffect, ...]:
    """One effect a ring, nearest first; the outermost, which the others are compared with, last."""
    effects = []
    for ring in range(found.n_rings):
        rows = found.rows[found.ring == ring]
        n_obs = len(rows) if table.n is None else round(float(table.n[rows].sum()))
        is_reference = ring == found.reference
        answer = {"value": None} if is_reference else changes.answers[ring]
        effects.append(
            RingEffect(
                found.edges_km[ring],
                found.edges_km[ring + 1],
                n_obs=n_obs,
                n_units=n_units(table, rows),
                is_reference=is_reference,
                **answer,
            )
        )
    return tuple(effects)


def ring_diagnostics(table: Table, found: RingRows) -> tuple[Diagnostic, ...]:
    """Rings with few units, and units that move between rings."""
    small = [
        _small_ring(found, ring, size)
        for ring in range(found.n_rings)
        if (size := n_units(table, found.rows[found.ring == ring])) < SMALL_RING
    ]
    if not found.n_movers:
        return tuple(small)
    moved = Diagnostic(
        "movers",
        f"{found.n_movers} units are later seen in another ring. They stay in the ring they were first seen in, so"
        " that moving is not counted as an effect; if the site itself made people move, the change is that of"
        " places' first residents and not of places.",
        statistic=found.n_movers,
    )
    return (*small, moved)


def _small_ring(found: RingRows, ring: int, size: int) -> Diagnostic:
    return Diagnostic(
        "ring_small",
        f"The ring {found.name(ring)} has {size} units. With fewer than {SMALL_RING} its value rests on very few and"
        " may disclose them; join it with a neighbouring ring.",
        statistic=size,
        details={"inner_km": found.edges_km[ring], "outer_km": found.edges_km[ring + 1]},
    )


def ring_sample(table: Table, found: RingRows, changes: RingChanges) -> Sample:
    """The waterfall, with what the reader must know about places and errors."""
    notes = [*table.notes, *found.notes, *changes.notes, precision_note(table)]
    return Sample(table.rows_read, len(found.rows), (*table.dropped, *found.dropped), notes=tuple(notes))


def _estimand(table: Table, spec: Spec, found: RingRows) -> str:
    held = residence_assumed(table, is_followed=table.unit is not None and spec.options.panel)
    return (
        f"Average change after opening for those living {found.name(0)} from the site, beyond the change for those"
        f" living {found.name(found.reference)} from it{held}."
        " This is the effect of living near, not of attending."
    )

"""The change in each ring around a site against the outermost ring (Currie et al. 2015; Butts 2023)."""

from __future__ import annotations

from dataclasses import replace

from evaluations.stats.issues import NotEstimable
from evaluations.stats.proximity.openings import opening_of
from evaluations.stats.proximity.ring_changes import RingChanges, one_date_changes
from evaluations.stats.proximity.rings import RingRows, located, n_units, ring_rows
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.results import Diagnostic, Result, RingEffect, Sample
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import cluster_diagnostics, detectable_effect, finish, finished_estimate

SMALL_RING = 10
"""A ring of fewer units than this is flagged."""


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The change in each ring against the outermost, nearest ring first; the headline is the innermost ring's."""
    tick("Placing rows in rings", 0.0)
    found = ring_rows(table, located(table), spec.proximity.edges_km, donut_km=spec.proximity.donut_km)
    found, changes = changes_of(table, spec, found, tick)
    headline = finished_estimate(
        "att",
        _estimand(table, spec, found),
        float(changes.values[0]),
        changes.std_error(0),
        changes.references[0],
        n_obs=changes.n_people,
        n_units=n_units(table, found.rows),
        n_treated_units=n_units(table, found.rows[found.ring == 0]),
    )
    return Result(
        estimates=(headline,),
        event_study=changes.leads.event_study,
        covariance=changes.leads.covariance,
        rings=ring_effects(table, found, changes),
        diagnostics=(
            *changes.leads.diagnostics,
            *cluster_diagnostics(changes.references[0]),
            *ring_diagnostics(table, found),
        ),
        detectable_effect=detectable_effect(changes.std_error(0), changes.references[0]),
        sample=ring_sample(table, found, changes),
    )


def changes_of(table: Table, spec: Spec, found: RingRows, tick: Tick) -> tuple[RingRows, RingChanges]:
    """The rows compared and the rings' changes, whether sites opened at one date or at many."""
    found, post = opening_of(table, found)
    if post is None:
        raise NotEstimable("many_dates", "Several opening dates are not supported here.", "Use one date.")
    return found, one_date_changes(table, spec, found, post, tick)


def ring_effects(table: Table, found: RingRows, changes: RingChanges) -> tuple[RingEffect, ...]:
    """One effect a ring, nearest first; the outermost, which the others are compared with, last."""
    effects = []
    for ring in range(found.n_rings):
        rows = found.rows[found.ring == ring]
        n_obs = len(rows) if table.n is None else round(float(table.n[rows].sum()))
        place = RingEffect(
            found.edges_km[ring], found.edges_km[ring + 1], None, n_obs=n_obs, n_units=n_units(table, rows)
        )
        if ring == found.reference:
            effects.append(replace(place, is_reference=True))
            continue
        known = {"value": float(changes.values[ring]), "std_error": changes.std_error(ring)}
        effects.append(replace(place, **finish(known, changes.references[ring])))
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
    notes = [*table.notes, *found.notes, *changes.notes]
    if table.precision_km is not None:
        notes.append(f"Places are known to about {table.precision_km:g} km.")
    return Sample(table.rows_read, len(found.rows), (*table.dropped, *found.dropped), notes=tuple(notes))


def _estimand(table: Table, spec: Spec, found: RingRows) -> str:
    return (
        f"Average change after opening for those living {found.name(0)} from the site, beyond the change for those"
        f" living {found.name(found.reference)} from it{residence_assumed(table, spec)}."
        " This is the effect of living near, not of attending."
    )


def residence_assumed(table: Table, spec: Spec) -> str:
    """What a headline must add where units are followed and it is not known until when they lived there."""
    if table.unit is None or not spec.options.panel or table.location_from is not None:
        return ""
    return ", taking the place each was first seen at to hold throughout"

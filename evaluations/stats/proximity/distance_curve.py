"""The effect as a function of distance, from rings whose number and edges the data choose (Butts 2023, section 4).

The change in each ring beyond that in the outermost is the curve's height at the mean distance of
the people in it; the straight lines between are for the eye. The band covers all heights at once.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.proximity.curve_bins import best_number_of_rings, quantile_edges
from evaluations.stats.proximity.openings import is_after, opening_of
from evaluations.stats.proximity.ring_changes import RingChanges, check_both_sides
from evaluations.stats.proximity.ring_did import (
    changes_of,
    headline_of,
    ring_diagnostics,
    ring_effects,
    ring_sample,
)
from evaluations.stats.proximity.rings import Located, RingRows, check_precision, located, n_units, ring_rows
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.results import Diagnostic, DistancePoint, Estimate, Result
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import BAND_DRAWS, balanced_band_factor, detectable_effect


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The curve with its uniform band; the headline is the average effect within `radius_km`."""
    tick("Choosing rings", 0.0)
    where = located(table)
    found = ring_rows(table, where, chosen_edges(table, spec, where), donut_km=spec.proximity.donut_km)
    found, changes = changes_of(table, spec, found, tick)
    headline, within = _headline(table, spec, where, found.edges_km[-2:], tick)
    return Result(
        estimates=(headline,),
        rings=ring_effects(table, found, changes),
        distance_curve=_curve(table, spec, where, found, changes),
        diagnostics=(
            *within.leads.diagnostics,
            *within.diagnostics,
            *ring_diagnostics(table, found),
            _about_rings(found),
        ),
        detectable_effect=detectable_effect(within.answers[0]["std_error"], within.references[0]),
        sample=ring_sample(table, found, changes),
        **within.leads.parts,
    )


def chosen_edges(table: Table, spec: Spec, where: Located) -> tuple[float, ...]:
    """Edges of rings of equal numbers of people between the first and the last of `edges_km`."""
    span = (spec.proximity.edges_km[0], spec.proximity.edges_km[-1])
    check_precision(table, spec.proximity.radius_km, "distances")
    found, post = opening_of(table, ring_rows(table, where, span, donut_km=spec.proximity.donut_km))
    distance = where.distance_km[found.rows]
    if post is None:
        post = is_after(table, found)
    check_both_sides(found, post)
    change, at, n_smallest = _changes_by_unit(table, spec, found, post, distance)
    number = best_number_of_rings(change, at, n_smallest=n_smallest)
    edges = quantile_edges(at, number, narrowest_km=table.precision_km or 0.0)
    edges = (span[0], *(edge for edge in edges[1:-1] if edge > span[0]), span[1])
    if len(edges) < 3:
        raise NotEstimable(
            "distances_too_coarse",
            "Distances take too few different values for a curve.",
            "Use ring_did with edges between the values, or more precise places.",
        )
    return edges


def _changes_by_unit(
    table: Table, spec: Spec, found: RingRows, post: np.ndarray, distance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """A value a unit whose mean at a distance is the change there, the distances, and the smaller side's size."""
    outcome = table.outcome[found.rows]
    if table.unit is None or not spec.options.panel:
        is_after = post > 0
        share = is_after.mean()
        centred = outcome - np.where(is_after, outcome[is_after].mean(), outcome[~is_after].mean())
        return (
            np.where(is_after, centred / share, -centred / (1 - share)),
            distance,
            int(min(is_after.sum(), (~is_after).sum())),
        )
    if table.period is not None:
        period = table.period.codes[found.rows]
        outcome = outcome - (np.bincount(period, outcome) / np.maximum(np.bincount(period), 1))[period]
    unit = table.unit.codes[found.rows]
    size = table.unit.n_labels
    after, before = np.bincount(unit, post, size), np.bincount(unit, 1 - post, size)
    both = (after > 0) & (before > 0)
    total_after, total_before = np.bincount(unit, outcome * post, size), np.bincount(unit, outcome * (1 - post), size)
    at = np.zeros(size)
    at[unit] = distance
    return total_after[both] / after[both] - total_before[both] / before[both], at[both], int(both.sum())


def _headline(
    table: Table, spec: Spec, where: Located, outermost: tuple[float, ...], tick: Tick
) -> tuple[Estimate, RingChanges]:
    """The average effect within `radius_km`, against the curve's outermost ring."""
    first, radius = spec.proximity.edges_km[0], spec.proximity.radius_km
    if not first < radius:
        raise NotEstimable(
            "radius_inside_first_edge",
            f"The radius of {radius:g} km is no further than the first edge at {first:g} km.",
            "Set proximity.radius_km to more than the first of proximity.edges_km.",
        )
    near = min(radius, outermost[0])
    edges = (first, near, *outermost) if near < outermost[0] else (first, *outermost)
    found = ring_rows(table, where, edges, donut_km=spec.proximity.donut_km)
    found, changes = changes_of(table, spec, found, tick)
    return headline_of(table, spec, found, changes), changes


def _curve(
    table: Table, spec: Spec, where: Located, found: RingRows, changes: RingChanges
) -> tuple[DistancePoint, ...]:
    """One point a ring but the outermost, at the mean distance of the people in it."""
    reaches = _band(table, spec, found, changes)
    points = []
    for ring, answer in enumerate(changes.answers):
        rows = found.rows[found.ring == ring]
        weight = None if table.n is None else table.n[rows]
        point = DistancePoint(
            distance_km=float(np.average(where.distance_km[rows], weights=weight)),
            n_units=n_units(table, rows),
            **{name: answer[name] for name in ("value", "std_error", "ci_lower", "ci_upper")},
        )
        value, error = answer["value"], answer["std_error"]
        if reaches is not None and value is not None and error is not None:
            reach = float(reaches[ring]) * error
            point = replace(point, band_lower=value - reach, band_upper=value + reach)
        points.append(point)
    return tuple(points)


def _band(table: Table, spec: Spec, found: RingRows, changes: RingChanges) -> np.ndarray | None:
    """The critical value of each point of a band over all of them; null where an error or interval is withheld.

    The more rings the data choose, the fewer people are in each, and the less sure its error is: as
    much is allowed for as if people varied alike in every ring, about a mean for each opening date.
    """
    known = all(answer["std_error"] is not None and answer["ci_lower"] is not None for answer in changes.answers)
    if not known or any(reference.is_withheld for reference in changes.references):
        return None
    rng = np.random.default_rng(spec.options.seed)
    pointwise = np.array([reference.critical_value() for reference in changes.references])
    sizes = np.array([_n_clusters(table, found.rows[found.ring == ring]) for ring in range(found.n_rings)])
    n_means = np.array([_n_openings(found, ring) for ring in range(found.reference)] + [1])
    drawn = rng.chisquare(np.maximum(sizes - n_means, 1), (BAND_DRAWS, len(sizes))) / sizes
    share = sizes[-1] / (sizes[:-1] + sizes[-1])
    variances = share * drawn[:, :-1] + (1 - share) * drawn[:, -1:]
    return pointwise * balanced_band_factor(changes.covariance, pointwise, variances, level=spec.options.level, rng=rng)


def _n_openings(found: RingRows, ring: int) -> int:
    return 1 if found.start is None else len(np.unique(found.start[found.ring == ring]))


def _n_clusters(table: Table, rows: np.ndarray) -> int:
    """How many clusters, else units, else rows or the people behind them, are among `rows`."""
    return n_units(table, rows) if table.cluster is None else len(np.unique(table.cluster.codes[rows]))


def _about_rings(found: RingRows) -> Diagnostic:
    return Diagnostic(
        "curve_rings",
        f"The data chose {found.n_rings} rings of about equal numbers of people. The curve is against the outermost,"
        f" {found.name(found.reference)}: an effect that reaches that far would be missed, and would shift every"
        " height by as much.",
        statistic=found.n_rings,
        details={"edges_km": list(found.edges_km)},
    )

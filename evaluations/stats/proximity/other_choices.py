"""The headline under other reasonable choices of radius, edges, donut and comparison, for one chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from evaluations.stats.issues import BadInput, NotEstimable
from evaluations.stats.results import Result, Specification
from evaluations.stats.spec import Proximity, Spec
from evaluations.stats.table import Table

Run = Callable[[Table, Spec], Result]

RADII = (0.5, 0.75, 1.25, 1.5, 2.0)
"""Other radii, as shares of the design's."""
EDGES = (0.75, 1.25)
"""Other edges, as shares of the design's."""
DONUTS = (0.1, 0.25)
"""Donuts, as shares of the radius or of the first ring's outer edge."""


def other_choices(table: Table, spec: Spec, result: Result, run: Run) -> tuple[Specification, ...]:
    """The design's own headline, then that of each other choice; a choice that cannot be estimated says why."""
    own = result.estimates[0]
    first = Specification("This design", own.value, own.std_error, own.ci_lower, own.ci_upper)
    return (first, *(_answer(name, table, other, run) for name, other in _choices(spec)))


def plain(spec: Spec) -> Spec:
    """The design without what only the headline needs."""
    return replace(spec, options=replace(spec.options, sensitivity=(), inference="analytic"))


def _choices(spec: Spec) -> Iterator[tuple[str, Spec]]:
    base, proximity = plain(spec), spec.proximity
    if spec.estimator == "ring_did":
        near = proximity.edges_km[1]
        yield from ((name, _with(base, edges_km=edges)) for name, edges in _other_edges(proximity))
    else:
        near = proximity.radius_km
        for share in RADII:
            radius = float(f"{share * near:.3g}")
            yield f"Within {radius:g} km", _with(base, radius_km=radius)
    for share in DONUTS:
        donut = float(f"{share * near:.2g}")
        if donut > (proximity.donut_km or 0) and donut > proximity.edges_km[0]:
            yield f"Without those nearer than {donut:g} km", _with(base, donut_km=donut)
    if spec.estimator == "access_did":
        other = "not_yet_treated" if spec.options.control_group == "never_treated" else "never_treated"
        words = "not yet or never" if other == "not_yet_treated" else "never"
        yield (
            f"Compared with places {words} in reach",
            replace(base, options=replace(base.options, control_group=other)),
        )


def _other_edges(proximity: Proximity) -> Iterator[tuple[str, tuple[float, ...]]]:
    edges = proximity.edges_km
    for share in EDGES:
        scaled = (edges[0], *(float(f"{share * edge:.3g}") for edge in edges[1:]))
        if all(inner < outer for inner, outer in pairwise(scaled)):
            yield f"First ring to {scaled[1]:g} km, all edges {'nearer' if share < 1 else 'farther'}", scaled
    if len(edges) > 3:
        yield f"Compared with {edges[-3]:g} to {edges[-2]:g} km", edges[:-1]
        yield f"First two rings as one, to {edges[2]:g} km", (edges[0], *edges[2:])


def _with(spec: Spec, **changed: object) -> Spec:
    return replace(spec, proximity=replace(spec.proximity, **changed))  # type: ignore[arg-type]


def _answer(name: str, table: Table, spec: Spec, run: Run) -> Specification:
    try:
        found = run(table, spec).estimates[0]
    except NotEstimable as reason:
        return Specification(name, None, note=reason.message)
    except BadInput as problem:
        return Specification(name, None, note=problem.issues[0].message)
    return Specification(name, found.value, found.std_error, found.ci_lower, found.ci_upper)

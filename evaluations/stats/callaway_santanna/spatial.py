"""Errors of group-time effects that may be dependent between places near one another (Conley 1999).

Influence values are summed by place, whatever their period, so that all rows of one place, and of
one unit, count as dependent. The cross-products that every average's error comes from are then
those of neighbours within the cut-off, weighted by the kernel, in the place of those within clusters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evaluations.stats.callaway_santanna.sources import Estimated
from evaluations.stats.panel import first_seen
from evaluations.stats.regression.conley import EARTH_RADIUS_KM, conley_cutoff, neighbour_sums, places_of
from evaluations.stats.spec import Options
from evaluations.stats.table import Coded, Table, played


def estimated_by_place(table: Table, options: Options, estimated: Callable[[Table, Options], Estimated]) -> Estimated:
    """The effects that `estimated` gives, with errors dependent within `conley_km`.

    A followed unit stands at the place it was first seen at. Raises `BadInput` where the design does
    not say where rows are or how far dependence reaches, `NotEstimable` where a row has no place.
    """
    cutoff_km = conley_cutoff(table.latitude, table.longitude, options)
    seen = first_seen(table) if options.panel else np.arange(table.n_rows)
    place, points = places_of(played(table.latitude)[seen], played(table.longitude)[seen])
    clustered = replace(table, cluster=Coded(place.astype(np.int32), tuple(range(len(points)))))
    found = estimated(clustered, replace(options, std_errors="auto"))
    n_loads = len(found.effects.cells) + len(found.effects.cohorts)
    influence = np.zeros((len(points), n_loads))
    for position, load in enumerate(np.eye(n_loads)):
        sums = found.cluster_sums(load)
        influence[: len(sums), position] = sums
    angle = min(cutoff_km / EARTH_RADIUS_KM, np.pi)
    cross = influence.T @ neighbour_sums(points, influence, angle=angle, kernel=options.conley_kernel)
    effects = replace(found.effects, cross=(cross + cross.T) / 2, draws=np.zeros((0, n_loads)))
    return replace(found, effects=effects, spread=None)

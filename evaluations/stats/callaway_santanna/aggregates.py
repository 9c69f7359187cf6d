"""Averages of group-time effects: overall, by event time, by cohort and by calendar period.

Each average is weights times cells. Where cells of several cohorts are averaged, the weights are
cohort shares, which are estimated: that adds to the influence of every unit of a cohort
(Callaway and Sant'Anna 2021, section 3 and its Corollary 2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.callaway_santanna.cells import Cell
from evaluations.stats.callaway_santanna.effects import GroupTimeEffects


@dataclass(frozen=True)
class Average:
    """One average. `load` turns a row of influence (cells, then cohorts) into the average's influence."""

    value: float
    load: np.ndarray
    cells: np.ndarray
    share_alone: float


def is_post(cell: Cell) -> bool:
    """The cohort has been treated by this period."""
    return cell.period >= cell.start


def cohort_weighted(effects: GroupTimeEffects, wanted: Callable[[Cell], bool]) -> Average | None:
    """The average over the wanted cells that are known, each weighted by its cohort's size."""
    place = {cohort.code: index for index, cohort in enumerate(effects.cohorts)}
    cells = np.array([n for n, cell in enumerate(effects.cells) if wanted(cell) and effects.is_known[n]], dtype=int)
    if len(cells) == 0:
        return None
    cohort = np.array([place[effects.cells[n].cohort] for n in cells])
    weight = effects.cohort_weight[cohort]
    value = float(weight @ effects.value[cells] / weight.sum())
    load = np.zeros(len(effects.cells) + len(effects.cohorts))
    load[cells] = weight / weight.sum()
    np.add.at(load, len(effects.cells) + cohort, (effects.value[cells] - value) / weight.sum())
    return Average(value, load, cells, float(load[cells][effects.is_alone[cells]].sum()))


def plain_mean(parts: Sequence[Average]) -> Average | None:
    """The mean of averages, each counting alike."""
    if not parts:
        return None
    return Average(
        float(np.mean([part.value for part in parts])),
        np.mean([part.load for part in parts], axis=0),
        np.unique(np.concatenate([part.cells for part in parts])),
        float(np.mean([part.share_alone for part in parts])),
    )


def single(effects: GroupTimeEffects, number: int) -> Average:
    """One cell by itself."""
    load = np.zeros(len(effects.cells) + len(effects.cohorts))
    load[number] = 1.0
    return Average(float(effects.value[number]), load, np.array([number]), float(effects.is_alone[number]))


def of_cohort(effects: GroupTimeEffects, code: int) -> Average | None:
    """A cohort's mean effect over the periods since its treatment; its cells count alike."""
    return cohort_weighted(effects, lambda cell: cell.cohort == code and is_post(cell))


def over_cohorts(effects: GroupTimeEffects, parts: dict[int, Average]) -> Average | None:
    """The cohorts' means averaged by cohort size."""
    if not parts:
        return None
    place = {cohort.code: index for index, cohort in enumerate(effects.cohorts)}
    weight = np.array([effects.cohort_weight[place[code]] for code in parts])
    values = np.array([part.value for part in parts.values()])
    share = weight / weight.sum()
    value = float(share @ values)
    load = share @ np.array([part.load for part in parts.values()])
    for code, part_value in zip(parts, values, strict=True):
        load[len(effects.cells) + place[code]] += (part_value - value) / weight.sum()
    alone = float(share @ np.array([part.share_alone for part in parts.values()]))
    return Average(value, load, np.unique(np.concatenate([p.cells for p in parts.values()])), alone)


def covariance_of(averages: Sequence[Average], effects: GroupTimeEffects) -> np.ndarray:
    """The covariance of the averages' errors."""
    load = np.array([average.load for average in averages])
    return load @ effects.cross @ load.T

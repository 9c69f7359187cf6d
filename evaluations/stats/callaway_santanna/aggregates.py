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


def of_event_time(effects: GroupTimeEffects, event_time: int) -> Average | None:
    """The average over cohorts at one time since treatment began."""
    return cohort_weighted(effects, lambda cell: cell.event_time == event_time)


def of_period(effects: GroupTimeEffects, period: int) -> Average | None:
    """The average over cohorts treated by a period, in that period."""
    return cohort_weighted(effects, lambda cell: cell.period == period and is_post(cell))


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


@dataclass(frozen=True)
class Combination:
    """A cohort's sum of cells: `load` over cells, in the place of a single cell."""

    position: int
    load: np.ndarray


def averaged(effects: GroupTimeEffects, parts: Sequence[Combination]) -> Average:
    """Combinations of several cohorts, each weighted by its cohort's size."""
    values = np.where(effects.is_known, effects.value, 0.0)
    weight = np.array([effects.cohort_weight[part.position] for part in parts])
    each = np.array([part.load @ values for part in parts])
    value = float(weight @ each / weight.sum())
    load = np.zeros(len(effects.cells) + len(effects.cohorts))
    for part, own, mine in zip(parts, weight, each, strict=True):
        load[: len(effects.cells)] += part.load * own / weight.sum()
        load[len(effects.cells) + part.position] += (mine - value) / weight.sum()
    cells = np.flatnonzero(load[: len(effects.cells)])
    return Average(value, load, cells, 0.0)


def long_differences(effects: GroupTimeEffects, *, anticipation: int, is_universal: bool) -> dict[int, Average]:
    """Averages by event time, all measured from the last period that treatment could not touch.

    With a varying base, effects before treatment are steps from one period to the next; their sums
    are the long differences. A cohort counts at an event time where all its steps are known.
    """
    reference = -1 - anticipation
    position = {cohort.code: place for place, cohort in enumerate(effects.cohorts)}
    cell_at = {(c.cohort, c.event_time): n for n, c in enumerate(effects.cells) if effects.is_known[n]}
    found: dict[int, list[Combination]] = {}
    for code, place in position.items():
        times = sorted({cell.event_time for cell in effects.cells if cell.cohort == code} | {reference})
        for time in (*times, times[0] - 1):
            load = _path_to(time, reference, code, cell_at, len(effects.cells), is_universal=is_universal)
            if load is not None and load.any():
                found.setdefault(time, []).append(Combination(place, load))
    return {time: averaged(effects, found[time]) for time in sorted(found)}


def _path_to(
    time: int, reference: int, code: int, cell_at: dict[tuple[int, int], int], n_cells: int, *, is_universal: bool
) -> np.ndarray | None:
    """What adds up to the difference between `time` and the reference; null where a step is not known."""
    if is_universal or time >= 0:
        steps, sign = ([time] if time != reference else []), 1.0
    elif time < reference:
        steps, sign = list(range(time + 1, reference + 1)), -1.0
    else:
        steps, sign = list(range(reference + 1, time + 1)), 1.0
    load = np.zeros(n_cells)
    for step in steps:
        if (code, step) not in cell_at:
            return None
        load[cell_at[code, step]] = sign
    return load

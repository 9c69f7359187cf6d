"""How many people the cells of aggregate rows hold, by the groups that a result tells apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evaluations.disclosure.cells import CellPeople
from evaluations.stats.table import Table


def people_in(table: Table) -> CellPeople:
    """The fewest people in any cell behind each number of a result of this table, whose rows say how many they are."""
    if table.n is None:
        return CellPeople()
    n = np.asarray(table.n, dtype=float)
    treated, after = _sides(table)
    cell = 2 * treated.astype(int) + after
    times = table.period.n_labels if table.period is not None else 2 if table.post is not None else 1
    groups = {} if table.subgroup is None else dict(_fewest_by(table.subgroup, cell, n))
    return CellPeople(headline=_fewest(cell, n), subgroups=groups, times=times, **_by_cohort(table, n, after))


def _sides(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Whether each row is of the treated, and whether it is of after the start, as far as the roles tell."""
    nobody = np.zeros(table.n_rows, dtype=bool)
    if table.cohorts is not None and table.period is not None:
        starts = table.cohorts.starts
        return starts < table.period.n_labels, starts <= table.period.codes
    treated = nobody if table.treated is None else np.asarray(table.treated) > 0
    after = nobody if table.post is None else np.asarray(table.post) > 0
    return treated, after


def _fewest(cell: np.ndarray, n: np.ndarray) -> int | None:
    """The fewest people in any of the cells that hold some."""
    sums = np.bincount(cell, n)
    return round(float(sums[sums > 0].min())) if (sums > 0).any() else None


def _fewest_by(coded: Any, cell: np.ndarray, n: np.ndarray) -> Iterator[tuple[Any, int]]:
    for code, label in enumerate(coded.labels):
        rows = coded.codes == code
        if rows.any() and (fewest := _fewest(cell[rows], n[rows])) is not None:
            yield label, fewest


def _by_cohort(table: Table, n: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    """People by cohort, by cohort and period with the periods it may be compared with, by event time, by period."""
    cohorts, period = table.cohorts, table.period
    if cohorts is None or period is None:
        return {}
    shape = (len(cohorts.labels), period.n_labels)
    known = cohorts.codes >= 0
    people = np.zeros(shape)
    np.add.at(people, (cohorts.codes[known], period.codes[known]), n[known])
    starts = [int(cohorts.starts[cohorts.codes == code][0]) for code in range(shape[0])]
    by_cohort, group_times, by_event = {}, {}, np.zeros(2 * shape[1])
    for code, (label, start) in enumerate(zip(cohorts.labels, starts, strict=True)):
        rows = cohorts.codes == code
        by_cohort[label] = _fewest(after[rows].astype(int), n[rows]) or 0
        for at, name in enumerate(period.labels):
            compared = [people[code, place] for place in {at, at - 1, start - 1} if 0 <= place < shape[1]]
            group_times[label, name] = _least(compared)
            by_event[at - start + shape[1]] += people[code, at]
    return {
        "cohorts": by_cohort,
        "group_times": group_times,
        "event_times": {place - shape[1]: round(float(each)) for place, each in enumerate(by_event) if each > 0},
        "periods": {name: _after_start(people[:, at], starts, at) for at, name in enumerate(period.labels)},
    }


def _least(people: list[float]) -> int:
    some = [each for each in people if each > 0]
    return round(min(some)) if some else 0


def _after_start(people: np.ndarray, starts: list[int], at: int) -> int:
    return round(float(sum(each for each, start in zip(people, starts, strict=True) if start <= at)))

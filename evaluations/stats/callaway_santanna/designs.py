"""Cells that share their fits, put together so that each fit is made once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from evaluations.stats.callaway_santanna.cells import Cell, Cohort


@dataclass(frozen=True)
class Family:
    """Cells of one cohort with the same controls: one propensity and one outcome regression serve them all.

    `cells` are their numbers; `period` and `base` index the design's periods.
    """

    treated: int
    controls: np.ndarray
    cells: np.ndarray
    period: np.ndarray
    base: np.ndarray


@dataclass(frozen=True)
class Design:
    """Families that share units and covariates.

    `periods` are the outcomes used. `covariates_from` is the period whose covariates are used, null
    where covariates do not vary. Where `is_pair`, only units observed in both periods take part.
    """

    families: tuple[Family, ...]
    periods: np.ndarray
    covariates_from: int | None
    is_pair: bool

    def treated_by(self, cohort: int) -> np.ndarray:
        """Families in which the cohort (by position) is the treated one."""
        return np.flatnonzero([family.treated == cohort for family in self.families])

    def controlled_by(self, cohort: int) -> np.ndarray:
        """Families in which the cohort (by position) is a control."""
        return np.flatnonzero([family.controls[cohort] for family in self.families])


def designs_of(
    cells: tuple[Cell, ...], cohorts: tuple[Cohort, ...], *, n_periods: int, is_balanced: bool, covariates_vary: bool
) -> tuple[Design, ...]:
    """The fits that these cells need, in a fixed order."""
    shared: dict[tuple, dict[tuple, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, cell in enumerate(cells):
        covariates_from = cell.base if covariates_vary else None
        pair = None if is_balanced else (cell.base, cell.period)
        controls = tuple(cell.is_control(cohort) for cohort in cohorts)
        shared[covariates_from, pair][cell.cohort, controls].append(number)
    position = {cohort.code: place for place, cohort in enumerate(cohorts)}
    return tuple(_design(key, families, cells, position, n_periods) for key, families in shared.items())


def _design(
    key: tuple, families: dict[tuple, list[int]], cells: tuple[Cell, ...], position: dict[int, int], n_periods: int
) -> Design:
    covariates_from, pair = key
    periods = np.arange(n_periods) if pair is None else np.array(pair)
    place = {int(period): column for column, period in enumerate(periods)}
    made = tuple(
        Family(
            treated=position[code],
            controls=np.array(controls),
            cells=np.array(numbers),
            period=np.array([place[cells[n].period] for n in numbers]),
            base=np.array([place[cells[n].base] for n in numbers]),
        )
        for (code, controls), numbers in families.items()
    )
    return Design(made, periods, covariates_from, pair is not None)

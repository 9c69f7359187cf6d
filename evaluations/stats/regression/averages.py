"""Averages of effects by cohort and period: over event times, cohorts, calendar periods and altogether."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evaluations.stats.regression.judging import Judge
from evaluations.stats.results import CohortEffect, Label, PeriodEffect


@dataclass(frozen=True, eq=False)
class CellAverages:
    """Contrasts of the effects on k cells of start and period, each average weighted by `weights`, shape (k,).

    Averages keep to cells with treatment begun, but for those by event time.
    """

    starts: np.ndarray
    periods: np.ndarray
    weights: np.ndarray

    @property
    def event_times(self) -> np.ndarray:
        """Periods since treatment began, by cell."""
        return self.periods - self.starts

    def overall(self) -> np.ndarray:
        """All treated cells together."""
        return self._over(self.event_times >= 0)

    def by_event_time(self) -> dict[int, np.ndarray]:
        """Event time to its average."""
        return {int(e): self._over(self.event_times == e) for e in np.unique(self.event_times)}

    def by_start(self) -> dict[int, np.ndarray]:
        """Start to its average."""
        return dict(self._each(self.starts))

    def by_period(self) -> dict[int, np.ndarray]:
        """Period to its average."""
        return dict(self._each(self.periods))

    def _each(self, group: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        treated = self.event_times >= 0
        for value in np.unique(group[treated]):
            yield int(value), self._over(treated & (group == value))

    def _over(self, chosen: np.ndarray) -> np.ndarray:
        weights = np.where(chosen, self.weights, 0.0)
        return weights / weights.sum()


def cohort_effects(
    judge: Judge, contrasts: dict[int, np.ndarray], labels: dict[int, Label], units: np.ndarray
) -> tuple[CohortEffect, ...]:
    """The averages by cohort as they are reported; `units` counts the units of each start."""
    return tuple(
        CohortEffect(labels[start], **judge.answer(contrast), n_treated_units=int(units[start]))
        for start, contrast in contrasts.items()
    )


def period_effects(
    judge: Judge, contrasts: dict[int, np.ndarray], labels: tuple[Label, ...]
) -> tuple[PeriodEffect, ...]:
    """The averages by period as they are reported."""
    return tuple(PeriodEffect(labels[period], **judge.answer(contrast)) for period, contrast in contrasts.items())


def labels_of_starts(starts: np.ndarray, codes: np.ndarray, labels: tuple[Label, ...]) -> dict[int, Label]:
    """Each start's label in the file; the earliest, where a period missing from the file joins two."""
    found: dict[int, Label] = {}
    pairs = np.unique(starts.astype(np.int64) * (len(labels) + 1) + codes + 1)
    for pair in pairs.tolist():
        start, code = divmod(pair, len(labels) + 1)
        if code > 0:
            found.setdefault(start, labels[code - 1])
    return found

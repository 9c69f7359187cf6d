"""Group-time effects of panels too large to hold: from the moments of cohorts, gathered in one pass.

A pass needs to know nothing of labels: it keeps the moments of every value that the first-treated
column takes. What the values mean is settled at the end, by the same checks that any file passes.
The digits are those of the same panel in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from evaluations.stats.blocks import Sums
from evaluations.stats.callaway_santanna.cells import cells_of, cohorts_of, is_always_treated
from evaluations.stats.callaway_santanna.estimate import check_options, reported
from evaluations.stats.callaway_santanna.few_clusters import spread_of_moments
from evaluations.stats.callaway_santanna.means import (
    FEW_COHORTS,
    Moments,
    contrasts_of,
    group_time_effects,
    members_of,
    moments_of,
)
from evaluations.stats.callaway_santanna.sources import Estimated, Presence, check_sample
from evaluations.stats.results import CohortCount, Dropped, Result
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table

SHOWING = 512
"""Units of a block among which its values of first_treated are looked for first."""


@dataclass(frozen=True)
class PanelMoments(Sums):
    """Moments of the units of each value of first_treated (`values`, ascending), and the outcome's range."""

    values: np.ndarray
    moments: Moments
    lowest: np.ndarray
    highest: np.ndarray

    def __add__(self, other: PanelMoments) -> PanelMoments:
        """Both together, values found in one of them only included."""
        values = np.union1d(self.values, other.values)
        mine, theirs = self._spread_over(values), other._spread_over(values)
        return PanelMoments(
            values,
            mine.moments + theirs.moments,
            np.minimum(mine.lowest, theirs.lowest),
            np.maximum(mine.highest, theirs.highest),
        )

    def _spread_over(self, values: np.ndarray) -> PanelMoments:
        place = np.searchsorted(values, self.values)
        moments = self.moments
        if len(values) > len(self.values):
            moments = Moments(
                **{item.name: _at(getattr(moments, item.name), place, len(values)) for item in fields(moments)}
            )
        lowest, highest = np.full(len(values), np.inf), np.full(len(values), -np.inf)
        lowest[place], highest[place] = self.lowest, self.highest
        return PanelMoments(values, moments, lowest, highest)


def _at(sums: np.ndarray, place: np.ndarray, n: int) -> np.ndarray:
    spread = np.zeros((n, *sums.shape[1:]), dtype=sums.dtype)
    spread[place] = sums
    return spread


def panel_moments(outcome: np.ndarray, first_treated: np.ndarray) -> PanelMoments:
    """The moments of some units: `outcome`, shape (n_units, n_periods), whole; `first_treated` as any numbers."""
    values, members = _by_value(first_treated)
    lowest, highest = np.empty(len(values)), np.empty(len(values))

    def outcomes() -> Iterator[np.ndarray]:
        for place, units in enumerate(members):
            part = outcome.take(units, axis=0)
            lowest[place], highest[place] = part.min(), part.max()
            yield part

    moments = moments_of(outcomes(), len(values), outcome.shape[1])
    return PanelMoments(values, moments, lowest, highest)


def _by_value(first_treated: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The values there are, ascending, and the units of each. The first few units mostly show every value."""
    values = np.unique(first_treated[:SHOWING])
    if len(values) <= FEW_COHORTS:
        members = [np.flatnonzero(first_treated == value) for value in values]
        if sum(map(len, members)) == len(first_treated):
            return values, members
    values = np.unique(first_treated)
    return values, members_of(np.searchsorted(values, first_treated).astype(np.int32), len(values))


class UnitsOfBlock(Protocol):
    """Units as a file gives them."""

    @property
    def outcome(self) -> np.ndarray:
        """Shape (n_units, n_periods)."""
        ...

    @property
    def first_treated(self) -> np.ndarray:
        """Any numbers, shape (n_units,)."""
        ...


class CohortMoments:
    """The moments of a panel as a method in rounds: one pass and nothing to solve."""

    def start(self) -> PanelMoments | None:
        """Nothing is known."""
        return None

    def reduce_block(self, block: UnitsOfBlock, state: PanelMoments | None) -> PanelMoments:
        """The moments of one block."""
        return panel_moments(block.outcome, block.first_treated)

    def solve(self, state: PanelMoments | None, total: PanelMoments) -> PanelMoments | None:
        """The moments of all blocks are the answer."""
        return total

    def is_finished(self, state: PanelMoments | None) -> bool:
        """The pass has been made."""
        return state is not None


def result_of_moments(found: PanelMoments, labels: Table, spec: Spec, *, rows_read: int) -> Result:
    """The result on a whole panel from its moments.

    `labels` is a checked table with a unit for each of `found.values`, in that order: it brings the
    periods and what the values mean. Raises `NotEstimable` as the estimator does.
    """
    check_options(spec.options)
    estimated = _estimated(found, labels, spec.options)
    result = reported(estimated, spec.options)
    sample = result.sample
    return replace(
        result,
        sample=None if sample is None else replace(sample, rows_read=rows_read, notes=labels.notes),
    )


def _estimated(found: PanelMoments, labels: Table, options: Options) -> Estimated:
    if labels.cohorts is None or labels.period is None:
        raise ValueError("the design was not checked")
    n_periods = labels.period.n_labels
    starts, codes = labels.cohorts.starts[::n_periods], labels.cohorts.codes[::n_periods]
    always = is_always_treated(starts, options.anticipation)
    count = found.moments.count
    kept = ~always
    n_units = int(count[kept].sum())
    check_sample(n_units, n_units, found.lowest[kept].min(initial=np.inf), found.highest[kept].max(initial=-np.inf))
    cohorts = cohorts_of(starts[kept], codes[kept])
    order = np.flatnonzero(kept)[np.argsort([_rank(cohorts, code) for code in codes[kept]], kind="stable")]
    moments = Moments(**{item.name: getattr(found.moments, item.name)[order] for item in fields(found.moments)})
    cohorts = tuple(replace(cohort, n_units=int(n)) for cohort, n in zip(cohorts, moments.count, strict=True))
    cells = cells_of(cohorts, n_periods, options)
    dropped = Dropped("always_treated", int(count[always].sum()) * n_periods, int(count[always].sum()))
    return Estimated(
        effects=group_time_effects(cells, cohorts, moments),
        periods=labels.period.labels,
        cohort_labels=labels.cohorts.labels,
        presence=Presence(np.eye(len(cohorts), dtype=bool), moments.count),
        n_clusters=n_units,
        n_rows=n_units * n_periods,
        cohorts=tuple(CohortCount(None if c.code < 0 else labels.cohorts.labels[c.code], c.n_units) for c in cohorts),
        dropped=(dropped,) if dropped.rows else (),
        scale=float(max(abs(found.lowest[kept].min()), abs(found.highest[kept].max()))),
        cluster_sums=_no_clusters,
        spread=spread_of_moments(contrasts_of(cells, cohorts, moments), moments),
    )


def _rank(cohorts: tuple, code: int) -> int:
    return next(place for place, cohort in enumerate(cohorts) if cohort.code == code)


def _no_clusters(load: np.ndarray) -> np.ndarray:
    raise ValueError("the panel was not kept, so single clusters' influence is not known")

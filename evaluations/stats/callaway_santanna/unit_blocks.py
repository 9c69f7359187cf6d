"""The panel cut into blocks of whole clusters, each laid out for sums by cohort."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from evaluations.stats.blocks import BLOCK_UNITS
from evaluations.stats.callaway_santanna.cells import Cohort
from evaluations.stats.nuisance import Standardisation
from evaluations.stats.panel import Panel

LARGEST_KEPT = 1 << 28
"""Bytes of outcomes above which blocks are made afresh each round rather than kept."""


@dataclass(frozen=True)
class UnitBlock:
    """Some units, sorted by cohort; the last axis of every array is the unit.

    `outcome`, shape (n_periods, n_units), is the change since the unit's first observed period, NaN
    where it was not observed. `design`, intercept first, has shape (k, n_units), or (n_periods, k,
    n_units) where covariates vary. Cohort c is `edges[c]:edges[c + 1]`. `cluster` is null where
    every unit is its own.
    """

    index: int
    outcome: np.ndarray
    design: np.ndarray
    weight: np.ndarray
    cohort: np.ndarray
    edges: np.ndarray
    cluster: np.ndarray | None = None

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return self.outcome.shape[1]


@dataclass(frozen=True)
class UnitBlocks:
    """The blocks of a panel, made when they are asked for, and kept for the next round where they are small."""

    panel: Panel
    cohorts: tuple[Cohort, ...]
    standardisation: Standardisation | None
    order: np.ndarray | None
    cuts: tuple[slice, ...]
    kept: dict[int, UnitBlock] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, panel: Panel, cohorts: tuple[Cohort, ...], *, size: int = BLOCK_UNITS) -> UnitBlocks:
        """Blocks of about `size` units; no cluster is cut in two."""
        standard = None if panel.covariates is None else Standardisation.of(panel.covariates)
        if not panel.is_clustered_above_unit:
            return cls(panel, cohorts, standard, None, cuts_by_unit(panel.unit, size))
        order = np.argsort(panel.cluster, kind="stable")
        return cls(panel, cohorts, standard, order, cluster_cuts(panel.cluster[order], size))

    def __len__(self) -> int:
        return len(self.cuts)

    def block(self, index: int) -> UnitBlock:
        """Block `index`."""
        if index in self.kept:
            return self.kept[index]
        block = self._made(index)
        if self.panel.outcome.nbytes < LARGEST_KEPT:
            self.kept[index] = block
        return block

    def units_of(self, index: int) -> slice | np.ndarray:
        """The panel's units in block `index`, in the panel's order."""
        return self.cuts[index] if self.order is None else self.order[self.cuts[index]]

    def units(self, index: int) -> np.ndarray:
        """The panel's units in the order in which block `index` has them: by cohort."""
        units = self.units_of(index)
        units = np.arange(units.start, units.stop) if isinstance(units, slice) else units
        return units[np.argsort(self.cohort_positions(units), kind="stable")]

    def clusters(self, index: int) -> np.ndarray:
        """The panel's clusters in the order in which sums by cluster over block `index` have them."""
        clusters = self.panel.cluster[self.units(index)]
        return np.unique(clusters) if self.panel.is_clustered_above_unit else clusters

    def _made(self, index: int) -> UnitBlock:
        units, panel = self.units(index), self.panel
        position = self.cohort_positions(units)
        return UnitBlock(
            index=index,
            outcome=_changes(panel.outcome[units]),
            design=self._design(units),
            weight=np.ones(len(units)) if panel.weight is None else panel.weight[units],
            cohort=position,
            edges=np.searchsorted(position, np.arange(len(self.cohorts) + 1)),
            cluster=panel.cluster[units] if panel.is_clustered_above_unit else None,
        )

    def cohort_positions(self, units: slice | np.ndarray) -> np.ndarray:
        """The place of each unit's cohort among `cohorts`, shape (n_units,)."""
        lookup = np.zeros(max(cohort.code for cohort in self.cohorts) + 2, dtype=np.int16)
        for position, cohort in enumerate(self.cohorts):
            lookup[cohort.code + 1] = position
        return lookup[self.panel.cohort_codes[units] + 1]

    def _design(self, units: np.ndarray) -> np.ndarray:
        if self.standardisation is None or self.panel.covariates is None:
            return np.ones((1, len(units)))
        covariates = self.panel.covariates[units]
        if covariates.ndim == 2:
            return self.standardisation.design(covariates)
        return np.stack([self.standardisation.design(covariates[:, p]) for p in range(covariates.shape[1])])


def cuts_by_unit(units: np.ndarray, size: int) -> tuple[slice, ...]:
    """Cuts by number among all the units there were, so that leaving some out moves no other to another block."""
    n = int(units[-1]) + 1
    edges = np.searchsorted(units, [*range(0, n, size), n])
    return tuple(slice(int(a), int(b)) for a, b in pairwise(edges) if b > a)


def cluster_cuts(sorted_clusters: np.ndarray, size: int) -> tuple[slice, ...]:
    """Cuts of about `size`, each at the end of a cluster."""
    n = len(sorted_clusters)
    ends: list[int] = []
    while not ends or ends[-1] < n:
        wanted = (ends[-1] if ends else 0) + size
        last = n if wanted >= n else int(np.searchsorted(sorted_clusters, sorted_clusters[wanted - 1], side="right"))
        ends.append(last)
    return tuple(slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True))


def _changes(outcome: np.ndarray) -> np.ndarray:
    """Outcomes since each unit's first observed period, periods first: what cancels is taken out early."""
    first = outcome[:, 0]
    if np.isnan(first).any():
        observed = np.isfinite(outcome)
        first = outcome[np.arange(len(outcome)), observed.argmax(axis=1)]
    return np.ascontiguousarray(outcome.T) - first

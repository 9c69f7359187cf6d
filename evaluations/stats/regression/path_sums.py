"""What a balanced panel says about regressors of cohort and period: sums by start that add up over blocks.

For each start (first treated period): the units' weights, their mean path of outcomes and the
cross-products of their paths. These sums are all a fit and its errors need, whatever the
regressors; they are small, they can be stored, and partners can add them up without showing a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluations.stats.blocks import Sums, block_slices, map_in_order, total
from evaluations.stats.panel import Panel


@dataclass(frozen=True, eq=False)
class PathSums(Sums):
    """Sums over units by start; the row after the last period's is for units never treated in time.

    `counts` and `weights`, shape (n_paths,); `outcomes`, shape (n_paths, n_periods): weighted
    outcomes less `centre` and less the unit's own mean; `moments`, shape (n_paths, n_periods + 1,
    n_periods + 1): cross-products of these, a 1 put last, under squared weights. Nothing that has
    unit effects taken out depends on a unit's mean, and without it no digits are lost to it.
    """

    counts: np.ndarray
    weights: np.ndarray
    outcomes: np.ndarray
    moments: np.ndarray


def path_of(starts: np.ndarray, n_periods: int) -> np.ndarray:
    """The row of `PathSums` that each start takes."""
    small = np.uint8 if n_periods < 256 else np.int32
    return np.minimum(starts, n_periods).astype(small)


def path_sums(
    panel: Panel, centre: np.ndarray, *, workers: int = 1, tick: Callable[[float], None] = lambda share: None
) -> PathSums:
    """The sums of a balanced panel. `centre`, shape (n_periods,), is any path near the outcomes' own."""
    blocks = block_slices(panel.n_units)
    path = path_of(panel.starts, panel.n_periods)

    def reduce_block(block: slice) -> PathSums:
        weight = None if panel.weight is None else panel.weight[block]
        return _block_sums(panel.outcome[block], path[block], weight, centre)

    def ticking():
        for done, part in enumerate(map_in_order(reduce_block, blocks, workers=workers), start=1):
            yield part
            tick(done / len(blocks))

    return total(ticking())


def first_centre(panel: Panel) -> np.ndarray:
    """The mean path of the first block: near enough to the outcomes' to lose no digits."""
    return panel.outcome[block_slices(panel.n_units)[0]].mean(axis=0)


def _block_sums(values: np.ndarray, path: np.ndarray, weight: np.ndarray | None, centre: np.ndarray) -> PathSums:
    n_periods = values.shape[1]
    n_paths = n_periods + 1
    ends = np.cumsum(np.bincount(path, minlength=n_paths))
    order = np.argsort(path, kind="stable")
    within = values.take(order, axis=0)
    within -= within.mean(axis=1, keepdims=True)
    within -= centre - centre.mean()
    sorted_weight = None if weight is None else weight[order]
    weights, outcomes = np.zeros(n_paths), np.zeros((n_paths, n_periods))
    moments = np.zeros((n_paths, n_periods + 1, n_periods + 1))
    for g in np.flatnonzero(np.diff(ends, prepend=0)):
        rows = slice(int(ends[g - 1]) if g else 0, int(ends[g]))
        part, w = within[rows], None if sorted_weight is None else sorted_weight[rows][:, None]
        squared = part if w is None else part * w
        moments[g, :-1, :-1] = squared.T @ squared
        moments[g, :-1, -1] = moments[g, -1, :-1] = squared.sum(axis=0) if w is None else (squared * w).sum(axis=0)
        moments[g, -1, -1] = len(part) if w is None else (w**2).sum()
        weights[g] = len(part) if w is None else w.sum()
        outcomes[g] = moments[g, :-1, -1] if w is None else squared.sum(axis=0)
    return PathSums(np.diff(ends, prepend=0), weights, outcomes, moments)

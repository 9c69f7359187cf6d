"""Passes over a panel file: each reduces its blocks to sums, what they say is solved, until nothing is left to ask.

Whoever reduces the blocks, in whatever order, their sums are added in one fixed order, so the
digits are the same in one process and among any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from evaluations.datasets.ingest_stream import Columns, PanelFile, Units
from evaluations.stats import blocks
from evaluations.stats.blocks import Rounds, Sums, map_in_order, total
from evaluations.stats.engine import one_thread_for_products
from evaluations.stats.registry import Tick

THREADS = 2

Method = Rounds[Units, Any, Any]


class Reduce(Protocol):
    """Whoever makes the sums of one pass. May raise `Irregular`, or what `tick` raises."""

    def __call__(self, panel: PanelFile, method: Method, state: Any, number: int, *, tick: Tick) -> Sums:
        """The sums of all blocks in pass `number`."""
        ...


def last_state(panel: PanelFile, method: Method, reduce: Reduce, *, tick: Tick) -> Any:
    """What is known when `method` has finished."""
    state, number = method.start(), 1
    while not method.is_finished(state):
        state = method.solve(state, reduce(panel, method, state, number, tick=tick))
        number += 1
    return state


def alone(panel: PanelFile, method: Method, state: Any, number: int, *, tick: Tick) -> Sums:
    """The sums of a pass, made in this process: see `Reduce`."""
    doing = "Reading the panel" if number == 1 else f"Reading the panel, pass {number}"
    return sums_of(panel, partial(method.reduce_block, state=state), tick=lambda share: tick(doing, share))


def sums_of(
    panel: PanelFile,
    reduce_block: Callable[[Units], Any],
    first: int = 0,
    last: int | None = None,
    *,
    tick: Callable[[float], None],
) -> Any:
    """The sums of a panel's blocks `first` to `last` (left out), or of all."""
    n_blocks, done = (panel.n_blocks if last is None else min(last, panel.n_blocks)) - first, 0

    def counted(columns: Columns) -> Columns:
        nonlocal done
        done += 1
        tick(done / n_blocks)
        return columns

    with one_thread_for_products():
        read = (counted(columns) for columns in panel.blocks(first, last))
        return total(map_in_order(lambda columns: reduce_block(panel.checked(columns)), read, workers=THREADS))


def parts_of(panel: PanelFile) -> list[tuple[int, int]]:
    """The parts that workers take: first and last (left out) block of each. Their sums add up as `total` adds."""
    size = blocks.BLOCKS_IN_A_RUN
    return [(first, min(first + size, panel.n_blocks)) for first in range(0, panel.n_blocks, size)]

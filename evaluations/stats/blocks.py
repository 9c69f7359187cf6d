"""Two passes over blocks of whole units: the way every estimator can run on any amount of data.

A method reduces each block to sums that add up over blocks, solves from the total, and goes round
again until it is finished. Blocks are cut in one fixed way and their sums are added in one fixed
order, so the digits do not depend on how many workers there are or which of them finishes first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial, reduce
from itertools import islice
from typing import Any, Protocol, Self, TypeVar

import numpy as np

BLOCK_UNITS = 16_384
"""Units in a block. Part of the engine's version: another value changes the last digits."""

BLOCKS_IN_A_RUN = 16
"""Blocks whose sums are added to one another before they are added to others': what one worker takes at a time."""

Block = TypeVar("Block")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Sums:
    """Base of the sums of one block: a frozen dataclass whose fields (arrays, numbers, tuples of them) add up."""

    def __add__(self, other: Self) -> Self:
        """The sums of both blocks."""
        pairs = ((item.name, getattr(self, item.name), getattr(other, item.name)) for item in fields(self))
        return type(self)(**{name: _plus(mine, theirs) for name, mine, theirs in pairs})


def _plus(mine: Any, theirs: Any) -> Any:
    if isinstance(mine, tuple):
        return tuple(_plus(a, b) for a, b in zip(mine, theirs, strict=True))
    return mine + theirs


S = TypeVar("S", bound=Sums)
State = TypeVar("State")
BlockIn = TypeVar("BlockIn", contravariant=True)


class Rounds(Protocol[BlockIn, State, S]):
    """A method in rounds. `State` and the sums can be stored and sent; `reduce_block` has no side effect."""

    def start(self) -> State:
        """What the first round needs."""
        ...

    def reduce_block(self, block: BlockIn, state: State) -> S:
        """The sums of one block, given what is known so far."""
        ...

    def solve(self, state: State, total: S) -> State:
        """What is known after a round."""
        ...

    def is_finished(self, state: State) -> bool:
        """No further round is needed."""
        ...


def block_slices(n_units: int, size: int = BLOCK_UNITS) -> tuple[slice, ...]:
    """The fixed cut of units 0 to `n_units` into blocks of `size`."""
    return tuple(slice(start, min(start + size, n_units)) for start in range(0, n_units, size))


def map_in_order(work: Callable[[Block], Part], blocks: Iterable[Block], *, workers: int = 1) -> Iterator[Part]:
    """`work` of each block, in the order of the blocks, on `workers` threads; few results wait at a time."""
    if workers <= 1:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Part]] = deque()
        for block in blocks:
            waiting.append(pool.submit(work, block))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def total(parts: Iterable[S]) -> S:
    """The sums of all blocks, added first to last within runs of `BLOCKS_IN_A_RUN`, then run by run."""
    runs = iter(parts)
    return reduce(_add, iter(lambda: _sum_of_run(runs), None))  # type: ignore[arg-type]


def _sum_of_run(parts: Iterator[S]) -> S | None:
    run = list(islice(parts, 1))
    if not run:
        return None
    return reduce(_add, islice(parts, BLOCKS_IN_A_RUN - 1), run[0])


def _add(done: S, part: S) -> S:
    return done + part


def run_rounds(
    method: Rounds[Block, State, S],
    blocks: Sequence[Block],
    *,
    workers: int = 1,
    tick: Callable[[float], None] = lambda share: None,
) -> State:
    """The last state of `method` on `blocks`."""
    state = method.start()
    while not method.is_finished(state):
        parts = map_in_order(partial(method.reduce_block, state=state), blocks, workers=workers)
        state = method.solve(state, total(_ticking(parts, len(blocks), tick)))
    return state


def _ticking(parts: Iterable[Part], n_blocks: int, tick: Callable[[float], None]) -> Iterator[Part]:
    for done, part in enumerate(parts, start=1):
        yield part
        tick(done / n_blocks)


def sums_by_cluster(values: np.ndarray, cluster: np.ndarray, n_clusters: int) -> np.ndarray:
    """Sums of the rows of `values` within clusters, shape (n_clusters, n_columns), in a fixed order."""
    columns = values.reshape(len(values), -1)
    return np.stack(
        [np.bincount(cluster, weights=column, minlength=n_clusters) for column in columns.T],
        axis=1,
    )


def bounded_runs(sizes: np.ndarray, bound: int) -> Iterator[slice]:
    """Slices over consecutive elements whose `sizes` add up to no more than `bound`, one element at the least."""
    total, begin = 0, 0
    for position, size in enumerate(sizes):
        if position > begin and total + size > bound:
            yield slice(begin, position)
            total, begin = 0, position
        total += int(size)
    if begin < len(sizes):
        yield slice(begin, len(sizes))

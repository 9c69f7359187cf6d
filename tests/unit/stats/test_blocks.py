"""Sums over blocks: the same digits whatever the number of workers."""

from dataclasses import dataclass

import numpy as np

from evaluations.stats.blocks import Sums, block_slices, run_rounds, sums_by_cluster


@dataclass(frozen=True)
class MeanSums(Sums):
    count: int
    total: np.ndarray


class MeanThenSpread:
    """The mean of each column in the first round, the spread around it in the second."""

    def start(self):
        return {}

    def reduce_block(self, block, state):
        centre = state.get("mean", 0.0)
        return MeanSums(len(block), ((block - centre) ** (2 if state else 1)).sum(axis=0))

    def solve(self, state, total):
        return {**state, ("spread" if state else "mean"): total.total / total.count}

    def is_finished(self, state):
        return "spread" in state


def test_blocks_cover_every_unit_once():
    cuts = block_slices(10, 4)
    assert [(c.start, c.stop) for c in cuts] == [(0, 4), (4, 8), (8, 10)]
    assert block_slices(0) == ()


def test_rounds_give_the_answer_of_the_whole_with_any_number_of_workers():
    values = np.random.default_rng(3).normal(size=(1000, 3)) * 1e3
    blocks = [values[cut] for cut in block_slices(len(values), 64)]
    alone = run_rounds(MeanThenSpread(), blocks)
    together = run_rounds(MeanThenSpread(), blocks, workers=4)
    np.testing.assert_allclose(alone["spread"], values.var(axis=0), rtol=1e-12)
    assert (alone["spread"] == together["spread"]).all()


def test_progress_is_told_after_every_block():
    heard = []
    run_rounds(MeanThenSpread(), [np.ones((2, 1))] * 4, tick=heard.append)
    assert heard == [0.25, 0.5, 0.75, 1.0] * 2


def test_sums_by_cluster_add_rows_of_a_cluster():
    sums = sums_by_cluster(np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([1, 0, 1]), 3)
    assert sums.tolist() == [[3, 4], [6, 8], [0, 0]]

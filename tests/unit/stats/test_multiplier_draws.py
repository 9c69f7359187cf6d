"""The multiplier bootstrap's draws: Mammen's weights, drawn in bulk."""

import numpy as np
import pytest

from evaluations.stats.callaway_santanna import influence
from evaluations.stats.callaway_santanna.influence import multiplier_sums

DRAWS = 40_000


@pytest.fixture(scope="module")
def one_cluster() -> np.ndarray:
    """Draws of one cluster's weight."""
    return multiplier_sums(np.ones((1, 1)), DRAWS, (1, 0))[:, 0]


def test_a_weight_takes_mammens_two_values(one_cluster):
    """But for his chance being rounded to 256ths, which moves the values by up to 0.004."""
    low, high = np.unique(one_cluster.round(4))
    assert (low, high) == pytest.approx(((1 - 5**0.5) / 2, (1 + 5**0.5) / 2), abs=5e-3)


def test_weights_have_mean_0_variance_1_and_third_moment_1(one_cluster):
    for power, moment, spread in ((1, 0.0, 1.0), (2, 1.0, 1.0), (3, 1.0, 2.0)):
        assert abs((one_cluster**power).mean() - moment) < 4 * spread / DRAWS**0.5


def test_draws_of_sums_have_the_covariance_of_the_influence():
    sums = np.random.default_rng(2).normal(size=(3, 5000)) * np.array([[1.0], [1e-9], [1e6]])
    drawn = multiplier_sums(sums, 4000, (1, 0))
    expected = sums @ sums.T
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs(drawn.T @ drawn / 4000 - expected).max() > 0
    assert (np.abs(drawn.T @ drawn / 4000 - expected) / scale < 4 * 1.5 / 4000**0.5).all()


def test_draws_depend_on_the_seed_and_the_block_alone():
    sums = np.random.default_rng(3).normal(size=(2, influence.DRAWN_AT_ONCE + 7))
    assert (multiplier_sums(sums, 9, (1, 4)) == multiplier_sums(sums.copy(), 9, (1, 4))).all()
    assert (multiplier_sums(sums, 9, (1, 4)) != multiplier_sums(sums, 9, (1, 5))).all()
    assert (multiplier_sums(sums, 9, (1, 4)) != multiplier_sums(sums, 9, (2, 4))).all()
    assert multiplier_sums(sums, 0, (1, 4)).shape == (0, 2)


def test_no_influence_draws_nothing():
    assert (multiplier_sums(np.zeros((2, 10)), 5, (1, 0)) == 0).all()

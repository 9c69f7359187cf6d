"""Three-level pooling: where it must agree with the two-level model, and what it adds."""

import numpy as np
import pytest

from evidence.synthesis.random_effects import NotPoolable, pool
from evidence.synthesis.three_level import pool_three_level


def test_one_effect_a_study_is_the_two_level_model():
    rng = np.random.default_rng(4)
    variances = rng.uniform(0.01, 0.1, 20)
    effects = 0.2 + rng.normal(0, np.sqrt(variances + 0.05))
    three = pool_three_level(effects, variances, range(20))
    two = pool(effects, variances, test="z")
    assert three.between_studies + three.within_studies == pytest.approx(two.tau2, abs=1e-6)
    assert three.value == pytest.approx(two.value, abs=1e-6)
    assert three.std_error == pytest.approx(two.std_error, abs=1e-6)


def test_repeating_a_study_adds_less_than_a_new_study():
    rng = np.random.default_rng(5)
    truth = np.repeat(rng.normal(0.3, 0.4, 12), 5)
    effects = truth + rng.normal(0, 0.1, 60)
    variances = np.full(60, 0.01)
    nested = pool_three_level(effects, variances, np.repeat(range(12), 5))
    assert nested.std_error > 1.5 * pool(effects, variances, test="z").std_error
    assert nested.between_studies == pytest.approx(np.var(truth[::5], ddof=1), rel=0.25)


def test_intervals_cover_the_truth(full):
    rng = np.random.default_rng(6)
    covered, draws = 0, 150 if full else 30
    for _ in range(draws):
        effects = 0.3 + np.repeat(rng.normal(0, 0.3, 25), 3) + rng.normal(0, 0.2, 75) + rng.normal(0, 0.1, 75)
        found = pool_three_level(effects, np.full(75, 0.01), np.repeat(range(25), 3))
        covered += found.ci_lower <= 0.3 <= found.ci_upper
    assert 0.95 - 2.6 * np.sqrt(0.95 * 0.05 / draws) <= covered / draws
    assert covered / draws <= (0.99 if full else 1)


def test_one_study_is_refused():
    with pytest.raises(NotPoolable):
        pool_three_level(np.array([0.1, 0.2]), np.array([0.1, 0.1]), ["a", "a"])

"""Fixed effects absorbed: the same residuals as from a column for each level."""

import numpy as np
import pytest

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression import fixed_effects
from evaluations.stats.regression.fixed_effects import Absorber, Effect

EXACT = 1e-9  # two ways to solve the same equations


def levels(rng, n_rows, n_levels) -> Effect:
    return Effect(rng.integers(0, n_levels, n_rows).astype(np.int32), n_levels)


def indicators(effects) -> np.ndarray:
    columns = []
    for effect in effects:
        own = np.eye(effect.n_levels)[effect.codes]
        columns.append(own)
        if effect.slope is not None:
            columns.append(own * effect.slope[:, None])
    return np.column_stack(columns)


def by_least_squares(effects, values, weights=None):
    root = np.ones(len(values)) if weights is None else np.sqrt(weights)
    columns = indicators(effects)
    found = np.linalg.lstsq(columns * root[:, None], values * root, rcond=None)[0]
    return values - columns @ found


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.mark.parametrize("n_levels", [(40,), (40, 6), (40, 6, 9), (6, 40)])
@pytest.mark.parametrize("weighted", [False, True])
def test_residuals_are_those_of_a_column_for_each_level(rng, n_levels, weighted):
    effects = [levels(rng, 200, n) for n in n_levels]
    weights = rng.uniform(0.2, 3, 200) if weighted else None
    values = rng.normal(size=200)
    found = Absorber(effects, weights).residuals(values)
    assert found == pytest.approx(by_least_squares(effects, values, weights), abs=EXACT)


def test_parts_of_the_data_that_nothing_connects_are_absorbed_apart(rng):
    unit = Effect(np.repeat(np.arange(6), 4), 6)
    period = Effect(np.concatenate([np.tile([0, 1], 6), np.tile([2, 3], 6)]), 4)
    values = rng.normal(size=24)
    assert Absorber([unit, period]).residuals(values) == pytest.approx(
        by_least_squares([unit, period], values), abs=EXACT
    )


def test_an_effect_inside_another_adds_nothing(rng):
    small = levels(rng, 100, 10)
    large = Effect(small.codes // 2, 5)
    values = rng.normal(size=100)
    assert Absorber([small, large]).residuals(values) == pytest.approx(Absorber([small]).residuals(values), abs=EXACT)


def test_many_levels_are_solved_by_conjugate_gradients_to_the_same_residuals(rng, monkeypatch):
    effects = [levels(rng, 400, n) for n in (60, 30, 20)]
    values, weights = rng.normal(size=400), rng.uniform(0.5, 2, 400)
    direct = Absorber(effects, weights).residuals(values)
    monkeypatch.setattr(fixed_effects, "LARGEST_DENSE", 0)
    assert Absorber(effects, weights).residuals(values) == pytest.approx(direct, abs=EXACT)


def test_each_level_can_have_its_own_trend(rng):
    unit = Effect(np.repeat(np.arange(8), 6), 8, slope=np.tile(np.arange(6.0), 8))
    period = Effect(np.tile(np.arange(6), 8), 6)
    values = rng.normal(size=48)
    assert Absorber([unit, period]).residuals(values) == pytest.approx(
        by_least_squares([unit, period], values), abs=EXACT
    )


def test_trends_of_two_groupings_are_refused():
    one = Effect(np.zeros(4, int), 1, slope=np.arange(4.0))
    with pytest.raises(NotEstimable, match="one grouping"):
        Absorber([one, one])


def test_coefficients_add_up_to_the_fitted_values(rng):
    effects = [levels(rng, 150, n) for n in (20, 5, 4)]
    weights, values = rng.uniform(0.5, 2, 150), rng.normal(size=150)
    absorber = Absorber(effects, weights)
    coefficients = absorber.coefficients(absorber.sums(values))
    fitted = sum(part[effect.codes] for part, effect in zip(coefficients, effects, strict=True))
    assert values - fitted == pytest.approx(absorber.residuals(values), abs=EXACT)


def test_levels_without_rows_have_coefficient_zero():
    absorber = Absorber([Effect(np.array([0, 0, 2]), 4), Effect(np.array([0, 1, 1]), 3)])
    first, second = absorber.coefficients(absorber.sums(np.array([1.0, 2.0, 3.0])))
    assert first[[1, 3]].tolist() == [0, 0]
    assert second[2] == 0


def test_the_input_is_left_as_it_was(rng):
    effects, values = [levels(rng, 50, 5), levels(rng, 50, 4)], rng.normal(size=50)
    before = values.copy()
    Absorber(effects, np.ones(50)).residuals(values)
    assert (values == before).all()

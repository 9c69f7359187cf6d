"""Errors worked by hand, and what the small-sample factors count."""

import numpy as np
import pytest

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.conley import conley_errors
from evaluations.stats.regression.errors import (
    Clusters,
    classical_errors,
    clustered_errors,
    hc1_errors,
    is_nested,
    n_parameters,
)
from evaluations.stats.regression.few_clusters import bias_reduced_errors
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import Cells, fit

HAND = 1e-12


def constant(n: int) -> Effect:
    return Effect(np.zeros(n, dtype=np.int32), 1)


@pytest.fixture
def four():
    """y = 0 0 | 2 6 on x = 0 0 | 1 1: slope 4, residuals 0 0 -2 2."""
    return fit(np.array([0.0, 0, 2, 6]), np.array([[0.0], [0], [1], [1]]), [constant(4)])


def test_four_rows_by_hand(four):
    assert four.coefficients == pytest.approx([4], abs=HAND)
    assert four.residuals == pytest.approx([0, 0, -2, 2], abs=HAND)
    # x less its mean is -1/2 -1/2 1/2 1/2: bread 1; squares 8 over n - K = 2
    assert classical_errors(four).covariance == pytest.approx(np.array([[4.0]]), abs=HAND)
    # meat 1/4 (4 + 4) = 2, times n/(n - K) = 2
    assert hc1_errors(four).covariance == pytest.approx(np.array([[4.0]]), abs=HAND)
    # clusters {0, 2} and {1, 3}: scores -1 and 1; meat 2, times 3/2 times 2
    clusters = Clusters(np.array([0, 1, 0, 1]), 2)
    assert clustered_errors(four, clusters).covariance == pytest.approx(np.array([[6.0]]), abs=HAND)
    assert clustered_errors(four, clusters, small_sample=False).covariance == pytest.approx(np.array([[2.0]]), abs=HAND)
    assert clustered_errors(four, clusters).df(np.ones(1)) == 1


def test_effects_nested_in_clusters_count_once():
    unit, period = Effect(np.array([0, 0, 1, 1, 2, 2]), 3), Effect(np.array([0, 1] * 3), 2)
    area = Clusters(np.array([0, 0, 0, 0, 1, 1]), 2)
    assert is_nested(unit, area)
    assert not is_nested(period, area)
    assert n_parameters(1, [unit, period]) == 1 + 3 + 2 - 1
    assert n_parameters(1, [unit, period], area) == 1 + 1 + 2 - 1


def test_one_cluster_is_refused(four):
    with pytest.raises(NotEstimable) as refusal:
        clustered_errors(four, Clusters(np.zeros(4, int), 1))
    assert refusal.value.code == "one_cluster"


def test_as_many_coefficients_as_rows_are_refused():
    found = fit(np.array([1.0, 2.0]), np.array([[0.0], [1.0]]), [constant(2)])
    with pytest.raises(NotEstimable) as refusal:
        classical_errors(found)
    assert refusal.value.code == "no_residual_variation"


def test_clusters_of_one_row_have_hc_errors(four):
    """CR2 of single rows is HC2, CR3 is HC3: scores over (1 - h) to the power 1/2 and 1; every h here is 1/2."""
    rows = Clusters(np.arange(4), 4)
    assert bias_reduced_errors(four, rows, kind="cr0").covariance == pytest.approx(np.array([[2.0]]), abs=1e-10)
    assert bias_reduced_errors(four, rows, kind="cr2").covariance == pytest.approx(np.array([[4.0]]), abs=1e-10)
    assert bias_reduced_errors(four, rows, kind="cr3").covariance == pytest.approx(np.array([[8.0]]), abs=1e-10)


def test_bias_reduced_errors_are_unbiased_under_equal_variance():
    """E[CR2] = the true variance when the working model holds (Pustejovsky and Tipton 2018, section 2)."""
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(6), [2, 3, 4, 5, 6, 10])
    x = np.column_stack([(cluster < 2).astype(float), rng.normal(size=30)])
    effects, clusters = [constant(30)], Clusters(cluster, 6)
    truth = fit(np.zeros(30), x, effects).bread
    found = [bias_reduced_errors(fit(rng.normal(size=30), x, effects), clusters).covariance for _ in range(3_000)]
    plain = [clustered_errors(fit(rng.normal(size=30), x, effects), clusters).covariance for _ in range(3_000)]
    assert np.mean(found, axis=0)[0, 0] == pytest.approx(truth[0, 0], rel=0.05)
    assert np.mean(plain, axis=0)[0, 0] < 0.9 * truth[0, 0]


def test_weights_are_repeated_rows_as_far_as_coefficients_go():
    rng = np.random.default_rng(2)
    y, x, times = rng.normal(size=20), rng.normal(size=(20, 1)), rng.integers(1, 4, 20)
    weighted = fit(y, x, [constant(20)], weights=times.astype(float))
    repeated = fit(np.repeat(y, times), np.repeat(x, times, axis=0), [constant(int(times.sum()))])
    assert weighted.coefficients == pytest.approx(repeated.coefficients, abs=1e-10)


@pytest.mark.parametrize("kind", ["classical", "hc1", "cluster"])
def test_aggregate_cells_have_the_errors_of_the_rows_they_came_from(kind):
    rng = np.random.default_rng(4)
    cell = np.repeat(np.arange(8), rng.integers(2, 9, 8))
    x, group = (cell % 2).astype(float)[:, None], cell // 2
    y = 0.5 * x[:, 0] + rng.normal(size=len(cell)) + 0.3 * group
    sizes = np.bincount(cell).astype(float)
    means = np.bincount(cell, weights=y) / sizes
    within = np.bincount(cell, weights=(y - means[cell]) ** 2)
    rows = fit(y, x, [Effect(group, 4)])
    cells = fit(
        means, (np.arange(8) % 2.0)[:, None], [Effect(np.arange(8) // 2, 4)], weights=sizes, cells=Cells(sizes, within)
    )
    if kind == "cluster":
        found = clustered_errors(cells, Clusters(np.arange(8) // 2, 4))
        expected = clustered_errors(rows, Clusters(group, 4))
    else:
        found, expected = [{"classical": classical_errors, "hc1": hc1_errors}[kind](item) for item in (cells, rows)]
    assert cells.coefficients == pytest.approx(rows.coefficients, abs=1e-10)
    assert found.covariance == pytest.approx(expected.covariance, rel=1e-10)


def test_places_beyond_the_cutoff_are_independent_and_places_within_it_are_one_cluster():
    rng = np.random.default_rng(9)
    town = np.repeat([0, 1, 2], 5)
    latitude, longitude = 50.0 + 2 * town, np.zeros(15)
    found = fit(rng.normal(size=15), rng.normal(size=(15, 1)), [constant(15)])
    near = conley_errors(found, latitude, longitude, cutoff_km=50, small_sample=False)
    towns = clustered_errors(found, Clusters(town, 3), small_sample=False)
    assert near.covariance == pytest.approx(towns.covariance, rel=1e-12)
    tight = conley_errors(found, latitude + np.arange(15) * 1e-3, longitude, cutoff_km=0.01, small_sample=False)
    assert tight.covariance * 15 / 13 == pytest.approx(hc1_errors(found).covariance, rel=1e-12)


def test_the_triangular_kernel_falls_with_distance():
    found = fit(np.array([0.0, 1, 3, 2]), np.array([[0.0], [1], [2], [4]]), [constant(4)])
    latitude, longitude = np.array([0.0, 0.5, 1.0, 40.0]), np.zeros(4)
    degree = 2 * np.pi * 6376 / 360
    errors = conley_errors(found, latitude, longitude, cutoff_km=degree, kernel="triangular", small_sample=False)
    kernel = np.eye(4)
    kernel[0, 1] = kernel[1, 0] = kernel[1, 2] = kernel[2, 1] = 0.5
    scores = found.scores[:, 0]
    assert errors.covariance[0, 0] == pytest.approx(scores @ kernel @ scores * found.bread[0, 0] ** 2, rel=1e-9)


def test_rows_without_a_place_are_refused():
    found = fit(np.array([0.0, 1, 3]), np.array([[0.0], [1], [4]]), [constant(3)])
    with pytest.raises(NotEstimable) as refusal:
        conley_errors(found, np.array([1.0, np.nan, 2]), np.zeros(3), cutoff_km=10)
    assert refusal.value.code == "place_missing"

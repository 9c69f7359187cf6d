"""Effect sizes against the worked checks of the What Works Clearinghouse formulas."""

import pytest

from evidence.synthesis.effect_sizes import (
    clustered_df,
    clustered_t_factor,
    cox_index,
    g_from_t,
    hedges_g,
    months_of_progress,
)

FOUR_PLACES = 5e-5


def test_hedges_g_of_known_groups():
    assert hedges_g(105, 15, 50, 100, 15, 50).value == pytest.approx(0.3308, abs=FOUR_PLACES)
    assert hedges_g(6, 1, 3, 5, 1, 3).value == pytest.approx(0.8, abs=FOUR_PLACES)


def test_the_same_g_comes_from_t():
    from_means = hedges_g(105, 15, 50, 100, 15, 50)
    t = 5 / (15 * (2 / 50) ** 0.5)
    assert g_from_t(t, 50, 50).value == pytest.approx(from_means.value, abs=1e-12)


def test_cox_index_of_known_shares():
    assert cox_index(0.6, 100, 0.5, 100) == pytest.approx(0.2448, abs=FOUR_PLACES)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_cox_index_is_not_defined_at_the_ends(share):
    with pytest.raises(ValueError, match="not defined"):
        cox_index(share, 100, 0.5, 100)


def test_clustering_shrinks_t_and_its_degrees_of_freedom():
    assert clustered_df(n=100, cluster_size=5, intraclass=0.1) == pytest.approx(94.40, abs=0.005)
    assert clustered_t_factor(n=400, cluster_size=20, intraclass=0.15) == pytest.approx(0.5060, abs=FOUR_PLACES)


@pytest.mark.parametrize(
    ("g", "months"),
    [
        *[(0.0, 0), (0.01, 0), (0.02, 1), (0.09, 1), (0.10, 2), (0.18, 2), (0.19, 3), (0.35, 4), (0.36, 5)],
        *[(0.52, 6), (0.61, 7), (0.69, 8), (0.78, 9), (0.87, 10), (0.95, 11), (1.0, 12), (-0.2, -3), (0.2, 3)],
    ],
)
def test_months_of_progress_follow_the_toolkit_table(g, months):
    assert months_of_progress(g) == months


def test_months_of_progress_say_nothing_beyond_the_table():
    assert months_of_progress(1.2) is None

"""Intervals, p-values, joint tests and bands, against numbers from tables and by hand."""

import numpy as np
import pytest

from evaluations.stats.uncertainty import (
    Reference,
    band_critical_value,
    benjamini_hochberg,
    cluster_diagnostics,
    detectable_effect,
    finished_estimate,
    known_error,
    large_sample_reference,
    wald_test,
)


def test_a_normal_interval_is_1_96_errors_either_side():
    estimate = finished_estimate("att", "effect", 2.0, 0.5, Reference())
    assert estimate.ci_lower == pytest.approx(2 - 1.959963984540054 * 0.5, abs=1e-12)
    assert estimate.p_value == pytest.approx(6.334248366623996e-05, rel=1e-9)  # 2 * (1 - Phi(4))


def test_t_is_used_where_there_are_few_degrees_of_freedom():
    estimate = finished_estimate("att", "effect", 2.0, 0.5, Reference(df=10))
    assert estimate.ci_upper == pytest.approx(2 + 2.2281388519649385 * 0.5, abs=1e-9)  # t table, 10 df


@pytest.mark.parametrize(
    ("counts", "withheld"), [((9, 5, 5), True), ((10, 5, 5), False), ((50, 4, 46), True), ((50, 46, 4), True)]
)
def test_few_clusters_withhold_the_p_value_and_interval_but_not_the_value_or_error(counts, withheld):
    reference = Reference(0.95, 8, *counts)
    estimate = finished_estimate("att", "effect", 2.0, 0.5, reference)
    assert (estimate.value, estimate.std_error) == (2.0, 0.5)
    assert (estimate.p_value is None, estimate.ci_lower is None) == (withheld, withheld)
    assert any("withheld" in found.reading for found in cluster_diagnostics(reference)) == withheld


def test_inference_meant_for_few_clusters_withholds_nothing():
    reference = Reference(0.95, 5, 6, 2, 4, is_valid_when_few=True)
    assert finished_estimate("att", "effect", 2.0, 0.5, reference).p_value is not None
    assert cluster_diagnostics(reference) == ()


def test_between_10_and_40_clusters_warn():
    assert [d.code for d in cluster_diagnostics(Reference(0.95, 29, 30, 10, 20))] == ["clusters_below_40"]
    assert cluster_diagnostics(Reference(0.95, None, 40, 20, 20)) == ()


def test_estimators_by_influence_use_t_below_a_hundred_clusters():
    assert large_sample_reference(0.95, 99).df == 98
    assert large_sample_reference(0.95, 100).df is None


def test_detectable_effect_is_2_8_errors():
    assert detectable_effect(1.0, Reference()).value == pytest.approx(2.801585218, abs=1e-9)
    assert detectable_effect(None, Reference()) is None


def test_rounding_noise_is_not_a_standard_error():
    assert known_error(1e-15, 1.0) is None
    assert known_error(float("nan"), 1.0) is None
    assert known_error(0.1, 1.0) == 0.1


def test_the_joint_test_uses_the_covariance():
    """+1 and -1 do not average away, and correlation counts: by hand, x'V^-1 x = 2 / (1 - 0.5)."""
    test = wald_test(np.array([1.0, -1.0]), np.array([[1.0, 0.5], [0.5, 1.0]]))
    assert test.statistic == pytest.approx(4.0)
    assert test.df == 2
    assert test.p_value == pytest.approx(np.exp(-2.0))  # chi-squared with 2 df


def test_a_repeated_value_is_not_a_second_degree_of_freedom():
    test = wald_test(np.array([2.0, 2.0]), np.ones((2, 2)))
    assert (test.df, test.statistic) == (1, pytest.approx(4.0))


def test_nothing_to_test_is_not_a_test():
    assert wald_test(np.array([1.0]), np.zeros((1, 1))) is None


def test_a_band_for_independent_values_has_the_sidak_critical_value():
    """For 5 independent normals, the 95 % sup-t value is 2.5688 (Sidak); 4 Monte-Carlo errors of 9,999 draws."""
    value = band_critical_value(np.eye(5), Reference(), np.random.default_rng(1))
    assert value == pytest.approx(2.5688, abs=4 * np.sqrt(0.05 * 0.95 / 9_999) / 0.115)


def test_a_band_for_one_value_is_its_interval():
    assert band_critical_value(np.ones((3, 3)), Reference(), np.random.default_rng(1)) == pytest.approx(1.96, abs=0.06)
    assert band_critical_value(np.eye(1), Reference(), np.random.default_rng(1)) == Reference().critical_value()


def test_benjamini_hochberg_by_hand():
    """p .01 .04 .03 .20: sorted 4 x .01/1, 4 x .03/2, 4 x .04/3, 4 x .20/4, then monotone from the top."""
    adjusted = benjamini_hochberg([0.01, 0.04, None, 0.03, 0.2])
    assert adjusted[2] is None
    assert [p for p in adjusted if p is not None] == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.2])

"""Power of the pre-trend test against R pretrends 0.1.0 on He and Wang's event study."""

import json

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from evaluations.stats.diagnostics.pretrend_power import (
    joint_rejection_probability,
    joint_slope_for_power,
    linear_violation,
    rejection_probability,
    slope_for_power,
)

RANDOMISED = 5e-5  # R's box probability is itself simulated


@pytest.fixture
def leads(shared_data):
    data = json.loads((shared_data / "oracle" / "HeAndWang.json").read_text())
    return np.array(data["tVec"])[:3], np.array(data["sigma"])[:3, :3]


@pytest.mark.parametrize(("power", "slope"), [(0.5, 0.052054373636417), (0.8, 0.0791142994329349)])
def test_detectable_slopes_agree_with_r(leads, power, slope):
    times, covariance = leads
    assert slope_for_power(times, covariance, power=power).slope == pytest.approx(slope, abs=RANDOMISED)


def test_the_power_against_a_stated_slope_agrees_with_r(leads):
    times, covariance = leads
    power = rejection_probability(linear_violation(times, 0.05), covariance)
    assert power == pytest.approx(0.474861526839039, abs=RANDOMISED)


def test_what_passing_the_test_says_about_the_slope_agrees_with_r(leads, shared_data):
    """Its Bayes factor is the odds of passing with the slope to passing without; its likelihood ratio, of the leads."""
    times, covariance = leads
    cases = json.loads((shared_data / "oracle" / "cases.json").read_text())
    expected = next(case["expected"] for case in cases if case["id"] == "pretrends_out")
    violation, leads_seen = linear_violation(times, 0.05), [row["betahat"] for row in expected["ev"][:3]]
    assert violation == pytest.approx([row["deltatrue"] for row in expected["ev"][:3]], abs=1e-12)
    passing = 1 - rejection_probability(violation, covariance)
    without = 1 - rejection_probability(np.zeros(3), covariance)
    power = expected["power"][0]
    assert passing / without == pytest.approx(power["Bayes.Factor"], abs=2 * RANDOMISED)
    ratio = multivariate_normal(violation, covariance).pdf(leads_seen) / multivariate_normal(
        np.zeros(3), covariance
    ).pdf(leads_seen)
    assert ratio == pytest.approx(power["Likelihood.Ratio"], abs=1e-8)


def test_without_a_violation_the_test_of_one_lead_rejects_at_its_size():
    assert rejection_probability(np.zeros(1), np.array([[0.3]])) == pytest.approx(0.05, abs=1e-12)


def test_the_joint_test_has_the_power_that_simulation_gives_it(leads):
    times, covariance = leads
    slope = joint_slope_for_power(times, covariance, power=0.5).slope
    violation = linear_violation(times, slope)
    draws = np.random.default_rng(9).multivariate_normal(violation, covariance, size=40_000)
    statistic = np.einsum("ij,ij->i", draws @ np.linalg.inv(covariance), draws)
    rejected = np.mean(statistic > 7.814727903251178)  # the 95 % point of chi-squared with 3 degrees of freedom
    assert rejected == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(40_000))


def test_without_a_violation_the_joint_test_rejects_at_its_size(leads):
    _, covariance = leads
    assert joint_rejection_probability(np.zeros(3), covariance) == pytest.approx(0.05, abs=1e-12)

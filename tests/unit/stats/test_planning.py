"""Calculators before the data: against textbook formulas and against simulation."""

import numpy as np
import pytest
from scipy import stats

from evaluations.stats.issues import NotEstimable
from evaluations.stats.planning import (
    Noise,
    Staggered,
    TwoGroups,
    design_to_detect,
    noise_of_pilot,
    smallest_detectable,
)

DRAWS = 4000
MONTE_CARLO = 4 * np.sqrt(0.8 * 0.2 / DRAWS)


def shocks(rng, noise: Noise, n_areas: int, n_periods: int) -> np.ndarray:
    return rng.multivariate_normal(np.zeros(n_periods), noise.covariance(n_periods), size=n_areas)


def test_one_period_each_side_is_the_textbook_variance():
    # Four independent means: variance sd^2 (1/n1 + 1/n0) (1/m + 1/r) with m = r = 1.
    design = TwoGroups(n_treated=10, n_control=40, n_pre=1, n_post=1)
    assert design.variance(Noise(sd=3.0)) == pytest.approx(9 * 2 * (1 / 10 + 1 / 40))


def test_people_in_areas_follow_the_design_effect():
    # Variance of an area mean of n people: sd^2 (icc + (1 - icc)/n), the design effect over n.
    noise = Noise(sd=1.0, intraclass=0.1, people=30)
    assert noise.covariance(1)[0, 0] == pytest.approx((1 + 29 * 0.1) / 30)


def test_a_staggered_design_with_one_cohort_and_two_periods_is_the_two_by_two():
    noise = Noise(sd=2.0, serial_correlation=0.4)
    staggered = Staggered({1: 12}, n_never=20, n_periods=2)
    assert staggered.variance(noise) == pytest.approx(TwoGroups(12, 20, 1, 1).variance(noise))


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_stated_power_is_had_in_simulation_two_groups(rho):
    rng = np.random.default_rng(11)
    noise = Noise(sd=1.0, serial_correlation=rho)
    design = TwoGroups(n_treated=15, n_control=25, n_pre=4, n_post=3)
    found = smallest_detectable(design, noise)
    rejected = 0
    for _ in range(DRAWS):
        y = shocks(rng, noise, design.n_areas, 7)
        change = y[:, 4:].mean(axis=1) - y[:, :4].mean(axis=1)
        change[: design.n_treated] += found.effect
        rejected += stats.ttest_ind(change[: design.n_treated], change[design.n_treated :]).pvalue < 0.05
    assert rejected / DRAWS == pytest.approx(0.8, abs=MONTE_CARLO)


def test_the_stated_error_is_had_in_simulation_staggered():
    rng = np.random.default_rng(12)
    noise = Noise(sd=1.0, serial_correlation=0.5)
    design = Staggered({2: 8, 4: 12}, n_never=20, n_periods=6)
    estimates = []
    for _ in range(DRAWS):
        y = shocks(rng, noise, 40, 6)
        means = {2: y[:8].mean(axis=0), 4: y[8:20].mean(axis=0)}
        never = y[20:].mean(axis=0)
        cells = [
            (size, (means[start][t] - means[start][start - 1]) - (never[t] - never[start - 1]))
            for start, size in design.cohorts.items()
            for t in range(start, 6)
        ]
        estimates.append(sum(size * value for size, value in cells) / sum(size for size, _ in cells))
    expected = smallest_detectable(design, noise).std_error
    assert np.std(estimates) == pytest.approx(expected, rel=4 / np.sqrt(2 * DRAWS))


def test_the_smallest_design_that_detects_an_effect_is_the_smallest():
    noise, start = Noise(sd=1.0, serial_correlation=0.3), TwoGroups(10, 10, 3, 3)
    enough = design_to_detect(0.3, start, noise)
    fewer = TwoGroups(enough.n_treated - 1, enough.n_control - 1, 3, 3)
    assert smallest_detectable(enough, noise).effect <= 0.3 < smallest_detectable(fewer, noise).effect


def test_a_pilot_gives_back_the_noise_that_made_it():
    rng = np.random.default_rng(13)
    truth = Noise(sd=2.0, serial_correlation=0.5)
    pilot = shocks(rng, truth, 4000, 6) + rng.normal(0, 5, (4000, 1)) + np.arange(6)
    found = noise_of_pilot(pilot)
    assert found.sd == pytest.approx(2.0, rel=0.05)
    assert found.serial_correlation == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (TwoGroups(1, 10, 2, 2), "too_few_areas"),
        (TwoGroups(5, 10, 0, 2), "no_pre_period"),
        (Staggered({0: 5}, 5, 4), "no_pre_period"),
    ],
)
def test_a_design_that_could_not_be_analysed_is_refused(design, code):
    with pytest.raises(NotEstimable) as refusal:
        smallest_detectable(design, Noise(sd=1.0))
    assert refusal.value.code == code

"""Bounds on a failure of parallel trends where clusters are few: wider by what the covariance does not know."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.validation import coverage
from evaluations.stats.assessment import first_effect
from evaluations.stats.diagnostics.honest_did import FirstEffect, smoothness
from evaluations.stats.results import LongDifferences

EFFECT = FirstEffect(np.array([0.1, 1.0]), np.diag([0.04, 0.09]))


def test_one_lead_leaves_nothing_to_choose_and_t_replaces_the_normal():
    known = smoothness(EFFECT, 0.0)
    few = smoothness(replace(EFFECT, freedom=10.0), 0.0)
    ratio = (few.ci_upper - few.ci_lower) / (known.ci_upper - known.ci_lower)
    assert ratio == pytest.approx(stats.t.ppf(0.975, 10) / stats.norm.ppf(0.975), rel=1e-9)


def test_leads_that_few_clusters_cannot_bear_are_left_out_latest_last():
    times = np.array([-6, -5, -4, -3, -2, 0])
    path = LongDifferences(times, np.arange(6.0), np.eye(6), -1, np.full(6, 8.0))
    assert list(first_effect(path).values) == [2.0, 3.0, 4.0, 5.0]
    assert list(first_effect(replace(path, freedom=None)).values) == list(range(6))


@pytest.mark.parametrize("estimator", ["event_study", pytest.param("callaway_santanna", marks=pytest.mark.full)])
def test_the_set_holds_the_effect_where_sixty_units_drift_apart_steadily(estimator, full):
    draws = 1_000 if full else 100
    found = coverage.behaviour(coverage.Cell("drifting", estimator, judges="smoothness"), draws)
    assert found.coverage > 0.935 - 3 * np.sqrt(0.05 * 0.95 / draws) * (not full)

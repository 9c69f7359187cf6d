"""Intervals and bands where clusters are few."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluations.stats.callaway_santanna.few_clusters import Spread
from evaluations.stats.uncertainty import BAND_DRAWS, balanced_band_factor, large_sample_reference, quantile
from tests.engine_inputs import PANEL, analysed, panel_frame

STARTS = [2.0] * 9 + [np.nan] * 14


@pytest.fixture
def two_periods() -> pd.DataFrame:
    frame = panel_frame(STARTS, n_periods=2, effect=0.7, noise=1.0, seed=5)
    loud = frame["first_treated"].notna()  # unequal variances, so that pooling them would show
    return frame.assign(outcome=frame["outcome"] + loud * np.random.default_rng(6).normal(size=len(frame)))


def changes(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    wide = frame.pivot(index="unit", columns="period", values="outcome")
    change = (wide[2] - wide[1]).to_numpy()
    treated = frame.groupby("unit")["first_treated"].first().notna().to_numpy()
    return change[treated], change[~treated]


def test_with_two_periods_the_interval_is_welchs(two_periods):
    found = analysed(two_periods, "callaway_santanna", PANEL).estimates[0]
    welch = stats.ttest_ind(*changes(two_periods), equal_var=False)
    assert found.p_value == pytest.approx(welch.pvalue, rel=1e-9)
    ends = welch.confidence_interval(0.95)
    assert (found.ci_lower, found.ci_upper) == pytest.approx((ends.low, ends.high), rel=1e-9)


def test_the_error_shown_stays_that_of_the_theory(two_periods):
    found = analysed(two_periods, "callaway_santanna", PANEL).estimates[0]
    treated, controls = changes(two_periods)
    assert found.std_error == pytest.approx(np.sqrt(treated.var() / 9 + controls.var() / 14), rel=1e-9)


def test_cohorts_moments_and_clusters_of_one_unit_judge_alike(two_periods):
    plain = analysed(two_periods, "callaway_santanna", PANEL).estimates[0]
    clusters = two_periods.assign(area=two_periods["unit"])
    named = analysed(clusters, "callaway_santanna", {**PANEL, "cluster": "area"}).estimates[0]
    assert (named.ci_lower, named.ci_upper) == pytest.approx((plain.ci_lower, plain.ci_upper), rel=1e-9)


def test_where_clusters_are_many_the_interval_is_normal():
    frame = panel_frame([2.0] * 150 + [np.nan] * 250, n_periods=2, noise=1.0)
    found = analysed(frame, "callaway_santanna", PANEL).estimates[0]
    assert (found.ci_upper - found.value) / found.std_error == pytest.approx(quantile(0.975, None))


def test_a_kind_of_one_cluster_keeps_its_variance_and_counts_one_degree_of_freedom():
    spread = Spread(np.array([1, 5]), lambda loads: np.array([[2.0, 4.0]]))
    judged = spread.judge(large_sample_reference(0.95, 6), np.zeros(3))
    assert judged.stretch == pytest.approx(np.sqrt((2 + 5) / 6))
    assert judged.df == pytest.approx(7**2 / (2**2 / 1 + 5**2 / 4))


def test_a_band_is_never_narrower_than_its_intervals():
    frame = panel_frame([3.0] * 6 + [4.0] * 6 + [np.nan] * 12, n_periods=6, noise=1.0)
    for name in ("callaway_santanna", "sun_abraham", "imputation", "event_study"):
        study = [row for row in analysed(frame, name, PANEL).event_study if row.band_lower is not None]
        assert study
        assert all(row.band_lower <= row.ci_lower and row.ci_upper <= row.band_upper for row in study), name


def test_a_balanced_band_over_independent_values_is_sidaks():
    rng = np.random.default_rng(3)
    ones = np.ones((BAND_DRAWS, 4))
    own = np.full(4, quantile(0.975, None))
    factor = balanced_band_factor(np.eye(4), own, ones, level=0.95, rng=rng)
    assert factor * own[0] == pytest.approx(quantile(0.5 + 0.95**0.25 / 2, None), abs=0.03)

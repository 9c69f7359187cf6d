"""Checks that look at the data again: placebos, leaving one out, likeness and loss, agreement."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.diagnostics.clearinghouse import CAUTIOUS, OPTIMISTIC, attrition
from evaluations.stats.diagnostics.placebos import before_treatment
from evaluations.stats.engine import analyse
from tests.engine_inputs import PANEL, analysed, panel_frame, spec_of, table_of

STARTS = [5.0] * 20 + [7.0] * 20 + [np.nan] * 40


@pytest.fixture
def frame() -> pd.DataFrame:
    return panel_frame(STARTS, n_periods=9, effect=2.0, noise=1.0, seed=3)


def checked(frame, estimator="callaway_santanna", columns=PANEL, **options):
    spec = spec_of(estimator, columns, **{"sensitivity": [], **options})
    result = analyse(table_of(frame, spec), spec)
    return result, {item.code: item for item in result.diagnostics}


def test_the_clearinghouse_example_fails_the_cautious_boundary_and_passes_the_optimistic():
    # 30 of 40 and 40 of 48 kept: 20.45 % and 8.33 points, against 5.4 and 10.2.
    found = attrition((30, 40), (40, 48))
    assert (found.overall, found.differential) == pytest.approx((20.4545, 8.3333), abs=1e-4)
    assert (found.is_low(CAUTIOUS), found.is_low(OPTIMISTIC)) == (False, True)


def test_the_boundaries_have_a_value_for_every_per_cent_to_57():
    assert len(CAUTIOUS) == len(OPTIMISTIC) == 58
    assert (CAUTIOUS[20], OPTIMISTIC[20]) == (5.4, 10.2)


def test_a_placebo_date_finds_nothing_where_trends_are_parallel(frame):
    _, found = checked(frame)
    assert found["placebo_time"].p_value > 0.05
    assert found["placebo_time"].details["periods_early"] == 2


def test_a_placebo_date_finds_a_drift_that_began_early(frame):
    early = frame["period"] >= frame["first_treated"] - 2
    _, found = checked(frame.assign(outcome=frame["outcome"] + 3 * early))
    assert found["placebo_time"].p_value < 0.001


def test_the_rows_of_a_placebo_date_hold_nothing_treated(frame):
    spec = spec_of("callaway_santanna", PANEL)
    table = table_of(frame, spec)
    earlier = before_treatment(table, 2)
    assert earlier.period.n_labels == 6
    treated = earlier.cohorts.starts < earlier.period.n_labels
    assert (earlier.period.codes[treated] < earlier.cohorts.starts[treated] + 2).all()


def test_a_cohort_without_earlier_periods_has_no_placebo_date():
    frame = panel_frame([2.0] * 20 + [np.nan] * 20, n_periods=4, effect=1.0, noise=1.0)
    _, found = checked(frame)
    assert "placebo_time" not in found


def test_an_untreated_outcome_that_moves_lowers_the_standing(frame):
    after = frame["period"] >= frame["first_treated"]
    columns = {**PANEL, "placebo_outcomes": ["other"]}
    moved, found = checked(frame.assign(other=frame["outcome"] + after), columns=columns)
    assert found["placebo_outcome"].p_value < 0.001
    assert moved.standing.level != "supports"


def test_leaving_out_a_cohort_shows_the_one_that_carries_the_effect(frame):
    only_first = frame["period"].ge(5) & frame["first_treated"].eq(5)
    _, found = checked(frame.assign(outcome=frame["outcome"] + 10 * only_first))
    assert found["leave_out_cohort"].details["lowest"] == pytest.approx(2.0, abs=1.0)
    assert found["leave_out_cohort"].details["highest"] > 10


def test_leaving_out_each_area_shows_the_one_that_carries_the_effect(frame):
    """Areas of four units each; one has an effect of its own, and without it the estimate is that of the others."""
    frame = frame.assign(area=frame["unit"] // 4)
    is_treated = frame["period"] >= frame["first_treated"]
    frame = frame.assign(outcome=frame["outcome"] + 20 * (is_treated & (frame["area"] == 3)))
    columns = {**PANEL, "cluster": "area"}
    result, found = checked(frame, columns=columns)
    left = found["leave_out_cluster"]
    without, _ = checked(frame[frame["area"] != 3], columns=columns)
    assert (left.details["most_influential"], left.details["n"]) == ("3", 20)
    assert left.details["lowest"] == pytest.approx(without.estimates[0].value)
    assert left.statistic == pytest.approx(without.estimates[0].value - result.estimates[0].value)
    assert left.p_value is None


def test_covariates_are_compared_before_treatment_in_standard_deviations(frame):
    """Half of a standard deviation between the arms, by hand; what happens once treated does not count."""
    rng = np.random.default_rng(1)
    frame["x"] = (rng.normal(size=80) + 0.5 * np.isfinite(STARTS))[frame["unit"]] + 9.0 * (frame["period"] >= 5)
    found = checked(frame, "twfe", {**PANEL, "covariates": ["x"]})[1]["baseline_wwc"]
    before = frame[frame["period"] < 5].groupby("unit")[["x", "first_treated"]].mean()
    one, other = (before.loc[arm, "x"] for arm in (before["first_treated"].notna(), before["first_treated"].isna()))
    pooled = (39 * one.var() + 39 * other.var()) / 78
    gap = (1 - 3 / (4 * 80 - 9)) * (one.mean() - other.mean()) / pooled**0.5
    assert found.details["differences"]["x"] == pytest.approx(gap)
    assert found.reading.count("standard deviations") == 1


def test_the_power_of_the_test_of_trends_is_stated_with_the_drift_it_would_miss(frame):
    """With the drift said to be noticed half the time added, the test does notice it in about half of panels."""
    _, found = checked(frame, "event_study")
    slope = found["pretrend_power"].statistic
    assert found["pretrend_power"].details["power"] == 0.5
    noticed = []
    for seed in range(24):
        panel = panel_frame(STARTS, n_periods=9, noise=1.0, seed=100 + seed)
        drift = slope * (panel["period"] - panel["first_treated"]).fillna(0)
        result = analysed(panel.assign(outcome=panel["outcome"] + drift), "event_study", PANEL)
        noticed.append(next(item for item in result.diagnostics if item.code == "pretrend_joint").p_value < 0.05)
    assert 0.15 < np.mean(noticed) < 0.85


def test_groups_that_start_far_apart_are_said_to(frame):
    apart = frame.assign(outcome=frame["outcome"] + 5 * frame["first_treated"].notna())
    _, found = checked(apart)
    assert found["baseline_wwc"].details["level"] == "fails"


def test_units_that_leave_are_counted_by_arm(frame):
    gone = (frame["unit"] < 20) & (frame["period"] == 9)
    _, found = checked(frame[~gone])
    assert found["attrition_wwc"].details["overall"] == pytest.approx(25.0)
    assert found["attrition_wwc"].details["differential"] == pytest.approx(50.0)
    assert found["attrition_wwc"].details["level"] == "high"


def test_other_estimators_are_listed_beside_the_headline(frame):
    result, _ = checked(frame)
    assert next(item.name for item in result.specifications) == "Callaway and Sant'Anna"
    assert {item.value is not None for item in result.specifications} == {True}
    alone = {name: analysed(frame, name, PANEL).estimates[0] for name in ("twfe", "imputation", "sun_abraham")}
    listed = {item.name: (item.value, item.std_error) for item in result.specifications}
    for words, name in (("Two-way", "twfe"), ("Imputation", "imputation"), ("Sun", "sun_abraham")):
        found = next(numbers for label, numbers in listed.items() if label.startswith(words))
        assert found == (pytest.approx(alone[name].value), pytest.approx(alone[name].std_error))


def test_a_two_way_estimate_says_how_much_of_it_is_forbidden(frame):
    result, found = checked(frame, "twfe")
    assert 0 < found["forbidden_comparisons"].statistic < 0.5
    total = sum(row["value"] * row["weight"] for row in result.decomposition)
    assert total == pytest.approx(result.estimates[0].value, abs=1e-10)


def test_checks_change_no_estimate(frame):
    spec = spec_of("callaway_santanna", PANEL)
    table = table_of(frame, spec)
    plain = replace(spec, options=replace(spec.options, sensitivity=()))
    assert analyse(table, spec).estimates == analyse(table, plain).estimates

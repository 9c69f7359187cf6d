"""The regression estimators: cases worked by hand, invariants, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from tests.engine_inputs import PANEL, analysed, panel_frame

NEVER = np.nan
STAGGERED = [3, 3, 3, 3, 3, 5, 5, 5, 5, 5, 5, *[NEVER] * 9]
PATHS = ["event_study", "sun_abraham", "imputation"]
EVERY = ["twfe", *PATHS, "synthetic_did"]


def headline(result):
    return result.estimates[0]


def codes(result):
    return {item.code for item in result.diagnostics}


def same(left, right, **tolerance):
    for one, other in zip([headline(left), *left.event_study], [headline(right), *right.event_study], strict=True):
        assert one.value == pytest.approx(other.value, **tolerance)
        assert one.std_error == pytest.approx(other.std_error, **tolerance)


# By hand


@pytest.mark.parametrize("estimator", ["twfe", "event_study", "sun_abraham", "imputation"])
def test_two_groups_and_two_periods_give_the_difference_of_differences(estimator):
    frame = pd.DataFrame(
        {
            "unit": [1, 1, 2, 2, 3, 3, 4, 4],
            "period": [1, 2] * 4,
            "outcome": [1.0, 5, 3, 5, 2, 3, 6, 9],
            "first_treated": [2.0] * 4 + [NEVER] * 4,
        }
    )  # treated change by 4 and 2, the others by 1 and 3
    assert headline(analysed(frame, estimator, PANEL)).value == pytest.approx(1.0, abs=1e-12)


def test_imputation_by_hand():
    """Untreated: unit 1 starts at 4, unit 2 goes 2, 5, 9. Unit 1's untreated path is then 4, 7, 11; it has 4, 9, 12."""
    frame = pd.DataFrame(
        {
            "unit": [1, 1, 1, 2, 2, 2],
            "period": [1, 2, 3] * 2,
            "outcome": [4.0, 9, 12, 2, 5, 9],
            "first_treated": [2.0] * 3 + [NEVER] * 3,
        }
    )
    result = analysed(frame, "imputation", PANEL)
    assert headline(result).value == pytest.approx((2 + 1) / 2, abs=1e-12)
    assert [e.value for e in result.event_study] == pytest.approx([2, 1], abs=1e-12)


def test_synthetic_differences_of_identical_controls_are_plain_differences():
    """With controls alike, no weights can improve on equal ones in units, nor on any in periods without noise."""
    frame = panel_frame([5, *[NEVER] * 4], n_periods=7, effect=2.5)
    assert headline(analysed(frame, "synthetic_did", PANEL)).value == pytest.approx(2.5, abs=1e-9)


def test_trends_of_units_are_taken_out():
    frame = panel_frame(STAGGERED, n_periods=7, effect=1.0, noise=0.0)
    frame["outcome"] += frame["unit"] % 5 * frame["period"]
    straight = headline(analysed(frame, "twfe", PANEL)).value
    assert straight != pytest.approx(1.0, abs=0.01)
    assert headline(analysed(frame, "twfe", PANEL, unit_trends=True)).value == pytest.approx(1.0, abs=1e-9)


def test_without_units_cohorts_take_their_place():
    rng = np.random.default_rng(3)
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=0.5)
    frame["outcome"] += np.where(frame["first_treated"] == 3, 50.0, 0.0) + rng.normal(size=len(frame)) * 0.1
    columns = {**PANEL, "unit": None}
    result = analysed(frame, "twfe", columns)
    assert headline(result).value == pytest.approx(1.0, abs=0.5)
    assert any("cohort effects" in note for note in result.sample.notes)


def test_a_product_without_unit_effects_has_both_main_effects():
    frame = pd.DataFrame(
        {"y": [1.0, 2, 3, 5, 8, 9, 20, 24], "treated": [0, 0, 0, 0, 1, 1, 1, 1], "post": [0, 0, 1, 1, 0, 0, 1, 1]}
    )
    found = headline(analysed(frame, "twfe", {"outcome": "y", "treated": "treated", "post": "post"}))
    assert found.value == pytest.approx((22 - 8.5) - (4 - 1.5), abs=1e-12)


# Invariants


@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.parametrize("effect", [0.0, 2.0])
def test_without_noise_the_effect_is_exact_and_has_no_error(estimator, effect):
    result = analysed(panel_frame(STAGGERED, n_periods=7, effect=effect), estimator, PANEL, draws=20)
    assert headline(result).value == pytest.approx(effect, abs=1e-9)
    assert headline(result).std_error is None
    assert headline(result).p_value is None
    for item in result.event_study:
        assert item.value == pytest.approx(effect if item.event_time >= 0 else 0, abs=1e-9)


@pytest.mark.parametrize("estimator", PATHS)
@pytest.mark.parametrize("starts", [[3, 5], [5, 3], [3, 4, 6], [6, 4, 3]])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_leads_are_zero_without_noise_whatever_the_order_of_cohorts(estimator, starts, anticipation):
    frame = panel_frame([*np.repeat(starts, 3), *[NEVER] * 4], n_periods=8, effect=4.0)
    result = analysed(frame, estimator, PANEL, anticipation=anticipation)
    leads = [item.value for item in result.event_study if item.event_time < 0]
    assert leads
    assert leads == pytest.approx([0.0] * len(leads), abs=1e-9)


@pytest.mark.parametrize("estimator", EVERY)
def test_the_order_of_rows_changes_no_digit(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0)
    shuffled = frame.sample(frac=1, random_state=7)
    once, again = [analysed(item, estimator, PANEL, draws=30).to_json() for item in (frame, shuffled)]
    assert once == again


@pytest.mark.parametrize("estimator", EVERY)
def test_names_of_units_and_periods_do_not_matter(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0)
    months = {1: 202011, 2: 202012, 3: 202101, 4: 202102, 5: 202103, 6: 202104}
    renamed = frame.assign(
        unit="u" + (1000 + frame["unit"]).astype(str),
        period=frame["period"].map(months),
        first_treated=frame["first_treated"].map(months),
    )
    same(analysed(frame, estimator, PANEL, draws=30), analysed(renamed, estimator, PANEL, draws=30), abs=1e-12)


@pytest.mark.parametrize("estimator", EVERY)
def test_units_always_treated_are_counted_and_change_nothing_else(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0)
    always = panel_frame([1, 1], n_periods=6, effect=25_900.0, noise=1.0, seed=5).assign(
        unit=lambda added: added["unit"] + 500
    )
    with_always = analysed(pd.concat([frame, always]), estimator, PANEL, draws=30)
    same(analysed(frame, estimator, PANEL, draws=30), with_always, abs=1e-12)
    dropped = {item.reason: (item.rows, item.units) for item in with_always.sample.dropped}
    assert dropped == {"always_treated": (12, 2)}


@pytest.mark.parametrize("estimator", EVERY)
def test_weight_zero_is_as_not_there_and_counted(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0).assign(w=1.0)
    extra = panel_frame([3, NEVER], n_periods=6, noise=50.0, seed=9).assign(unit=lambda f: f["unit"] + 900, w=0.0)
    columns = {**PANEL, "weight": "w"}
    with_extra = analysed(pd.concat([frame, extra]), estimator, columns, draws=30)
    same(analysed(frame, estimator, columns, draws=30), with_extra, abs=1e-12)
    assert "weight_zero" in {item.reason for item in with_extra.sample.dropped}


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_equal_weights_are_no_weights(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0).assign(w=4.0)
    same(analysed(frame, estimator, PANEL), analysed(frame, estimator, {**PANEL, "weight": "w"}), abs=1e-11)


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_the_outcomes_scale_is_the_answers_scale(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0)
    large = analysed(frame.assign(outcome=1000 * frame["outcome"] + 7), estimator, PANEL)
    small = analysed(frame, estimator, PANEL)
    assert headline(large).value == pytest.approx(1000 * headline(small).value, rel=1e-9)
    assert headline(large).std_error == pytest.approx(1000 * headline(small).std_error, rel=1e-9)
    assert headline(large).p_value == pytest.approx(headline(small).p_value, rel=1e-7)


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_a_hole_in_the_panel_leaves_the_other_rows_in_use(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=0.2).drop(index=[4, 30, 77])
    result = analysed(frame, estimator, PANEL)
    assert headline(result).n_obs == len(frame)
    assert headline(result).value == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_a_covariate_that_repeats_the_effects_is_left_out_and_said(estimator):
    frame = panel_frame(STAGGERED, n_periods=6, effect=1.0, noise=1.0)
    frame = frame.assign(size=frame["unit"] * 2.0, again=frame["unit"] * 4.0)
    result = analysed(frame, estimator, {**PANEL, "covariates": ["size", "again"]})
    same(analysed(frame, estimator, PANEL), result, abs=1e-10)
    if estimator != "imputation":
        assert any("size, again" in note for note in result.sample.notes)


# Few clusters


def few(n_treated: int, n_others: int, noise: float = 1.0) -> pd.DataFrame:
    return panel_frame([4] * n_treated + [NEVER] * n_others, n_periods=8, effect=0.5, noise=noise, seed=12)


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_few_clusters_withhold_the_p_value_and_interval_only(estimator):
    result = analysed(few(4, 4), estimator, PANEL)
    assert headline(result).value is not None
    assert headline(result).std_error > 0
    assert headline(result).p_value is None
    assert headline(result).ci_lower is None
    assert "few_clusters" in codes(result)
    assert all(item.p_value is None and item.band_lower is None for item in result.event_study)


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_few_treated_clusters_withhold_them_too(estimator):
    result = analysed(few(2, 40), estimator, PANEL)
    assert headline(result).p_value is None
    assert "few_treated_clusters" in codes(result)


@pytest.mark.parametrize("options", [{"inference": "wild", "draws": 199}, {"inference": "randomisation", "draws": 199}])
def test_inference_meant_for_few_clusters_gives_them(options):
    result = analysed(few(4, 4), "twfe", PANEL, **options)
    assert 0 < headline(result).p_value <= 1
    assert headline(result).ci_lower < headline(result).value < headline(result).ci_upper
    assert "few_clusters" not in codes(result)


def test_bias_reduced_errors_give_them_where_degrees_of_freedom_allow():
    found = headline(analysed(few(4, 4), "twfe", PANEL, std_errors="cr2"))
    plain = headline(analysed(few(4, 4), "twfe", PANEL))
    assert found.p_value is not None
    assert found.std_error >= plain.std_error * 0.99
    lone = analysed(few(2, 7), "twfe", PANEL, std_errors="cr2")
    assert headline(lone).p_value is None
    assert "few_degrees_of_freedom" in codes(lone)


def test_the_wild_bootstrap_does_not_mend_very_few_treated_clusters():
    result = analysed(few(3, 20), "twfe", PANEL, inference="wild", draws=99)
    assert headline(result).p_value is None
    assert "few_treated_clusters" in codes(result)


def test_too_few_assignments_are_no_test():
    result = analysed(few(1, 9), "twfe", PANEL, inference="randomisation", draws=199)
    assert headline(result).p_value is None
    assert "too_few_assignments" in codes(result)


# Randomisation


@pytest.mark.parametrize("estimator", ["twfe", *PATHS])
def test_reassigning_by_sums_is_reassigning_the_rows(estimator):
    """A covariate of zeros changes nothing but the way: every table is fitted anew."""
    frame = panel_frame(STAGGERED, n_periods=6, effect=0.3, noise=1.0).assign(zero=0.0)
    options = {"inference": "randomisation", "draws": 39}
    fast = headline(analysed(frame, estimator, PANEL, **options))
    slow = headline(analysed(frame, estimator, {**PANEL, "covariates": ["zero"]}, **options))
    assert fast.p_value == slow.p_value
    assert (fast.ci_lower, fast.ci_upper) == pytest.approx((slow.ci_lower, slow.ci_upper), abs=1e-6)


def test_every_assignment_is_used_where_there_are_few():
    result = analysed(few(4, 4), "twfe", PANEL, inference="randomisation", draws=199)
    test = next(item for item in result.diagnostics if item.code == "randomisation")
    assert test.details == {"assignments": 70, "enumerated": True}
    assert headline(result).p_value * 70 == pytest.approx(round(headline(result).p_value * 70), abs=1e-9)


def test_the_interval_holds_the_effects_that_are_not_rejected():
    frame = few(6, 6, noise=0.5)
    options = {"inference": "randomisation", "draws": 199}
    found = headline(analysed(frame, "twfe", PANEL, **options))
    for effect, inside in (
        (found.ci_lower - 0.01, False),
        (found.ci_lower + 0.01, True),
        (found.ci_upper - 0.01, True),
    ):
        shifted = frame.assign(outcome=frame["outcome"] - effect * (frame["period"] >= frame["first_treated"]))
        assert (headline(analysed(shifted, "twfe", PANEL, **options)).p_value >= 0.05) is inside


# Refusals


def refusal(frame, estimator, columns=PANEL, **options):
    found = analysed(frame, estimator, columns, **options).refusal
    return found.code if found else None


@pytest.mark.parametrize("estimator", EVERY)
def test_what_cannot_be_answered_is_refused(estimator):
    plain = panel_frame(STAGGERED, n_periods=6, noise=1.0)
    assert refusal(plain.assign(outcome=3.0), estimator) == "outcome_constant"
    assert refusal(panel_frame([NEVER] * 8, n_periods=6, noise=1.0), estimator) in (
        "no_treated_units",
        "treatment_not_identified",
    )
    assert refusal(panel_frame([1] * 8, n_periods=6, noise=1.0), estimator) == "no_pre_period"
    all_at_once = refusal(panel_frame([4] * 8, n_periods=6, noise=1.0), estimator)
    assert all_at_once in ("no_untreated_units", "treatment_not_identified")


@pytest.mark.parametrize("estimator", PATHS)
def test_one_period_is_refused(estimator):
    assert refusal(panel_frame(STAGGERED, n_periods=1, noise=1.0), estimator) in ("one_period", "no_treated_units")


@pytest.mark.parametrize("estimator", ["event_study", "sun_abraham"])
def test_without_units_never_treated_the_last_cohort_takes_their_place_if_asked(estimator):
    frame = panel_frame([3] * 6 + [6] * 6, n_periods=8, effect=2.0)
    assert refusal(frame, estimator) == "no_untreated_units"
    result = analysed(frame, estimator, PANEL, control_group="not_yet_treated")
    assert headline(result).value == pytest.approx(2.0, abs=1e-9)
    assert {item.reason for item in result.sample.dropped} == {"no_untreated_units_left"}
    assert result.sample.rows_used == 12 * 5


def test_imputation_leaves_out_and_counts_what_it_cannot_impute():
    result = analysed(panel_frame([3] * 6 + [6] * 6, n_periods=8, effect=2.0), "imputation", PANEL)
    assert headline(result).value == pytest.approx(2.0, abs=1e-9)
    dropped = {item.reason: item.rows for item in result.sample.dropped}
    assert dropped == {"not_imputable": 12 * 3}
    assert result.sample.rows_used == 12 * 5


def test_one_cluster_is_refused():
    frame = panel_frame(STAGGERED, n_periods=6, noise=1.0).assign(area=1)
    assert refusal(frame, "twfe", {**PANEL, "cluster": "area"}) == "one_cluster"


@pytest.mark.parametrize(
    ("estimator", "options", "code"),
    [
        ("imputation", {"std_errors": "cr2"}, "std_errors_not_available"),
        ("imputation", {"inference": "wild"}, "inference_not_available"),
        ("imputation", {"unit_trends": True}, "unit_trends_not_available"),
        ("synthetic_did", {"std_errors": "cluster"}, "std_errors_not_available"),
        ("twfe", {"inference": "placebo"}, "inference_not_available"),
        ("sun_abraham", {"inference": "bootstrap"}, "inference_not_available"),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(estimator, options, code):
    assert refusal(panel_frame(STAGGERED, n_periods=6, noise=1.0), estimator, **options) == code


def test_a_covariate_that_says_what_treatment_says_is_refused():
    frame = panel_frame(STAGGERED, n_periods=6, noise=1.0)
    frame["same"] = (frame["period"] >= frame["first_treated"]).astype(float)
    assert refusal(frame, "twfe", {**PANEL, "covariates": ["same"]}) == "treatment_not_identified"


def test_synthetic_differences_need_controls_and_two_periods_before():
    assert refusal(panel_frame([2, NEVER, NEVER], n_periods=5, noise=1.0), "synthetic_did") == "too_few_periods_before"
    assert refusal(panel_frame([3, NEVER], n_periods=5, noise=1.0), "synthetic_did") == "no_untreated_units"
    frame = panel_frame([4, *[NEVER] * 6], n_periods=6, noise=1.0)
    assert refusal(frame.assign(area=frame["unit"] // 2), "synthetic_did", {**PANEL, "cluster": "area"}) == (
        "cluster_not_available"
    )
    gaps = analysed(frame.drop(index=[7]), "synthetic_did", PANEL)
    assert {item.reason: item.units for item in gaps.sample.dropped} == {"not_in_every_period": 1}

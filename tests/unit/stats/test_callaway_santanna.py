"""Group-time effects: a case by hand, invariants, refusals and a simulation whose truth is known."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.engine_inputs import PANEL, analysed, panel_frame, spec_of, table_of

NEVER = float("nan")
MIXED = [3.0] * 6 + [4.0] * 5 + [6.0] * 5 + [NEVER] * 7


def overall(result, name="att"):
    return next(estimate for estimate in result.estimates if estimate.name == name)


def cells(result) -> dict:
    return {(cell.cohort, cell.period): cell for cell in result.att_gt}


def diagnostic(result, code):
    return next((item for item in result.diagnostics if item.code == code), None)


def test_four_units_by_hand():
    """Treated change 5 and 7, controls 1 and 3: 6 - 2 = 4; error sqrt((1 + 1)/4 + (1 + 1)/4) = 1."""
    frame = pd.DataFrame(
        {
            "unit": [1, 1, 2, 2, 3, 3, 4, 4],
            "period": [1, 2] * 4,
            "outcome": [10.0, 15, 20, 27, 5, 6, 0, 3],
            "first_treated": [2.0, 2, 2, 2, NEVER, NEVER, NEVER, NEVER],
        }
    )
    result = analysed(frame, "callaway_santanna", PANEL)
    found = overall(result)
    assert (found.value, found.std_error) == (pytest.approx(4.0), pytest.approx(1.0))
    assert (found.n_obs, found.n_units, found.n_treated_units, found.n_clusters) == (8, 4, 2, 4)
    assert (found.p_value, found.ci_lower) == (None, None)
    assert diagnostic(result, "few_clusters").statistic == 4


@pytest.mark.parametrize("base_period", ["varying", "universal"])
@pytest.mark.parametrize("control_group", ["never_treated", "not_yet_treated"])
@pytest.mark.parametrize("starts", [[3, 6], [6, 3], [2, 5, 6], [4]])
@pytest.mark.parametrize("estimation", ["none", "dr", "reg", "ipw"])
def test_leads_are_zero_and_effects_exact_without_noise(base_period, control_group, starts, estimation):
    """A control treated between base and period, in either order, would show as a lead of the effect's size."""
    frame = panel_frame([float(s) for s in starts for _ in range(6)] + [NEVER] * 6, n_periods=7, effect=2.5)
    columns = dict(PANEL)
    if estimation != "none":
        frame["x"] = np.repeat(np.random.default_rng(0).normal(size=frame["unit"].nunique()), 7)
        columns["covariates"] = ["x"]
    options = {"base_period": base_period, "control_group": control_group}
    if estimation != "none":
        options["estimation"] = estimation
    result = analysed(frame, "callaway_santanna", columns, **options)
    for cell in result.att_gt:
        expected = 2.5 if cell.period >= cell.cohort else 0.0
        assert cell.value == pytest.approx(expected, abs=1e-11)
        assert cell.std_error is None
    assert overall(result).value == pytest.approx(2.5, abs=1e-11)
    assert overall(result).p_value is None


@pytest.mark.parametrize("control_group", ["never_treated", "not_yet_treated"])
def test_always_treated_units_are_counted_and_change_no_other_cohort(control_group):
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    more = panel_frame([1.0] * 4, n_periods=7, noise=9.0, seed=5).assign(unit=lambda f: f["unit"] + 1000)
    before = analysed(frame, "callaway_santanna", PANEL, control_group=control_group)
    after = analysed(pd.concat([frame, more]), "callaway_santanna", PANEL, control_group=control_group)
    assert before.att_gt == after.att_gt
    assert before.estimates == after.estimates
    assert [(d.reason, d.rows, d.units) for d in after.sample.dropped] == [("always_treated", 28, 4)]


def test_a_cohort_after_the_last_period_is_untreated_throughout():
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    later = frame.assign(first_treated=frame["first_treated"].fillna(9))
    for control_group in ("never_treated", "not_yet_treated"):
        options = {"control_group": control_group}
        assert (
            analysed(frame, "callaway_santanna", PANEL, **options).att_gt
            == analysed(later, "callaway_santanna", PANEL, **options).att_gt
        )


def test_units_about_to_be_treated_are_no_controls_where_they_may_anticipate():
    """With one period of anticipation a cohort of 8 may react in 7, so it is a control up to 6 only."""
    frame = panel_frame([4.0] * 6 + [8.0] * 6 + [NEVER] * 6, n_periods=7, effect=1.0, noise=1.0)
    found = cells(analysed(frame, "callaway_santanna", PANEL, anticipation=1))
    assert found[4, 6].n_control_units == 12
    assert found[4, 7].n_control_units == 6


def test_the_last_cohort_is_a_control_only_where_all_are_treated():
    frame = panel_frame([3.0] * 6 + [6.0] * 6, n_periods=7, effect=1.0, noise=1.0)
    result = analysed(frame, "callaway_santanna", PANEL, control_group="not_yet_treated")
    assert {cell.cohort for cell in result.att_gt} == {3}
    assert {cell.period for cell in result.att_gt} == {2, 3, 4, 5}


@pytest.mark.parametrize("columns", [{}, {"covariates": ["x"]}])
def test_row_order_unit_names_and_the_input_itself_do_not_matter(columns):
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    frame["x"] = np.repeat(np.random.default_rng(0).normal(size=len(MIXED)), 7)
    kept = frame.copy()
    first = analysed(frame, "callaway_santanna", {**PANEL, **columns})
    shuffled = frame.sample(frac=1, random_state=3)
    assert analysed(shuffled, "callaway_santanna", {**PANEL, **columns}).to_json() == first.to_json()
    renamed = frame.assign(unit=frame["unit"].map(lambda u: f"school {u:03d}"))
    assert analysed(renamed, "callaway_santanna", {**PANEL, **columns}).to_json() == first.to_json()
    pd.testing.assert_frame_equal(frame, kept)


@pytest.mark.parametrize("columns", [{}, {"covariates": ["x"]}, {"cluster": "area"}])
def test_the_number_of_workers_does_not_change_a_digit(columns, monkeypatch):
    from evaluations.stats.callaway_santanna import estimate, unit_blocks

    monkeypatch.setattr(unit_blocks.UnitBlocks.of.__func__, "__kwdefaults__", {"size": 5})
    frame = panel_frame(MIXED * 4, n_periods=7, effect=1.0, noise=1.0)
    rng = np.random.default_rng(0)
    frame["x"], frame["area"] = np.repeat(rng.normal(size=92), 7), np.repeat(rng.integers(0, 30, 92), 7)
    spec = spec_of("callaway_santanna", {**PANEL, **columns})
    table = table_of(frame, spec)
    assert estimate(table, spec, workers=1).to_json() == estimate(table, spec, workers=3).to_json()


def test_blocks_give_what_the_whole_gives(monkeypatch):
    from evaluations.stats.callaway_santanna import unit_blocks

    frame = panel_frame(MIXED * 4, n_periods=7, effect=1.0, noise=1.0)
    frame["x"] = np.repeat(np.random.default_rng(0).normal(size=92), 7)
    whole = {}
    for columns in ((), ("x",)):
        whole[columns] = analysed(frame, "callaway_santanna", {**PANEL, "covariates": list(columns)})
    monkeypatch.setattr(unit_blocks.UnitBlocks.of.__func__, "__kwdefaults__", {"size": 7})
    for columns, before in whole.items():
        after = analysed(frame, "callaway_santanna", {**PANEL, "covariates": list(columns)})
        for one, other in zip(before.att_gt, after.att_gt, strict=True):
            assert one.value == pytest.approx(other.value, abs=1e-12)
            assert one.std_error == pytest.approx(other.std_error, rel=1e-10)


def test_periods_are_positions_not_numbers():
    """January 2021 follows December 2020: event time 1, not 89."""
    frame = panel_frame([3.0] * 6 + [NEVER] * 6, n_periods=4, effect=1.0, noise=0.5)
    labels = {1: 202011, 2: 202012, 3: 202101, 4: 202102}
    frame = frame.assign(period=frame["period"].map(labels), first_treated=frame["first_treated"].map(labels))
    result = analysed(frame, "callaway_santanna", PANEL)
    assert [row.event_time for row in result.event_study] == [-1, 0, 1]
    assert [(cell.cohort, cell.period) for cell in result.att_gt] == [
        (202101, 202012),
        (202101, 202101),
        (202101, 202102),
    ]


def test_a_weight_of_two_is_a_unit_counted_twice_in_the_value():
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    frame["w"] = np.where(frame["unit"] % 3 == 0, 2.0, 1.0)
    twice = frame[frame["w"] == 2].assign(unit=lambda f: f["unit"] + 500)
    weighted = analysed(frame, "callaway_santanna", {**PANEL, "weight": "w"})
    doubled = analysed(pd.concat([frame, twice]), "callaway_santanna", PANEL)
    for name in ("att", "att_event_time", "att_cohort", "att_calendar"):
        assert overall(weighted, name).value == pytest.approx(overall(doubled, name).value, abs=1e-12)


def test_a_cohort_of_one_has_a_value_and_no_error_with_the_reason():
    frame = panel_frame([3.0] + [5.0] * 12 + [NEVER] * 12, n_periods=7, effect=1.0, noise=1.0)
    result = analysed(frame, "callaway_santanna", PANEL)
    alone = cells(result)[3, 4]
    assert alone.value is not None
    assert alone.std_error is None
    assert diagnostic(result, "no_error_for_lone_units").details == {"cohorts": [3]}
    assert result.by_cohort[0].std_error is None
    assert result.by_cohort[1].std_error is not None


def test_an_outcome_far_from_zero_costs_no_digits():
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    near = analysed(frame, "callaway_santanna", PANEL)
    far = analysed(frame.assign(outcome=frame["outcome"] + 1e6), "callaway_santanna", PANEL)
    assert overall(far).value == pytest.approx(overall(near).value, abs=1e-8)
    assert overall(far).std_error == pytest.approx(overall(near).std_error, rel=1e-7)


REFUSALS = {
    "no_untreated_units": ({"starts": [3.0] * 8}, {}, {}),
    "no_treated_units": ({"starts": [NEVER] * 8}, {}, {}),
    "no_pre_period": ({"starts": [1.0] * 8}, {}, {}),
    "one_period": ({"starts": [3.0] * 4 + [NEVER] * 4, "n_periods": 1}, {}, {}),
    "one_cluster": ({"starts": [3.0] * 4 + [NEVER] * 4}, {"cluster": "everywhere"}, {}),
    "outcome_constant": ({"starts": [3.0] * 4 + [NEVER] * 4}, {"outcome": "everywhere"}, {}),
    "covariates_collinear": ({"starts": MIXED}, {"covariates": ["x", "double_x"]}, {}),
    "no_overlap": ({"starts": MIXED}, {"covariates": ["separating"]}, {}),
    "too_few_controls": ({"starts": [3.0] * 8 + [NEVER] * 2}, {"covariates": ["x", "z"]}, {"estimation": "reg"}),
    "inference_not_available": ({"starts": MIXED}, {}, {"inference": "wild"}),
    "std_errors_not_available": ({"starts": MIXED}, {}, {"std_errors": "cr2"}),
    "estimation_not_available": ({"starts": MIXED}, {"covariates": ["x"]}, {"estimation": "linear"}),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_each_question_the_data_cannot_answer_is_refused_in_words(code):
    making, columns, options = REFUSALS[code]
    frame = panel_frame(**{"n_periods": 7, "noise": 1.0, **making})
    rng = np.random.default_rng(0)
    by_unit = rng.normal(size=(2, frame["unit"].nunique()))
    frame["x"], frame["z"] = by_unit[0][frame["unit"]], by_unit[1][frame["unit"]]
    frame["double_x"], frame["everywhere"] = 2 * frame["x"] + 1, 1
    frame["separating"] = frame["x"] + 100 * frame["first_treated"].notna()
    result = analysed(frame, "callaway_santanna", {**PANEL, **columns}, **options)
    assert result.refusal is not None
    assert result.refusal.code == code
    assert result.refusal.message.endswith(".")
    assert result.refusal.hint
    assert result.estimates == ()


def test_cells_without_the_rows_they_need_are_null_and_named():
    """Cohort 3 is never observed in period 5: that cell alone is missing."""
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    holed = frame[~((frame["first_treated"] == 3) & (frame["period"] == 5))]
    result = analysed(holed, "callaway_santanna", PANEL)
    assert cells(result)[3, 5].value is None
    listed = diagnostic(result, "cells_not_estimable").details["cells"]
    assert listed == [{"cohort": 3, "period": 5, "reason": "no_treated_observed"}]
    assert diagnostic(result, "unbalanced_panel") is not None


def simulated(seed: int, *, n: int) -> pd.DataFrame:
    """Effects that differ by cohort and grow; serially correlated errors."""
    rng = np.random.default_rng(seed)
    starts = rng.choice([3.0, 5.0, NEVER], size=n, p=[0.3, 0.3, 0.4])
    period, first = np.tile(np.arange(1, 7), n), np.repeat(starts, 6)
    errors = rng.normal(size=(n, 6)).cumsum(axis=1).ravel() * 0.5
    since = period - first
    outcome = np.repeat(rng.normal(size=n), 6) + 0.3 * period + errors
    outcome += np.where(since >= 0, np.where(first == 3, 1.0, 2.0) + 0.5 * since, 0.0)
    return pd.DataFrame(
        {"unit": np.repeat(np.arange(n), 6), "period": period, "outcome": outcome, "first_treated": first}
    )


def test_effects_that_differ_and_grow_are_found_and_covered(full):
    """Event times 0 and 1 are seen in both cohorts: 1.5 and 2 on average; 4 Monte-Carlo errors."""
    draws = 2000 if full else 200
    estimates = []
    for seed in range(draws):
        found = analysed(simulated(seed, n=80), "callaway_santanna", PANEL)
        estimates.append([row for row in found.event_study if row.event_time in (0, 1)])
    for place, truth in enumerate((1.5, 2.0)):
        rows = [pair[place] for pair in estimates]
        values = np.array([row.value for row in rows])
        assert values.mean() == pytest.approx(truth, abs=4 * values.std() / np.sqrt(draws))
        covered = np.mean([row.ci_lower <= truth <= row.ci_upper for row in rows])
        assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / draws))


@pytest.mark.parametrize(("base_period", "anticipation"), list(product(["varying", "universal"], [0, 1])))
def test_the_reference_of_an_event_study_is_the_last_period_treatment_cannot_touch(base_period, anticipation):
    frame = panel_frame(MIXED, n_periods=7, effect=1.0, noise=1.0)
    result = analysed(frame, "callaway_santanna", PANEL, base_period=base_period, anticipation=anticipation)
    assert result.long_differences.reference == -1 - anticipation
    zero = [row.event_time for row in result.event_study if row.value == 0]
    assert zero == ([-1 - anticipation] if base_period == "universal" else [])


@pytest.mark.parametrize("each", [7, 25])
def test_the_pretest_keeps_its_level_where_cohorts_are_small(full, each):
    """Tested cohort by cohort, 9 leads of 7 units a cohort reject 47 % of true nulls at the 5 % level."""
    draws = 2000 if full else 120
    starts = [4.0] * each + [5.0] * each + [6.0] * each + [NEVER] * 4 * each
    rejected = []
    for seed in range(draws):
        result = analysed(panel_frame(starts, n_periods=7, noise=1.0, seed=seed), "callaway_santanna", PANEL)
        test = diagnostic(result, "pretrend_joint")
        assert (test.df, "averaged_over_cohorts" in test.details) == (9, True)
        rejected.append(test.p_value < 0.05)
    assert np.mean(rejected) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / draws))

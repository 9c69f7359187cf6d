"""The 2x2 comparison: by hand, invariants, the third difference, and each refusal."""

import numpy as np
import pandas as pd
import pytest

from tests.engine_inputs import analysed

COLUMNS = {"outcome": "outcome", "treated": "treated", "post": "post"}


def rows(n: int = 40, *, effect: float = 1.0, seed: int = 1, **columns) -> pd.DataFrame:
    """Independent rows, `n` in each of the four means."""
    rng = np.random.default_rng(seed)
    treated, post = np.repeat([0, 0, 1, 1], n), np.tile(np.repeat([0, 1], n), 2)
    outcome = 2.0 + 0.5 * treated - 0.3 * post + effect * treated * post + rng.normal(size=4 * n)
    return pd.DataFrame({"treated": treated, "post": post, "outcome": outcome, **columns})


def headline(result):
    return result.estimates[0]


def codes(result) -> set[str]:
    return {item.code for item in result.diagnostics}


def test_eight_rows_by_hand():
    """(9 - 4) - (4 - 2) = 3; classical variance s^2 (4 / 2), s^2 = (2 + 2 + 2 + 2)/4 = 2: error 2."""
    frame = pd.DataFrame(
        {"treated": [0] * 4 + [1] * 4, "post": [0, 0, 1, 1] * 2, "outcome": [1.0, 3, 3, 5, 3, 5, 8, 10]}
    )
    found = headline(analysed(frame, "did_2x2", COLUMNS, panel=False, std_errors="classical"))
    assert (found.value, found.std_error) == (pytest.approx(3.0), pytest.approx(2.0))
    assert found.n_obs == 8


def test_a_panel_clusters_on_units_and_cross_sections_do_not():
    frame = rows(unit=np.concatenate([np.tile(np.arange(40), 2), 100 + np.tile(np.arange(40), 2)]))
    clustered = headline(analysed(frame, "did_2x2", {**COLUMNS, "unit": "unit"}))
    independent = headline(analysed(frame, "did_2x2", COLUMNS))
    assert clustered.value == pytest.approx(independent.value, abs=1e-12)
    assert (clustered.n_clusters, independent.n_clusters) == (80, None)
    assert (clustered.n_units, clustered.n_treated_units) == (80, 40)


def test_sums_over_means_give_what_rows_give():
    """A weight of one for everyone is the same estimate, but takes the way by rows instead of by sums."""
    frame = rows(cluster=np.tile(np.arange(20), 8), w=1.0)
    for extra, options in (({}, {}), ({}, {"std_errors": "classical"}), ({"cluster": "cluster"}, {})):
        summed = headline(analysed(frame, "did_2x2", {**COLUMNS, **extra}, **options))
        by_row = headline(analysed(frame, "did_2x2", {**COLUMNS, **extra, "weight": "w"}, **options))
        assert summed.value == pytest.approx(by_row.value, rel=1e-12)
        assert summed.std_error == pytest.approx(by_row.std_error, rel=1e-10)
        assert summed.p_value == pytest.approx(by_row.p_value, rel=1e-8)


def test_the_third_difference_is_the_difference_of_two():
    first, second = rows(seed=1, effect=1.0, group="boys"), rows(seed=2, effect=2.5, group="girls")
    both = pd.concat([first, second])
    each = [headline(analysed(part, "did_2x2", COLUMNS)) for part in (first, second)]
    result = analysed(both, "did_2x2", {**COLUMNS, "third_difference": "group"})
    assert headline(result).value == pytest.approx(each[1].value - each[0].value, abs=1e-12)
    assert headline(result).std_error == pytest.approx(np.hypot(each[0].std_error, each[1].std_error), rel=1e-12)
    assert "girls and boys" in headline(result).estimand


@pytest.mark.parametrize("estimation", ["dr", "reg", "ipw"])
@pytest.mark.parametrize("panel", [True, False])
def test_the_third_difference_adjusts_to_those_treated(estimation, panel):
    """Trends depend on x and on being treated or in the group; the group's x lies elsewhere. True effect 1.

    The difference of two adjusted comparisons, each for its own group, is off by the drift between their x: by 0.8.
    """
    rng = np.random.default_rng(3)
    n = 6000
    group, treated = (rng.random(n) < 0.5).astype(int), (rng.random(n) < 0.5).astype(int)
    x = rng.normal(size=n) + 0.8 * group + 0.3 * treated
    drift = 0.5 * treated * (1 + x) + 0.7 * group
    before = rng.normal(size=n) + x
    after = before + drift + treated * group * 1.0 + 0.5 * rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "unit": np.tile(np.arange(n), 2), "post": np.repeat([0, 1], n), "treated": np.tile(treated, 2),
            "group": np.tile(group, 2), "x": np.tile(x, 2), "outcome": np.concatenate([before, after]),
        }
    )  # fmt: skip
    columns = {**COLUMNS, "unit": "unit", "covariates": ["x"], "third_difference": "group"}
    found = headline(analysed(frame, "did_2x2", columns, estimation=estimation, panel=panel))
    assert found.value == pytest.approx(1.0, abs=4 * found.std_error)
    assert found.std_error < 0.25


def test_a_unit_with_a_row_for_each_group_is_one_cluster():
    frame = pd.concat(
        [
            rows(group=g, seed=g).assign(
                unit=np.concatenate([np.tile(np.arange(40), 2), 100 + np.tile(np.arange(40), 2)])
            )
            for g in (0, 1)
        ]
    )
    columns = {**COLUMNS, "unit": "unit", "third_difference": "group", "covariates": ["x"]}
    frame["x"] = np.random.default_rng(9).normal(size=len(frame))
    found = headline(analysed(frame, "did_2x2", columns))
    assert found.n_clusters == 80


@pytest.mark.parametrize("estimation", ["dr", "reg", "ipw"])
@pytest.mark.parametrize("panel", [True, False])
def test_confounded_trends_are_adjusted_away(estimation, panel):
    """Outcomes drift with x, and x is higher among the treated: unadjusted 1.5, true 1."""
    rng = np.random.default_rng(7)
    n = 4000
    x, treated = rng.normal(size=n), np.zeros(n)
    treated = (rng.random(n) < 1 / (1 + np.exp(-0.5 * x))).astype(int)
    before = rng.normal(size=n) + 1.0 * treated
    after = before + x + treated * 1.0 + rng.normal(size=n) * 0.5
    frame = pd.DataFrame(
        {
            "unit": np.tile(np.arange(n), 2), "post": np.repeat([0, 1], n), "treated": np.tile(treated, 2),
            "x": np.tile(x, 2), "outcome": np.concatenate([before, after]),
        }
    )  # fmt: skip
    columns = {**COLUMNS, "unit": "unit", "covariates": ["x"]}
    found = headline(analysed(frame, "did_2x2", columns, estimation=estimation, panel=panel))
    assert found.value == pytest.approx(1.0, abs=4 * found.std_error)
    assert headline(analysed(frame, "did_2x2", COLUMNS)).value > 1.3


@pytest.mark.parametrize("columns", [{}, {"covariates": ["x"]}, {"weight": "w"}])
def test_row_order_does_not_change_a_digit(columns):
    rng = np.random.default_rng(0)
    frame = rows(x=rng.normal(size=160), w=rng.random(160))
    first = analysed(frame, "did_2x2", {**COLUMNS, **columns}, panel=False)
    shuffled = frame.sample(frac=1, random_state=4)
    assert analysed(shuffled, "did_2x2", {**COLUMNS, **columns}, panel=False).to_json() == first.to_json()


def test_one_treated_cluster_has_a_value_without_an_error_and_the_reason():
    frame = rows(cluster=np.concatenate([np.tile(np.arange(20), 4), np.full(80, 99)]))
    result = analysed(frame, "did_2x2", {**COLUMNS, "cluster": "cluster"})
    assert headline(result).value is not None
    assert (headline(result).std_error, headline(result).p_value) == (None, None)
    assert {"no_error_for_lone_units", "few_treated_clusters"} <= codes(result)


def test_four_treated_clusters_have_an_error_but_no_p_value():
    frame = rows(cluster=np.concatenate([np.tile(np.arange(20), 4), 50 + np.tile(np.arange(4), 20)]))
    found = headline(analysed(frame, "did_2x2", {**COLUMNS, "cluster": "cluster"}))
    assert found.std_error is not None
    assert (found.p_value, found.ci_lower) == (None, None)


def test_cells_without_their_spread_have_a_value_without_an_error():
    cells = pd.DataFrame({"treated": [0, 0, 1, 1], "post": [0, 1] * 2, "outcome": [1.0, 2, 3, 7], "n": [10, 12, 9, 11]})
    result = analysed(cells, "did_2x2", {**COLUMNS, "n": "n"})
    assert headline(result).value == pytest.approx(3.0)
    assert headline(result).std_error is None
    assert "no_standard_error" in codes(result)


def test_cells_say_what_their_errors_assume():
    cells = pd.DataFrame(
        {"treated": [0, 0, 1, 1], "post": [0, 1] * 2, "outcome": [1.0, 2, 3, 7], "n": [10, 12, 9, 11], "sd": [2.0] * 4}
    )
    result = analysed(cells, "did_2x2", {**COLUMNS, "n": "n", "sd": "sd"}, std_errors="classical")
    expected = 2 * np.sqrt(1 / 10 + 1 / 12 + 1 / 9 + 1 / 11)
    assert headline(result).std_error == pytest.approx(expected, rel=1e-12)
    assert "errors_of_independent_people" in codes(result)


BASE = rows(10, w=1.0, one=1, flat=5.0)
REFUSALS = {
    "no_treated_units": (BASE[BASE["treated"] == 0], {}, {}),
    "no_untreated_units": (BASE[BASE["treated"] == 1], {}, {}),
    "no_pre_period": (BASE[BASE["post"] == 1], {}, {}),
    "no_post_period": (BASE[BASE["post"] == 0], {}, {}),
    "empty_cell": (BASE[(BASE["post"] == 1) | (BASE["treated"] == 1)], {}, {}),
    "outcome_constant": (BASE, {"outcome": "flat"}, {}),
    "one_cluster": (BASE, {"cluster": "one"}, {}),
    "third_difference_not_two_groups": (BASE, {"third_difference": "one"}, {}),
    "treatment_not_identified": (BASE.assign(x=BASE["treated"] * BASE["post"]), {"covariates": ["x"]},
                                 {"estimation": "linear"}),
    "covariates_collinear": (BASE.assign(x=BASE["outcome"], z=BASE["outcome"] * 2), {"covariates": ["x", "z"]}, {}),
    "no_overlap": (BASE.assign(x=BASE["treated"] + BASE["outcome"] / 1e3), {"covariates": ["x"]}, {}),
    "aggregate_cells_need_linear": (BASE.assign(n=5), {"n": "n", "covariates": ["w"]}, {}),
    "std_errors_not_available": (BASE.assign(x=BASE["outcome"]), {"covariates": ["x"]}, {"std_errors": "classical"}),
    "inference_not_available": (BASE.assign(x=BASE["outcome"]), {"covariates": ["x"]}, {"inference": "wild"}),
}  # fmt: skip


@pytest.mark.parametrize("code", REFUSALS)
def test_each_question_the_data_cannot_answer_is_refused_in_words(code):
    frame, columns, options = REFUSALS[code]
    result = analysed(frame, "did_2x2", {**COLUMNS, **columns}, panel=False, **options)
    assert result.refusal is not None
    assert result.refusal.code == code
    assert result.refusal.hint

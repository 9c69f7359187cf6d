"""Effects by subgroup: each by itself, adjusted for being many, and the test that they differ."""

import numpy as np
import pandas as pd
import pytest

from tests.engine_inputs import PANEL, analysed, panel_frame

NEVER = float("nan")
STARTS = [3.0] * 25 + [NEVER] * 30
TWO_BY_TWO = {"outcome": "outcome", "treated": "treated", "post": "post"}


def school_rows(*, n: int = 60, gap: float = 0.0, shared: float = 1.0, seed: int = 1) -> pd.DataFrame:
    """Schools with a row for each of two groups of pupils, before and after; schools' shocks hit both groups."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=(n, 2)) * shared
    rows = [
        (school, group, post, int(school < n / 2), shocks[school, post] + (school < n / 2) * post * (1 + gap * group)
         + 0.2 * rng.normal())
        for school in range(n) for group in (0, 1) for post in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["school", "group", "post", "treated", "outcome"])


def by_subgroup(result) -> dict:
    return {row.subgroup: row for row in result.estimates if row.subgroup is not None}


def diagnostic(result, code):
    return next((item for item in result.diagnostics if item.code == code), None)


def test_the_headline_stays_first_and_each_subgroup_is_what_it_is_alone():
    parts = [panel_frame(STARTS, n_periods=5, effect=e, noise=1.0, seed=s) for e, s in ((1.0, 1), (3.0, 2))]
    frame = pd.concat([part.assign(unit=part["unit"] + 100 * k, kind="ab"[k]) for k, part in enumerate(parts)])
    result = analysed(frame, "callaway_santanna", {**PANEL, "subgroup": "kind"})
    assert result.estimates[0].subgroup is None
    assert result.estimates[0] == analysed(frame, "callaway_santanna", PANEL).estimates[0]
    for k, part in enumerate(parts):
        alone = analysed(part, "callaway_santanna", PANEL).estimates[0]
        found = by_subgroup(result)["ab"[k]]
        assert (found.value, found.std_error) == (pytest.approx(alone.value), pytest.approx(alone.std_error))
        assert found.p_value_adjusted >= found.p_value
    test = diagnostic(result, "subgroup_difference")
    a, b = by_subgroup(result)["a"], by_subgroup(result)["b"]
    independent = (b.value - a.value) ** 2 / (a.std_error**2 + b.std_error**2)
    assert (test.statistic, test.df) == (pytest.approx(independent), 1)
    assert test.p_value < 0.001


@pytest.mark.parametrize(
    ("estimator", "columns"),
    [
        ("did_2x2", {**TWO_BY_TWO, "unit": "school"}),
        ("did_2x2", {**TWO_BY_TWO, "unit": "school", "covariates": ["x"]}),
        ("callaway_santanna", {"unit": "school", "period": "post", "outcome": "outcome", "first_treated": "first"}),
    ],
)
def test_subgroups_that_share_clusters_are_compared_within_them(estimator, columns):
    """Schools' shocks hit both groups alike, so the gap is known far better than either effect."""
    frame = school_rows(gap=0.5)
    frame = frame.assign(first=np.where(frame["treated"] == 1, 1.0, NEVER), x=frame["school"] % 7)
    result = analysed(frame, estimator, {**columns, "subgroup": "group"})
    test = diagnostic(result, "subgroup_difference")
    error = abs(test.details["difference"]) / np.sqrt(test.statistic)
    assert error < 0.5 * by_subgroup(result)[0].std_error
    assert test.details["difference"] == pytest.approx(0.5, abs=4 * error)
    assert result.estimates[0].n_clusters == 60


def test_no_difference_is_rejected_as_often_as_it_should_be(full):
    draws = 2000 if full else 150
    columns = {**TWO_BY_TWO, "cluster": "school", "subgroup": "group"}
    rejected = [
        diagnostic(analysed(school_rows(seed=seed), "did_2x2", columns), "subgroup_difference").p_value < 0.05
        for seed in range(draws)
    ]
    assert np.mean(rejected) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / draws))


def test_a_scale_of_subgroups_has_a_test_of_its_gradient():
    """Quintiles 1 to 5 with effects 1 to 5: the gradient is 1 a step."""
    parts = []
    for q in range(1, 6):
        part = panel_frame(STARTS, n_periods=5, effect=float(q), noise=1.0, seed=q)
        parts.append(part.assign(unit=part["unit"] + 100 * q, quintile=q))
    result = analysed(pd.concat(parts), "callaway_santanna", {**PANEL, "subgroup": "quintile"})
    test = diagnostic(result, "subgroup_gradient")
    assert test.details["difference"] == pytest.approx(1.0, abs=0.25)
    assert diagnostic(result, "subgroup_difference").df == 4


def test_a_subgroup_that_cannot_be_estimated_is_listed_with_its_reason():
    frame = panel_frame(STARTS, n_periods=5, effect=1.0, noise=1.0)
    frame["kind"] = np.where(frame["first_treated"].isna() & (frame["unit"] > 50), "untreated", "mixed")
    result = analysed(frame, "callaway_santanna", {**PANEL, "subgroup": "kind"})
    assert by_subgroup(result)["untreated"].value is None
    listed = diagnostic(result, "subgroups_not_estimable").details["subgroups"]
    assert listed == [{"subgroup": "untreated", "reason": "no_treated_units"}]


def test_too_many_subgroups_are_refused():
    frame = panel_frame(STARTS, n_periods=5, effect=1.0, noise=1.0)
    result = analysed(frame, "callaway_santanna", {**PANEL, "subgroup": "unit"})
    assert result.refusal.code == "too_many_subgroups"

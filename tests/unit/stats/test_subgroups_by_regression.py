"""Whether subgroups differ, by each regression: against one regression with every term interacted, and by simulation.

Schools hold several groups of pupils, so the groups' errors are related through their schools.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.engine_inputs import PANEL, analysed

NEVER = float("nan")
ESTIMATORS = ("twfe", "event_study", "sun_abraham", "imputation")
GROUPED = {**PANEL, "cluster": "school", "subgroup": "group"}


def pupils(*, n_schools: int = 40, groups: int = 2, gap: float = 0.0, shared: float = 2.0, seed: int = 1):
    """Two pupils of every group in each school, five periods, a third of schools treated from 2 and a third from 3.

    A school's shocks hit its groups alike; the effect is 1, and `gap` more for each further group.
    """
    rng = np.random.default_rng(seed)
    starts = np.array([2.0, 3.0, NEVER])[np.arange(n_schools) % 3]
    shocks = shared * rng.normal(size=(n_schools, 5))
    school, group, copy, period = (a.ravel() for a in np.meshgrid(range(n_schools), range(groups), [0, 1], range(5),
                                                                  indexing="ij"))  # fmt: skip
    effect = (period >= starts[school]) * (1 + gap * group)
    return pd.DataFrame(
        {
            "unit": (school * groups + group) * 2 + copy,
            "school": school,
            "group": group,
            "period": period,
            "first_treated": starts[school],
            "outcome": shocks[school, period] + effect + rng.normal(size=len(school)),
        }
    )


def unbalanced(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame less some rows, so that sums by cohort do not do; in a school one group is treated throughout."""
    frame = frame[frame.index % 17 != 5].reset_index(drop=True)
    is_early = (frame["school"] == 3) & (frame["group"] == 1)
    return frame.assign(first_treated=frame["first_treated"].mask(is_early, 0.0))


def diagnostic(result, code):
    return next((item for item in result.diagnostics if item.code == code), None)


def by_subgroup(result) -> dict:
    return {row.subgroup: row for row in result.estimates if row.subgroup is not None}


def treatment_columns(part: pd.DataFrame, estimator: str) -> tuple[pd.DataFrame, pd.Series]:
    """Regressors of treatment and the weight each has in the headline, written out from the definition."""
    start, period = part["first_treated"], part["period"]
    if estimator == "twfe":
        return pd.DataFrame({"d": (period >= start).astype(float)}), pd.Series({"d": 1.0})
    columns, weights = {}, {}
    cells = [(g, e) for g in (2, 3) for e in range(-g, 5 - g) if e != -1]
    for g, e in cells:
        name = (g, e) if estimator == "sun_abraham" else (0, e)
        hit = ((start == g) & (period - start == e)).astype(float)
        columns[name] = columns.get(name, 0) + hit
        weights[name] = weights.get(name, 0) + hit.sum() * (e >= 0)
    if estimator == "event_study":
        weights = {name: float(name[1] >= 0) for name in weights}
    weights = pd.Series(weights)
    return pd.DataFrame(columns), weights / weights.sum()


def interacted(frame: pd.DataFrame, estimator: str) -> tuple[np.ndarray, np.ndarray]:
    """Every group's headline and their covariance (no small-sample factor) from one regression with dummies."""
    blocks, loads = [], []
    for _, part in frame.groupby("group"):
        treatment, weights = treatment_columns(part, estimator)
        dummies = pd.get_dummies(part[["unit", "period"]].astype(str), dtype=float).drop(columns="period_0")
        block = pd.concat([treatment, dummies], axis=1)
        blocks.append(block.reindex(frame.index, fill_value=0.0))
        loads.append(np.concatenate([weights.to_numpy(), np.zeros(dummies.shape[1])]))
    x = pd.concat(blocks, axis=1).to_numpy()
    fit = sm.OLS(frame["outcome"].to_numpy(), x).fit()
    influence = pd.DataFrame((x * fit.resid[:, None]) @ np.linalg.pinv(x.T @ x)).groupby(frame["school"].values).sum()
    contrast = np.zeros((len(loads), x.shape[1]))
    place = 0
    for row, load in enumerate(loads):
        contrast[row, place : place + len(load)] = load
        place += len(load)
    parts = influence.to_numpy() @ contrast.T
    return contrast @ fit.params, parts.T @ parts


@pytest.mark.parametrize("cut", [lambda frame: frame, unbalanced], ids=["balanced", "with holes"])
@pytest.mark.parametrize("estimator", ESTIMATORS[:3])
def test_the_test_of_difference_is_that_of_one_regression_with_every_term_interacted(estimator, cut):
    frame = cut(pupils(n_schools=18, groups=3, gap=0.4))
    result = analysed(frame, estimator, GROUPED)
    values, covariance = interacted(frame[frame["first_treated"] != 0].reset_index(drop=True), estimator)
    rows = by_subgroup(result)
    assert [rows[g].value for g in range(3)] == pytest.approx(values)
    errors = np.array([rows[g].std_error for g in range(3)])
    size = np.sqrt(np.diag(covariance))
    assert errors / size == pytest.approx(errors[0] / size[0], rel=0.02), "but for the factor, the same errors"
    covariance = covariance / np.outer(size, size) * np.outer(errors, errors)
    contrasts = np.array([[-1, 1, 0], [-1, 0, 1]])
    gaps, spread = contrasts @ values, contrasts @ covariance @ contrasts.T
    found = diagnostic(result, "subgroup_difference")
    wald = gaps @ np.linalg.solve(spread, gaps)
    assert wald in (pytest.approx(found.statistic), pytest.approx(2 * found.statistic))
    slope = np.array([-0.5, 0, 0.5])
    gradient = diagnostic(result, "subgroup_gradient")
    assert gradient.details["difference"] == pytest.approx(slope @ values)
    assert gradient.statistic == pytest.approx((slope @ values) ** 2 / (slope @ covariance @ slope))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("is_cut", [False, True], ids=["balanced", "with holes"])
def test_groups_that_share_schools_are_compared_within_them_and_adjusted_for_their_number(estimator, is_cut):
    frame = pupils(gap=0.5)
    result = analysed(unbalanced(frame) if is_cut else frame, estimator, GROUPED)
    rows, test = by_subgroup(result), diagnostic(result, "subgroup_difference")
    error = abs(test.details["difference"]) / np.sqrt(test.statistic)
    apart = np.hypot(rows[0].std_error, rows[1].std_error)
    assert error < (0.8 if is_cut else 0.5) * apart, "schools' shocks drop out of the gap"
    assert test.details["difference"] == pytest.approx(0.5, abs=4 * error)
    low, high = sorted([rows[0].p_value, rows[1].p_value])
    assert sorted([rows[0].p_value_adjusted, rows[1].p_value_adjusted]) == pytest.approx([min(2 * low, high), high])


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("groups", [2, pytest.param(4, marks=pytest.mark.full)])
def test_no_difference_is_rejected_as_often_as_it_should_be(estimator, groups, full):
    draws = 1000 if full else 30
    code = "subgroup_difference" if groups == 2 else "subgroup_gradient"
    rejected = [
        diagnostic(analysed(pupils(groups=groups, seed=seed), estimator, GROUPED), code).p_value < 0.05
        for seed in range(draws)
    ]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.02 + 3 * np.sqrt(0.05 * 0.95 / draws))


def test_many_cells_give_the_same_test_as_a_column_for_each(monkeypatch):
    from evaluations.stats.regression import path_model

    frame = unbalanced(pupils(gap=0.4))
    wide = analysed(frame, "sun_abraham", GROUPED)
    monkeypatch.setattr(path_model, "MOST_ENTRIES", 1)
    by_cells = analysed(frame, "sun_abraham", GROUPED)
    found, expected = (diagnostic(result, "subgroup_difference") for result in (by_cells, wide))
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-8)
    assert found.p_value == pytest.approx(expected.p_value, rel=1e-6)

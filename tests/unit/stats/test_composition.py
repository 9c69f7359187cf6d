"""Who is in repeated cross-sections, before and after treatment began."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluations.stats.diagnostics.composition import composition_change
from evaluations.stats.engine import analyse
from tests.engine_inputs import spec_of, table_of

COLUMNS = {"period": "period", "outcome": "outcome", "first_treated": "first_treated", "covariates": ["age", "poor"]}


@pytest.fixture
def people() -> pd.DataFrame:
    """Other people in each of four periods; from period 3 on one of two groups is treated."""
    rng = np.random.default_rng(8)
    n = 1_200
    period, treated = rng.integers(1, 5, n), rng.integers(0, 2, n)
    frame = pd.DataFrame({"period": period, "first_treated": np.where(treated, 3.0, np.nan)})
    frame["age"] = rng.normal(40, 10, n) + 2 * treated + period
    frame["poor"] = (rng.random(n) < 0.3).astype(float)
    return frame.assign(outcome=rng.normal(size=n) + treated)


def result_of(frame, columns=COLUMNS):
    spec = spec_of("callaway_santanna", columns, panel=False, sensitivity=[])
    return analyse(table_of(frame, spec), spec)


def composition(result):
    return next((item for item in result.diagnostics if item.code == "composition_change"), None)


def older_once_treated(frame):
    return frame.assign(age=frame["age"] + 8 * (frame["period"] >= frame["first_treated"]))


def test_groups_that_differ_but_stay_as_they_were_pass(people):
    found = composition(result_of(people))
    assert found.p_value > 0.05
    assert found.df == 2


def test_a_group_that_is_older_once_treated_is_found_and_calls_for_caution(people):
    result = result_of(older_once_treated(people))
    assert composition(result).p_value < 0.001
    assert "Other kinds of people are in the sample after treatment began than before." in result.standing.reasons
    assert result.standing.level != "supports"


def test_one_covariate_of_two_groups_and_periods_is_the_four_means(people):
    """With one group treated between two periods, the change is the difference of differences of mean age."""
    two = older_once_treated(people).query("period in (2, 3)")
    found = composition(result_of(two, {**COLUMNS, "covariates": ["age"]}))
    mean = two.groupby([two["first_treated"].notna(), "period"])["age"].mean()
    change = (mean[True, 3] - mean[True, 2]) - (mean[False, 3] - mean[False, 2])
    assert found.details["changes"]["age"] * two["age"].std(ddof=0) == pytest.approx(change)
    assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, 1))


def test_the_test_keeps_its_level():
    """Of 300 samples whose make-up never changes, 5 % should be doubted; four Monte-Carlo errors either way."""
    rng = np.random.default_rng(4)
    doubted = 0
    for _ in range(300):
        n = 240
        frame = pd.DataFrame(
            {"period": rng.integers(1, 4, n), "first_treated": np.where(rng.random(n) < 0.5, 2, np.nan)}
        )
        frame = frame.assign(outcome=rng.normal(size=n), age=rng.normal(size=n), poor=rng.normal(size=n) ** 2)
        spec = spec_of("callaway_santanna", COLUMNS, panel=False)
        doubted += composition_change(table_of(frame, spec), spec)[0].p_value < 0.05
    assert abs(doubted / 300 - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 300)


def test_without_covariates_it_says_that_nothing_is_known(people):
    found = composition(result_of(people, {**COLUMNS, "covariates": []}))
    assert (found.statistic, found.p_value) == (None, None)
    assert "cannot be checked" in found.reading


def test_followed_units_are_not_tested(people):
    frame = people.assign(unit=np.arange(len(people)) // 4, period=np.arange(len(people)) % 4 + 1)
    frame["first_treated"] = np.where(frame["unit"] % 2, 3.0, np.nan)
    spec = spec_of("callaway_santanna", {**COLUMNS, "unit": "unit"}, sensitivity=[])
    assert composition(analyse(table_of(frame, spec), spec)) is None


@pytest.mark.parametrize("spoiled", ["age", "area"], ids=["a covariate that is the same for all", "one cluster"])
def test_where_no_covariate_can_be_tested_it_says_so(people, spoiled):
    frame = people.assign(area=people.index % 20).assign(**{spoiled: 1})
    columns = {**COLUMNS, "covariates": ["age"], "cluster": "area"}
    spec = spec_of("twfe", columns, panel=False, std_errors="hc1")
    found = composition_change(table_of(frame, spec), spec)[0]
    assert found.reading.startswith("Rows are other people in every period, and no covariate's change")
    assert (found.statistic, found.p_value) == (None, None)

"""The regressions' test of earlier trends where clusters are few: Hotelling's F, of the leads seen widely."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.validation.worlds import WORLDS
from evaluations.stats.registry import estimator
from evaluations.stats.spec import parse_spec

COLUMNS = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}


def judged(name, world, seed):
    spec = parse_spec({"estimator": name, "columns": COLUMNS, "options": {"sensitivity": []}})
    result = estimator(spec)(WORLDS[world].draw(np.random.default_rng(seed)), spec)
    return result, next(item for item in result.diagnostics if item.code == "pretrend_joint")


def test_one_date_is_judged_by_hotelling_with_both_sides_freedom():
    result, test = judged("event_study", "twelve_clusters", 1)
    leads = [n for n, effect in enumerate(result.event_study) if effect.event_time < -1]
    values = np.array([result.event_study[n].value for n in leads])
    wald = values @ np.linalg.solve(result.covariance[np.ix_(leads, leads)], values)
    freedom, q = 10, len(leads)  # Welch's for six and six of equal variance: 5 + 5
    assert test.df == (q, freedom - q + 1)
    assert test.statistic == pytest.approx(wald * (freedom - q + 1) / (q * freedom), rel=1e-9)
    assert test.p_value == pytest.approx(stats.f.sf(test.statistic, *test.df), rel=1e-9)


def test_a_lead_that_only_the_last_cohort_reaches_is_not_judged_with_the_others():
    result, test = judged("event_study", "no_effect", 1)
    seen = {effect.event_time: effect.n_treated_units for effect in result.event_study if effect.event_time < -1}
    widely = [time for time, units in seen.items() if units >= max(seen.values()) / 2]
    assert 0 < len(widely) < len(seen)
    assert test.df[0] == len(widely)
    assert f"{len(widely)} of {len(seen)}" in test.reading


@pytest.mark.parametrize("name", ["event_study", "sun_abraham"])
def test_it_keeps_its_level(name, full):
    draws = 1_000 if full else 120
    p = [judged(name, "no_effect", seed)[1].p_value for seed in range(draws)]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / draws)

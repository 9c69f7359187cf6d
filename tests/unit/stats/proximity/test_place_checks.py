"""The checks of a proximity result find what was planted and are quiet where nothing was."""

import numpy as np
import pytest

from evaluations.stats.engine import analyse
from evaluations.stats.proximity import place_checks
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import sites, table

KM = 1 / 111.27


def design(estimator="ring_did", *, columns=None, options=None, **proximity):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": estimator,
            "columns": {"outcome": "y", "unit": "u", "period": "t", "latitude": "a", "longitude": "o"}
            | (columns or {}),
            "options": {"sensitivity": []} | (options or {}),
            "proximity": {"edges_km": [0, 2, 4, 8], "radius_km": 2} | proximity,
        }
    )


def homes(rng, *, n=240, near=1.0, next_ring=0.0, drift=0.0, opens=(2005, 2007), growth=0.0):
    """Homes up to 8 km north of two sites seen from 2001 to 2009; effects by ring, and a drift of those near."""
    km, which = rng.uniform(0, 8, n), np.arange(n) % 2
    year = np.tile(np.arange(2001, 2010), n)
    since = year - np.repeat(np.array(opens)[which], 9)
    size = np.repeat(np.select([km < 2, km < 4], [near, next_ring], 0.0), 9)
    outcome = np.repeat(rng.normal(size=n), 9) + np.where(since >= 0, size * (1 + growth * since), 0)
    outcome += drift * np.repeat(km < 2, 9) * (year - 2001) + 0.5 * rng.normal(size=len(year))
    return {
        "outcome": outcome,
        "unit": np.repeat(np.arange(n), 9),
        "period": year,
        "latitude": np.repeat(53 + km * KM, 9),
        "longitude": np.repeat(-2.0 + which, 9),
        "sites": sites([53, 53], [-2.0, -1.0], opens),
    }


def found(result, code):
    return [d for d in result.diagnostics if d.code == code]


@pytest.mark.parametrize("estimator", ["ring_did", "access_did"])
def test_a_loss_in_the_next_ring_is_found_and_none_is_not(estimator):
    losing = analyse(table(**homes(np.random.default_rng(1), next_ring=-0.8)), design(estimator))
    quiet = analyse(table(**homes(np.random.default_rng(1))), design(estimator))
    assert found(losing, "spillover_next_ring")[0].statistic == pytest.approx(-0.8, abs=0.2)
    assert found(losing, "spillover_next_ring")[0].p_value < 0.001
    assert found(quiet, "spillover_next_ring")[0].p_value > 0.01
    assert "does not show" in found(quiet, "spillover_next_ring")[0].reading


@pytest.mark.parametrize("estimator", ["ring_did", "access_did"])
def test_a_drift_before_opening_shows_at_placebo_dates(estimator):
    drifting = analyse(table(**homes(np.random.default_rng(2), drift=0.4)), design(estimator))
    quiet = analyse(table(**homes(np.random.default_rng(2))), design(estimator))
    assert found(drifting, "placebo_time")[0].p_value < 0.001
    assert found(quiet, "placebo_time")[0].p_value > 0.01


def test_a_drift_before_one_date_shows_too():
    columns = homes(np.random.default_rng(3), drift=0.4, opens=(2005, 2005))
    columns["post"] = (columns["period"] >= 2005).astype(float)
    result = analyse(table(**columns), design(columns={"post": "p"}))
    assert found(result, "placebo_time")[0].p_value < 0.001
    assert found(result, "placebo_time")[0].details["periods_early"] == 2


def test_every_other_choice_is_listed_with_its_answer_or_its_reason():
    result = analyse(table(**homes(np.random.default_rng(4))), design("access_did", radius_km=6))
    by_name = {s.name: s for s in result.specifications}
    assert by_name["This design"].value == result.estimates[0].value
    assert {"Within 3 km", "Within 4.5 km", "Within 7.5 km", "Within 12 km"} <= set(by_name)
    assert by_name["Within 12 km"].value is None
    assert by_name["Within 12 km"].note
    rings = {s.name for s in analyse(table(**homes(np.random.default_rng(4))), design()).specifications}
    assert {"This design", "Compared with 2 to 4 km", "First two rings as one, to 4 km"} <= rings


def test_made_up_sites_far_from_real_ones_show_nothing():
    rng = np.random.default_rng(5)
    columns = homes(rng, n=240)
    far = homes(rng, n=400, near=0.0)
    columns = {name: columns[name] if name == "sites" else np.r_[columns[name], far[name]] for name in columns}
    columns["unit"] = np.r_[columns["unit"][: 240 * 9], far["unit"] + 1000]
    columns["latitude"][240 * 9 :] += 0.5
    result = analyse(table(**columns), design("access_did"))
    assert found(result, "placebo_sites")[0].statistic <= 0.25


def test_overlap_counts_those_near_two_sites():
    columns = homes(np.random.default_rng(6))
    columns["sites"] = sites([53, 53, 53.005], [-2.0, -1.0, -2.0], [2005, 2007, 2006])
    overlap = found(analyse(table(**columns), design("access_did")), "overlap_of_sites")[0]
    assert 0.2 < overlap.statistic < 0.7
    assert overlap.details["most_sites_near"] == 2


def test_a_covariate_that_changes_with_the_opening_is_a_change_of_composition():
    rng = np.random.default_rng(7)
    n = 4_000
    km, post = rng.uniform(0, 8, n), rng.integers(0, 2, n).astype(float)
    income = rng.normal(size=n) + 0.5 * post * (km < 2)
    columns = {"outcome": income + rng.normal(size=n), "post": post, "distance_km": km}
    spec = design(
        columns={"unit": None, "period": None, "latitude": None, "longitude": None, "post": "p", "distance_km": "d"},
        options={"estimation": "linear"},
    )
    result = analyse(table(**columns, covariates=income), spec)
    change = found(result, "composition_change")[0]
    assert change.statistic == pytest.approx(0.5, abs=0.2)
    assert change.p_value < 0.001
    assert found(result, "composition_numbers")[0].p_value > 0.001
    assert "standard deviations" in found(result, "near_far_balance")[0].reading


def test_large_tables_keep_the_quick_checks_and_say_which_were_left_out(monkeypatch):
    monkeypatch.setattr(place_checks, "MOST_ROWS", 100)
    result = analyse(table(**homes(np.random.default_rng(8))), design())
    assert found(result, "checks_not_repeated")
    assert found(result, "overlap_of_sites")
    assert not result.specifications

"""When each address was true, and how precisely it is known: refused where exposure or radii ask for more."""

import numpy as np
import pytest

from evaluations.stats.engine import analyse
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import table
from tests.unit.stats.proximity.test_ring_many_dates import homes

COLUMNS = {"outcome": "y", "unit": "u", "period": "t", "first_treated": "f", "distance_km": "d"}
ESTIMATORS = ["ring_did", "access_did", "distance_curve"]
EVENLY = {"ring_did": "each was first seen at", "distance_curve": "each was first seen at", "access_did": "throughout"}


def design(estimator, **proximity):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": estimator,
            "columns": COLUMNS,
            "proximity": {"edges_km": [0, 1, 2.5, 5], "radius_km": 2.5} | proximity,
        }
    )


def rows(seed=3, **more):
    columns, _ = homes(np.random.default_rng(seed), n=400, openings=(3, 5))
    if more.pop("is_far_without_opening", False):
        columns["first_treated"] = np.where(columns["distance_km"] > 2.5, np.nan, columns["first_treated"])
    return columns | more


@pytest.mark.parametrize("openings", [(3,), (3, 5)])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_exposure_after_people_left_is_refused_with_the_way_to_assume(estimator, openings):
    columns, _ = homes(np.random.default_rng(3), n=400, openings=openings)
    given = columns | {"location_to": np.full(3_200, 6.0)}
    refusal = analyse(table(**given), design(estimator)).refusal
    assert refusal.code == "exposure_outside_residence"
    assert "rows exposure counts" in refusal.message
    assert "leaving out location_from and location_to" in refusal.hint


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_dates_that_cover_the_exposure_are_used_and_nothing_is_assumed(estimator):
    dated = {"location_from": np.full(3_200, 1.0), "location_to": np.full(3_200, 8.0)}
    known = analyse(table(**rows(**dated)), design(estimator))
    assert known.status == "done"
    assert "taking" not in known.estimates[0].estimand
    assumed = analyse(table(**rows()), design(estimator))
    assert "taking" in assumed.estimates[0].estimand
    assert EVENLY[estimator] in assumed.estimates[0].estimand
    assert known.estimates[0].value == pytest.approx(assumed.estimates[0].value)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_someone_who_moved_away_is_exposed_where_first_seen_only_while_there(estimator):
    columns = rows()
    until = np.where(columns["unit"] == 0, np.where(columns["period"] < 6, 5.0, np.inf), np.inf)
    since = np.where((columns["unit"] == 0) & (columns["period"] >= 6), 6.0, 1.0)
    result = analyse(table(**columns, location_from=since, location_to=until), design(estimator))
    assert result.refusal.code == "exposure_outside_residence"
    assert "For 3 rows" in result.refusal.message


@pytest.mark.parametrize("estimator", ["ring_did", "distance_curve"])
def test_rows_from_before_the_opening_need_no_residence(estimator):
    columns = rows()
    result = analyse(table(**columns, location_from=columns["first_treated"]), design(estimator))
    assert result.status == "done"


def test_rows_that_are_not_followed_say_what_is_assumed_of_them():
    columns = {name: column for name, column in rows().items() if name != "unit"}
    spec = parse_spec(design("ring_did").to_json() | {"options": {"panel": False}, "columns": COLUMNS | {"unit": None}})
    assert "taking the place given for each row" in analyse(table(**columns), spec).estimates[0].estimand


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_result_says_how_precisely_places_are_known(estimator):
    stated = analyse(table(**rows(precision_km=0.5)), design(estimator))
    assert "Places are known to about 0.5 km." in stated.sample.notes
    unstated = analyse(table(**rows()), design(estimator))
    assert any("not stated (proximity.precision_km)" in note for note in unstated.sample.notes)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_distances_finer_than_places_are_known_are_refused(estimator):
    refusal = analyse(table(**rows(precision_km=3.0)), design(estimator)).refusal
    assert refusal.code == "finer_than_precision"
    assert "about 3 km" in refusal.message
    assert "3 km or more" in refusal.hint


def test_a_curve_draws_no_ring_narrower_than_places_are_known():
    result = analyse(table(**rows(precision_km=0.8)), design("distance_curve"))
    assert min(ring.outer_km - ring.inner_km for ring in result.rings) >= 0.8

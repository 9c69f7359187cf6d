"""A later release beside earlier ones of the same data, and a result with more of it hidden."""

import pytest

from evaluations.disclosure.policy import PRESET
from evaluations.disclosure.releases import ALL_COUNTS, Clash, Earlier, clashes, hiding

BEFORE = Earlier("run 1", {"units": 500, "treated": 120, "rows_used": 3000, "units in ring 0 to 1": 80})


def names(counts, earlier=BEFORE):
    return {each.count for each in clashes(counts, [earlier], PRESET)}


def test_the_same_counts_again_tell_nothing():
    assert names({"units": 500, "treated": 120, "rows_used": 3000}) == set()


@pytest.mark.parametrize(("units", "found"), [(497, {"units"}), (491, {"units"}), (490, set()), (503, {"units"})])
def test_a_count_that_differs_by_fewer_than_ten_people_clashes(units, found):
    assert names({"units": units}) == found


def test_rows_clash_by_the_people_behind_them():
    assert names({"units": 400, "rows_used": 2400 + 546}) == {"rows_used"}  # 54 rows, seven or eight a person
    assert names({"units": 400, "rows_used": 2400}) == set()


def test_a_part_clashes_with_a_whole_it_nearly_is():
    assert names({"units in girls": 496}) == {"units in girls"}
    assert names({"units": 83}, Earlier("run 1", {"units in girls": 80})) == {"units"}
    assert names({"cohort 2014": 118}) == {"cohort 2014"}


def test_parts_of_different_kinds_do_not_clash():
    assert names({"units in girls": 83}, Earlier("run 1", {"units in north": 80})) == set()
    assert names({"cohort 2015": 83}, Earlier("run 1", {"cohort 2014": 80})) == set()


def test_rings_that_meet_clash_and_rings_apart_do_not():
    assert names({"units in ring 0 to 1.2": 85}) == {"units in ring 0 to 1.2"}
    assert names({"units in ring 1 to 2": 85}) == set()


def test_where_only_rounded_counts_are_left_nearness_allows_for_the_rounding():
    rounded = Earlier("run 1", {"units": 500}, is_rounded=True)
    assert names({"units": 500}, rounded) == {"units"}
    assert names({"units": 486}, rounded) == {"units"}
    assert names({"units": 485}, rounded) == set()


def test_why_is_said_in_plain_words():
    assert Clash("units", "run 1").in_words(PRESET) == (
        "It differs from run 1, already released, by fewer than 10 people: "
        "shown side by side they would tell who is in one and not in the other."
    )


RESULT = {
    "status": "done",
    "estimates": [{"name": "att", "value": 1.0, "n_units": 500, "n_obs": 1000}],
    "event_study": [{"event_time": 0, "value": 1.0, "n_treated_units": 120, "hidden": ["std_error"]}],
    "sample": {"rows_read": 1000, "dropped": [{"reason": "weight_zero", "rows": 60}]},
}


def test_hiding_counts_leaves_the_effects():
    found = hiding(RESULT, [ALL_COUNTS])
    assert found["estimates"] == [
        {"name": "att", "value": 1.0, "n_units": None, "n_obs": None, "hidden": ["n_units", "n_obs"]}
    ]
    assert found["event_study"][0]["hidden"] == ["std_error", "n_treated_units"]
    assert found["sample"] == {"hidden": ["rows_read", "rows_used"]}
    assert RESULT["estimates"][0]["n_units"] == 500


def test_hiding_a_part_takes_it_away():
    assert "event_study" not in hiding(RESULT, ["event_study"])
    assert hiding(RESULT, []) == RESULT

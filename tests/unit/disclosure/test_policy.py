"""The preset of disclosure control, and how far an evaluation may depart from it."""

from dataclasses import replace

import pytest

from evaluations.disclosure.policy import FLOOR, PRESET, Policy, below_floor, departures_of, is_weaker, policy_of


def test_the_preset_is_that_of_the_standards():
    assert (PRESET.min_count, PRESET.round_to, PRESET.min_residual_df) == (10, 5, 10)
    assert PRESET.min_treated_people == 60


def test_the_preset_and_the_floor_are_themselves_allowed():
    assert below_floor(PRESET) == below_floor(FLOOR) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_count", 9),
        ("round_to", 4),
        ("min_residual_df", 9),
        ("min_treated_people", 9),
        ("min_count", 10**9),
    ],
)
def test_nothing_may_protect_less_than_the_floor(name, value):
    assert [each[0] for each in below_floor(replace(PRESET, **{name: value}))] == [name]


def test_rounding_to_more_than_the_threshold_is_refused():
    assert [each[0] for each in below_floor(Policy(min_count=10, round_to=25))] == ["round_to"]


def test_departures_are_kept_and_read_again():
    stricter = Policy(min_count=20, round_to=10)
    assert departures_of(stricter) == {"min_count": 20, "round_to": 10}
    assert policy_of(departures_of(stricter)) == stricter
    assert policy_of({}) == PRESET


def test_departures_below_the_floor_are_lifted_to_it_however_they_came_there():
    assert policy_of({"min_count": 1, "round_to": 1, "min_treated_people": 1}) == FLOOR


def test_only_fewer_treated_people_are_a_weaker_policy_that_is_allowed():
    assert is_weaker(FLOOR) and not is_weaker(PRESET) and not is_weaker(Policy(min_count=20))


def test_the_policy_says_its_numbers():
    assert "under 20" in Policy(min_count=20).in_words() and "fewer than 60 treated people" in PRESET.in_words()

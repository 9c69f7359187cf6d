"""Numbers land where they should, and marks are round."""

import math

import pytest

from evidence.drawing.numbers import digits_for, interval_text, number_text
from evidence.drawing.scales import Scale, domain_of, tick_texts, ticks


def test_a_scale_maps_its_ends_and_middle():
    scale = Scale(-1, 1, start=100, end=0)
    assert [scale(-1), scale(0), scale(1)] == [100, 50, 0]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-0.3, 0.35, [-0.2, 0.0, 0.2]),
        (-26000, 2600, [-20000, -10000, 0]),
        (1.1, 1.9, [1.2, 1.4, 1.6, 1.8]),
    ],
)
def test_ticks_are_round_and_inside(low, high, expected):
    found = ticks(low, high, count=5)
    assert found == pytest.approx(expected)
    assert all(low <= value <= high for value in found)


@pytest.mark.parametrize("power", range(-8, 9))
def test_tick_texts_tell_neighbours_apart_at_any_magnitude(power):
    labels = tick_texts(ticks(-1.3 * 10.0**power, 2.2 * 10.0**power))
    assert len(labels) == len(set(labels)) >= 3
    assert "0" in {label.rstrip("0").rstrip(".") or "0" for label in labels}


def test_a_domain_leaves_out_what_is_not_a_number_and_is_never_of_zero_width():
    assert domain_of([1.0, None, math.nan, math.inf, 3.0], padding=0) == (1.0, 3.0)
    low, high = domain_of([5.0])
    assert low < 5 < high
    assert domain_of([])[0] < 0 < domain_of([])[1]


def test_numbers_read_with_a_true_minus_and_never_as_minus_zero():
    assert number_text(-1234.567) == "\u22121,234.57"
    assert number_text(-0.001) == "0.00"
    assert number_text(None) == number_text(math.nan) == "not available"
    assert interval_text(-1.2, 0.35) == "\u22121.20 to 0.35"


@pytest.mark.parametrize(("value", "digits"), [(11863.9, 0), (2.75, 2), (27.5, 1), (0.33, 2), (0.012, 3), (None, 2)])
def test_decimals_follow_the_size_of_the_number(value, digits):
    assert digits_for(value) == digits

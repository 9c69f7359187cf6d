"""A result in words: what may be said when, and how numbers read."""

import pytest

from evaluations.runs.presenters import answer, detectable_text, estimate_text, p_value_text, waterfall
from evaluations.runs.subjects import Subject, how_near

READINESS = Subject("Family Hubs", "school readiness", "percentage points", "higher")
ABSENCE = Subject("Family Hubs", "absence", "days", "lower")


def result(value=2.0, lower=1.0, upper=3.0, level="supports", **more):
    headline = {"name": "att", "estimand": "average effect", "value": value, "ci_lower": lower, "ci_upper": upper}
    return {"estimates": [headline], "standing": {"level": level, "reasons": []}} | more


def sentence(subject=READINESS, **kwargs) -> str:
    return answer(result(**kwargs), subject, "did_2x2").sentence


def test_an_interval_away_from_zero_reads_as_a_range_and_says_which_way_is_better():
    assert sentence() == (
        "Family Hubs raised school readiness by between 1.00 and 3.00 percentage points, which is for the better."
    )
    assert sentence(value=-2.0, lower=-3.0, upper=-1.0).endswith("percentage points, for the worse.")
    assert sentence(ABSENCE, value=-2.0, lower=-3.0, upper=-1.0) == (
        "Family Hubs lowered absence by between 1.00 and 3.00 days, which is for the better."
    )


def test_an_interval_across_zero_is_inconclusive_and_never_no_effect():
    told = sentence(lower=-1.0, upper=5.0)
    assert told.startswith("Inconclusive:")
    assert "between 1.00 percentage points lower and 5.00 percentage points higher" in told
    assert "This is not evidence of no effect" in told


def test_a_result_that_does_not_support_a_causal_reading_says_so_first():
    told = sentence(level="does_not_support")
    assert told.startswith("These data and this design do not show whether Family Hubs changed school readiness")
    assert "raised" not in told


def test_caution_is_said_before_the_number():
    assert sentence(level="caution").startswith("To be read with caution:")


def test_no_interval_means_nothing_is_claimed():
    assert "raised" not in sentence(lower=None, upper=None)
    assert "No number" in sentence(value=None)


def test_the_number_carries_its_unit_and_interval_with_a_true_minus():
    row = {"value": -11863.9, "ci_lower": -26535.3, "ci_upper": 2807.5, "level": 0.95}
    assert estimate_text(row, "dollars") == "−11,864 dollars (95% interval −26,535 to 2,808)"
    assert estimate_text({"value": 1.0}, "points") == "1.00 points (no interval that could be trusted)"


@pytest.mark.parametrize(("p_value", "text"), [(0.0004, "p below 0.001"), (0.0449, "p = 0.045"), (1.0, "p = 1.000")])
def test_p_values(p_value, text):
    assert p_value_text(p_value) == text


def test_the_detectable_effect_is_said_only_where_it_is_known():
    assert detectable_text({}, "points") == ""
    known = {"detectable_effect": {"value": 2.5, "power": 0.8}}
    assert detectable_text(known, "points").startswith("It would have found a true effect of 2.50 points or more 80%")


def test_the_waterfall_goes_from_rows_submitted_to_rows_analysed_with_reasons():
    sample = {"rows_read": 12, "rows_used": 10, "dropped": [{"reason": "outcome_missing", "rows": 2}]}
    table = waterfall(result() | {"sample": sample})
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["Rows submitted", "12"],
        ["Left out: the outcome is missing", "2"],
        ["Rows analysed", "10"],
    ]


NEAR = Subject("Family Hubs", "school readiness", "points", "higher", "living within 2.5 km")


def test_an_effect_of_distance_is_told_as_one_of_living_near_and_not_of_attending():
    told = sentence(NEAR)
    assert told.startswith("Living within 2.5 km of a site of Family Hubs raised school readiness by between")
    assert told.endswith("This is access, not attendance.")
    unsure = sentence(NEAR, lower=-1.0, upper=5.0)
    assert "because of living within 2.5 km of a site of Family Hubs. This is access, not attendance." in unsure


@pytest.mark.parametrize(
    ("estimator", "edges_km", "words"),
    [
        ("ring_did", [0, 1, 5], "living within 1 km"),
        ("ring_did", [0.5, 1, 5], "living 0.5 to 1 km"),
        ("access_did", [0, 1, 5], "living within 2 km"),
        ("distance_curve", [0, 10], "living within 2 km"),
    ],
)
def test_how_near_is_what_the_headline_of_the_design_is_about(estimator, edges_km, words):
    spec = {"method": "proximity", "estimator": estimator, "proximity": {"radius_km": 2, "edges_km": edges_km}}
    assert how_near(spec) == words
    assert how_near({"method": "did", "estimator": "twfe"}) == ""

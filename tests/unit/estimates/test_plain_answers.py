"""Effects said plainly: the published tables, and when nothing may be said."""

from types import SimpleNamespace

import pytest

from evidence.estimates.plain_answers import months_of_progress, plain_answers


def estimate(**changes):
    intervention = SimpleNamespace(cost_per_participant=None, cost_currency="GBP", cost_price_year=2024)
    facts = {
        "value": 5.0, "std_error": None, "ci_lower": 2.0, "ci_upper": 8.0, "level": 0.95, "is_effect": True,
        "unit": "percentage points", "origin": "run", "standard_scale": "", "standard_value": None,
        "standard_std_error": None, "outcome": SimpleNamespace(domain="labour market"), "intervention": intervention,
    }  # fmt: skip
    return SimpleNamespace(**(facts | changes))


def texts(**changes):
    return [answer.text for answer in plain_answers(estimate(**changes))]


# Education Endowment Foundation, about the toolkits: both ends of each band.
BANDS = [
    (0.0, 0.01), (0.02, 0.09), (0.10, 0.18), (0.19, 0.26), (0.27, 0.35), (0.36, 0.44), (0.45, 0.52), (0.53, 0.61),
    (0.62, 0.69), (0.70, 0.78), (0.79, 0.87), (0.88, 0.95), (0.96, 1.00),
]  # fmt: skip


@pytest.mark.parametrize(("months", "band"), list(enumerate(BANDS)))
def test_months_follow_the_published_bands_and_mirror_below_zero(months, band):
    assert {months_of_progress(size) for size in band} == {months}
    assert {months_of_progress(-size) for size in band} == {-months}


def test_effects_are_rounded_to_two_decimals_before_the_bands():
    assert months_of_progress(0.0949) == 1
    assert months_of_progress(0.095) == 2
    assert months_of_progress(1.2) is None


def test_a_clear_effect_on_a_share_is_said_per_hundred_and_one_in():
    (text,) = texts()
    assert (
        text == "Between 2.0 more and 8.0 more in every 100 people. One in 20 people (between one in 13 and one in 50)."
    )


def test_an_unclear_effect_has_no_one_in():
    (text,) = texts(value=2.0, ci_lower=-3.0, ci_upper=8.0)
    assert text == "Between 3.0 fewer and 8.0 more in every 100 people."


def test_without_an_interval_it_says_so():
    (text,) = texts(ci_lower=None, ci_upper=None)
    assert "how sure this is cannot be said" in text


def test_months_need_an_attainment_outcome_and_a_scale_of_people():
    scaled = {"unit": "points", "standard_scale": "hedges_g", "standard_value": 0.2, "standard_std_error": 0.05}
    assert texts(**scaled) == []
    attainment = SimpleNamespace(domain="school attainment")
    assert texts(**scaled, outcome=attainment) == ["About 3 months of progress (from 2 to 4)."]
    assert texts(**(scaled | {"standard_scale": "area_sd"}), outcome=attainment) == []


def test_cost_per_extra_outcome_divides_cost_by_the_effect():
    cost = SimpleNamespace(cost_per_participant=1000, cost_currency="GBP", cost_price_year=2024)
    assert "About £20,000 for each extra outcome (between £12,500 and £50,000)." in texts(intervention=cost)
    inconclusive = texts(intervention=cost, value=2.0, ci_lower=-3.0)
    assert "No cost per extra outcome can be given: the interval includes no difference." in inconclusive


def test_what_is_not_an_effect_is_never_said_plainly():
    assert texts(is_effect=False) == []

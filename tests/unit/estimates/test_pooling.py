"""What is pooled, what is not, and that every estimate is accounted for."""

from types import SimpleNamespace

import numpy as np
import pytest

from evidence.estimates.examples import teacher_expectancy
from evidence.estimates.pooling import NoSynthesis, StudyEffect, Synthesis, std_error_of, synthesise, synthesise_effects
from evidence.synthesis.random_effects import pool


def estimate(number=1, **changes):
    stated = {
        "pk": number,
        "estimate_kind": "causal",
        "value": 0.2,
        "std_error": 0.1,
        "ci_lower": None,
        "ci_upper": None,
        "level": None,
        "standing": "",
        "unit": "points",
        "standard_scale": "",
        "standard_value": None,
        "standard_std_error": None,
        "subgroup": "",
        "study_id": number,
        "study": SimpleNamespace(title=f"Study {number}"),
        "is_withdrawn": False,
        "superseded_by_id": None,
    }
    return SimpleNamespace(**(stated | changes))


def test_effects_with_errors_on_one_scale_are_pooled():
    found = synthesise([estimate(1), estimate(2, value=0.4), estimate(3, value=0.3)])
    assert isinstance(found, Synthesis)
    assert found.pooled.value == pytest.approx(0.3)
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimate_kind": "descriptive"}, "marked “raw rate, not an effect”"),
        ({"unit": "odds ratio"}, "a ratio, which is not averaged as it stands"),
        ({"estimate_kind": "projection"}, "marked “forecast, not observed”"),
        ({"estimate_kind": "cost_benefit"}, "marked “cost-benefit figure, not an effect”"),
        ({"std_error": None}, "without a standard error or an interval"),
        ({"value": None, "std_error": None}, "in words, without a number"),
        ({"standing": "does_not_support"}, "does not support a causal reading"),
        ({"is_withdrawn": True}, "withdrawn or replaced"),
        ({"unit": "grades"}, "on another scale"),
    ],
)
def test_what_cannot_be_pooled_is_counted_with_its_reason(changes, words):
    found = synthesise([estimate(1), estimate(2), estimate(3, **changes)])
    assert isinstance(found, Synthesis)
    assert [item.count for item in found.left_out] == [1]
    assert words in found.left_out[0].reason


def test_nothing_to_pool_says_why_with_every_estimate_accounted_for():
    found = synthesise([estimate(number, std_error=None) for number in range(4)])
    assert isinstance(found, NoSynthesis)
    assert "4 published without a standard error or an interval" in found.message


def test_one_study_is_not_a_synthesis_however_many_estimates_it_gives():
    found = synthesise([estimate(1, study_id=7), estimate(2, study_id=7)])
    assert isinstance(found, NoSynthesis)


def test_several_estimates_from_a_study_are_pooled_in_three_levels():
    found = synthesise([estimate(n, study_id=n // 2, value=0.1 * n) for n in range(8)])
    assert found.several_each.n_studies == 4


def test_a_published_interval_gives_its_error():
    assert std_error_of(estimate(std_error=None, ci_lower=0.0, ci_upper=0.392, level=0.95)) == pytest.approx(
        0.1, abs=1e-5
    )


def test_a_standardised_value_without_its_error_is_not_mixed_with_natural_units():
    half = estimate(3, standard_scale="g", standard_value=0.3)
    found = synthesise([estimate(1), estimate(2), half])
    assert found.scale == "points"
    assert len(found.effects) == 3


def test_small_study_checks_wait_for_ten_effects():
    few = [StudyEffect(str(n), str(n), 0.1 * n, 0.1 + 0.01 * n) for n in range(9)]
    assert synthesise_effects(few, scale="x").asymmetry is None
    assert synthesise_effects([*few, StudyEffect("9", "9", 0.9, 0.2)], scale="x").asymmetry is not None


def test_the_worked_example_gives_the_published_answer():
    example = teacher_expectancy()
    found = synthesise_effects(example.effects, scale=example.scale)
    assert len(example.effects) == 19
    assert found.pooled.value == pytest.approx(example.published["value"], abs=1e-4)
    assert found.pooled.tau2 == pytest.approx(example.published["tau2"], abs=1e-4)
    assert found.pooled.q == pytest.approx(example.published["q"], abs=0.01)


def test_the_worked_example_moderator_accounts_for_the_spread():
    # Raudenbush (1985): with contact capped at three weeks, intercept .407, slope -.157, tau2 0.
    example = teacher_expectancy()
    found = pool(
        np.array([effect.value for effect in example.effects]),
        np.array([effect.std_error**2 for effect in example.effects]),
        moderators=np.array([[effect.moderator] for effect in example.effects]),
    )
    assert [item.value for item in found.coefficients] == pytest.approx([0.4072, -0.1572], abs=2e-4)
    assert found.tau2 == pytest.approx(0.0, abs=1e-6)

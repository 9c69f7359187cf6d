"""Rating schemes: what they propose from which facts, and that their data hold together."""

import pytest

from evidence.ratings.schemes import propose, scheme, schemes

SOUND_DID = {
    "status": "published",
    "design": "did",
    "standing": "supports",
    "n_pre_periods": 3,
    "has_pretrend_test": True,
    "has_enough_clusters": True,
    "has_comparator_justification": True,
}


@pytest.mark.parametrize("each", schemes(), ids=lambda each: each.key)
def test_every_rule_proposes_a_level_of_its_scheme_or_none(each):
    assert all(rule.value == "" or each.level(rule.value) for rule in each.rules)
    assert all(rule.reason for rule in each.rules)
    assert each.source_url.startswith("https://")


def test_a_sound_difference_in_differences_is_three_on_the_maryland_scale_and_never_four():
    assert propose(scheme("maryland_sms"), SOUND_DID).value == "3"


@pytest.mark.parametrize(
    "missing",
    [
        {"n_pre_periods": 1},
        {"has_pretrend_test": False},
        {"has_enough_clusters": False},
        {"has_comparator_justification": None},
        {"standing": "does_not_support"},
    ],
)
def test_a_difference_in_differences_that_lacks_a_condition_is_two(missing):
    assert propose(scheme("maryland_sms"), SOUND_DID | missing).value == "2"


@pytest.mark.parametrize(
    ("design", "value"),
    [("randomised", "5"), ("instrument", "4"), ("discontinuity", "4"), ("matched", "2"), ("before_after", "1")],
)
def test_other_designs_have_their_caps(design, value):
    assert propose(scheme("maryland_sms"), {"status": "published", "design": design}).value == value


@pytest.mark.parametrize("key", ["maryland_sms", "ofs_type", "wwc_group"])
def test_what_was_never_evaluated_is_not_rated(key):
    found = propose(scheme(key), {"status": "never_evaluated", "design": "not_stated"})
    assert found.value == ""
    assert "No evaluation was made" in found.reason


def test_a_did_reaches_at_most_reservations_with_the_clearinghouse():
    facts = SOUND_DID | {"baseline": "satisfied", "attrition": "low"}
    assert propose(scheme("wwc_group"), facts).value == "with_reservations"


def test_two_causal_studies_by_one_team_are_not_a_replication():
    one_team = {"n_causal_studies": 2, "n_causal_teams": 1}
    assert propose(scheme("nesta"), one_team).value == "3"
    assert propose(scheme("nesta"), one_team | {"n_causal_teams": 2}).value == "4"


def test_software_never_proposes_a_risk_of_bias():
    assert propose(scheme("robins_i"), SOUND_DID).value == ""

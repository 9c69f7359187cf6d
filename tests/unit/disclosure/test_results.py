"""What a result about people may show: the floor of treated people, small cells, rounded counts, words that count."""

import copy
import json
import re

import pytest

from evaluations.disclosure.policy import PRESET, policy_of
from evaluations.disclosure.results import protect_people, residual_df

PEOPLE = {
    "version": 1,
    "status": "done",
    "estimates": [
        {"name": "att", "value": 2.0, "std_error": 0.5, "n_obs": 1003, "n_units": 502, "n_treated_units": 123},
        {"name": "att", "subgroup": "b", "value": 9.0, "std_error": 3.0, "n_units": 71, "n_treated_units": 41},
    ],
    "event_study": [
        {"event_time": -1, "value": 0.1, "ci_lower": -1.0, "ci_upper": 1.2, "n_treated_units": 123},
        {"event_time": 5, "value": 4.0, "ci_lower": 1.0, "ci_upper": 7.0, "n_treated_units": 9},
    ],
    "sample": {
        "rows_read": 1019,
        "rows_used": 1003,
        "dropped": [{"reason": "outcome_missing", "rows": 16}, {"reason": "weight_zero", "rows": 3}],
        "cohorts": [{"cohort": 2015, "n_units": 4}],
    },
    "receipt": {"elapsed_s": 1.0},
}


def kept(result=PEOPLE, policy=PRESET, **how):
    return protect_people(result, policy, **how).result


def test_counts_are_rounded_to_as_many_rows_as_five_people_have():
    headline, sample = kept()["estimates"][0], kept()["sample"]
    assert (headline["n_units"], headline["n_treated_units"]) == (500, 125)
    assert (headline["n_obs"], sample["rows_read"], sample["rows_used"]) == (1000, 1020, 1000)


def test_rows_left_out_are_hidden_where_they_may_be_fewer_than_ten_people():
    dropped = kept()["sample"]["dropped"]
    assert [each["rows"] for each in dropped] == [None, None]  # 16 rows of units seen twice may be 8 people
    assert [each["hidden"] for each in dropped] == [["rows"], ["rows"]]
    many = copy.deepcopy(PEOPLE)
    many["sample"] |= {"rows_read": 1103, "dropped": [{"reason": "outcome_missing", "rows": 100}]}
    assert kept(many)["sample"]["dropped"] == [{"reason": "outcome_missing", "rows": 100}]


def test_a_small_cohort_is_hidden_without_its_number():
    assert kept()["sample"]["cohorts"] == [{"cohort": 2015, "n_units": None, "hidden": ["n_units"]}]


def test_the_headline_stays_when_enough_people_were_treated():
    headline = kept()["estimates"][0]
    assert (headline["value"], headline["std_error"]) == (2.0, 0.5)


def test_a_subgroup_under_the_floor_loses_its_numbers():
    subgroup = kept()["estimates"][1]
    assert (subgroup["value"], subgroup["std_error"], subgroup["n_treated_units"]) == (None, None, 40)


def test_a_small_cell_loses_its_numbers_and_a_second_row_goes_with_it():
    early, late = kept()["event_study"]
    assert {late[name] for name in ("value", "ci_lower", "ci_upper", "n_treated_units")} == {None}
    assert early["value"] is None and early["n_treated_units"] == 125


def test_what_was_hidden_is_listed_with_reasons_kept_apart_from_the_result():
    protected = protect_people(PEOPLE, PRESET)
    why = {each["where"]: each["why"] for each in protected.hidden}
    assert why["The count: cohort 2015"] == "Fewer than 10 people."
    assert why["The effect at time 5 from the start"] == "It rests on fewer than 10 people."
    assert why["The headline for b"] == "It rests on fewer than 60 treated people."
    assert [set(each) for each in protected.result["disclosure"]["hidden"]] == [{"where"}] * len(protected.hidden)


def test_no_hidden_count_is_anywhere_in_what_is_kept():
    planted = copy.deepcopy(PEOPLE)
    planted["sample"]["cohorts"][0]["n_units"] = planted["event_study"][1]["n_treated_units"] = 7
    planted["sample"]["dropped"][1]["rows"] = 7
    found = copy.deepcopy(kept(planted))
    found["disclosure"].pop("policy")
    assert re.search(r"\b7\b", json.dumps(found)) is None


def test_too_few_treated_people_give_a_refusal_that_says_what_would_be_enough():
    few = copy.deepcopy(PEOPLE)
    few["estimates"][0]["n_treated_units"] = 59
    refused = kept(few)
    assert refused["status"] == "refused" and "estimates" not in refused and "sample" not in refused
    assert refused["refusal"]["code"] == "too_few_treated_people"
    assert "At least 60 treated people" in refused["refusal"]["hint"]
    assert "59" not in str(refused)


def test_sixty_treated_people_are_enough():
    enough = copy.deepcopy(PEOPLE)
    enough["estimates"][0]["n_treated_units"] = 60
    assert kept(enough)["status"] == "done"


def test_an_unknown_number_of_treated_people_is_not_enough():
    unknown = copy.deepcopy(PEOPLE)
    del unknown["estimates"][0]["n_treated_units"]
    assert kept(unknown)["status"] == "refused"


def test_an_evaluation_may_ask_for_a_higher_floor():
    assert kept(policy=policy_of({"min_treated_people": 200}))["status"] == "refused"


def test_the_result_that_came_in_is_left_as_it_was():
    before = copy.deepcopy(PEOPLE)
    kept()
    assert before == PEOPLE


def test_what_a_result_holds_beyond_what_is_listed_does_not_leave():
    assert "members" not in kept(PEOPLE | {"members": [{"unit": "A17"}]})


@pytest.mark.parametrize(
    ("row", "covariates", "df"),
    [
        ({"n_obs": 100, "n_units": 100}, 0, 96),
        ({"n_obs": 200, "n_units": 100}, 3, 95),
        ({"n_treated_units": 8, "n_control_units": 12}, 2, 16),
        ({"value": 1.0}, 0, None),
    ],
)
def test_residual_degrees_of_freedom_are_counted_low(row, covariates, df):
    assert residual_df(row, covariates) == df


def test_a_model_with_fewer_than_ten_residual_degrees_of_freedom_does_not_leave():
    tight = copy.deepcopy(PEOPLE)
    tight["estimates"] = [{"name": "att", "value": 2.0, "n_obs": 83, "n_units": 83, "n_treated_units": 70}]
    assert kept(tight, covariates=69)["status"] == "done"
    refused = kept(tight, covariates=70)
    assert refused["refusal"]["code"] == "too_few_degrees_of_freedom"
    assert "83" not in str(refused)


def test_a_cell_with_too_few_residual_degrees_of_freedom_loses_its_numbers():
    cells = copy.deepcopy(PEOPLE)
    cell = {"cohort": 2014, "period": 2014, "value": 1.0, "n_treated_units": 12, "n_control_units": 12}
    cells["att_gt"] = [cell]
    assert kept(cells, covariates=12)["att_gt"][0]["value"] == 1.0
    assert kept(cells, covariates=13)["att_gt"][0]["value"] is None


REFUSED = {
    "version": 1,
    "status": "refused",
    "receipt": {},
    "sample": {"rows_read": 31, "rows_used": 7},
    "refusal": {"code": "too_few", "message": "In 2014 there are 7 units; 12 were lost.", "hint": "Add 3 units."},
    "issues": [{"code": "repeated", "row": 214, "column": "unit", "message": "Unit 1042 twice.", "hint": "Keep one."}],
}


def test_a_refusal_keeps_its_words_and_no_exact_count_row_or_unit():
    found = kept(REFUSED)
    assert found["refusal"]["message"] == "In 2014 there are fewer than 10 units; about 10 were lost."
    assert "sample" not in found
    assert "1042" not in json.dumps(found) and "214" not in json.dumps(found)
    assert found["issues"][0]["hint"] == "Keep one."

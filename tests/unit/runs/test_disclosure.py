"""What a result about people may show: the floor of treated people, small cells, rounded counts."""

import copy

from evaluations.runs.disclosure import Policy, policy_of, protect_people

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


def test_counts_are_rounded_to_five_and_small_ones_hidden():
    sample = protect_people(PEOPLE, Policy())["sample"]
    assert (sample["rows_read"], sample["rows_used"]) == (1020, 1005)
    assert [each["rows"] for each in sample["dropped"]] == [15, None]
    assert sample["cohorts"] == [{"cohort": 2015, "n_units": None}]


def test_the_headline_stays_when_enough_people_were_treated():
    headline = protect_people(PEOPLE, Policy())["estimates"][0]
    assert (headline["value"], headline["std_error"], headline["n_treated_units"]) == (2.0, 0.5, 125)


def test_a_subgroup_under_the_floor_and_a_small_cell_lose_their_numbers_and_are_listed():
    protected = protect_people(PEOPLE, Policy())
    subgroup, late = protected["estimates"][1], protected["event_study"][1]
    assert {subgroup[name] for name in ("value", "std_error", "n_units", "n_treated_units")} == {None}
    assert {late[name] for name in ("value", "ci_lower", "ci_upper", "n_treated_units")} == {None}
    assert [each["where"] for each in protected["disclosure"]["hidden"]] == [
        "estimates: name att, subgroup b",
        "event_study: event time 5",
    ]


def test_too_few_treated_people_give_a_refusal_that_says_what_would_be_enough():
    few = copy.deepcopy(PEOPLE)
    few["estimates"][0]["n_treated_units"] = 59
    refused = protect_people(few, Policy())
    assert refused["status"] == "refused" and "estimates" not in refused and "sample" not in refused
    assert refused["refusal"]["code"] == "too_few_treated_people"
    assert "At least 60 treated people" in refused["refusal"]["hint"]
    assert "59" not in str(refused)


def test_sixty_treated_people_are_enough():
    enough = copy.deepcopy(PEOPLE)
    enough["estimates"][0]["n_treated_units"] = 60
    assert protect_people(enough, Policy())["status"] == "done"


def test_an_unknown_number_of_treated_people_is_not_enough():
    unknown = copy.deepcopy(PEOPLE)
    del unknown["estimates"][0]["n_treated_units"]
    assert protect_people(unknown, Policy())["status"] == "refused"


def test_an_evaluation_may_ask_for_a_higher_floor():
    assert protect_people(PEOPLE, policy_of({"min_treated_people": 200}))["status"] == "refused"


def test_the_result_that_came_in_is_left_as_it_was():
    before = copy.deepcopy(PEOPLE)
    protect_people(PEOPLE, Policy())
    assert before == PEOPLE

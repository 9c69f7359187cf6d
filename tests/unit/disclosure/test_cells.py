"""Rows that are averages with a number of people: small numbers are hidden as small counts of people are."""

import copy

import numpy as np
import pytest

from evaluations.disclosure.cells import CellPeople, protect_cells
from evaluations.disclosure.counting import people_in_cells
from evaluations.disclosure.policy import PRESET
from evaluations.disclosure.releases import shown_counts
from evaluations.disclosure.tables import reader_range
from evaluations.runs.cell_people import people_in
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table

RESULT = {
    "version": 1,
    "status": "done",
    "estimates": [
        {"name": "att", "value": 2.0, "std_error": 0.5, "n_obs": 1003, "n_units": 4, "n_treated_units": 2},
        {"name": "att", "subgroup": "a", "value": 1.0, "std_error": 0.3, "n_obs": 612, "n_units": 4},
        {"name": "att", "subgroup": "b", "value": 9.0, "std_error": 3.0, "n_obs": 387, "n_units": 4},
        {"name": "att", "subgroup": "c", "value": 5.0, "std_error": 4.0, "n_obs": 4, "n_units": 1},
    ],
    "diagnostics": [{"code": "clusters_below_40", "reading": "There are 4 clusters."}],
    "sample": {"rows_read": 8, "rows_used": 8},
    "receipt": {"elapsed_s": 1.0},
}
PEOPLE = CellPeople(headline=240, subgroups={"a": 150, "b": 90, "c": 2})


def kept(result=RESULT, people=PEOPLE):
    return protect_cells(result, PRESET, people)


def test_numbers_of_people_are_rounded_and_those_of_places_are_not():
    headline = kept().result["estimates"][0]
    assert (headline["n_obs"], headline["n_units"], headline["n_treated_units"]) == (1005, 4, 2)
    assert headline["value"] == 2.0 and kept().result["sample"] == RESULT["sample"]
    assert kept().result["diagnostics"] == RESULT["diagnostics"]


def test_what_rests_on_a_small_cell_goes_with_one_more_so_that_it_cannot_be_worked_out():
    rows = kept().result["estimates"]
    assert (rows[3]["value"], rows[3]["std_error"], rows[3]["n_obs"]) == (None, None, None)
    tables = people_in_cells(RESULT, 1).tables
    hidden = [count.key for count, row in zip(tables.counts, rows, strict=True) if row["n_obs"] is None]
    low, high = reader_range(tables, PRESET, hidden, "people in c")
    assert high - low >= 10 and low <= 4 <= high, "the whole less the others would give it"
    assert [row["value"] for row in rows].count(None) >= 2
    assert any("fewer than 10 people" in each["why"] for each in kept().hidden)


def test_a_small_cell_inside_a_large_subgroup_hides_its_effect_and_not_its_size():
    rows = kept(people=CellPeople(headline=240, subgroups={"a": 150, "b": 3, "c": 12})).result["estimates"]
    assert rows[2]["value"] is None and "value" in rows[2]["hidden"]


def test_a_headline_on_a_small_cell_is_refused_in_words_that_give_no_number():
    refused = kept(people=CellPeople(headline=7))
    assert refused.result["status"] == "refused" and refused.result["refusal"]["code"] == "cell_too_small"
    assert "7" not in refused.result["refusal"]["message"].replace("10", "") and "estimates" not in refused.result


def test_the_policy_stated_is_that_of_cells_and_true_counts_stay_apart():
    found = kept()
    assert found.result["disclosure"]["policy"] == PRESET.of_cells()
    assert found.counts["people"] == 1003 and found.counts["people in c"] == 4
    assert shown_counts(found.result) == {"people": 1005}


def test_nothing_given_is_changed():
    before = copy.deepcopy(RESULT)
    kept()
    assert before == RESULT


def table(**roles) -> Table:
    n = np.array(roles.pop("n"), dtype=float)
    return Table(outcome=np.zeros(len(n)), rows_read=len(n), n=n, **roles)


def test_people_are_counted_by_arm_and_time_and_within_subgroups():
    seen = people_in(
        table(
            n=[20, 30, 40, 8, 50, 60, 70, 80],
            treated=np.array([0, 0, 1, 1, 0, 0, 1, 1]),
            post=np.array([0, 1, 0, 1, 0, 1, 0, 1]),
            subgroup=Coded(np.repeat([0, 1], 4).astype(np.int32), ("a", "b")),
        )
    )
    assert (seen.headline, dict(seen.subgroups), seen.times) == (70, {"a": 8, "b": 50}, 2)


def test_people_are_counted_by_cohort_period_and_event_time():
    starts = np.repeat([1, NEVER_TREATED], 3)
    seen = people_in(
        table(
            n=[5, 6, 7, 100, 100, 100],
            period=Coded(np.tile([0, 1, 2], 2).astype(np.int32), (2010, 2011, 2012)),
            cohorts=Cohorts(starts, np.repeat([0, -1], 3), (2011,)),
        )
    )
    assert (seen.headline, dict(seen.cohorts), seen.times) == (5, {2011: 5}, 3)
    assert dict(seen.event_times) == {-1: 5, 0: 6, 1: 7}
    assert seen.group_times[2011, 2012] == 5 and dict(seen.periods) == {2010: 0, 2011: 6, 2012: 7}


@pytest.mark.parametrize(("n", "is_shown"), [(9, False), (10, True), (0, True)])
def test_the_threshold_is_the_policys_and_an_empty_cell_is_nobody(n, is_shown):
    result = {**RESULT, "estimates": RESULT["estimates"][:3]}
    rows = kept(result, CellPeople(headline=240, subgroups={"a": 150, "b": n})).result["estimates"]
    assert (rows[2]["value"] is not None) == is_shown

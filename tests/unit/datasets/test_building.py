"""Treatment stated by people becomes a column that says when each unit was first treated."""

from __future__ import annotations

import pyarrow as pa
import pytest

from evaluations.datasets.building import starts_from_lines, starts_from_table, with_treatment
from evaluations.stats.issues import BadInput

AREAS = pa.table({"area": ["Leeds", "Leeds", "York", "York", "Hull", "Hull"], "year": [2018, 2019] * 3, "y": range(6)})


def test_units_get_their_start_in_every_row_and_the_others_stay_empty():
    treated = with_treatment(AREAS, unit="area", period="year", starts={"leeds": "2019", "York": "2018"})
    assert treated.data["first_treated"].to_pylist() == [2019, 2019, 2018, 2018, None, None]
    assert [(each.period, each.position, each.units) for each in treated.cohorts] == [
        (2018, 0, ("York",)), (2019, 1, ("Leeds",)), (None, None, ("Hull",)),
    ]  # fmt: skip


def test_a_date_lies_in_the_period_that_contains_it_and_that_is_said():
    terms = AREAS.set_column(1, "year", pa.array(["2017/18", "2018/19"] * 3))
    treated = with_treatment(terms, unit="area", period="year", starts={"Leeds": "2018-11-05"})
    assert treated.data["first_treated"].to_pylist()[:2] == ["2018/19", "2018/19"]
    assert treated.notes == ("Leeds: 2018-11-05 lies in 2018/19, which counts as its first treated period.",)


def test_a_start_after_the_last_period_keeps_its_own_label():
    treated = with_treatment(AREAS, unit="area", period="year", starts={"Leeds": "2025"})
    assert treated.data["first_treated"].to_pylist()[0] == 2025 and treated.cohorts[0].position == 2


def test_unknown_units_and_unreadable_starts_are_all_told():
    with pytest.raises(BadInput) as caught:
        with_treatment(AREAS, unit="area", period="year", starts={"Leads": "2018", "York": "soon"})
    assert [issue.code for issue in caught.value.issues] == ["unit_unknown", "start_unreadable"]
    assert caught.value.issues[0].hint == "Did you mean Leeds?"


def test_nobody_treated_and_a_column_that_is_there_are_problems():
    with pytest.raises(BadInput) as caught:
        with_treatment(AREAS, unit="area", period="year", starts={}, column="y")
    assert {issue.code for issue in caught.value.issues} == {"none_treated", "column_there"}


def test_lines_and_tables_of_starts():
    assert starts_from_lines("Leeds, 2018\nHull, City of\t2019-09-01\n\n") == {
        "Leeds": "2018",
        "Hull, City of": "2019-09-01",
    }
    with pytest.raises(BadInput) as caught:
        starts_from_lines("Leeds\nYork, 2018")
    assert caught.value.issues[0].row == 1
    table = pa.table({"area": ["Leeds", "York", "Leeds"], "opened": [2018, None, 2018]})
    assert starts_from_table(table, unit="area", start="opened") == {"Leeds": "2018"}
    with pytest.raises(BadInput):
        starts_from_table(pa.table({"area": ["Leeds", "Leeds"], "opened": [2018, 2019]}), unit="area", start="opened")

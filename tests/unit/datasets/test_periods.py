"""Periods stand in time order whatever way they are written, and keep the file's own labels."""

from __future__ import annotations

import pytest

from evaluations.datasets.ingest_calendar import calendar_of, place_of
from evaluations.datasets.ingest_periods import mixed_periods, time_axis


@pytest.mark.parametrize(
    ("labels", "ordered"),
    [
        ([2010, 2009], (2009, 2010)),
        ([202101, 202012], (202012, 202101)),
        ([201920, 201819], (201819, 201920)),
        (["2019/20", "2018/19", "2009/10"], ("2009/10", "2018/19", "2019/20")),
        (["2000/01", "1999/00"], ("1999/00", "2000/01")),
        (["2019-2020", "2018-2019"], ("2018-2019", "2019-2020")),
        (["Q1 2020", "Q4 2019"], ("Q4 2019", "Q1 2020")),
        (["2020Q1", "2019Q4", "2019 Q2"], ("2019 Q2", "2019Q4", "2020Q1")),
        (["Jan 2020", "Dec 2019", "Feb 2020"], ("Dec 2019", "Jan 2020", "Feb 2020")),
        (["2020-01", "2019-12"], ("2019-12", "2020-01")),
        (["2020-02-01", "2019-12-31"], ("2019-12-31", "2020-02-01")),
        (["01/02/2020", "31/12/2019"], ("31/12/2019", "01/02/2020")),
        (["wave 10", "wave 9"], ("wave 9", "wave 10")),
        ([10, 9, 1], (1, 9, 10)),
    ],
)
def test_labels_in_time_order(labels, ordered):
    assert time_axis(labels).labels == ordered


def test_two_ways_of_writing_one_period_are_one():
    assert time_axis(["2019/20", "2019-20", "2020/21"]).labels == ("2019-20", "2020/21")


def test_academic_and_calendar_years_in_one_column_are_a_problem():
    issue = mixed_periods(["2018", "2019/20"], "year")
    assert issue is not None and issue.code == "periods_mixed"
    assert mixed_periods(["wave 1", "wave 2"], "year") is None


@pytest.mark.parametrize(
    ("labels", "calendar"),
    [
        ([2014, 2016], [2014, 2016]),
        (["2014Q3", "2014Q4"], [4 * 2014 + 2, 4 * 2014 + 3]),
        (["2014/15", "2015/16"], [2014, 2015]),
        ([201412, 201501], [2014 * 12 + 11, 2015 * 12]),
        (["2014-09-01", "2015-09-01"], [2014, 2015]),
    ],
)
def test_the_calendar_steps_as_the_file_does(labels, calendar):
    assert calendar_of(time_axis(labels)).tolist() == calendar


def test_waves_have_no_calendar_and_dates_among_them_are_positions():
    axis = time_axis(["wave 1", "wave 2"])
    assert calendar_of(axis) is None and place_of(axis, "wave 2") == 1


@pytest.mark.parametrize(
    ("labels", "date", "place"),
    [
        ([2014, 2015], "2012-09-01", 2012),
        (["2014/15", "2015/16"], "2012-08-31", 2011),
        (["2014/15", "2015/16"], "2012-09-01", 2012),
        (["2014Q1", "2014Q2"], "2013-12-31", 4 * 2013 + 3),
        (["2014Q1", "2014Q2"], 2013, None),
        ([2014, 2015], "soon", None),
    ],
)
def test_a_date_lies_in_the_period_that_contains_it(labels, date, place):
    assert place_of(time_axis(labels), date) == place

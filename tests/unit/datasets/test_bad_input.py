"""Every kind of bad file is refused in words, with its row, column, reason and cure; all problems at once."""

from __future__ import annotations

import io
import os
import time

import openpyxl
import pytest

from evaluations.datasets.ingest import load_table, read_table
from evaluations.stats.issues import BadInput

from .conftest import panel_spec, panel_text, problems_of


def codes(issues: list) -> set[str]:
    return {issue.code for issue in issues}


def test_text_in_a_number_names_row_column_and_value(spec):
    (issue,) = problems_of(panel_text(["a,2018,n/k,", "a,2019,2,", "b,2018,1,2019", "b,2019,4,2019"]), spec)
    assert (issue.code, issue.row, issue.column) == ("not_a_number", 2, "score")
    assert "n/k" in issue.message and issue.hint


@pytest.mark.parametrize("name", ["Sarah Jones", "sarah.jones@example.org", "12/03/1999"])
def test_text_that_may_be_about_a_person_is_not_shown(spec, name):
    (issue,) = problems_of(panel_text([f"a,2018,{name},", "a,2019,2,"]), spec)
    assert name not in issue.message + issue.hint


def test_every_problem_is_shown_at_once(spec):
    rows = [
        "a,2018,one,",
        "a,2019,2,0",
        "b,2018,1,2019",
        "b,2018,4,2019",
        "c,2019",
        "d,2019,=cmd|' /C calc'!A0,",
        "e,2018,inf,",
    ]
    issues = problems_of(panel_text(rows), spec)
    assert codes(issues) == {
        "not_a_number", "never_treated_code", "unit_period_repeated", "row_ragged", "formula_cell", "not_finite",
        "first_treated_varies",
    }  # fmt: skip
    assert [issue.row for issue in issues] == sorted(issue.row for issue in issues)


def test_ragged_rows_are_each_named(spec):
    issues = problems_of(panel_text(["a,2018,1,", "a,2019", "b,2018,1,2019,9"]), spec)
    assert [(issue.code, issue.row) for issue in issues] == [("row_ragged", 3), ("row_ragged", 4)]


def test_missing_columns_come_with_the_nearest_name():
    issues = problems_of(panel_text(), panel_spec(outcome="Score", unit="schol", cluster="region"))
    assert [(issue.code, issue.column) for issue in issues] == [
        ("column_missing",) * 1 + (c,) for c in ("schol", "Score", "region")
    ]
    assert issues[0].hint == "Did you mean school?" and issues[1].hint == "Did you mean score?"


@pytest.mark.parametrize("code", ["0", "-1", "9999", "inf", "never", "99"])
def test_a_code_for_never_treated_is_asked_about(spec, code):
    issues = problems_of(panel_text([f"a,2018,1,{code}", f"a,2019,2,{code}", "b,2018,1,2019", "b,2019,4,2019"]), spec)
    assert [(issue.code, issue.row, issue.column) for issue in issues] == [("never_treated_code", 2, "start")]
    assert "empty" in issues[0].hint


def test_first_treated_that_changes_within_a_unit_names_both_rows(spec):
    (issue,) = problems_of(panel_text(["a,2018,1,2019", "a,2019,2,", "b,2018,1,2019", "b,2019,4,2019"]), spec)
    assert (issue.code, issue.row, issue.column) == ("first_treated_varies", 3, "start")
    assert "row 2" in issue.message


def test_weights_and_clusters_must_not_change_within_a_unit():
    text = "school,year,score,start,w,c\na,2018,1,,1,x\na,2019,2,,2,y\nb,2018,1,2019,1,x\nb,2019,2,2019,-1,x\n"
    issues = problems_of(text, panel_spec(weight="w", cluster="c"))
    assert [(issue.code, issue.row) for issue in issues] == [
        ("weight_varies", 3), ("cluster_varies", 3), ("weight_out_of_range", 5), ("weight_varies", 5),
    ]  # fmt: skip


def test_treated_and_post_must_be_zero_or_one():
    text = "treated,post,score\n0,1,1\n2,0,1\nTRUE,x,1\nFALSE,1,1\n"
    issues = problems_of(
        text, panel_spec("did_2x2", unit=None, period=None, first_treated=None, treated="treated", post="post")
    )
    assert [(issue.code, issue.row, issue.column) for issue in issues] == [
        ("not_zero_or_one", 3, "treated"),
        ("not_a_number", 4, "post"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n \n", "file_empty"),
        (b"school,year,score,start\n", "no_rows"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"PK\x03\x04 no workbook", "not_a_table"),
        (b"PAR1 no parquet", "not_a_table"),
        (b'{"a": 1}', "not_a_table"),
        (b"<html><body>", "not_a_table"),
        (b"\x00\x01\x02\x03" * 100, "not_a_table"),
        (b"just some words\nand more\n", "not_a_table"),
        (b'school,year,score,start\n"a,2018,1,\nb,2018,2,\n', "quote_open"),
        ("school,year,score,start\nMôn,2018,1,\n".encode("cp1252"), "encoding_wrong"),
    ],
)
def test_what_is_no_table_is_refused(spec, content, code):
    issues = problems_of(content, spec)
    assert code in codes(issues) and all(issue.hint for issue in issues)


def test_a_wrong_encoding_names_the_rows_and_reads_when_it_is_declared(spec):
    content = panel_text(["Môn,2018,1,", "Môn,2019,2,", "b,2018,1,2019", "b,2019,4,2019"]).encode("cp1252")
    (issue,) = problems_of(content, spec)
    assert issue.row == 2 and "Windows-1252" in issue.message
    assert load_table(io.BytesIO(content), spec, encoding="cp1252").unit.labels == ("Môn", "b")


@pytest.mark.parametrize("make", [lambda: os.urandom(200 << 20), lambda: b"x" * (200 << 20)], ids=["noise", "one line"])
def test_200_mb_that_is_no_table_is_refused_at_once(spec, make):
    content = io.BytesIO(make())
    started = time.perf_counter()
    with pytest.raises(BadInput) as caught:
        load_table(content, spec)
    assert caught.value.issues[0].code == "not_a_table"
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "cell", ["=1+1", "@SUM(A1)", "+cmd|'/c'!A1", "-cmd|'/c'!A1", "=HYPERLINK(1)", '"=cmd(1,2)"', " =1+1"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_refused(spec, cell):
    issues = problems_of(panel_text([f"{cell},2018,1,", "b,2018,-1.5,2019"]), spec)
    assert [(issue.code, issue.row, issue.column) for issue in issues] == [("formula_cell", 2, "school")]


def test_a_formula_in_a_column_that_is_not_named_is_refused_too(spec):
    text = "school,year,score,start,note\na,2018,1,,=cmd|' /C calc'!A0\na,2019,1,,\n"
    assert [(issue.code, issue.column) for issue in problems_of(text, spec)] == [("formula_cell", "note")]


@pytest.mark.parametrize("cell", ["-1.5", "+2", "-1e-5", "-", "–", "-.5"])
def test_negative_numbers_and_dashes_are_no_formulas(cell):
    assert not read_table(io.BytesIO(f"a,b\n{cell},x\n".encode())).issues


def test_header_problems():
    raw = read_table(io.BytesIO(b"a,a,,=b\n1,2,3,4\n"))
    assert codes(raw.issues) == {"header_repeated", "header_empty", "formula_cell"}


def test_a_workbook_is_refused_in_the_same_words_as_text(spec):
    book = openpyxl.Workbook()
    for row in [
        ["school", "year", "score", "start"],
        ["a", 2018, "n/k", None],
        ["a", 2019, 2, 0],
        [],
        ["b", 2018, 1, 0],
    ]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    from_book = problems_of(file.getvalue(), spec)
    from_text = problems_of("school,year,score,start\na,2018,n/k,\na,2019,2,0\n\nb,2018,1,0\n", spec)
    assert from_book == from_text
    assert {issue.row for issue in from_book} == {2, 3}

"""Sheets as people make them become the panels that are in them, by steps that can be undone and run again."""

from __future__ import annotations

import datetime
import io
from dataclasses import replace

import openpyxl
import pytest

from evaluations.datasets.ingest_columns import coded
from evaluations.datasets.storing import prepare
from evaluations.datasets.tidy import Recipe, tidy
from evaluations.datasets.tidy_dates import date_of
from evaluations.stats.issues import BadInput
from tests.messy_workbooks import AREAS, WORKBOOKS, Messy, rows_into, saved, two_tables, value, wide


def panel_of(messy: Messy, recipe: Recipe | None = None) -> dict:
    tidied = tidy(io.BytesIO(messy.content), recipe)
    data = prepare(tidied.raw).data
    place, period, number = (data[name] for name in messy.columns)
    periods = coded(period)
    return {
        (area, periods.labels[code]): known
        for area, code, known in zip(place.to_pylist(), periods.codes, number.to_pylist(), strict=True)
    }


@pytest.mark.parametrize("messy", WORKBOOKS, ids=lambda each: each.name)
def test_the_proposed_steps_give_the_panel_that_is_in_the_workbook(messy):
    assert panel_of(messy) == messy.panel


@pytest.mark.parametrize("messy", WORKBOOKS, ids=lambda each: each.name)
def test_the_recipe_runs_again_to_the_same_table(messy):
    first = tidy(io.BytesIO(messy.content))
    stored = Recipe.from_json(first.recipe.to_json())
    again = tidy(io.BytesIO(messy.content), stored)
    assert again.raw.data.equals(first.raw.data) and again.recipe == first.recipe and again.steps == first.steps


def test_a_recipe_finds_the_table_where_next_year_has_moved_it():
    def next_year(book):
        rows_into(book.active, [["A new banner"], ["And another"], [], ["And more"], *wide([2018, 2019, 2020])])

    recipe = tidy(io.BytesIO(saved(lambda book: rows_into(book.active, wide([2017, 2018, 2019]))))).recipe
    moved = tidy(io.BytesIO(saved(next_year)), recipe)
    assert moved.place.header_row == 4 and moved.raw.n_rows == 12


def test_missing_values_are_counted_by_kind():
    tidied = tidy(io.BytesIO(next(each for each in WORKBOOKS if each.name == "symbols").content))
    (step,) = [step for step in tidied.steps if step.key == "symbols"]
    assert step.count == 4
    for words in ("“c” (suppressed", "“x” (not available)", "“:” (not available)", "“low” (too small"):
        assert words in step.detail
    assert any("Read as missing" in note for note in tidied.raw.notes)


@pytest.mark.parametrize("sign", ["c", "x", "z", ":", "-", "low", "k", "u", "..", "[c]", "(k)"])
def test_every_published_symbol_is_a_counted_kind_of_missing(sign):
    rows = wide([2017, 2018])
    rows[2][1] = sign
    tidied = tidy(io.BytesIO(saved(lambda book: rows_into(book.active, rows))))
    (step,) = [step for step in tidied.steps if step.key == "symbols"]
    assert step.count == 1 and f"“{sign}” (" in step.detail and not tidied.raw.issues
    assert tidied.raw.data["value"].null_count == 1


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1 September 2016", (2016, 9, 1)),
        ("1st Sept 2016", (2016, 9, 1)),
        ("Thursday 1 September 2016", (2016, 9, 1)),
        ("01-Sep-16", (2016, 9, 1)),
        ("September 1, 2016", (2016, 9, 1)),
        ("01/09/2016", (2016, 9, 1)),
        ("1.9.2016", (2016, 9, 1)),
        ("05-Jun-98", (1998, 6, 5)),
        ("31/09/2016", None),
        ("09/31/2016", None),
        ("2016-09-01", None),
        ("Sep 2016", None),
        ("1 Maybe 2016", None),
        ("2016/17", None),
    ],
)
def test_what_day_a_text_names(text, day):
    assert date_of(text) == (day and datetime.date(*day))


def opened(*texts: str):
    rows = [["Hub", "Opened", "Visits"], *([f"Hub {number}", text, 10] for number, text in enumerate(texts))]
    return io.BytesIO(saved(lambda book: rows_into(book.active, [["Hubs"], [], *rows])))


def test_dates_as_text_are_read_and_the_step_can_be_undone():
    content = opened("1 September 2016", "02/10/2017", "3rd May 2018")
    days = [datetime.date(2016, 9, 1), datetime.date(2017, 10, 2), datetime.date(2018, 5, 3)]
    tidied = tidy(content)
    assert tidied.raw.data["Opened"].to_pylist() == days and not tidied.raw.issues
    assert [step.count for step in tidied.steps if step.key == "dates"] == [3]
    assert tidy(content, Recipe(off=("dates",))).raw.data["Opened"].to_pylist()[0] == "1 September 2016"


def test_a_text_among_dates_is_named_by_its_cell():
    issues = tidy(opened("1 May 2016", "2 May 2016", "3 May 2016", "4 May 2016", "soon")).raw.issues
    assert [issue.message.split(":")[0] for issue in issues] == ["Cell B8"] and "Write it as the others" in issues[
        0
    ].hint


def test_a_step_that_is_undone_leaves_the_table_as_it_was():
    content = io.BytesIO(next(each for each in WORKBOOKS if each.name == "totals and regions").content)
    tidied = tidy(content, Recipe(off=("totals", "periods")))
    assert "Total" in tidied.raw.data["Local authority"].to_pylist()
    assert tidied.raw.header == ("Local authority", "2017", "2018", "2019")
    assert {step.key: step.is_on for step in tidied.steps} == {"totals": False, "regions": True, "periods": False}


def test_symbols_that_are_not_read_are_problems_with_their_cells():
    content = next(each for each in WORKBOOKS if each.name == "symbols").content
    issues = tidy(io.BytesIO(content), Recipe(off=("symbols",))).raw.issues
    assert {issue.message.split(":")[0] for issue in issues} == {"Cell B2", "Cell C3", "Cell D4", "Cell B5"}


def test_the_other_table_of_a_sheet_can_be_chosen():
    tidied = tidy(io.BytesIO(saved(two_tables)))
    assert [place.header_row + 1 for place in (tidied.place, *tidied.others)] == [9, 2]
    other = tidy(io.BytesIO(saved(two_tables)), Recipe(header_row=2))
    assert other.raw.n_rows == 4 and set(other.raw.data["Local authority"].to_pylist()) == set(AREAS[:2])


def problems(fill) -> list:
    try:
        return list(tidy(io.BytesIO(saved(fill))).raw.issues)
    except BadInput as wrong:
        return list(wrong.issues)


def test_a_sheet_of_charts_only():
    def charts(book):
        sheet = book.create_chartsheet("Chart")
        from openpyxl.chart import BarChart

        sheet.add_chart(BarChart())
        del book["Sheet"]

    (issue,) = problems(charts)
    assert issue.code == "file_empty" and "only charts" in issue.message and issue.hint


def test_hidden_sheets_are_not_proposed_but_can_be_chosen():
    content = next(each for each in WORKBOOKS if each.name == "the second sheet").content
    tidied = tidy(io.BytesIO(content))
    assert tidied.sheet.name == "Table 1" and [sheet.name for sheet in tidied.sheets if sheet.is_hidden] == ["working"]
    assert tidy(io.BytesIO(content), Recipe(sheet="working")).raw.n_rows == 80


def test_formulas_with_errors_are_named_by_cell():
    book = openpyxl.Workbook()
    rows_into(book.active, wide([2017, 2018]))
    cell = book.active["B3"]
    cell.value, cell.data_type = "#DIV/0!", "e"
    out = io.BytesIO()
    book.save(out)
    (issue,) = tidy(io.BytesIO(out.getvalue())).raw.issues
    assert issue.code == "formula_error" and "B3" in issue.message and "#DIV/0!" in issue.message and issue.row == 3


def test_two_header_rows_that_disagree():
    def fill(book):
        rows_into(book.active, [["Area", 2017, 2018], [None, "2018/19", "2019/20"], *wide([1, 2])[1:]])
        book.active["A2"] = "Name"

    issues = problems(fill)
    assert "headers_disagree" in {issue.code for issue in issues}
    assert "2017" in issues[0].message and "2018/19" in issues[0].message and issues[0].hint


def test_financial_and_calendar_years_across_the_top():
    (issue,) = problems(lambda book: rows_into(book.active, wide([2017, "2018/19", 2019])))
    assert issue.code == "periods_mixed" and "2017" in issue.message and "2018/19" in issue.message


def test_text_among_numbers_is_named_by_cell():
    rows = wide([2017, 2018, 2019])
    rows[2][2] = "see note"
    (issue,) = problems(lambda book: rows_into(book.active, rows))
    assert issue.code == "not_a_number" and "Cell C3" in issue.message and issue.row == 3


def test_no_table_at_all():
    (issue,) = problems(lambda book: rows_into(book.active, [["Only words here"], ["and here"]]))
    assert issue.code == "no_table_found" and issue.hint


def test_a_csv_with_banners_is_put_in_order_too():
    text = "My table\n\nArea,2018,2019\n" + "".join(
        f"{a},{value(i, 2018)},{value(i, 2019)}\n" for i, a in enumerate(AREAS)
    )
    tidied = tidy(io.BytesIO((text + "\nSource: us\n").encode()))
    assert tidied.raw.n_rows == 8 and tidied.raw.data["value"].to_pylist()[:2] == [value(0, 2018), value(0, 2019)]


def test_names_for_the_new_columns_can_be_given():
    messy = WORKBOOKS[0]
    recipe = replace(tidy(io.BytesIO(messy.content)).recipe, period_name="year", value_name="neet_rate")
    assert tidy(io.BytesIO(messy.content), recipe).raw.header == ("Local authority", "year", "neet_rate")

"""Bad sheets, each sent as a person would: the problem names its cell or row and its cure, and nothing is kept."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl.chart import BarChart

from evaluations.datasets.models import Dataset
from evaluations.workspaces.models import LawfulBasis
from evidence.places.models import Place, PlaceChange, PlaceKind
from tests.messy_workbooks import rows_into, saved, wide

pytestmark = pytest.mark.django_db


def charts_only(book):
    book.create_chartsheet("Chart").add_chart(BarChart())
    del book["Sheet"]


def formula_with_error(book):
    rows_into(book.active, [["Rates"], [], *wide([2017, 2018])])
    cell = book.active["C4"]
    cell.value, cell.data_type = "#DIV/0!", "e"


def headers_that_disagree(book):
    rows_into(book.active, [["Area", 2017, 2018], ["Name", "2018/19", "2019/20"], *wide([1, 2])[1:]])


def years_across_of_two_kinds(book):
    rows_into(book.active, wide([2017, "2018/19", 2019]))


def years_down_of_two_kinds(book):
    rows = [["Area", "Year", "Rate"], ["Leeds", "2017/18", 1], ["Leeds", "2018", 2], ["York", "2017/18", 3]]
    rows_into(book.active, rows)


BAD = [
    (charts_only, "only charts", "Upload a sheet with a table"),
    (formula_with_error, "Cell C4", "Correct the formula"),
    (headers_that_disagree, "cells B1 and B2", "one header row"),
    (years_across_of_two_kinds, "Cell C1", "Write every period the same way"),
    (years_down_of_two_kinds, "Row 3", "Write every period the same way"),
]


def send(client, evaluation, content: bytes):
    stated = {"file": SimpleUploadedFile("t.xlsx", content), "kind": "outcomes"}
    return client.post(
        reverse("dataset-upload", args=[evaluation.pk]), stated | {"lawful_basis": LawfulBasis.NOT_PERSONAL}
    )


@pytest.mark.parametrize(("fill", "where", "cure"), BAD, ids=lambda each: getattr(each, "__name__", ""))
def test_each_says_where_and_what_to_do(client, analyst, evaluation, fill, where, cure):
    client.force_login(analyst)
    answer = send(client, evaluation, saved(fill))
    said = answer.content.decode()
    if answer.context["pending"] is not None:
        address = reverse("dataset-tidy", args=[evaluation.pk, answer.context["pending"].token])
        said += client.get(address).content.decode()
        client.post(address, {"keep": "1"})
    assert where in said and cure in said
    assert not Dataset.objects.exists()


def test_a_hidden_sheet_is_not_read_unless_it_is_chosen(client, analyst, evaluation):
    def fill(book):
        rows_into(book.active, [["About these figures"], [], *wide([2017, 2018])])
        hidden = book.create_sheet("working")
        rows_into(hidden, wide(list(range(2000, 2019))))
        hidden.sheet_state = "hidden"

    client.force_login(analyst)
    pending = send(client, evaluation, saved(fill)).context["pending"]
    address = reverse("dataset-tidy", args=[evaluation.pk, pending.token])
    page = client.get(address)
    assert page.context["n_rows"] == 8 and "working (hidden)" in page.content.decode()
    assert client.post(address, {"sheet": "working", "shown_sheet": "Sheet"}).context["n_rows"] == 76


def test_a_cover_or_a_list_of_contents_is_not_taken_for_the_table(client, analyst, evaluation):
    def fill(book):
        rows_into(book.active, [["Contents", "Description"], ["Table 1", "Rates by authority"]])
        book.active.title = "Contents"
        rows_into(book.create_sheet("Table 1"), wide([2017, 2018]))

    client.force_login(analyst)
    answer = send(client, evaluation, saved(fill))
    said, pending = answer.content.decode(), answer.context["pending"]
    assert "the first sheet, Contents, has no numbers" in said and "Choose the sheet here" in said
    page = client.get(reverse("dataset-tidy", args=[evaluation.pk, pending.token]))
    assert page.context["recipe"].sheet == "Table 1" and page.context["n_rows"] == 8
    assert not Dataset.objects.exists()


def test_an_area_under_two_names_is_told_with_its_rows(client, analyst, evaluation):
    sheffield = Place.objects.create(code="E08000039", name="Sheffield", kind=PlaceKind.UPPER_TIER)
    PlaceChange.objects.create(place=sheffield, previous_code="E08000019", year=2025)
    client.force_login(analyst)
    book = openpyxl.Workbook()
    rows_into(book.active, [["code", "year", "rate"], ["E08000039", 2019, 1], ["x", 2019, 3], ["E08000019", 2019, 2]])
    out = io.BytesIO()
    book.save(out)
    assert send(client, evaluation, out.getvalue()).status_code == 302
    dataset = Dataset.objects.get()
    address = reverse("dataset-places", args=[evaluation.pk, dataset.pk])
    said = client.post(address, {"column": "code", "keep": "1"}).content.decode()
    assert "see rows 2 and 4" in said and "Keep one of them in each period" in said
    assert Dataset.objects.count() == 1


def test_an_area_under_two_names_is_not_taken_in_as_two(client, analyst, evaluation):
    for number, name in enumerate(("Kingston upon Hull, City of", "York", "Leeds")):
        Place.objects.create(code=f"E0600001{number}", name=name, kind=PlaceKind.UPPER_TIER)
    rows = [["Local authority", "year", "rate"], ["York", 2019, 1], ["Kingston upon Hull, City of", 2019, 3]]
    client.force_login(analyst)
    for other, is_refused in (("Kingston-upon-Hull", True), ("Leeds", False)):
        content = saved(lambda book, other=other: rows_into(book.active, [*rows, [other, 2019, 2]]))
        answer = send(client, evaluation, content)
        if is_refused:
            said = answer.content.decode()
            assert "Row 4, column “Local authority”" in said and "see rows 3 and 4" in said
            assert "Keep one of them in each period" in said and not Dataset.objects.exists()
            page = client.get(reverse("dataset-tidy", args=[evaluation.pk, answer.context["pending"].token]))
            assert "see rows 3 and 4" in page.content.decode()
        else:
            assert answer.status_code == 302

"""A messy workbook waits, is put in order in a few decisions, and is kept with the recipe that did it."""

from __future__ import annotations

import pandas as pd
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import local_table
from evaluations.workspaces.models import LawfulBasis
from tests.messy_workbooks import WORKBOOKS, rows_into, saved, wide
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)


def send(client, evaluation, content: bytes, name: str = "neet 2021.xlsx"):
    file = SimpleUploadedFile(name, content)
    stated = {"file": file, "kind": "outcomes", "lawful_basis": LawfulBasis.NOT_PERSONAL, "controller": "The council"}
    return client.post(reverse("dataset-upload", args=[evaluation.pk]), stated)


def waiting(client, evaluation, content: bytes):
    answer = send(client, evaluation, content)
    assert answer.status_code == 200 and not Dataset.objects.exists()
    return answer.context["pending"]


@pytest.mark.parametrize("messy", WORKBOOKS, ids=lambda each: each.name)
def test_each_workbook_becomes_its_panel_by_two_decisions(client, analyst, evaluation, messy):
    client.force_login(analyst)
    answer = send(client, evaluation, messy.content)
    if answer.status_code == 200:
        address = reverse("dataset-tidy", args=[evaluation.pk, answer.context["pending"].token])
        page = client.get(address)
        assert "The table can be kept" in page.content.decode()
        form = {"keep": "1", "on": page.context["shown_steps"].split(), "shown_steps": page.context["shown_steps"]}
        recipe = page.context["recipe"]
        form |= {"sheet": recipe.sheet, "shown_sheet": recipe.sheet, "header_row": recipe.header_row}
        answer = client.post(address, form | {"header_rows": recipe.header_rows})
    dataset = Dataset.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("dataset", args=[evaluation.pk, dataset.pk])
    with local_table(dataset) as path:
        frame = pd.read_parquet(path)
    place, period, number = messy.columns
    kept = {
        (area, when): None if pd.isna(value) else value
        for area, when, value in zip(frame[place], frame[period], frame[number], strict=True)
    }
    assert kept == messy.panel


def test_the_recipe_is_kept_and_the_file_waits_no_more(client, analyst, evaluation):
    client.force_login(analyst)
    pending = waiting(client, evaluation, WORKBOOKS[0].content)
    address = reverse("dataset-tidy", args=[evaluation.pk, pending.token])
    assert client.post(address, {"keep": "1"}).status_code == 302
    dataset = Dataset.objects.get()
    assert dataset.reading["recipe"]["header_row"] == 4 and dataset.controller == "The council"
    assert not default_storage.exists(pending.path) and client.get(address).status_code == 404


def test_undoing_a_step_shows_what_it_leaves_behind(client, analyst, evaluation):
    client.force_login(analyst)
    symbols = next(each for each in WORKBOOKS if each.name == "symbols")
    address = reverse("dataset-tidy", args=[evaluation.pk, waiting(client, evaluation, symbols.content).token])
    page = client.post(address, {"show": "1", "shown_steps": "symbols periods", "on": ["periods"]}).content.decode()
    assert "4 problems found in the table" in page and "Cell B2" in page
    page = client.post(address, {"keep": "1", "shown_steps": "symbols periods", "on": ["periods"]}).content.decode()
    assert "<title>Error:" in page and not Dataset.objects.exists()


def test_nobody_else_can_open_a_waiting_file(client, analyst, evaluation):
    client.force_login(analyst)
    pending = waiting(client, evaluation, WORKBOOKS[0].content)
    colleague = make_user("colleague")
    from evaluations.organisations.actions import add_member
    from evaluations.organisations.models import Membership, Role

    admin = Membership.objects.filter(organisation=evaluation.owner, role=Role.ADMIN).first().user
    add_member(organisation=evaluation.owner, user=colleague, role=Role.ANALYST, by=admin)
    client.force_login(colleague)
    address = reverse("dataset-tidy", args=[evaluation.pk, pending.token])
    assert client.get(address).status_code == 404
    assert client.get(reverse("dataset-tidy", args=[evaluation.pk, "0" * 32])).status_code == 404


def test_a_messy_sheet_about_people_does_not_wait(client, analyst, evaluation):
    def fill(book):
        rows_into(book.active, [["Attendance"], [], ["Who", "Contact", "Score"]])
        rows_into(book.active, [[f"P{i}", f"person{i}@mail.example.org", i] for i in range(6)], top=4)

    client.force_login(analyst)
    before = files_waiting()
    answer = send(client, evaluation, saved(fill))
    page = answer.content.decode()
    assert answer.context["pending"] is None and "e-mail addresses" in page and "mail.example.org" not in page
    assert files_waiting() == before


def files_waiting() -> list[str]:
    try:
        folders = default_storage.listdir("pending")[0]
    except FileNotFoundError:
        return []
    return [name for folder in folders for name in default_storage.listdir(f"pending/{folder}")[1]]


def test_a_clean_table_with_periods_across_is_turned_too(client, analyst, evaluation):
    client.force_login(analyst)
    pending = waiting(client, evaluation, saved(lambda book: rows_into(book.active, wide([2017, 2018]))))
    assert pending is not None


def test_next_years_file_is_put_in_order_by_the_kept_recipe_and_what_differs_is_said(client, analyst, evaluation):
    def next_year(book):
        rows_into(book.active, [["Table 3: Young people not in education"], [], [], []])
        rows_into(book.active, wide([2017, 2018, 2019, 2020, 2021, 2022]), top=6)
        rows_into(book.active, [["Source: Department for Education"]], top=13)

    client.force_login(analyst)
    first = waiting(client, evaluation, WORKBOOKS[0].content)
    address = reverse("dataset-tidy", args=[evaluation.pk, first.token])
    steps = {"shown_steps": "around periods", "on": ["around", "periods"], "period_name": "year", "value_name": "neet"}
    assert client.post(address, steps | {"keep": "1"}).status_code == 302
    answer = send(client, evaluation, saved(next_year), "NEET 2022.xlsx")
    address = reverse("dataset-tidy", args=[evaluation.pk, answer.context["pending"].token])
    page = client.get(address)
    said = page.content.decode()
    assert "so the same steps were taken" in said and "are in row 6; they were in 4" in said
    assert "has 24 rows; it had 20" in said and 'value="neet"' in said and page.context["n_rows"] == 24
    fresh = client.get(address + "?fresh=1")
    assert fresh.context["earlier"] is None and 'value="neet"' not in fresh.content.decode()


def test_a_header_that_every_sheet_has_is_no_reason_to_repeat_a_recipe(client, analyst, evaluation):
    client.force_login(analyst)
    first = waiting(client, evaluation, WORKBOOKS[0].content)
    assert client.post(reverse("dataset-tidy", args=[evaluation.pk, first.token]), {"keep": "1"}).status_code == 302
    assert Dataset.objects.get().reading["recipe"]["anchor"] == ["Local authority"]
    other = saved(lambda book: rows_into(book.active, wide([2017, 2018])))
    token = send(client, evaluation, other, "attainment.xlsx").context["pending"].token
    assert client.get(reverse("dataset-tidy", args=[evaluation.pk, token])).context["earlier"] is None


def test_another_kind_of_file_and_another_persons_recipe_are_not_proposed(client, analyst, evaluation):
    client.force_login(analyst)
    pending = waiting(client, evaluation, WORKBOOKS[0].content)
    assert client.post(reverse("dataset-tidy", args=[evaluation.pk, pending.token]), {"keep": "1"}).status_code == 302
    other = next(each for each in WORKBOOKS if each.name == "merged groups")
    answer = send(client, evaluation, other.content)
    if answer.context and answer.context["pending"] is not None:
        address = reverse("dataset-tidy", args=[evaluation.pk, answer.context["pending"].token])
        assert client.get(address).context["earlier"] is None
    stranger = make_user("stranger")
    own = make_evaluation(owner=make_organisation(analyst=stranger), by=stranger)
    client.force_login(stranger)
    token = send(client, own, WORKBOOKS[0].content).context["pending"].token
    assert client.get(reverse("dataset-tidy", args=[own.pk, token])).context["earlier"] is None

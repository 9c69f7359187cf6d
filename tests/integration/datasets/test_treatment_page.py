"""An analyst with a list of places and dates gets a panel that a design can use, drawn before it is kept."""

from __future__ import annotations

import pandas as pd
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from evaluations.datasets.actions import Particulars, delete_dataset, upload_dataset
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.picking import PER_PAGE
from evaluations.datasets.queries import design_issues, local_table
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.models import LawfulBasis
from evidence.places.models import Place, PlaceKind
from tests.workspace_records import make_evaluation, make_intervention, make_organisation, make_user

pytestmark = pytest.mark.django_db

AREAS = ["Leeds", "York", "Hull", "Barnsley"]
ROWS = [f"{area},{year},{50 + i + year - 2015}" for i, area in enumerate(AREAS) for year in range(2015, 2020)]
PANEL = "\n".join(["area,year,rate", *ROWS, ""])
OWN = {"unit": "area", "period": "year"}


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def lead():
    return make_user("lead")


@pytest.fixture
def evaluation(analyst, lead):
    intervention = make_intervention(start_year=2018)
    intervention.places.add(Place.objects.create(code="E08000035", name="Leeds", kind=PlaceKind.UPPER_TIER))
    return make_evaluation(owner=make_organisation(analyst=analyst, lead=lead), by=analyst, intervention=intervention)


def upload(evaluation, by, text: str = PANEL, name: str = "rates.csv") -> Dataset:
    stated = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL)
    file = ContentFile(text.encode(), name=name)
    return upload_dataset(evaluation=evaluation, file=file, name=name, particulars=stated, by=by)


@pytest.fixture
def page(client, analyst, evaluation):
    client.force_login(analyst)
    dataset = upload(evaluation, analyst)
    return dataset, reverse("dataset-treatment", args=[evaluation.pk, dataset.pk])


def starts_in(dataset: Dataset) -> dict:
    with local_table(dataset) as path:
        frame = pd.read_parquet(path).drop_duplicates("area").set_index("area")
    return frame["first_treated"].dropna().to_dict()


def test_ticking_is_drawn_then_kept_as_a_new_dataset(client, page):
    dataset, address = page
    assert 'value="Leeds"' in client.get(address).content.decode()
    posted = OWN | {"way": "tick", "treated": ["Leeds", "York"], "default_start": "2018"}
    posted |= {"unit_name": ["Barnsley", "Hull", "Leeds", "York"], "start": ["", "", "", "2017"]}
    shown = client.post(address, posted | {"show": "1"}).content.decode()
    assert "Who is treated when" in shown and "From 2017" in shown and Dataset.objects.count() == 1
    answer = client.post(address, posted | {"keep": "1"})
    made = Dataset.objects.exclude(pk=dataset.pk).get()
    assert answer.url == reverse("dataset", args=[dataset.evaluation_id, made.pk])
    assert starts_in(made) == {"Leeds": 2018, "York": 2017}
    assert made.reading["from"] == dataset.pk and made.reading["step"]["starts"] == {"Leeds": "2018", "York": "2017"}
    assert made.analysed_sha256 == made.stored_sha256 and dataset.analysed_sha256 == dataset.sha256
    columns = {"unit": "area", "period": "year", "outcome": "rate", "first_treated": "first_treated"}
    assert design_issues(made, parse_spec({"columns": columns})) == []


def test_many_units_are_ticked_over_several_pages_and_keep_their_ticks_and_starts(client, analyst, evaluation):
    client.force_login(analyst)
    rows = [f"Ward {unit:03d},{year},{unit % 7 + year - 2015}" for unit in range(250) for year in range(2015, 2019)]
    dataset = upload(evaluation, analyst, "\n".join(["area,year,rate", *rows, ""]))
    address = reverse("dataset-treatment", args=[evaluation.pk, dataset.pk])
    page = client.get(address)
    assert page.content.count(b'name="treated"') == PER_PAGE and "1 to 40 of 250 units" in page.content.decode()
    posted = OWN | {"way": "tick", "default_start": "2017", "treated": ["Ward 003"], "go": "2"}
    page = client.post(address, posted)
    said = page.content.decode()
    assert "1 ticked" in said and "Ward 041" in said and 'value="2017"' not in said and "<title>Error" not in said
    posted = OWN | {"way": "tick", "default_start": "2017", "treated": ["Ward 003"], "find": "24 WARD", "look": "1"}
    posted |= {"unit_name": ["Ward 003"], "start": ["2016"]}
    page = client.post(address, posted)
    assert [each.label for each in page.context["picker"].shown] == [
        f"Ward {unit:03d}" for unit in (24, 124, 224, *range(240, 250))
    ]
    page = client.post(address, posted | {"found_for": "24 WARD", "tick_found": "1"})
    assert len(page.context["ticked"]) == 14 and page.context["ticked"][0]["start"] == "2016"
    posted |= {"treated": [each["unit"] for each in page.context["ticked"]], "keep": "1"}
    assert client.post(address, posted).status_code == 302
    starts = starts_in(Dataset.objects.exclude(pk=dataset.pk).get())
    assert starts["Ward 003"] == 2016 and starts["Ward 249"] == 2017 and len(starts) == 14


def test_other_columns_take_away_ticks_that_are_no_units_of_theirs(client, page):
    _, address = page
    shown = client.post(address, {"unit": "year", "period": "year", "treated": ["Leeds", "2016"], "choose": "1"})
    assert [each["unit"] for each in shown.context["ticked"]] == ["2016"]


def test_a_pasted_list_a_second_file_and_the_catalogue_say_the_same(client, page, analyst, evaluation):
    _, address = page
    other = upload(evaluation, analyst, "area,opened\nLeeds,2018\n", "openings.csv")
    for posted in (
        {"way": "lines", "lines": "Leeds, 2018"},
        {"way": "dataset", "other": str(other.pk)},
        {"way": "catalogue"},
    ):
        assert client.post(address, OWN | posted | {"keep": "1"}).status_code == 302
        assert starts_in(Dataset.objects.first()) == {"Leeds": 2018}


def test_problems_are_told_and_nothing_is_kept(client, page):
    _, address = page
    said = client.post(
        address, OWN | {"way": "lines", "lines": "Leads, 2018\nYork, soon", "keep": "1"}
    ).content.decode()
    assert "Did you mean Leeds?" in said and "soon" in said and "<title>Error:" in said
    said = client.post(address, OWN | {"way": "tick", "treated": ["York"], "keep": "1"}).content.decode()
    assert "no start: York" in said
    assert Dataset.objects.count() == 1


def test_deleting_the_rows_deletes_what_was_made_of_them(client, page, lead):
    dataset, address = page
    client.post(address, OWN | {"way": "lines", "lines": "Leeds, 2018", "keep": "1"})
    delete_dataset(dataset=dataset, reason="Enough.", by=lead)
    assert set(Dataset.objects.values_list("state", flat=True)) == {DatasetState.DELETED}


def test_strangers_find_no_page(client, page):
    client.force_login(make_user("stranger"))
    assert client.get(page[1]).status_code == 404

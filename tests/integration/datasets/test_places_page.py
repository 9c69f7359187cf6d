"""An analyst with names instead of codes gets the codes, and is told what was not matched."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse

from evaluations.datasets.actions import Particulars, upload_dataset
from evaluations.datasets.models import Dataset
from evaluations.datasets.placing import with_places
from evaluations.datasets.queries import local_table
from evaluations.stats.issues import BadInput
from evaluations.workspaces.models import LawfulBasis
from evidence.places.matching import gazetteer
from evidence.places.models import Place, PlaceKind
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

ROWS = [
    ("Leeds City Council", 2018, 1),
    ("Hull", 2018, 2),
    ("Bournemouth", 2018, 3),
    ("England", 2018, 4),
    ("York", 2018, 5),
]


@pytest.fixture
def known():
    for code, name in (
        ("E08000035", "Leeds"),
        ("E06000010", "Kingston upon Hull, City of"),
        ("E06000058", "BCP"),
        ("E06000014", "York"),
    ):
        Place.objects.create(code=code, name=name, kind=PlaceKind.UPPER_TIER)
    Place.objects.create(code="E92000001", name="England", kind=PlaceKind.NATION)
    return gazetteer()


def table(rows: list[tuple]) -> pa.Table:
    return pa.Table.from_pandas(pd.DataFrame(rows, columns=["area", "year", "rate"]), preserve_index=False)


def test_one_place_under_two_names_in_one_period_is_a_problem(known):
    rows = [*ROWS, ("Leeds", 2018, 7)]
    with pytest.raises(BadInput) as caught:
        with_places(table(rows), column="area", period="year", known=known)
    (issue,) = caught.value.issues
    assert issue.code == "place_twice" and "Leeds City Council" in issue.message and "E08000035" in issue.message


def test_one_place_under_two_names_in_different_periods_is_one_series(known):
    placed = with_places(table([*ROWS, ("Leeds", 2019, 7)]), column="area", period="year", known=known)
    assert placed.data["place_code"].to_pylist().count("E08000035") == 2


def test_a_column_without_places_is_a_problem(known):
    with pytest.raises(BadInput) as caught:
        with_places(table([("x", 2018, 1), ("y", 2018, 2)]), column="area", period="year", known=known)
    assert caught.value.issues[0].code == "nothing_matched"


def test_the_page_matches_offers_and_keeps(client, known):
    analyst = make_user("analyst")
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)
    text = "area,year,rate\n" + "".join(f"{area},{year},{rate}\n" for area, year, rate in ROWS)
    stated = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL)
    file = ContentFile(text.encode(), name="a.csv")
    dataset = upload_dataset(evaluation=evaluation, file=file, name="a.csv", particulars=stated, by=analyst)
    client.force_login(analyst)
    address = reverse("dataset-places", args=[evaluation.pk, dataset.pk])
    page = client.get(address).content.decode()
    assert "Not matched: 2" in page and "in 2019 it became part of BCP" in page and "larger than an authority" in page
    answer = client.post(
        address, {"column": "area", "keep": "1", "written": ["Hull", "England"], "place": ["E06000010", ""]}
    )
    made = Dataset.objects.exclude(pk=dataset.pk).get()
    assert answer.status_code == 302 and made.reading["step"]["chosen"] == {"Hull": "E06000010"}
    with local_table(made) as path:
        frame = pd.read_parquet(path)
    assert dict(zip(frame.area, frame.place_code, strict=True)) == {
        "Leeds City Council": "E08000035", "Hull": "E06000010", "Bournemouth": "E06000028", "York": "E06000014",
    }  # fmt: skip
    assert any("1 row left out" in notice["message"] for notice in made.notices)


def test_loaded_small_areas_and_wards_are_matched_by_their_codes(client, known, tmp_path):
    codes = tmp_path / "areas.csv"
    codes.write_text("code,lat,lon\nE01000001,51.5185,-0.097\nE05009288,51.5,-0.1\nE08000035,53.8,-1.5\n")
    call_command("load_small_areas", str(codes), verbosity=0)
    analyst = make_user("analyst")
    evaluation = make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)
    text = "lsoa,year,rate\ne01000001,2018,1\nE05009288,2018,2\nE08000035,2018,3\nE01999999,2018,4\n"
    stated = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL)
    file = ContentFile(text.encode(), name="a.csv")
    dataset = upload_dataset(evaluation=evaluation, file=file, name="a.csv", particulars=stated, by=analyst)
    client.force_login(analyst)
    address = reverse("dataset-places", args=[evaluation.pk, dataset.pk])
    page = client.post(address, {"column": "lsoa"}).content.decode()
    assert "a small area or ward, by its code" in page and "Not matched: 1" in page
    assert client.post(address, {"column": "lsoa", "keep": "1"}).status_code == 302
    with local_table(Dataset.objects.exclude(pk=dataset.pk).get()) as path:
        frame = pd.read_parquet(path)
    assert frame.place_code.tolist() == ["E01000001", "E05009288", "E08000035"]
    assert frame.place_name.tolist() == ["E01000001", "E05009288", "Leeds"]

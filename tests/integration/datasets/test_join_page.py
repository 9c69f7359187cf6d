"""Two uploads of one evaluation are joined on an opaque id: seen first, kept with its parents, run again."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from evaluations.datasets.actions import Particulars, delete_dataset, upload_dataset
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.organisations.models import AuditEvent
from evaluations.workspaces.models import LawfulBasis
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

IDS = [f"p{number:03d}x" for number in range(60)]
PARTICIPATION = "opaque_id,group,first_treated\n" + "".join(
    f"{each},{'north' if place % 2 else 'south'},2020\n" for place, each in enumerate(IDS[:40])
)
OUTCOMES = "person_id,year,score\n" + "".join(
    f"{each},{year},{place + year - 2018}\n" for place, each in enumerate(IDS[10:]) for year in (2019, 2020)
)


def uploaded(evaluation, by, text: str, name: str, **particulars) -> Dataset:
    stated = Particulars(lawful_basis=LawfulBasis.NOT_PERSONAL, **particulars)
    return upload_dataset(
        evaluation=evaluation, file=SimpleUploadedFile(name, text.encode()), name=name, particulars=stated, by=by
    )


@pytest.fixture
def files(evaluation, analyst):
    return (
        uploaded(evaluation, analyst, PARTICIPATION, "took part.csv"),
        uploaded(evaluation, analyst, OUTCOMES, "outcomes.csv"),
    )


def post(client, evaluation, files, **more):
    stated = {"participation": files[0].pk, "outcomes": files[1].pk, "shown": "1", "kind": "outcomes"} | more
    return client.post(reverse("dataset-join", args=[evaluation.pk]), stated)


def test_a_join_is_shown_before_it_is_kept_and_remembers_its_parents(client, analyst, evaluation, files):
    client.force_login(analyst)
    assert "Use these files" in client.get(reverse("dataset-join", args=[evaluation.pk])).content.decode()
    page = post(client, evaluation, files, show="1").content.decode()
    assert "Participation: 30 of 40 ids (75 %) were found" in page and "Participation, by group" in page
    assert Dataset.objects.count() == 2
    answer = post(client, evaluation, files, keep="1")
    made = Dataset.objects.first()
    assert answer.status_code == 302 and answer.url == reverse("dataset", args=[evaluation.pk, made.pk])
    assert made.reading["from"] == files[1].pk and made.reading["also_from"] == [files[0].pk]
    assert made.rows_stored == 100 and made.reading["step"]["participation_id"] == "opaque_id"
    assert [each["name"] for each in made.columns] == [
        "person_id", "year", "score", "group", "first_treated", "in_participation",
    ]  # fmt: skip
    page = client.get(answer.url).content.decode()
    assert "Who was matched when the files were joined" in page and "took part.csv" in page
    assert AuditEvent.objects.filter(verb="derive_dataset").exists()


def test_the_same_join_of_the_same_files_gives_the_same_bytes(client, analyst, evaluation, files):
    client.force_login(analyst)
    post(client, evaluation, files, keep="1")
    made = Dataset.objects.first()
    page = client.get(reverse("dataset-join", args=[evaluation.pk]) + f"?again={made.pk}").content.decode()
    assert f'<option value="{files[0].pk}" selected>' in page
    post(client, evaluation, files, keep="1")
    assert Dataset.objects.first().stored_sha256 == made.stored_sha256


def test_an_id_in_doubt_joins_nothing(client, analyst, evaluation, files):
    client.force_login(analyst)
    twice = uploaded(evaluation, analyst, PARTICIPATION + f"{IDS[20]},north,2021\n", "twice.csv")
    page = post(client, evaluation, (twice, files[1]), keep="1").content.decode()
    assert "<title>Error:" in page and "Row 22" in page and "stands in 2 rows here" in page
    assert Dataset.objects.count() == 3


def test_deleting_a_parent_deletes_what_was_joined_of_it(client, analyst, evaluation, files):
    client.force_login(analyst)
    post(client, evaluation, files, keep="1")
    made = Dataset.objects.first()
    admin = evaluation.owner.memberships.get(role="admin").user
    delete_dataset(dataset=files[0], reason="Asked to.", by=admin)
    made.refresh_from_db()
    files[1].refresh_from_db()
    assert made.state == DatasetState.DELETED and files[1].state == DatasetState.READY


def test_the_joined_rows_are_held_as_the_stricter_parent_is(client, analyst, evaluation, files):
    from datetime import date

    client.force_login(analyst)
    people = upload_dataset(
        evaluation=evaluation,
        file=SimpleUploadedFile("people.csv", PARTICIPATION.encode()),
        name="people.csv",
        particulars=Particulars(
            lawful_basis=LawfulBasis.PUBLIC_TASK,
            units_are_people=True,
            controller="A college",
            retention_date=date(2030, 1, 1),
        ),
        by=analyst,
    )
    post(client, evaluation, (people, files[1]), keep="1")
    made = Dataset.objects.first()
    assert made.units_are_people and made.retention_date == date(2030, 1, 1)
    assert made.lawful_basis == LawfulBasis.PUBLIC_TASK and "A college" in made.controller
    assert made.reading["report"]["people"]


def test_nobody_else_joins(client, analyst, evaluation, files):
    stranger = make_user("stranger")
    other = make_evaluation(owner=make_organisation(analyst=stranger), by=stranger)
    client.force_login(stranger)
    assert client.get(reverse("dataset-join", args=[evaluation.pk])).status_code == 404
    page = client.post(
        reverse("dataset-join", args=[other.pk]),
        {"participation": files[0].pk, "outcomes": files[1].pk, "shown": "1", "keep": "1"},
    )
    assert "Two files are needed" in page.content.decode() and Dataset.objects.count() == 2
    api = APIClient()
    api.force_authenticate(stranger)
    answer = api.post("/api/v1/datasets/join/", {"participation": files[0].pk, "outcomes": files[1].pk}, format="json")
    assert answer.status_code == 400 and Dataset.objects.count() == 2


def test_over_the_api(analyst, evaluation, files):
    api = APIClient()
    api.force_authenticate(analyst)
    asked = {"participation": files[0].pk, "outcomes": files[1].pk, "kind": "both"}
    seen = api.post("/api/v1/datasets/join/", asked | {"preview": True}, format="json")
    assert seen.status_code == 200 and seen.json()["dataset"] is None and Dataset.objects.count() == 2
    kept = api.post("/api/v1/datasets/join/", asked, format="json")
    assert kept.status_code == 201 and kept.json()["dataset"]["rows_stored"] == 60
    assert kept.json()["report"]["sides"][0]["counts"]["matched"] == 30
    wrong = api.post("/api/v1/datasets/join/", asked | {"participation_id": "nothing"}, format="json")
    assert wrong.status_code == 400 and wrong.json()["issues"][0]["code"] == "column_missing"

"""Datasets over the API: the same checks and the same words as on the page."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from evaluations.datasets.models import Dataset
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

GOOD = "area,year,score,start\na,2018,1.5,\na,2019,2.5,\nb,2018,1,2019\nb,2019,2,2019\n"


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)


@pytest.fixture
def api(analyst):
    client = APIClient()
    client.force_authenticate(analyst)
    return client


def send(api, evaluation, content: str | bytes, **more):
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("areas.csv", data, content_type="text/csv")
    return api.post("/api/v1/datasets/", {"evaluation": evaluation.pk, "file": file} | more, format="multipart")


def test_upload_list_and_read(api, evaluation):
    answer = send(api, evaluation, GOOD)
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert body["state"] == "ready" and body["rows_stored"] == 4
    assert [each["kind"] for each in body["columns"]] == ["text", "integer", "number", "integer"]
    listed = api.get(f"/api/v1/datasets/?evaluation={evaluation.pk}").json()
    assert listed["count"] == 1 and listed["results"][0]["id"] == body["id"]
    assert "storage_path" not in body


def test_problems_come_together_in_the_one_shape_and_nothing_is_kept(api, evaluation):
    answer = send(api, evaluation, "area,year,score\na,2018,1\na,2019,oops\nb,2018\nb,2019,4\n")
    assert answer.status_code == 400
    body = answer.json()
    assert [(issue["code"], issue["where"]) for issue in body["issues"]] == [
        ("not_a_number", "row 3, column score"),
        ("row_ragged", "row 4"),
    ]
    assert body["message"] == "2 problems were found."
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\x00\xff" * 500, b"a,b\n"])
def test_what_is_no_table_is_refused_in_words(api, evaluation, content):
    answer = send(api, evaluation, content)
    assert answer.status_code == 400 and answer.json()["issues"][0]["message"]


def test_another_organisations_evaluation_does_not_exist(api):
    other = make_user("other")
    theirs = make_evaluation(owner=make_organisation(analyst=other), by=other)
    answer = send(api, theirs, GOOD)
    assert answer.status_code == 400 and answer.json()["issues"][0]["where"] == "evaluation"


def test_rows_about_people_without_what_the_law_asks_are_refused(api, evaluation):
    answer = send(api, evaluation, GOOD, units_are_people="true")
    assert answer.status_code == 400
    assert {issue["where"] for issue in answer.json()["issues"]} >= {"lawful_basis", "retention_date"}


def test_deleting_needs_the_right_and_a_reason(api, evaluation):
    made = send(api, evaluation, GOOD).json()["id"]
    answer = api.post(f"/api/v1/datasets/{made}/delete_rows/", {"reason": "Enough."}, format="json")
    assert answer.status_code == 403
    assert Dataset.objects.get().state == "ready"

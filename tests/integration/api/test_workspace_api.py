"""Evaluations, plans and runs over the API."""

import pytest
from rest_framework.test import APIClient

from tests.workspace_records import (
    SPEC_2X2,
    make_evaluation,
    make_intervention,
    make_organisation,
    make_outcome,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst():
    return make_user("eva")


@pytest.fixture
def organisation(analyst):
    return make_organisation(analyst=analyst)


@pytest.fixture
def client(analyst, organisation):
    client = APIClient()
    client.force_login(analyst)
    return client


def test_an_evaluation_is_made_read_and_changed(client, organisation):
    stated = {
        "title": "Did the hubs help?",
        "purpose": "To decide whether to go on.",
        "owner": organisation.slug,
        "intervention": make_intervention().slug,
        "outcome": make_outcome().slug,
        "lawful_basis": "not_personal",
    }
    made = client.post("/api/v1/evaluations/", stated, format="json")
    assert made.status_code == 201, made.json()
    address = f"/api/v1/evaluations/{made.json()['id']}/"
    assert client.get(address).json()["stage"] == "private"
    assert client.patch(address, {"title": "Did they?"}, format="json").json()["title"] == "Did they?"
    assert client.get("/api/v1/evaluations/?search=did they").json()["count"] == 1


def test_missing_fields_are_all_named_in_the_one_shape_of_error(client):
    answer = client.post("/api/v1/evaluations/", {}, format="json")
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"message", "issues"}
    assert {"title", "purpose", "intervention", "outcome", "lawful_basis"} <= {i["where"] for i in body["issues"]}
    assert all({"code", "message", "hint", "where"} <= set(issue) for issue in body["issues"])


def test_anothers_evaluation_does_not_exist(client):
    stranger = make_user("stranger")
    hidden = make_evaluation(owner=make_organisation(analyst=stranger), by=stranger)
    assert client.get(f"/api/v1/evaluations/{hidden.pk}/").status_code == 404
    assert client.get("/api/v1/evaluations/").json()["count"] == 0
    draft = {"evaluation": hidden.pk, "spec": SPEC_2X2}
    assert client.post("/api/v1/plans/", draft, format="json").status_code == 400


def test_a_wrong_design_lists_every_problem(client, organisation, analyst):
    evaluation = make_evaluation(owner=organisation, by=analyst)
    wrong = {"estimator": "did_2x2", "columns": {"outcme": "y"}, "options": {"level": 7}}
    answer = client.post("/api/v1/plans/", {"evaluation": evaluation.pk, "spec": wrong}, format="json")
    assert answer.status_code == 400
    assert {"spec_unknown_key", "spec_value"} <= {issue["code"] for issue in answer.json()["issues"]}


def test_a_draft_cannot_be_run(client, organisation, analyst):
    evaluation = make_evaluation(owner=organisation, by=analyst)
    plan = client.post("/api/v1/plans/", {"evaluation": evaluation.pk, "spec": SPEC_2X2}, format="json").json()
    answer = client.post("/api/v1/runs/", {"plan": plan["id"]}, format="json")
    assert answer.status_code == 400
    assert "plan_not_locked" in {issue["code"] for issue in answer.json()["issues"]}


def test_without_signing_in_nothing_of_the_workspace_answers():
    for name in ("evaluations", "plans", "runs", "organisations"):
        assert APIClient().get(f"/api/v1/{name}/").status_code == 401


def test_the_api_describes_itself():
    schema = APIClient().get("/api/v1/schema/")
    assert schema.status_code == 200
    assert b"/api/v1/runs/{id}/cancel/" in schema.content
    assert APIClient().get("/api/v1/docs/").status_code == 200


@pytest.mark.parametrize("odd", ["²", "99999999999999999999", "-1", "one", ""])
def test_an_odd_number_in_a_filter_is_no_fault(client, odd):
    for name in ("datasets", "plans", "runs"):
        assert client.get(f"/api/v1/{name}/", {"evaluation": odd}).status_code == 200

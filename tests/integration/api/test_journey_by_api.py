"""The whole journey by API alone: from a token to an estimate that everyone can read."""

import io

import pytest
from rest_framework.test import APIClient

from evaluations.runs.actions import claim
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.tasks import work_on
from evidence.estimates.models import EffectEstimate
from tests.engine_inputs import panel_frame
from tests.workspace_records import make_intervention, make_organisation, make_outcome, make_user

pytestmark = pytest.mark.django_db

SPEC = {
    "estimator": "callaway_santanna",
    "columns": {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"},
    "options": {"sensitivity": []},
}


@pytest.fixture
def reviewer():
    return make_user("ravi")


@pytest.fixture
def analyst(reviewer):
    person = make_user("eva")
    make_organisation(admin=reviewer, analyst=person)
    return person


def signed_in(person) -> APIClient:
    """A client that knows only its token."""
    asked = {"email": person.email, "password": "a-good-passphrase"}
    key = APIClient().post("/api/v1/tokens/", asked, format="json").json()["key"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def made(client, address, body, **how) -> dict:
    answer = client.post(f"/api/v1/{address}", body, **({"format": "json"} | how))
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


def a_file() -> io.BytesIO:
    frame = panel_frame([4.0] * 30 + [6.0] * 30 + [float("nan")] * 60, n_periods=8, effect=2.0, noise=1.0, seed=5)
    file = io.BytesIO(frame.to_csv(index=False).encode())
    file.name = "areas.csv"
    return file


def run_of(client) -> dict:
    evaluation = made(
        client,
        "evaluations/",
        {
            "title": "Did the hubs help?",
            "purpose": "To decide whether to go on.",
            "intervention": make_intervention().slug,
            "outcome": make_outcome().slug,
            "lawful_basis": "not_personal",
        },
    )
    dataset = made(client, "datasets/", {"evaluation": evaluation["id"], "file": a_file()}, format="multipart")
    assert dataset["state"] == "ready", dataset["problems"]
    plan = made(
        client,
        "plans/",
        {
            "evaluation": evaluation["id"],
            "dataset": dataset["id"],
            "spec": SPEC,
            "comparator_justification": "Areas that never opened a hub, with the same trend before.",
        },
    )
    plan = made(client, f"plans/{plan['id']}/lock/", {})
    assert plan["is_locked"]
    return made(client, "runs/", {"plan": plan["id"]})


def answered(run: dict) -> None:
    """What a worker does when its bell rings."""
    work_on(claim(run_id=run["id"], worker="test"))
    assert AnalysisRun.objects.get(pk=run["id"]).state == RunState.DONE


def test_two_people_carry_an_evaluation_to_the_catalogue_by_api_alone(analyst, reviewer):
    client = signed_in(analyst)
    run = run_of(client)
    waiting = client.get(f"/api/v1/runs/{run['id']}/result/")
    assert waiting.status_code == 409
    assert set(waiting.json()) == {"message", "issues"}
    answered(run)
    result = client.get(f"/api/v1/runs/{run['id']}/result/").json()
    assert result["status"] == "done"
    assert result["estimates"][0]["value"] == pytest.approx(2.0, abs=0.5)
    review = made(client, "reviews/", {"run": run["id"], "reviewer": reviewer.email})
    released = made(signed_in(reviewer), f"reviews/{review['id']}/release/", {"note": "Sound."})
    assert released["state"] == "released"
    everyone = APIClient().get(f"/api/v1/estimates/{released['estimates'][0]}/").json()
    assert everyone["value"] == result["estimates"][0]["value"]


def test_the_author_cannot_release_and_nothing_is_logged(analyst, reviewer):
    client = signed_in(analyst)
    run = run_of(client)
    answered(run)
    own = client.post("/api/v1/reviews/", {"run": run["id"], "reviewer": analyst.email}, format="json")
    assert own.status_code == 400
    review = made(client, "reviews/", {"run": run["id"], "reviewer": reviewer.email})
    assert client.post(f"/api/v1/reviews/{review['id']}/release/", {}, format="json").status_code == 403
    assert not EffectEstimate.objects.exists()


def test_a_stranger_cannot_be_told_from_nobody(analyst):
    client = signed_in(analyst)
    run = run_of(client)
    answered(run)
    stranger = make_user("stranger")
    answers = [
        client.post("/api/v1/reviews/", {"run": run["id"], "reviewer": address}, format="json").json()["issues"]
        for address in (stranger.email, "no-one@example.org")
    ]
    assert answers[0] == answers[1]


def test_a_cancelled_run_has_no_result_and_says_so(analyst):
    client = signed_in(analyst)
    run = run_of(client)
    assert made(client, f"runs/{run['id']}/cancel/", {})["state"] == "cancelled"
    answer = client.get(f"/api/v1/runs/{run['id']}/result/")
    assert answer.status_code == 409
    assert answer.json()["issues"][0]["code"] == "cancelled"

"""From an evaluation to an estimate in the catalogue, through the pages, as two people do it."""

import re

import pytest
from django.urls import reverse

from evaluations.plans.models import AnalysisPlan
from evaluations.runs.actions import claim
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.tasks import work_on
from evaluations.sharing.models import Publication, Review
from evaluations.workspaces.models import Evaluation, LawfulBasis, Stage
from evidence.estimates.models import EffectEstimate
from tests.workspace_records import make_dataset, make_intervention, make_organisation, make_outcome, make_user, panel

pytestmark = pytest.mark.django_db

ROLES = {"unit": "unit", "year": "period", "first_treated": "first_treated", "outcome": "outcome"}


@pytest.fixture
def reviewer():
    return make_user("Ravi")


@pytest.fixture
def analyst(reviewer):
    person = make_user("Eva")
    make_organisation(reviewer, analyst=person)
    return person


def answer_waiting_runs():
    for run in AnalysisRun.objects.filter(state=RunState.QUEUED):
        work_on(claim(run_id=run.pk, worker="test"))


def text_of(response) -> str:
    words = re.sub(r"<(script|style|svg).*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", words))


def stated(client, analyst) -> Evaluation:
    """An evaluation made through its form, with data."""
    client.force_login(analyst)
    form = {
        "title": "Hubs and readiness",
        "purpose": "To decide whether to go on.",
        "owner": analyst.memberships.get().organisation_id,
        "intervention": make_intervention().pk,
        "outcome": make_outcome().pk,
        "units": "not_people",
        "lawful_basis": LawfulBasis.NOT_PERSONAL,
    }
    response = client.post(reverse("evaluation-new"), form)
    assert response.status_code == 302, text_of(response)
    evaluation = Evaluation.objects.get()
    assert response.url == reverse("evaluation", args=[evaluation.pk])
    make_dataset(evaluation=evaluation, by=analyst, frame=panel())
    return evaluation


def planned(client, evaluation) -> AnalysisPlan:
    """A plan stated and locked through the three steps."""
    assert "No plan yet" in text_of(client.get(reverse("plan", args=[evaluation.pk])))
    page = client.get(reverse("plan-columns", args=[evaluation.pk]))
    assert {field.initial for _, field in page.context["form"].rows} == set(ROLES.values())
    columns = {f"role_{place}": role for place, role in enumerate(ROLES.values())}
    columns["dataset"] = evaluation.datasets.get().pk
    assert client.post(reverse("plan-columns", args=[evaluation.pk]), columns).url.endswith("/design/")
    design = {
        "estimator": "callaway_santanna",
        "comparator_justification": "Neighbours.",
        "other_explanations": "A new school.",
        "outcome_unit": "percentage points",
    }
    assert client.post(reverse("plan-design", args=[evaluation.pk]), design).url.endswith("/options/")
    page = client.get(reverse("plan-options", args=[evaluation.pk]))
    form = page.context["form"]
    options = {name: form[name].value() for name in form.fields}
    options = {name: value for name, value in options.items() if value not in (None, "")} | {
        "control_group": "not_yet_treated"
    }
    response = client.post(reverse("plan-options", args=[evaluation.pk]), options)
    assert response.status_code == 302, text_of(response)
    page = client.get(reverse("plan", args=[evaluation.pk]))
    assert "Units not treated yet, or never" in text_of(page)
    client.post(reverse("plan-lock", args=[evaluation.pk]))
    return AnalysisPlan.objects.get(locked_at__isnull=False)


def run_once(client, evaluation, plan) -> AnalysisRun:
    response = client.post(reverse("run-start", args=[evaluation.pk]), {"plan": plan.pk})
    run = AnalysisRun.objects.latest("number")
    assert response.url == reverse("run", args=[evaluation.pk, run.pk])
    waiting = client.get(response.url)
    assert "hx-get" in waiting.content.decode()
    answer_waiting_runs()
    run.refresh_from_db()
    return run


def test_two_people_carry_an_evaluation_from_data_to_the_catalogue(client, analyst, reviewer):
    evaluation = stated(client, analyst)
    plan = planned(client, evaluation)
    run = run_once(client, evaluation, plan)
    assert run.state == RunState.DONE, run.reason
    page = client.get(reverse("run", args=[evaluation.pk, run.pk]))
    assert page.status_code == 200
    assert run.result["estimates"][0]["value"] == pytest.approx(2.0, abs=0.2)
    assert "Receipt" in text_of(page)

    ask = {"reviewer": reviewer.pk, "release_to": "public", "note": "Please check the trend."}
    client.post(reverse("release-request", args=[evaluation.pk, run.pk]), ask)
    review = Review.objects.get()
    own = client.post(reverse("review", args=[evaluation.pk, review.pk]), {"decision": "release"})
    assert own.status_code == 200 and not EffectEstimate.objects.exists()

    client.force_login(reviewer)
    assert "Waiting for you" in text_of(client.get(reverse("evaluation", args=[evaluation.pk])))
    client.post(reverse("review", args=[evaluation.pk, review.pk]), {"decision": "release", "note": "Sound."})
    estimate = EffectEstimate.objects.get()
    evaluation.refresh_from_db()
    assert evaluation.stage == Stage.PUBLIC
    assert (estimate.value, estimate.visibility) == (pytest.approx(2.0, abs=0.2), "public")
    assert (estimate.reviewer_name, estimate.analyst_name) == ("Ravi", "Eva")
    assert (estimate.n_plans_before, estimate.n_runs_before, estimate.plan_locked_before_outcomes) == (0, 0, False)
    client.post(reverse("review", args=[evaluation.pk, review.pk]), {"decision": "release"})
    assert EffectEstimate.objects.count() == Publication.objects.count() == 1


def test_a_repeated_run_says_that_it_gave_the_same_digits(client, analyst):
    evaluation = stated(client, analyst)
    plan = planned(client, evaluation)
    first = run_once(client, evaluation, plan)
    client.post(reverse("run-repeat", args=[evaluation.pk, first.pk]))
    answer_waiting_runs()
    again = AnalysisRun.objects.get(repeats=first)
    assert again.result_sha256 == first.result_sha256
    assert f"The same digits as run {first.number}" in text_of(
        client.get(reverse("run", args=[evaluation.pk, again.pk]))
    )


def test_a_stranger_finds_no_page_of_it(client, analyst):
    evaluation = stated(client, analyst)
    plan = planned(client, evaluation)
    run = run_once(client, evaluation, plan)
    make_organisation(lead=(stranger := make_user()))
    client.force_login(stranger)
    pages = [
        *(reverse(name, args=[evaluation.pk]) for name in ("evaluation", "plan", "runs", "sharing", "plan-columns")),
        *(reverse(name, args=[evaluation.pk, run.pk]) for name in ("run", "run-result", "run-progress")),
        reverse("run-numbers", args=[evaluation.pk, run.pk, "estimates"]),
    ]
    assert [client.get(page).status_code for page in pages] == [404] * len(pages)
    posts = [reverse(name, args=[evaluation.pk, run.pk]) for name in ("run-cancel", "run-repeat")]
    assert [client.post(page).status_code for page in posts] == [404, 404]


def test_a_visitor_is_asked_to_sign_in(client):
    for page in (reverse("evaluations"), reverse("evaluation-new"), reverse("examples"), "/evaluations/1/"):
        response = client.get(page)
        assert response.status_code == 302 and response.url.startswith("/account/login/")


def test_the_list_is_empty_until_there_is_something(client, analyst):
    client.force_login(analyst)
    page = text_of(client.get(reverse("evaluations")))
    assert "No evaluations yet" in page and "Try an example" in page

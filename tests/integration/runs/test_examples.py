"""Each example reaches its known answer, and none can ever enter the catalogue."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from evaluations.datasets.models import Dataset
from evaluations.runs.actions import claim
from evaluations.runs.example_actions import start_example
from evaluations.runs.examples import EXAMPLES, simulated_hubs, simulated_truth
from evaluations.runs.models import AnalysisRun
from evaluations.runs.simulated_sure_start import TRUE_EFFECT, simulated_sure_start
from evaluations.runs.tasks import work_on
from evaluations.sharing.actions import request_release
from evaluations.sharing.models import Publication, Review
from evaluations.stats.issues import BadInput
from evaluations.workspaces.models import Evaluation, Stage
from evidence.estimates.models import EffectEstimate
from tests.workspace_records import make_dataset, make_evaluation, make_locked_plan, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer():
    return make_user("Ravi")


@pytest.fixture
def analyst(reviewer):
    person = make_user("Eva")
    make_organisation(reviewer, analyst=person)
    return person


def answered(example, analyst) -> AnalysisRun:
    owner = analyst.memberships.get().organisation
    run = start_example(example=example, owner=owner, by=analyst)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    assert run.state == "done", run.reason
    return run


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda each: each.key)
def test_the_example_reaches_its_known_answer(example, analyst, client):
    run = answered(example, analyst)
    headline = run.result["estimates"][0]
    assert headline["value"] == pytest.approx(example.known_value, abs=example.tolerance)
    if example.known_std_error is not None:
        assert headline["std_error"] == pytest.approx(example.known_std_error, abs=example.tolerance)
    client.force_login(analyst)
    page = client.get(reverse("run", args=[run.evaluation_id, run.pk])).content.decode()
    assert "Example: not evidence" in page and example.known_label in page


def test_the_incinerator_gives_the_textbook_number(analyst):
    headline = answered(EXAMPLES["kielmc"], analyst).result["estimates"][0]
    assert round(headline["value"], 2) == -11863.90
    assert round(headline["std_error"], 2) == 7456.65


def test_the_interval_of_the_simulation_covers_its_truth(analyst):
    headline = answered(EXAMPLES["hubs"], analyst).result["estimates"][0]
    assert headline["ci_lower"] < simulated_truth() < headline["ci_upper"]


def test_the_simulation_is_the_same_every_time():
    first, second = simulated_hubs(), simulated_hubs()
    assert all((first[name] == second[name]).all() for name in first)
    assert EXAMPLES["hubs"].csv() == EXAMPLES["hubs"].csv()


def test_the_truth_of_the_simulated_sure_start_is_that_of_its_children():
    simulation = simulated_sure_start()
    assert simulation.true_effect == pytest.approx(TRUE_EFFECT, rel=1e-12)
    assert EXAMPLES["sure_start"].csv() == EXAMPLES["sure_start"].csv()


def test_living_near_a_simulated_centre_is_estimated_with_its_sites(analyst):
    headline = answered(EXAMPLES["sure_start"], analyst).result["estimates"][0]
    assert headline["ci_lower"] < TRUE_EFFECT < headline["ci_upper"]
    assert "access, not attendance" in headline["estimand"]


def test_an_example_is_started_from_its_page(analyst, client):
    client.force_login(analyst)
    response = client.post(reverse("examples"), {"example": "kielmc"})
    run = AnalysisRun.objects.get()
    assert response.url == reverse("run", args=[run.evaluation_id, run.pk])


def test_no_release_of_an_example_can_be_asked_for(analyst, reviewer, client):
    run = answered(EXAMPLES["kielmc"], analyst)
    client.force_login(analyst)
    address = reverse("release-request", args=[run.evaluation_id, run.pk])
    assert client.post(address, {"reviewer": reviewer.pk, "release_to": "public"}).status_code == 403
    assert not Review.objects.exists()


def test_example_data_cannot_slip_into_the_catalogue_through_an_ordinary_evaluation(analyst, reviewer):
    owner = analyst.memberships.get().organisation
    evaluation = make_evaluation(owner=owner, by=analyst)
    example = answered(EXAMPLES["kielmc"], analyst)
    dataset = make_dataset(evaluation=evaluation, by=analyst, sha256=example.dataset.sha256)
    run = _done(make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset), analyst)
    with pytest.raises(BadInput) as refusal:
        request_release(run=run, reviewer=reviewer, by=analyst)
    assert [issue.code for issue in refusal.value.issues] == ["example_not_evidence"]


def _done(plan, analyst) -> AnalysisRun:
    from evaluations.runs.actions import queue_run

    run = queue_run(plan=plan, by=analyst)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    return run


def test_the_database_refuses_a_publication_of_an_example_whatever_the_code_does(analyst, reviewer):
    run = answered(EXAMPLES["kielmc"], analyst)
    review = Review.objects.create(run=run, reviewer=reviewer, requested_by=analyst)
    stated = {"plans_before": 0, "runs_before": 0, "plan_locked_before_outcomes": False, "published_by": reviewer}
    estimate = EffectEstimate(pk=1)
    with pytest.raises(IntegrityError, match="An example can never enter the catalogue"), transaction.atomic():
        Publication.objects.create(review=review, run=run, term="att", estimate=estimate, **stated)


def test_an_example_stays_an_example_and_private_in_the_database(analyst):
    run = answered(EXAMPLES["kielmc"], analyst)
    changes = [
        lambda: Evaluation.objects.filter(pk=run.evaluation_id).update(is_example=False),
        lambda: Dataset.objects.filter(pk=run.dataset_id).update(is_example=False),
        lambda: Evaluation.objects.filter(pk=run.evaluation_id).update(stage=Stage.PUBLIC),
    ]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()

"""Every answer on the locked outcome, null or refused, is logged or told in public; none can stay in a drawer."""

import pytest
from django.urls import reverse

from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import NotAllowed
from evaluations.runs.actions import claim, queue_run
from evaluations.runs.tasks import work_on
from evaluations.sharing import actions
from evaluations.sharing.queries import what_came_of
from evaluations.sharing.registered import reported_runs
from evaluations.stats.issues import BadInput
from evidence.catalogue.models import Study
from tests.integration.sharing.conftest import answered_run
from tests.integration.sharing.test_stages import released
from tests.workspace_records import make_dataset, make_locked_plan, panel

pytestmark = pytest.mark.django_db
WHY = "The comparison areas had joined too."


def refused_run(world):
    """A run that the data cannot answer: everyone is treated from the first year."""
    frame = panel().assign(first_treated=2005)
    dataset = make_dataset(evaluation=world.evaluation, by=world.analyst, frame=frame, sha256="e" * 64)
    spec = {**world.plan.spec, "options": {}}
    plan = make_locked_plan(evaluation=world.evaluation, by=world.analyst, dataset=dataset, spec=spec)
    run = queue_run(plan=plan, by=world.analyst)
    work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    assert run.state == "refused"
    return run


def accounted(world) -> list[bool]:
    return [each.is_accounted_for for each in reported_runs(world.evaluation)]


def test_a_refused_run_of_an_evaluation_that_released_nothing_is_told_on_a_public_page(world, client):
    run = refused_run(world)
    assert accounted(world) == [False, False]
    client.force_login(world.lead)
    record = client.get(reverse("record", args=[world.evaluation.pk])).content.decode()
    address = reverse("run-account", args=[world.evaluation.pk, run.pk])
    assert address in record
    page = client.get(address).content.decode()
    assert "These become public" in page and run.reason.rstrip(".") in page
    assert "Say why it is not logged" in client.post(address, {"why": " "}).content.decode()
    assert client.post(address, {"why": WHY}).status_code == 302
    assert accounted(world) == [False, True]
    client.logout()
    study = Study.objects.get(title=world.evaluation.title)
    told = client.get(study.get_absolute_url()).content.decode()
    assert "Results that were not logged" in told and WHY in told and run.reason.rstrip(".") in told
    assert client.get(f"/api/v1/studies/{study.pk}/").json()["accounts"][0]["why"] == WHY
    event = AuditEvent.objects.get(verb="account_for_run")
    assert (event.by, event.detail["run"]) == (world.lead, run.number)


def test_a_null_that_is_not_released_is_told_with_its_interval(world, client):
    actions.account_for(run=world.run, why="It repeats last year's.", by=world.lead)
    assert accounted(world) == [True]
    told = client.get(Study.objects.get(title=world.evaluation.title).get_absolute_url()).content.decode()
    assert "95% interval" in told and "It repeats last year" in told
    assert client.get("/estimates/").content.decode().count(world.evaluation.title) == 0, "it is no estimate"


def test_a_difference_that_is_no_effect_is_told_as_one(world):
    world.run.result["standing"]["level"] = "does_not_support"
    assert what_came_of(world.run).endswith(", a difference that supports no causal reading.")
    world.run.result["standing"]["level"] = "caution"
    assert "causal" not in what_came_of(world.run)


def test_a_run_after_the_last_release_is_not_told_by_it(world):
    released(world)
    assert accounted(world) == [True]
    later = answered_run(world.plan, world.analyst)
    assert accounted(world) == [True, False]
    actions.account_for(run=later, why="A second look.", by=world.lead)
    assert accounted(world) == [True, True]


def test_what_only_partners_may_read_is_no_public_account(world):
    earlier = answered_run(world.plan, world.analyst)
    released(world, release_to="named_partners")
    assert [each.is_accounted_for for each in reported_runs(world.evaluation) if each.run == earlier] == [False]


def test_only_a_second_person_entitled_decides_and_only_once(world):
    with pytest.raises(NotAllowed):
        actions.account_for(run=world.run, why=WHY, by=world.partner)
    with pytest.raises(NotAllowed):
        actions.account_for(run=world.run, why=WHY, by=world.analyst)
    with pytest.raises(BadInput, match="Say why"):
        actions.account_for(run=world.run, why=" ", by=world.lead)
    actions.account_for(run=world.run, why=WHY, by=world.lead)
    with pytest.raises(BadInput, match="already read"):
        actions.account_for(run=world.run, why=WHY, by=world.lead)
    assert len(Study.objects.get(title=world.evaluation.title).accounts) == 1


def test_a_waiting_review_and_an_unanswered_run_are_not_accounted_for(world):
    actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst)
    with pytest.raises(BadInput, match="waiting for its reviewer"):
        actions.account_for(run=world.run, why=WHY, by=world.lead)
    queued = queue_run(plan=world.plan, by=world.analyst)
    with pytest.raises(BadInput, match="gave no answer"):
        actions.account_for(run=queued, why=WHY, by=world.lead)

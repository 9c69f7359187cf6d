"""Comments and requested changes; what was registered beside what was reported; the audit an organisation reads."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from evaluations.guards import take_down_guards
from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import NotAllowed
from evaluations.sharing import actions
from evaluations.sharing.models import Comment
from evaluations.sharing.notices import in_words, notices_of
from evaluations.sharing.registered import registered_plans, reported_estimates, reported_runs
from evaluations.stats.issues import BadInput
from tests.integration.sharing.conftest import answered_run
from tests.integration.sharing.test_stages import released, shared
from tests.workspace_records import SPEC_PANEL, make_locked_plan, make_user

pytestmark = pytest.mark.django_db


def test_a_partner_asks_for_a_change_and_the_owner_deals_with_it(world, client):
    shared(world, "plan")
    client.force_login(world.partner)
    address = reverse("discussion", args=[world.evaluation.pk])
    said = {"about": f"plan-{world.plan.pk}", "body": "Why not the neighbours?", "asks_for_change": "on"}
    client.post(address, said)
    comment = Comment.objects.get()
    assert (comment.plan, comment.asks_for_change, comment.created_by) == (world.plan, True, world.partner)
    client.force_login(world.analyst)
    assert "Why not the neighbours?" in client.get(reverse("evaluation", args=[world.evaluation.pk])).content.decode()
    client.post(reverse("comment-resolve", args=[world.evaluation.pk, comment.pk]))
    comment.refresh_from_db()
    assert comment.resolved_by == world.analyst


def test_comments_on_runs_are_hidden_from_a_partner_that_sees_only_plans(world, client):
    shared(world, "plan")
    actions.add_comment(evaluation=world.evaluation, run=world.run, body="The estimate is large.", by=world.analyst)
    client.force_login(world.partner)
    page = client.get(reverse("discussion", args=[world.evaluation.pk])).content.decode()
    assert "The estimate is large." not in page and f"run-{world.run.pk}" not in page
    with pytest.raises(NotAllowed):
        actions.add_comment(evaluation=world.evaluation, run=world.run, body="Really?", by=world.partner)


def test_a_rating_of_the_study_is_discussed_by_those_who_see_results(world, client):
    client.force_login(world.lead)
    address = reverse("discussion", args=[world.evaluation.pk])
    assert "The rating under" not in client.get(address).content.decode()
    shared(world, "plan")
    released(world, release_to="named_partners")
    assert "The rating under" in client.get(address).content.decode()
    client.post(address, {"about": "rating-maryland_sms", "body": "Why not 3?", "asks_for_change": "on"})
    comment = Comment.objects.get()
    assert (comment.rating_scheme, comment.asks_for_change) == ("maryland_sms", True)
    page = client.get(address).content.decode()
    assert "Why not 3?" in page and "#ratings" in page
    told = [in_words(each).words for each in notices_of(world.analyst)]
    assert told[0].startswith("Lena asks for a change to the rating under ")
    client.force_login(world.partner)
    assert "Why not 3?" not in client.get(address).content.decode()


def test_script_in_a_comment_is_text(world, client):
    actions.add_comment(evaluation=world.evaluation, body="<script>alert(1)</script>", by=world.analyst)
    client.force_login(world.analyst)
    page = client.get(reverse("discussion", args=[world.evaluation.pk])).content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page


def test_a_stranger_can_neither_comment_nor_close(world):
    stranger = make_user()
    with pytest.raises(NotAllowed):
        actions.add_comment(evaluation=world.evaluation, body="Hello", by=stranger)
    with pytest.raises(BadInput):
        actions.add_comment(evaluation=world.evaluation, body="  ", by=world.analyst)
    comment = actions.add_comment(evaluation=world.evaluation, body="x", asks_for_change=True, by=world.analyst)
    with pytest.raises(NotAllowed):
        actions.resolve_comment(comment=comment, by=stranger)


def second_plan_and_run(world):
    spec = SPEC_PANEL | {"options": {"control_group": "not_yet_treated"}}
    plan = make_locked_plan(evaluation=world.evaluation, by=world.analyst, dataset=world.dataset, spec=spec)
    return answered_run(plan, world.analyst)


def test_the_estimate_tells_every_other_plan_and_run_and_what_differed(world):
    other = second_plan_and_run(world)
    estimate = released(world)
    assert (estimate.n_plans_before, estimate.n_runs_before) == (1, 1)
    told = " ".join(estimate.differences)
    assert "Plan 2" in told and "Units not treated yet, or never became Units never treated" in told
    assert f"Run {other.number} (plan 2): " in told


def test_the_record_sets_plans_runs_and_estimates_side_by_side(world, client):
    second_plan_and_run(world)
    assert not any(each.is_accounted_for for each in reported_runs(world.evaluation))
    released(world)
    first, second = registered_plans(world.evaluation)
    assert (first.is_first, first.departures) == (True, ())
    assert second.departures == ("Compare with: Units never treated became Units not treated yet, or never.",)
    assert all(each.is_accounted_for for each in reported_runs(world.evaluation))
    (reported,) = reported_estimates(world.evaluation)
    assert all(each.agrees for each in reported.agreements)
    client.force_login(world.analyst)
    page = client.get(reverse("record", args=[world.evaluation.pk]))
    assert page.status_code == 200 and "A later look." in page.content.decode()


def test_the_audit_of_an_evaluation_is_read_by_its_leads_and_downloads_whole(world, client):
    client.force_login(world.analyst)
    address = reverse("audit", args=[world.evaluation.pk])
    assert client.get(address).status_code == 403
    client.force_login(world.lead)
    assert "lock plan" in client.get(address).content.decode()
    lines = client.get(address, {"download": "csv"}).content.decode().strip().splitlines()
    assert len(lines) == 1 + AuditEvent.objects.filter(evaluation_id=world.evaluation.pk).count()


def test_verify_audit_passes_and_finds_an_altered_event(world):
    said = io.StringIO()
    call_command("verify_audit", stdout=said)
    assert f"All {AuditEvent.objects.count()} events hold." in said.getvalue()
    take_down_guards()
    AuditEvent.objects.filter(verb="lock_plan").update(detail={"version": 99})
    problems = io.StringIO()
    with pytest.raises(CommandError, match="1 broken link"):
        call_command("verify_audit", stdout=said, stderr=problems)
    assert "altered" in problems.getvalue()

"""Stages of sharing: who sees what at each, what may follow what, and what each decision leaves on record."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import NotAllowed, Permission, may
from evaluations.sharing import actions
from evaluations.sharing.models import Publication
from evaluations.stats.issues import BadInput
from evaluations.workspaces.models import Evaluation, Stage, StageChange
from evidence.estimates.models import EffectEstimate
from evidence.estimates.queries import estimate_visible_to

pytestmark = pytest.mark.django_db
SOON = timedelta(days=30)


def codes(refusal) -> list[str]:
    return [issue.code for issue in refusal.value.issues]


def shared(world, level="results") -> None:
    actions.share_with(evaluation=world.evaluation, organisation=world.college, level=level, by=world.lead)
    world.evaluation = actions.change_stage(
        evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.lead, reason="To check it together."
    )


def released(world, **how) -> EffectEstimate:
    review = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst, **how)
    (publication,) = actions.release(review=review, by=world.lead)
    world.evaluation.refresh_from_db()
    return publication.estimate


def test_naming_a_partner_shows_it_nothing_until_the_evaluation_is_shared(world):
    actions.share_with(evaluation=world.evaluation, organisation=world.college, level="rows", by=world.lead)
    assert not may(world.partner, Permission.SEE_EVALUATION, world.evaluation)
    shared(world, "rows")
    assert may(world.partner, Permission.SEE_ROWS, world.evaluation)


@pytest.mark.parametrize(
    ("level", "status"),
    [
        ("existence", {"evaluation": 200, "plan": 404, "runs": 404, "sharing": 404, "record": 404, "discussion": 404}),
        ("plan", {"evaluation": 200, "plan": 200, "runs": 404, "sharing": 404, "record": 404, "discussion": 200}),
        ("results", {"evaluation": 200, "plan": 200, "runs": 200, "sharing": 200, "record": 200, "discussion": 200}),
    ],
)
def test_a_partner_finds_the_pages_its_level_grants_and_no_others(world, client, level, status):
    shared(world, level)
    client.force_login(world.partner)
    found = {name: client.get(reverse(name, args=[world.evaluation.pk])).status_code for name in status}
    assert found == status


def test_a_decision_is_kept_with_what_it_made_visible(world):
    shared(world)
    change = StageChange.objects.get()
    assert (change.from_stage, change.to_stage, change.by) == (Stage.PRIVATE, Stage.NAMED_PARTNERS, world.lead)
    assert change.made_visible == [
        {"who": world.college.name, "what": "its plans, every run with its result and checks, and the discussion"}
    ]
    assert AuditEvent.objects.filter(verb="change_stage", by=world.lead).count() == 1


def test_the_page_shows_what_becomes_visible_before_it_is_decided(world, client):
    actions.share_with(evaluation=world.evaluation, organisation=world.college, level="plan", by=world.lead)
    client.force_login(world.lead)
    address = reverse("stage", args=[world.evaluation.pk, "named_partners"])
    page = client.get(address).content.decode()
    assert world.college.name in page and "its title, purpose, owner and plans" in page
    world.evaluation.refresh_from_db()
    assert world.evaluation.stage == Stage.PRIVATE
    client.post(address, {"reason": "Agreed at the board."})
    world.evaluation.refresh_from_db()
    assert world.evaluation.stage == Stage.NAMED_PARTNERS


def test_an_analyst_may_not_decide_who_sees_it(world, client):
    with pytest.raises(NotAllowed):
        actions.change_stage(evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.analyst)
    client.force_login(world.analyst)
    assert client.get(reverse("stage", args=[world.evaluation.pk, "named_partners"])).status_code == 403


def test_nothing_becomes_public_that_no_second_person_released(world):
    shared(world)
    with pytest.raises(BadInput) as refusal:
        actions.change_stage(evaluation=world.evaluation, to_stage=Stage.PUBLIC, by=world.lead)
    assert codes(refusal) == ["nothing_released"]


def test_a_private_evaluation_cannot_be_made_public_in_one_leap(world):
    with pytest.raises(BadInput) as refusal:
        actions.change_stage(evaluation=world.evaluation, to_stage=Stage.PUBLIC, by=world.lead)
    assert "stage_not_next" in codes(refusal)


def test_a_result_released_to_partners_is_seen_by_those_with_results_alone(world, django_user_model):
    shared(world)
    estimate = released(world, release_to="named_partners")
    stranger = django_user_model.objects.create_user("s", email="s@example.org")
    assert estimate.visibility == "draft"
    assert estimate_visible_to(world.partner, pk=estimate.pk)
    assert estimate_visible_to(world.analyst, pk=estimate.pk)
    assert estimate_visible_to(stranger, pk=estimate.pk) is None
    actions.stop_sharing_with(evaluation=world.evaluation, organisation=world.college, by=world.lead)
    assert estimate_visible_to(world.partner, pk=estimate.pk) is None


def test_a_partner_named_later_sees_what_was_released_before(world):
    shared(world, "existence")
    estimate = released(world, release_to="named_partners")
    assert estimate_visible_to(world.partner, pk=estimate.pk) is None
    actions.share_with(evaluation=world.evaluation, organisation=world.college, level="results", by=world.lead)
    assert estimate_visible_to(world.partner, pk=estimate.pk)


def test_an_embargo_ends_on_its_day_and_not_before(world, time_machine_to):
    shared(world)
    estimate = released(world, release_to="embargoed", embargo_until=timezone.now() + SOON)
    assert (world.evaluation.stage, estimate.visibility) == (Stage.EMBARGOED, "draft")
    assert actions.lift_embargoes() == 0
    time_machine_to(timezone.now() + SOON + timedelta(minutes=1))
    assert actions.lift_embargoes() == 1
    assert actions.lift_embargoes() == 0
    estimate.refresh_from_db()
    world.evaluation.refresh_from_db()
    assert (world.evaluation.stage, estimate.visibility) == (Stage.PUBLIC, "public")


@pytest.fixture
def time_machine_to(monkeypatch):
    """Lets the actions on stages think that it is later."""

    def moved(moment):
        monkeypatch.setattr("evaluations.sharing.actions.stages.timezone.now", lambda: moment)

    return moved


def test_an_embargo_in_the_past_is_refused(world):
    shared(world)
    yesterday = timezone.now() - timedelta(days=1)
    with pytest.raises(BadInput) as refusal:
        released(world, release_to="embargoed", embargo_until=yesterday)
    assert codes(refusal) == ["embargo_not_ahead"]
    released(world, release_to="named_partners")
    with pytest.raises(BadInput) as refusal:
        actions.change_stage(
            evaluation=world.evaluation, to_stage=Stage.EMBARGOED, by=world.lead, embargo_until=yesterday
        )
    assert codes(refusal) == ["embargo_not_ahead"]


def test_what_partners_already_saw_released_cannot_be_made_private(world):
    shared(world)
    released(world, release_to="named_partners")
    with pytest.raises(BadInput) as refusal:
        actions.change_stage(evaluation=world.evaluation, to_stage=Stage.PRIVATE, by=world.lead)
    assert codes(refusal) == ["already_released"]


def test_withdrawing_the_evaluation_withdraws_its_estimates_which_say_why(world):
    estimate = released(world)
    actions.withdraw_evaluation(evaluation=world.evaluation, reason="A coding error.", by=world.lead)
    estimate.refresh_from_db()
    assert (estimate.visibility, estimate.withdrawn_reason) == ("withdrawn", "A coding error.")
    assert estimate_visible_to(world.partner, pk=estimate.pk) is not None
    assert Evaluation.objects.get().stage == Stage.WITHDRAWN
    assert Publication.objects.get().withdrawn_by == world.lead


def test_a_partner_that_sees_a_draft_estimate_sees_its_study_until_that_ends(world, client):
    shared(world)
    draft = released(world, release_to="named_partners")
    client.force_login(world.partner)
    page = client.get(draft.get_absolute_url())
    assert page.status_code == 200 and draft.study.get_absolute_url() in page.content.decode()
    for address in (draft.study.get_absolute_url(), f"/api/v1/studies/{draft.study_id}/"):
        assert client.get(address).status_code == 200
    client.logout()
    assert client.get(draft.study.get_absolute_url()).status_code == 404
    client.force_login(world.partner)
    actions.stop_sharing_with(evaluation=world.evaluation, organisation=world.college, by=world.lead)
    for address in (draft.get_absolute_url(), draft.study.get_absolute_url(), f"/api/v1/studies/{draft.study_id}/"):
        assert client.get(address).status_code == 404, address


def test_a_withdrawal_says_why(world):
    released(world)
    with pytest.raises(BadInput) as refusal:
        actions.withdraw_evaluation(evaluation=world.evaluation, reason=" ", by=world.lead)
    assert codes(refusal) == ["no_reason"]


def test_a_partners_lead_who_sees_results_may_be_the_reviewer(world):
    shared(world)
    review = actions.request_release(run=world.run, reviewer=world.partner, by=world.analyst)
    assert len(actions.release(review=review, by=world.partner)) == 1


def test_nobody_releases_a_result_of_their_own_nor_in_the_place_of_the_one_named(world):
    with pytest.raises(BadInput) as refusal:
        actions.request_release(run=world.run, reviewer=world.analyst, by=world.lead)
    assert codes(refusal) == ["reviewer_is_author"]
    shared(world)
    review = actions.request_release(run=world.run, reviewer=world.partner, by=world.analyst)
    with pytest.raises(NotAllowed):
        actions.release(review=review, by=world.lead)
    assert not EffectEstimate.objects.exists()


def test_a_reviewer_who_lost_the_role_meanwhile_cannot_release(world):
    from evaluations.organisations.actions import end_membership

    review = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst)
    end_membership(membership=world.lead.memberships.get(), by=world.lead)
    with pytest.raises(NotAllowed):
        actions.release(review=review, by=world.lead)


def test_sending_a_result_back_says_what_should_change(world):
    review = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst)
    with pytest.raises(BadInput):
        actions.request_changes(review=review, by=world.lead, note=" ")
    actions.request_changes(review=review, by=world.lead, note="Adjust for size.")
    with pytest.raises(BadInput) as refusal:
        actions.release(review=review, by=world.lead)
    assert codes(refusal) == ["review_decided"]

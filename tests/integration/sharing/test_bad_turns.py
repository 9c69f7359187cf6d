"""Things that go wrong between people: each has an answer, and nothing is lost."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from model_bakery import baker

from evaluations.organisations.actions import add_member, end_membership
from evaluations.organisations.invitations import accept_invitation, invite_member
from evaluations.organisations.models import Invitation, Role
from evaluations.organisations.permissions import NotAllowed, Permission, may
from evaluations.runs.actions import claim, queue_run
from evaluations.runs.models import RunState
from evaluations.runs.tasks import work_on
from evaluations.sharing import actions
from evaluations.workspaces.actions import transfer_evaluation
from evidence.estimates.actions import Measured, PublishedOrigin, log_estimate, publish_estimate
from evidence.estimates.models import EstimateKind
from evidence.estimates.pooling import synthesise
from evidence.estimates.queries import estimate_visible_to, estimates_for_intervention, estimates_listed_for
from tests.integration.sharing.test_stages import released, shared
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db


def admin_of(organisation):
    return organisation.memberships.get(role=Role.ADMIN, ended_at__isnull=True).user


def invited(world, email, **more):
    stated = {"organisation": world.council, "email": email, "role": Role.VIEWER, "by": admin_of(world.council)}
    return invite_member(**stated, site_url="https://uplift.example", **more)


@pytest.mark.parametrize("what", ["used", "expired", "withdrawn", "replaced"])
def test_a_closed_invitation_says_so_and_changes_nothing(world, client, what):
    guest = make_user("Gita")
    sent = invited(world, guest.email)
    if what == "used":
        accept_invitation(token=sent.token, by=guest)
    elif what == "replaced":
        invited(world, guest.email)
    else:
        field = "expires_at" if what == "expired" else "revoked_at"
        by = {"revoked_by": world.lead} if what == "withdrawn" else {}
        Invitation.objects.filter(pk=sent.invitation.pk).update(**{field: timezone.now() - timedelta(days=1)}, **by)
    before = world.council.memberships.count()
    client.force_login(guest)
    answer = client.get(f"/account/invitation/{sent.token}/")
    assert answer.status_code == 404
    assert re.search(r"used|withdrawn|too old|no longer", answer.content.decode())
    assert client.post(f"/account/invitation/{sent.token}/").status_code == 404
    with pytest.raises(ValidationError, match="used or withdrawn, or is too old"):
        accept_invitation(token=sent.token, by=guest)
    assert world.council.memberships.count() == before


def test_an_invitation_opened_by_the_wrong_person_stays_open_for_the_right_one(world, client):
    right, wrong = make_user("Gita"), make_user("Wanda")
    sent = invited(world, right.email)
    client.force_login(wrong)
    answer = client.post(f"/account/invitation/{sent.token}/")
    assert answer.status_code == 409 and "for another e-mail address" in answer.content.decode()
    assert not wrong.memberships.exists()
    assert accept_invitation(token=sent.token, by=right).organisation == world.council


def test_a_run_goes_on_when_whoever_started_it_is_removed(world, client):
    run = queue_run(plan=world.plan, by=world.analyst)
    attempt = claim(run_id=run.pk, worker="test")
    spell = world.council.memberships.get(user=world.analyst)
    end_membership(membership=spell, by=admin_of(world.council))
    work_on(attempt)
    run.refresh_from_db()
    assert (run.state, run.created_by) == (RunState.DONE, world.analyst)
    address = reverse("run", args=[world.evaluation.pk, run.pk])
    client.force_login(world.analyst)
    assert client.get(address).status_code == 404
    client.force_login(world.lead)
    assert client.get(address).status_code == 200
    with pytest.raises(NotAllowed):
        queue_run(plan=world.plan, by=world.analyst)


def test_removing_everyone_who_worked_on_it_orphans_nothing(world):
    admin = admin_of(world.council)
    for person in (world.analyst, world.lead):
        end_membership(membership=world.council.memberships.get(user=person), by=admin)
    with pytest.raises(ValidationError, match="would have no administrator"):
        end_membership(membership=world.council.memberships.get(user=admin, ended_at=None), by=admin)
    assert may(admin, Permission.EDIT_EVALUATION, world.evaluation)
    new = make_user("Nia")
    add_member(organisation=world.council, user=new, role=Role.ANALYST, by=admin)
    assert may(new, Permission.RUN, world.evaluation)


def test_a_transfer_needs_someone_entitled_on_both_sides_and_carries_everything(world, client):
    with pytest.raises(NotAllowed):
        transfer_evaluation(evaluation=world.evaluation, to=world.college, by=world.lead)
    both = admin_of(world.council)
    with pytest.raises(NotAllowed):
        transfer_evaluation(evaluation=world.evaluation, to=world.college, by=both)
    add_member(organisation=world.college, user=both, role=Role.ANALYST, by=admin_of(world.college))
    draft = released(world, release_to="named_partners")
    client.force_login(both)
    assert (
        "Give it to another organisation" in client.get(reverse("sharing", args=[world.evaluation.pk])).content.decode()
    )
    client.post(reverse("evaluation-transfer", args=[world.evaluation.pk]), {"organisation": world.college.pk})
    world.evaluation.refresh_from_db()
    assert estimate_visible_to(world.partner, pk=draft.pk) and not estimate_visible_to(world.analyst, pk=draft.pk)
    assert (world.evaluation.owner, world.evaluation.runs.count()) == (world.college, 1)
    assert may(world.partner, Permission.SHARE, world.evaluation)
    assert not may(world.analyst, Permission.SEE_EVALUATION, world.evaluation)


def test_a_withdrawn_estimate_leaves_the_synthesis_that_used_it_and_keeps_its_page(world, client):
    estimate = released(world)
    slug = estimate.intervention.slug
    assert estimate in estimates_listed_for(None)
    assert client.get(reverse("synthesis", args=[slug])).status_code == 200
    actions.withdraw_publication(
        publication=world.run.publications.get(), reason="A coding error in the outcome.", by=world.lead
    )
    assert estimate not in estimates_listed_for(None)
    page = client.get(estimate.get_absolute_url())
    assert page.status_code == 200 and "A coding error in the outcome." in page.content.decode()
    assert client.get(reverse("synthesis", args=[slug])).status_code == 200
    listed = client.get("/api/v1/estimates/").json()["results"]
    assert estimate.pk not in [row["id"] for row in listed]
    said = client.get(f"/api/v1/estimates/{estimate.pk}/").json()
    assert (said["is_withdrawn"], said["withdrawn_reason"]) == (True, "A coding error in the outcome.")
    assert world.run.result is not None


def published_elsewhere(like, value, by):
    """Another study's estimate, as it was published, of the same thing in the same unit."""
    number = int(10 * value)
    study = baker.make(
        "evidence.Study", intervention=like.intervention, title=f"Study {number}", code=f"study-{number}"
    )
    logged = log_estimate(
        study=study,
        outcome=like.outcome,
        estimate_kind=EstimateKind.CAUSAL,
        measured=Measured(unit=like.unit, direction=like.direction, value=value, std_error=0.5),
        origin=PublishedOrigin(
            source=baker.make("evidence.Source", code=f"source-{number}"), source_location="Table 3"
        ),
        by=by,
        visibility="draft",
    )
    return publish_estimate(estimate=logged, by=by)


def test_a_synthesis_is_made_again_without_an_estimate_that_is_withdrawn(world, client):
    ours = released(world)
    assert ours.estimate_kind == EstimateKind.CAUSAL
    for value in (1.0, 3.0):
        published_elsewhere(ours, value, world.lead)
    address = reverse("synthesis", args=[ours.intervention.slug])

    def pooled():
        return synthesise(estimates_for_intervention(ours.intervention, viewer=None))

    before, page = pooled(), client.get(address).content.decode()
    assert before.n_studies == 3
    actions.withdraw_publication(publication=world.run.publications.get(), reason="A coding error.", by=world.lead)
    after, now = pooled(), client.get(address).content.decode()
    assert after.n_studies == 2 and after.pooled.value == pytest.approx(2.0) != before.pooled.value
    assert "<svg" in page and "<svg" in now and page != now


def test_an_embargo_in_the_past_keeps_what_was_typed_and_names_the_field(world, client):
    shared(world)
    client.force_login(world.analyst)
    yesterday = timezone.localdate() - timedelta(days=1)
    typed = {"reviewer": world.lead.pk, "release_to": "embargoed", "embargo_until": yesterday, "note": "Please look."}
    page = client.post(reverse("release-request", args=[world.evaluation.pk, world.run.pk]), typed).content.decode()
    assert "<title>Error: " in page and "still to come" in page
    assert "Please look." in page and f'value="{yesterday}"' in page
    assert not world.run.reviews.exists()

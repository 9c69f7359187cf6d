"""Partnerships: joined by invitation, left by a rule that loses nothing."""

import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from evaluations.organisations.models import Invitation, Partnership, PartnershipRole
from evaluations.organisations.partnerships import Agreement, create_partnership, invite_partner, join_partnership
from evaluations.organisations.permissions import NotAllowed, Permission, may
from evaluations.organisations.queries import partnerships_of
from evaluations.sharing.actions.partnerships import (
    dissolve_partnership,
    leave_partnership,
    let_lead,
    put_in_partnership,
)
from evaluations.workspaces.models import Stage
from evidence.estimates.queries import estimate_visible_to
from tests.integration.sharing.test_stages import released, shared
from tests.workspace_records import make_organisation, make_user

pytestmark = pytest.mark.django_db
AGREED = Agreement("To see what hubs do.", "Data-sharing agreement of 1 May 2026.", date(2026, 5, 1))


@pytest.fixture
def partnership(world):
    return create_partnership(name="Northern hubs", agreement=AGREED, lead=world.council, by=world.lead)


def joined(partnership, world) -> None:
    _, token = invite_partner(
        partnership=partnership,
        email=world.partner.email,
        role=PartnershipRole.PARTNER,
        by=world.lead,
        site_url="https://uplift.example",
    )
    join_partnership(token=token, organisation=world.college, by=world.partner)


def test_a_partner_is_invited_by_letter_and_joins(
    world, partnership, client, mailoutbox, django_capture_on_commit_callbacks
):
    client.force_login(world.lead)
    with django_capture_on_commit_callbacks(execute=True):
        said = {"email": world.partner.email, "role": "partner"}
        client.post(reverse("partnership-invite", args=[partnership.pk]), said)
    path = re.search(r"/partnerships/join/[^\s]+/", mailoutbox[0].body).group()
    client.force_login(world.partner)
    assert "To see what hubs do." in client.get(path).content.decode()
    client.post(path, {"organisation": world.college.pk})
    assert set(partnerships_of(world.partner)) == {partnership}
    assert client.get(path).status_code == 404


def test_an_invitation_works_once_for_one_address_for_a_while(world, partnership):
    def invited():
        role, site = PartnershipRole.PARTNER, "https://uplift.example"
        return invite_partner(
            partnership=partnership, email=world.partner.email, role=role, by=world.lead, site_url=site
        )

    other = make_user()
    third = make_organisation(other)
    _, token = invited()
    with pytest.raises(ValidationError, match="another e-mail address"):
        join_partnership(token=token, organisation=third, by=other)
    invitation, token = invited()
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(days=1))
    with pytest.raises(ValidationError, match="too old"):
        join_partnership(token=token, organisation=world.college, by=world.partner)
    _, token = invited()
    join_partnership(token=token, organisation=world.college, by=world.partner)
    with pytest.raises(ValidationError, match="has been used"):
        join_partnership(token=token, organisation=world.college, by=world.partner)


def test_only_a_lead_brings_an_organisation_in(world, partnership):
    analyst = make_user()
    make_organisation(analyst=analyst)
    role, site = PartnershipRole.PARTNER, "https://uplift.example"
    _, token = invite_partner(partnership=partnership, email=analyst.email, role=role, by=world.lead, site_url=site)
    with pytest.raises(NotAllowed):
        join_partnership(token=token, organisation=analyst.memberships.get().organisation, by=analyst)


def test_being_partners_shows_nothing_of_an_evaluation_by_itself(world, partnership):
    joined(partnership, world)
    put_in_partnership(evaluation=world.evaluation, partnership=partnership, by=world.lead)
    assert not may(world.partner, Permission.SEE_EVALUATION, world.evaluation)


def test_the_home_page_lists_what_each_viewer_may_see(world, partnership, client):
    joined(partnership, world)
    put_in_partnership(evaluation=world.evaluation, partnership=partnership, by=world.lead)
    address = reverse("partnership", args=[partnership.pk])
    client.force_login(world.partner)
    assert world.evaluation.title not in client.get(address).content.decode()
    shared(world)
    page = client.get(address).content.decode()
    assert world.evaluation.title in page and "Now shared with named partners" in page
    client.force_login(make_user())
    assert client.get(address).status_code == 404


def test_a_leaver_loses_what_it_was_given_and_what_was_released_stays(world, partnership):
    joined(partnership, world)
    put_in_partnership(evaluation=world.evaluation, partnership=partnership, by=world.lead)
    shared(world)
    draft = released(world, release_to="named_partners")
    assert estimate_visible_to(world.partner, pk=draft.pk)
    leave_partnership(partnership=partnership, organisation=world.college, by=world.partner)
    assert not may(world.partner, Permission.SEE_EVALUATION, world.evaluation)
    assert estimate_visible_to(world.partner, pk=draft.pk) is None
    assert estimate_visible_to(world.analyst, pk=draft.pk)
    assert not partnerships_of(world.partner).exists()


def test_an_owner_that_leaves_takes_its_evaluations_along(world, partnership):
    joined(partnership, world)
    put_in_partnership(evaluation=world.evaluation, partnership=partnership, by=world.lead)
    shared(world)
    with pytest.raises(ValidationError, match="nobody to lead"):
        leave_partnership(partnership=partnership, organisation=world.council, by=world.lead)
    let_lead(partnership=partnership, organisation=world.college, by=world.lead)
    leave_partnership(partnership=partnership, organisation=world.council, by=world.lead)
    world.evaluation.refresh_from_db()
    assert (world.evaluation.owner, world.evaluation.partnership) == (world.council, None)
    assert not may(world.partner, Permission.SEE_EVALUATION, world.evaluation)


def test_a_dissolved_partnership_with_shared_drafts_loses_nothing(world, partnership, client):
    joined(partnership, world)
    put_in_partnership(evaluation=world.evaluation, partnership=partnership, by=world.lead)
    shared(world)
    with pytest.raises(NotAllowed):
        dissolve_partnership(partnership=partnership, by=world.partner)
    dissolve_partnership(partnership=partnership, by=world.lead)
    world.evaluation.refresh_from_db()
    assert world.evaluation.stage == Stage.NAMED_PARTNERS
    assert world.evaluation.runs.count() == 1
    assert may(world.analyst, Permission.SEE_RESULTS, world.evaluation)
    assert not may(world.partner, Permission.SEE_EVALUATION, world.evaluation)
    client.force_login(world.partner)
    page = client.get(reverse("partnership", args=[partnership.pk])).content.decode()
    assert "This partnership is dissolved" in page


def test_a_partnership_is_made_through_its_form(world, client):
    client.force_login(world.lead)
    said = {
        "name": "Coastal towns",
        "lead": world.council.pk,
        "purpose": "To learn.",
        "basis": "Agreement 7.",
        "starts_on": "2026-05-01",
        "ends_on": "2026-04-01",
    }
    address = reverse("partnership-new")
    assert "must end after it starts" in client.post(address, said).content.decode()
    response = client.post(address, said | {"ends_on": "2027-04-01"})
    assert response.url == reverse("partnership", args=[Partnership.objects.get().pk])


def test_an_analyst_cannot_make_a_partnership(world):
    with pytest.raises(NotAllowed):
        create_partnership(name="Mine", agreement=AGREED, lead=world.council, by=world.analyst)

"""Every invitation and where it stands; sending one again, and withdrawing it."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from evaluations.organisations.invitations import accept_invitation, invite_member
from evaluations.organisations.models import Invitation, Role
from evaluations.organisations.partnerships import create_partnership, invite_partner, open_partnership_invitation
from evaluations.organisations.queries import invitations_managed_by
from evaluations.organisations.resending import resend_invitation
from tests.integration.sharing.test_partnerships import AGREED
from tests.workspace_records import make_organisation, make_user

pytestmark = pytest.mark.django_db
SITE = "https://uplift.example"


@pytest.fixture
def office():
    admin, lead = make_user("Ada"), make_user("Lena")
    return make_organisation(admin=admin, lead=lead), admin, lead


def test_the_page_shows_each_state(office, client):
    council, admin, _ = office
    guest = make_user("Gita")
    sent = {
        name: invite_member(organisation=council, email=email, role=Role.ANALYST, by=admin, site_url=SITE)
        for name, email in (("open", "o@example.org"), ("old", "e@example.org"), ("taken", guest.email))
    }
    accept_invitation(token=sent["taken"].token, by=guest)
    Invitation.objects.filter(pk=sent["old"].invitation.pk).update(expires_at=timezone.now())
    again = invite_member(organisation=council, email="w@example.org", role=Role.LEAD, by=admin, site_url=SITE)
    client.force_login(admin)
    client.post(reverse("invitation-withdraw", args=[again.invitation.pk]))
    assert sorted(each.state for each in invitations_managed_by(admin)) == ["accepted", "expired", "sent", "withdrawn"]
    page = client.get(reverse("invitations")).content.decode()
    for words in ("Accepted by Gita", "Withdrawn by Ada", "It ended on", "Open until"):
        assert words in page, words


def test_sending_again_makes_a_new_address_and_closes_the_old(
    office, client, mailoutbox, django_capture_on_commit_callbacks
):
    council, admin, _ = office
    first = invite_member(organisation=council, email="o@example.org", role=Role.VIEWER, by=admin, site_url=SITE)
    client.force_login(admin)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("invitation-resend", args=[first.invitation.pk]))
    path = re.search(r"/account/invitation/\S+/", mailoutbox[-1].body).group()
    client.logout()
    assert client.get(path).status_code == 200
    assert client.get(f"/account/invitation/{first.token}/").status_code == 404


def test_an_accepted_invitation_is_not_sent_again(office):
    council, admin, _ = office
    guest = make_user("Gita")
    sent = invite_member(organisation=council, email=guest.email, role=Role.VIEWER, by=admin, site_url=SITE)
    accept_invitation(token=sent.token, by=guest)
    with pytest.raises(ValidationError, match="was accepted"):
        resend_invitation(invitation=Invitation.objects.get(pk=sent.invitation.pk), by=admin, site_url=SITE)


def test_an_invitation_to_a_partnership_is_withdrawn_and_sent_again_by_its_lead(office, client):
    council, admin, lead = office
    partnership = create_partnership(name="Northern hubs", agreement=AGREED, lead=council, by=lead)
    sent, token = invite_partner(partnership=partnership, email="p@example.org", role="partner", by=lead, site_url=SITE)
    stranger = make_user()
    make_organisation(admin=stranger)
    client.force_login(stranger)
    for name in ("invitation-withdraw", "invitation-resend"):
        assert client.post(reverse(name, args=[sent.pk])).status_code == 404
    client.force_login(lead)
    assert "the partnership Northern hubs" in client.get(reverse("invitations")).content.decode()
    client.post(reverse("invitation-withdraw", args=[sent.pk]))
    assert open_partnership_invitation(token) is None
    client.post(reverse("invitation-resend", args=[sent.pk]))
    assert partnership.invitations.filter(revoked_at__isnull=True).count() == 1
    assert set(invitations_managed_by(admin)) == set(partnership.invitations.all())

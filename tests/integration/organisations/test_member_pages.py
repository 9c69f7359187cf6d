"""An organisation's page: who sees it, who changes what, and what it can never be left without."""

import pytest
from django.urls import reverse

from evaluations.organisations.models import Invitation, Membership
from tests.workspace_records import make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_user("Ada")


@pytest.fixture
def analyst():
    return make_user("Eva")


@pytest.fixture
def council(admin, analyst):
    return make_organisation(admin, analyst=analyst)


def test_members_see_one_another_and_strangers_find_nothing(client, council, analyst):
    address = reverse("organisation", args=[council.pk])
    client.force_login(analyst)
    page = client.get(address).content.decode()
    assert "Ada" in page and "Invite someone" not in page
    client.force_login(make_user())
    assert client.get(address).status_code == 404


def test_an_administrator_invites_changes_roles_and_ends_memberships(client, council, admin, analyst):
    client.force_login(admin)
    client.post(reverse("organisation", args=[council.pk]), {"email": "new@example.org", "role": "viewer"})
    invitation = Invitation.objects.get()
    client.post(reverse("invitation-revoke", args=[council.pk, invitation.pk]))
    invitation.refresh_from_db()
    assert invitation.revoked_by == admin
    spell = council.memberships.get(user=analyst)
    client.post(reverse("member-change", args=[council.pk, spell.pk]), {"role": "lead"})
    now = council.memberships.get(user=analyst, ended_at__isnull=True)
    assert now.role == "lead"
    client.post(reverse("member-change", args=[council.pk, now.pk]), {"role": "end"})
    assert not council.memberships.filter(user=analyst, ended_at__isnull=True).exists()
    assert Membership.objects.filter(user=analyst).count() == 2


def test_the_last_administrator_can_neither_leave_nor_step_down(client, council, admin):
    client.force_login(admin)
    spell = council.memberships.get(user=admin)
    for role in ("end", "viewer"):
        page = client.post(reverse("member-change", args=[council.pk, spell.pk]), {"role": role}, follow=True)
        assert "would have no administrator" in page.content.decode()
    spell.refresh_from_db()
    assert spell.ended_at is None


def test_a_member_leaves_and_cannot_end_others(client, council, admin, analyst):
    client.force_login(analyst)
    theirs, own = (council.memberships.get(user=each) for each in (admin, analyst))
    assert client.post(reverse("member-change", args=[council.pk, theirs.pk]), {"role": "end"}).status_code == 403
    assert client.post(reverse("member-change", args=[council.pk, own.pk]), {"role": "end"}).url == "/account/"


def test_the_audit_of_an_organisation_downloads_whole_for_its_leads(client, council, admin, analyst):
    address = reverse("organisation-audit", args=[council.pk])
    client.force_login(analyst)
    assert client.get(address).status_code == 403
    client.force_login(admin)
    lines = client.get(address).content.decode().strip().splitlines()
    assert len(lines) == 1 + council.audit_events.count()
    assert lines[0].split(",")[4:9] == ["verb", "subject", "subject_id", "evaluation", "detail"]
    assert str(admin) in lines[1] and council.audit_events.first().sha256 in lines[1]

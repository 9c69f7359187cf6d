"""An invitation works once, for one person, for a while; whatever is wrong with it has an answer and loses nothing."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from evaluations.organisations.actions import create_organisation
from evaluations.organisations.invitations import accept_invitation, invite_member, revoke_invitation
from evaluations.organisations.models import Invitation, Organisation, Role, User

pytestmark = pytest.mark.django_db

PASSPHRASE = "correct horse battery staple"  # a test's own


def make_user(email: str) -> User:
    user = User.objects.create_user(email, email=email, password=PASSPHRASE)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def administrator() -> User:
    return make_user("admin@council.example")


@pytest.fixture
def council(administrator) -> Organisation:
    return create_organisation(name="Northern Council", by=administrator)


@pytest.fixture
def invited(council, administrator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        return invite_member(
            organisation=council,
            email="New@Example.org",
            role=Role.ANALYST,
            by=administrator,
            site_url="http://testserver",
        )


def role_of(email: str, council: Organisation) -> str | None:
    spell = council.memberships.filter(user__email=email, ended_at__isnull=True).first()
    return spell.role if spell else None


def test_the_letter_carries_the_only_copy_of_the_token(invited):
    assert mail.outbox[0].to == ["new@example.org"]
    assert f"/account/invitation/{invited.token}/" in mail.outbox[0].body
    assert invited.token not in str(Invitation.objects.values())


def test_an_invited_stranger_creates_an_account_is_verified_and_is_a_member(client, invited, council):
    page = client.get(f"/account/invitation/{invited.token}/").content.decode()
    assert "Join Northern Council" in page
    form = client.get("/account/signup/").content.decode()
    assert re.search(r'name="email"[^>]*value="new@example.org"[^>]*readonly', form)
    client.post("/account/signup/", {"email": "new@example.org", "password1": PASSPHRASE, "full_name": "New Person"})
    assert role_of("new@example.org", council) == Role.ANALYST
    assert EmailAddress.objects.get(email="new@example.org").verified
    assert User.objects.get(email="new@example.org").full_name == "New Person"
    assert client.get("/account/").status_code == 200


def test_an_invitation_does_not_open_an_account_for_another_address(client, invited):
    client.get(f"/account/invitation/{invited.token}/")
    response = client.post("/account/signup/", {"email": "x@example.org", "password1": PASSPHRASE, "full_name": "X"})
    assert "This invitation is for new@example.org" in response.content.decode()
    assert not User.objects.filter(email="x@example.org").exists()


def test_an_invited_person_with_an_account_accepts_after_signing_in(client, invited, council):
    client.force_login(make_user("new@example.org"))
    response = client.post(f"/account/invitation/{invited.token}/", follow=True)
    assert "You are now a member of Northern Council" in response.content.decode()
    assert role_of("new@example.org", council) == Role.ANALYST


def test_another_person_cannot_use_it_and_is_told_so(client, invited, council):
    client.force_login(make_user("other@example.org"))
    response = client.post(f"/account/invitation/{invited.token}/")
    assert response.status_code == 409
    assert "for another e-mail address" in response.content.decode()
    assert role_of("other@example.org", council) is None
    assert Invitation.objects.get().accepted_at is None


def test_it_works_once(client, invited):
    person = make_user("new@example.org")
    accept_invitation(token=invited.token, by=person)
    with pytest.raises(ValidationError, match="has been used"):
        accept_invitation(token=invited.token, by=person)
    assert client.get(f"/account/invitation/{invited.token}/").status_code == 404


def test_it_ends(client, invited):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(f"/account/invitation/{invited.token}/").status_code == 404
    with pytest.raises(ValidationError):
        accept_invitation(token=invited.token, by=make_user("new@example.org"))


def test_a_revoked_one_is_closed(client, invited, administrator):
    revoke_invitation(invitation=invited.invitation, by=administrator)
    assert "This invitation is closed" in client.get(f"/account/invitation/{invited.token}/").content.decode()


def test_a_new_invitation_replaces_the_open_one(client, invited, council, administrator):
    again = invite_member(
        organisation=council, email="new@example.org", role=Role.VIEWER, by=administrator, site_url="http://testserver"
    )
    assert client.get(f"/account/invitation/{invited.token}/").status_code == 404
    assert client.get(f"/account/invitation/{again.token}/").status_code == 200


def test_only_an_administrator_invites(council):
    with pytest.raises(PermissionDenied):
        invite_member(
            organisation=council, email="a@example.org", role=Role.ADMIN, by=make_user("o@example.org"), site_url="x"
        )


def test_a_guessed_token_opens_nothing(client, invited):
    assert client.get("/account/invitation/guess/").status_code == 404

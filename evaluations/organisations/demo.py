"""The people and the organisation that a site on one machine starts with."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django.apps import apps
from django.db import transaction
from django.utils.crypto import salted_hmac

from evaluations.organisations.actions import add_member, create_organisation
from evaluations.organisations.models import Organisation, Role, User

ORGANISATION = "Demonstration partnership office"


@dataclass(frozen=True)
class SignIn:
    """How one demonstration account signs in. The passphrase follows from this site's own secret key."""

    part: str
    full_name: str
    email: str
    role: Role
    is_editor: bool = False

    @property
    def passphrase(self) -> str:
        """Twelve letters and digits in groups of four; the same at each start of the same site."""
        digest = salted_hmac("evaluations.organisations.demo", self.email, algorithm="sha256").digest()
        text = base64.b32encode(digest)[:12].decode().lower()
        return "-".join(text[start : start + 4] for start in (0, 4, 8))


SIGN_INS = (
    SignIn("Reviewer", "Ravi Reviewer", "reviewer@uplift.example", Role.ADMIN),
    SignIn("Evaluator", "Eva Evaluator", "evaluator@uplift.example", Role.ANALYST),
    SignIn("Editor", "Edda Editor", "editor@uplift.example", Role.VIEWER, is_editor=True),
    SignIn("Co-editor", "Edwin Editor", "co-editor@uplift.example", Role.VIEWER, is_editor=True),
)


@transaction.atomic
def create_demo_accounts() -> tuple[SignIn, ...]:
    """Make whatever is missing of the demonstration organisation and its people; how to sign in as each."""
    people = {each: _person(each) for each in SIGN_INS}
    reviewer = people[SIGN_INS[0]]
    organisation = Organisation.objects.filter(name=ORGANISATION).first()
    if organisation is None:
        organisation = create_organisation(name=ORGANISATION, by=reviewer)
    for each, user in people.items():
        if not organisation.memberships.filter(user=user, ended_at__isnull=True).exists():
            add_member(organisation=organisation, user=user, role=each.role, by=reviewer)
    return SIGN_INS


def _person(sign_in: SignIn) -> User:
    user, made = User.objects.get_or_create(
        email=sign_in.email, defaults={"username": sign_in.email, "full_name": sign_in.full_name}
    )
    if user.is_staff != sign_in.is_editor:
        user.is_staff = sign_in.is_editor
        user.save(update_fields=["is_staff"])
    if made or not user.check_password(sign_in.passphrase):
        user.set_password(sign_in.passphrase)
        user.save()
    if apps.is_installed("allauth.account"):
        from allauth.account.models import EmailAddress

        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user

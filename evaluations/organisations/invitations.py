"""Invitations: made by someone entitled to, single use, for one address, for a while."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from evaluations.organisations.audit import record
from evaluations.organisations.letters import send_letter
from evaluations.organisations.models import Invitation, Membership, Organisation, Role, User
from evaluations.organisations.permissions import Permission, require
from evaluations.organisations.signals import invitation_accepted

LIFETIME = timedelta(days=14)


@dataclass(frozen=True)
class Invited:
    """An invitation and its token, which exists nowhere else and is sent once."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite_member(*, organisation: Organisation, email: str, role: Role, by: User, site_url: str) -> Invited:
    """Invite an address to join an organisation, replacing an open invitation to it; the letter goes out on commit."""
    require(by, Permission.MANAGE_MEMBERS, organisation)
    address = email.strip().lower()
    if organisation.memberships.filter(user__email__iexact=address, ended_at__isnull=True).exists():
        raise ValidationError(f"{address} is already a member of {organisation}.", code="already_a_member")
    now = timezone.now()
    open_ones = organisation.invitations.filter(
        email__iexact=address, accepted_at__isnull=True, revoked_at__isnull=True
    )
    open_ones.update(revoked_at=now, revoked_by=by)
    token = token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=address,
        organisation=organisation,
        role=role,
        token_sha256=token_sha256(token),
        created_by=by,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    detail = {"role": str(role)}
    record(by=by, verb="invite_member", subject=invitation, organisation=organisation, detail=detail)
    transaction.on_commit(lambda: _send(invitation, f"{site_url}/account/invitation/{token}/"))
    return Invited(invitation, token)


def open_invitation(token: str) -> Invitation | None:
    """The invitation to an organisation that a token opens; None when unknown, used, revoked or too old."""
    return (
        Invitation.objects.filter(
            token_sha256=token_sha256(token),
            organisation__isnull=False,
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
        )
        .select_related("organisation", "created_by")
        .first()
    )


@transaction.atomic
def accept_invitation(*, token: str, by: User) -> Membership:
    """Make the invited person a member. Raises `ValidationError` when the invitation is not open or not theirs."""
    found = open_invitation(token)
    if found is None or found.organisation is None:
        raise ValidationError("This invitation has been used or withdrawn, or is too old.", code="invitation_closed")
    if found.email.lower() != by.email.lower():
        raise ValidationError("This invitation is for another e-mail address.", code="invitation_for_another")
    claimed = Invitation.objects.filter(pk=found.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if not claimed.update(accepted_at=timezone.now(), accepted_by=by):
        raise ValidationError("This invitation has been used or withdrawn, or is too old.", code="invitation_closed")
    organisation = found.organisation
    membership, is_new = Membership.objects.get_or_create(
        user=by, organisation=organisation, ended_at=None, defaults={"role": found.role, "created_by": found.created_by}
    )
    if is_new:
        detail = {"user": by.pk, "role": found.role}
        record(by=by, verb="accept_invitation", subject=membership, organisation=organisation, detail=detail)
        invitation_accepted.send(sender=Invitation, invitation=found, by=by)
    return membership


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    """Withdraw an open invitation; an accepted or revoked one stays as it is."""
    if invitation.organisation is None:
        raise ValidationError("An invitation to a partnership is withdrawn by the partnership.", code="not_ours")
    require(by, Permission.MANAGE_MEMBERS, invitation.organisation)
    still_open = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if still_open.update(revoked_at=timezone.now(), revoked_by=by):
        record(by=by, verb="revoke_invitation", subject=invitation, organisation=invitation.organisation)


def token_sha256(token: str) -> str:
    """The hash under which an invitation keeps its token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _send(invitation: Invitation, address: str) -> None:
    text = (
        f"{invitation.created_by} invites you to join {invitation.organisation} on Uplift "
        f"as {Role(invitation.role).label.lower()}.\n\n"
        f"Open this address to accept. It works once, until {invitation.expires_at:%d %B %Y}:\n{address}\n\n"
        "If you did not expect this, ignore it: nothing happens until you accept.\n"
    )
    send_letter(to=invitation.email, subject=f"Join {invitation.organisation} on Uplift", body=text)

"""Sending an invitation again and withdrawing it, be it to an organisation or to a partnership."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from evaluations.organisations.audit import record
from evaluations.organisations.invitations import invite_member, revoke_invitation
from evaluations.organisations.models import Invitation, PartnershipRole, Role, User
from evaluations.organisations.partnerships import invite_partner, leads_of
from evaluations.organisations.permissions import Permission, require


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: User, site_url: str) -> Invitation:
    """A new invitation of the same person to the same thing; the old one opens nothing any more.

    Raises `ValidationError` where it was accepted, or the person is a member already.
    """
    if invitation.accepted_at is not None:
        raise ValidationError("This invitation was accepted. There is nothing to send again.", code="accepted")
    if invitation.organisation is not None:
        return invite_member(
            organisation=invitation.organisation,
            email=invitation.email,
            role=Role(invitation.role),
            by=by,
            site_url=site_url,
        ).invitation
    if invitation.partnership is None:
        raise ValueError("An invitation is to an organisation or a partnership.")
    again, _ = invite_partner(
        partnership=invitation.partnership,
        email=invitation.email,
        role=PartnershipRole(invitation.role),
        by=by,
        site_url=site_url,
    )
    return again


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User) -> None:
    """Withdraw an open invitation; an accepted or withdrawn one stays as it is."""
    partnership = invitation.partnership
    if partnership is None:
        revoke_invitation(invitation=invitation, by=by)
        return
    require(by, Permission.MANAGE_PARTNERSHIP, partnership)
    still_open = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if still_open.update(revoked_at=timezone.now(), revoked_by=by):
        for organisation in leads_of(partnership):
            record(by=by, verb="revoke_invitation", subject=invitation, organisation=organisation)

"""Partnerships: made under an agreement, joined by invitation, left by a clear rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from secrets import token_urlsafe

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from evaluations.organisations.audit import record
from evaluations.organisations.invitations import LIFETIME, token_sha256
from evaluations.organisations.letters import send_letter
from evaluations.organisations.models import (
    Invitation,
    Organisation,
    Partnership,
    PartnershipMember,
    PartnershipRole,
    User,
)
from evaluations.organisations.permissions import Permission, require
from evaluations.organisations.signals import invitation_accepted
from evidence.catalogue.models import Intervention
from evidence.places.models import Place

CLOSED = "This invitation has been used or withdrawn, or is too old."


@dataclass(frozen=True)
class Agreement:
    """What the partners agreed to, on what basis, and for how long."""

    purpose: str
    basis: str
    starts_on: date
    ends_on: date | None = None


@transaction.atomic
def create_partnership(
    *,
    name: str,
    agreement: Agreement,
    lead: Organisation,
    by: User,
    interventions: Iterable[Intervention] = (),
    places: Iterable[Place] = (),
) -> Partnership:
    """A partnership led by one organisation. Raises `ValidationError` with what is wrong."""
    require(by, Permission.CREATE_PARTNERSHIP, lead)
    partnership = Partnership(
        name=name,
        slug=_free_slug(name),
        purpose=agreement.purpose,
        agreement_basis=agreement.basis,
        agreement_starts_on=agreement.starts_on,
        agreement_ends_on=agreement.ends_on,
        created_by=by,
    )
    partnership.full_clean()
    partnership.save()
    partnership.interventions.set(interventions)
    partnership.places.set(places)
    _join(partnership, lead, PartnershipRole.LEAD, by)
    record(by=by, verb="create_partnership", subject=partnership, organisation=lead, detail={"name": name})
    return partnership


@transaction.atomic
def invite_partner(
    *, partnership: Partnership, email: str, role: PartnershipRole, by: User, site_url: str
) -> tuple[Invitation, str]:
    """Invite a person to bring their organisation in; the invitation and its token, which is sent once."""
    require(by, Permission.MANAGE_PARTNERSHIP, partnership)
    if partnership.dissolved_at is not None:
        raise ValidationError("The partnership has been dissolved.", code="dissolved")
    now, token = timezone.now(), token_urlsafe(32)
    partnership.invitations.filter(email__iexact=email, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=now, revoked_by=by
    )
    invitation = Invitation.objects.create(
        email=email.strip().lower(),
        partnership=partnership,
        role=role,
        token_sha256=token_sha256(token),
        created_by=by,
        expires_at=now + LIFETIME,
    )
    for organisation in leads_of(partnership):
        record(by=by, verb="invite_partner", subject=invitation, organisation=organisation, detail={"role": str(role)})
    transaction.on_commit(partial(_send, invitation, f"{site_url}/partnerships/join/{token}/"))
    return invitation, token


def open_partnership_invitation(token: str) -> Invitation | None:
    """The invitation to a partnership that a token opens; null when unknown, used, revoked, too old or dissolved."""
    return (
        Invitation.objects.filter(
            token_sha256=token_sha256(token),
            partnership__dissolved_at__isnull=True,
            partnership__isnull=False,
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
        )
        .select_related("partnership", "created_by")
        .first()
    )


@transaction.atomic
def join_partnership(*, token: str, organisation: Organisation, by: User) -> PartnershipMember:
    """Bring in an organisation that one leads. Raises `ValidationError` when the invitation is closed or not theirs."""
    require(by, Permission.CREATE_PARTNERSHIP, organisation)
    found = open_partnership_invitation(token)
    if found is None or found.partnership is None:
        raise ValidationError(CLOSED, code="invitation_closed")
    if found.email.lower() != by.email.lower():
        raise ValidationError("This invitation is for another e-mail address.", code="invitation_for_another")
    still_open = Invitation.objects.filter(pk=found.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    if not still_open.update(accepted_at=timezone.now(), accepted_by=by):
        raise ValidationError(CLOSED, code="invitation_closed")
    partnership = found.partnership
    current = partnership.member_spells.filter(organisation=organisation, left_at__isnull=True).first()
    if current is not None:
        return current
    spell = _join(partnership, organisation, PartnershipRole(found.role), by)
    record(by=by, verb="join_partnership", subject=partnership, organisation=organisation, detail={"role": found.role})
    invitation_accepted.send(sender=Invitation, invitation=found, by=by)
    return spell


def _join(partnership: Partnership, organisation: Organisation, role: PartnershipRole, by: User) -> PartnershipMember:
    return PartnershipMember.objects.create(partnership=partnership, organisation=organisation, role=role, joined_by=by)


def leads_of(partnership: Partnership) -> list[Organisation]:
    """The organisations that lead the partnership now."""
    spells = partnership.member_spells.filter(role=PartnershipRole.LEAD, left_at__isnull=True)
    return [spell.organisation for spell in spells.select_related("organisation")]


def _free_slug(name: str) -> str:
    stem = slugify(name)[:70] or "partnership"
    taken = set(Partnership.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


def _send(invitation: Invitation, address: str) -> None:
    text = (
        f"{invitation.created_by} invites your organisation into {invitation.partnership} on Uplift.\n\n"
        f"Open this address to see what it is about and to accept for an organisation that you lead. It works once, "
        f"until {invitation.expires_at:%d %B %Y}:\n{address}\n\n"
        "If you did not expect this, ignore it: nothing happens until you accept.\n"
    )
    subject = f"Join the partnership {invitation.partnership} on Uplift"
    send_letter(to=invitation.email, subject=subject, body=text)

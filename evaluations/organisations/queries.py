"""What a viewer may read about organisations, their members and what happened in them."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from evaluations.organisations.models import (
    AuditEvent,
    Invitation,
    Membership,
    Organisation,
    Partnership,
    PartnershipMember,
    PartnershipRole,
)
from evaluations.organisations.permissions import Permission, Viewer, roles_of, roles_that_may


def organisation_ids_where(viewer: Viewer, permission: Permission) -> list[int]:
    """The organisations in which the viewer's role is senior enough for `permission`."""
    allowed = roles_that_may(permission)
    return [organisation for organisation, role in roles_of(viewer).items() if role in allowed]


def organisations_where(viewer: Viewer, permission: Permission) -> QuerySet[Organisation]:
    """The organisations the viewer belongs to with a role senior enough for `permission`."""
    return Organisation.objects.filter(pk__in=organisation_ids_where(viewer, permission))


def members_of(viewer: Viewer, organisation: Organisation) -> QuerySet[Membership]:
    """The current members of an organisation that the viewer belongs to; none of any other."""
    return Membership.objects.filter(
        organisation__in=organisations_where(viewer, Permission.SEE_ORGANISATION).filter(pk=organisation.pk),
        ended_at__isnull=True,
    ).select_related("user")


def memberships_of(viewer: Viewer) -> QuerySet[Membership]:
    """The viewer's own current memberships."""
    if viewer.pk is None:
        return Membership.objects.none()
    return Membership.objects.filter(user_id=viewer.pk, ended_at__isnull=True).select_related("organisation")


def invitations_managed_by(viewer: Viewer) -> QuerySet[Invitation]:
    """Every invitation, open or closed, to the organisations and partnerships that the viewer manages."""
    led = PartnershipMember.objects.filter(
        organisation_id__in=organisation_ids_where(viewer, Permission.MANAGE_PARTNERSHIP),
        role=PartnershipRole.LEAD,
        left_at__isnull=True,
    )
    found = Invitation.objects.filter(
        Q(organisation_id__in=organisation_ids_where(viewer, Permission.MANAGE_MEMBERS))
        | Q(partnership_id__in=led.values("partnership_id"))
    )
    return found.select_related("organisation", "partnership", "created_by", "accepted_by", "revoked_by")


def audit_events_visible_to(viewer: Viewer) -> QuerySet[AuditEvent]:
    """The audit events of the organisations in which the viewer may read them."""
    return (
        AuditEvent.objects.filter(organisation_id__in=organisation_ids_where(viewer, Permission.SEE_AUDIT))
        .select_related("by")
        .order_by("-at", "-sequence")
    )


def partnerships_of(viewer: Viewer) -> QuerySet[Partnership]:
    """The partnerships that an organisation of the viewer is, or was at its end, part of."""
    organisations = organisation_ids_where(viewer, Permission.SEE_PARTNERSHIP)
    spells = PartnershipMember.objects.filter(organisation_id__in=organisations)
    current = spells.filter(Q(left_at__isnull=True) | Q(left_at=F("partnership__dissolved_at")))
    return Partnership.objects.filter(pk__in=current.values("partnership_id"))

"""Changes to organisations and who works for them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from evaluations.organisations.audit import record
from evaluations.organisations.models import Membership, Organisation, Role, User
from evaluations.organisations.permissions import Permission, require


@transaction.atomic
def create_organisation(*, name: str, by: User) -> Organisation:
    """A new organisation with `by` as its first administrator."""
    organisation = Organisation.objects.create(name=name, slug=_free_slug(name))
    Membership.objects.create(user=by, organisation=organisation, role=Role.ADMIN, created_by=by)
    record(by=by, verb="create_organisation", subject=organisation, organisation=organisation, detail={"name": name})
    return organisation


@transaction.atomic
def add_member(*, organisation: Organisation, user: User, role: Role, by: User) -> Membership:
    """Make `user` a member with `role`. Raises `ValidationError` if they already are one."""
    require(by, Permission.MANAGE_MEMBERS, organisation)
    if organisation.memberships.filter(user=user, ended_at__isnull=True).exists():
        raise ValidationError(f"{user} is already a member of {organisation}.", code="already_a_member")
    membership = Membership.objects.create(user=user, organisation=organisation, role=role, created_by=by)
    detail = {"user": user.pk, "role": str(role)}
    record(by=by, verb="add_member", subject=membership, organisation=organisation, detail=detail)
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: User) -> Membership:
    """End one spell of membership and begin another in the new role, so that the past stays true."""
    require(by, Permission.MANAGE_MEMBERS, membership.organisation)
    if role != Role.ADMIN:
        _keep_an_administrator(membership)
    _end(membership, by)
    new = Membership.objects.create(
        user=membership.user, organisation=membership.organisation, role=role, created_by=by
    )
    detail = {"user": membership.user_id, "from": membership.role, "to": str(role)}
    record(by=by, verb="change_role", subject=new, organisation=membership.organisation, detail=detail)
    return new


@transaction.atomic
def end_membership(*, membership: Membership, by: User) -> None:
    """End a membership. Evaluations stay with the organisation, so nothing is orphaned.

    A member may always leave; only an administrator removes someone else. Raises `ValidationError`
    if the organisation would be left without an administrator.
    """
    if membership.user_id != by.pk:
        require(by, Permission.MANAGE_MEMBERS, membership.organisation)
    _keep_an_administrator(membership)
    _end(membership, by)
    detail = {"user": membership.user_id}
    record(by=by, verb="end_membership", subject=membership, organisation=membership.organisation, detail=detail)


def _end(membership: Membership, by: User) -> None:
    membership.ended_at, membership.ended_by = timezone.now(), by
    membership.save(update_fields=["ended_at", "ended_by"])


def _keep_an_administrator(membership: Membership) -> None:
    others = membership.organisation.memberships.filter(role=Role.ADMIN, ended_at__isnull=True).exclude(
        pk=membership.pk
    )
    if membership.role == Role.ADMIN and not others.exists():
        raise ValidationError(
            f"{membership.organisation} would have no administrator. Make someone else one first.",
            code="last_administrator",
        )


def _free_slug(name: str) -> str:
    stem = slugify(name)[:70] or "organisation"
    taken = set(Organisation.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)

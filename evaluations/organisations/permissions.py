"""Who may do what: one list of permissions and one function that answers, deny by default.

Everything in the workspace has `access()`: which permissions the members of which organisation
could have on it. A member has one of them when the role they hold there is senior enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from evaluations.organisations.grants import Grants, Permission
from evaluations.organisations.models import Membership, Role, User
from evidence.catalogue.models import is_editor

__all__ = ["CATALOGUE", "NotAllowed", "Permission", "Viewer", "may", "require", "roles_of", "roles_that_may"]

Viewer = User | AnonymousUser

SENIORITY = {Role.VIEWER: 0, Role.ANALYST: 1, Role.LEAD: 2, Role.ADMIN: 3}

MINIMUM_ROLE: Mapping[Permission, Role] = {
    Permission.SEE_EVALUATION: Role.VIEWER,
    Permission.SEE_PLAN: Role.VIEWER,
    Permission.SEE_RESULTS: Role.VIEWER,
    Permission.SEE_ROWS: Role.ANALYST,
    Permission.COMMENT: Role.VIEWER,
    Permission.EDIT_EVALUATION: Role.ANALYST,
    Permission.UPLOAD_DATA: Role.ANALYST,
    Permission.DELETE_DATA: Role.LEAD,
    Permission.WRITE_PLAN: Role.ANALYST,
    Permission.LOCK_PLAN: Role.ANALYST,
    Permission.RUN: Role.ANALYST,
    Permission.CANCEL_RUN: Role.ANALYST,
    Permission.REQUEST_RELEASE: Role.ANALYST,
    Permission.RELEASE: Role.LEAD,
    Permission.SHARE: Role.LEAD,
    Permission.WITHDRAW: Role.LEAD,
    Permission.TRANSFER: Role.ADMIN,
    Permission.SEE_AUDIT: Role.LEAD,
    Permission.SEE_ORGANISATION: Role.VIEWER,
    Permission.CREATE_EVALUATION: Role.ANALYST,
    Permission.MANAGE_MEMBERS: Role.ADMIN,
    Permission.CREATE_PARTNERSHIP: Role.LEAD,
    Permission.SEE_PARTNERSHIP: Role.VIEWER,
    Permission.MANAGE_PARTNERSHIP: Role.LEAD,
    Permission.LEAVE_PARTNERSHIP: Role.LEAD,
    Permission.EDIT_CATALOGUE: Role.LEAD,
}

EDITORS_DESK = 0
"""Stands where an organisation's number does, for the people who edit the catalogue; no organisation has it."""


class Protected(Protocol):
    """A thing that says which organisations' members could have which permissions on it."""

    def access(self) -> Grants:
        """Organisation id to the permissions its members could have."""
        ...


class Catalogue:
    """The public catalogue as a thing that one may be allowed to edit."""

    def access(self) -> Grants:
        """Its editors may propose changes, and decide on those of other editors."""
        return {EDITORS_DESK: frozenset({Permission.EDIT_CATALOGUE})}


CATALOGUE = Catalogue()


class NotAllowed(PermissionDenied):
    """The person may not do this; the message says what and why."""


def roles_of(viewer: Viewer) -> dict[int, Role]:
    """Organisation id to the role the viewer holds there now; empty for a visitor or a closed account."""
    if not viewer.is_authenticated or not viewer.is_active:
        return {}
    held = Membership.objects.filter(user=viewer, ended_at__isnull=True)
    return {organisation: Role(role) for organisation, role in held.values_list("organisation_id", "role")}


def roles_that_may(permission: Permission) -> list[Role]:
    """The roles senior enough for `permission`."""
    least = SENIORITY[MINIMUM_ROLE[permission]]
    return [role for role, seniority in SENIORITY.items() if seniority >= least]


def may(viewer: Viewer, permission: Permission, subject: Protected) -> bool:
    """Whether the viewer may do this to the subject. Everything not granted is refused."""
    roles = roles_of(viewer)
    if is_editor(viewer):
        roles[EDITORS_DESK] = Role.LEAD
    if not roles:
        return False
    allowed = roles_that_may(permission)
    return any(
        permission in granted and roles.get(organisation) in allowed
        for organisation, granted in subject.access().items()
    )


def require(viewer: Viewer, permission: Permission, subject: Protected) -> None:
    """Raise `NotAllowed` unless the viewer may do this to the subject."""
    if not may(viewer, permission, subject):
        what = permission.value.replace("_", " ")
        raise NotAllowed(f"You are not allowed to {what} here. A lead or administrator of the organisation can help.")

"""Evaluations in partnerships, and what becomes of them when a partner leaves or the partnership ends.

The rule: an evaluation stays with its owner, whoever leaves. A partner that leaves takes its own
evaluations out of the partnership and loses what it was given of the others'. What it had given to
the others ends too. What was released stays released.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evaluations.organisations.audit import record
from evaluations.organisations.models import Organisation, Partnership, PartnershipMember, PartnershipRole, User
from evaluations.organisations.permissions import Permission, require
from evaluations.sharing.actions.partners import sync_audience
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation


@transaction.atomic
def put_in_partnership(*, evaluation: Evaluation, partnership: Partnership | None, by: User) -> Evaluation:
    """Place an evaluation in a partnership of its owner's, or take it out. By itself it grants nobody anything."""
    require(by, Permission.SHARE, evaluation)
    if partnership is not None and not _current(partnership).filter(organisation=evaluation.owner).exists():
        raise ValidationError(f"{evaluation.owner} is not in that partnership.", code="not_a_partner")
    evaluation.partnership = partnership
    evaluation.save(update_fields=["partnership"])
    detail = {"partnership": partnership.pk if partnership else None}
    write_audit(evaluation, by=by, verb="put_in_partnership", detail=detail)
    return evaluation


@transaction.atomic
def leave_partnership(*, partnership: Partnership, organisation: Organisation, by: User) -> None:
    """Take an organisation out, by the rule above. The last lead cannot leave others without one."""
    require(by, Permission.LEAVE_PARTNERSHIP, organisation)
    spell = _current(partnership).select_for_update().filter(organisation=organisation).first()
    if spell is None:
        raise ValidationError(f"{organisation} is not in the partnership.", code="not_a_partner")
    others = _current(partnership).exclude(pk=spell.pk)
    if spell.role == PartnershipRole.LEAD and others.exists() and not others.filter(role=PartnershipRole.LEAD).exists():
        raise ValidationError(
            "The partnership would have nobody to lead it. Let another partner lead first, or dissolve it.",
            code="last_lead",
        )
    _part(partnership, [spell], by, timezone.now())
    record(by=by, verb="leave_partnership", subject=partnership, organisation=organisation)


@transaction.atomic
def let_lead(*, partnership: Partnership, organisation: Organisation, by: User) -> PartnershipMember:
    """Let a partner lead as well."""
    require(by, Permission.MANAGE_PARTNERSHIP, partnership)
    spell = _current(partnership).get(organisation=organisation)
    spell.role = PartnershipRole.LEAD
    spell.save(update_fields=["role"])
    record(by=by, verb="let_lead_partnership", subject=partnership, organisation=organisation)
    return spell


@transaction.atomic
def dissolve_partnership(*, partnership: Partnership, by: User) -> Partnership:
    """End the partnership for everyone, by the same rule: nothing is lost, drafts go back to their owners alone."""
    require(by, Permission.MANAGE_PARTNERSHIP, partnership)
    partnership = Partnership.objects.select_for_update().get(pk=partnership.pk)
    if partnership.dissolved_at is not None:
        return partnership
    spells = list(_current(partnership).select_related("organisation"))
    now = timezone.now()
    _part(partnership, spells, by, now)
    partnership.dissolved_at, partnership.dissolved_by = now, by
    partnership.save(update_fields=["dissolved_at", "dissolved_by"])
    for spell in spells:
        record(by=by, verb="dissolve_partnership", subject=partnership, organisation=spell.organisation)
    return partnership


def _current(partnership: Partnership) -> QuerySet[PartnershipMember]:
    return partnership.member_spells.filter(left_at__isnull=True)


def _part(partnership: Partnership, leaving: Iterable[PartnershipMember], by: User, now: datetime) -> None:
    """End the leavers' spells, and what they and the others gave each other within the partnership."""
    leavers = [spell.organisation_id for spell in leaving]
    partners = list(_current(partnership).values_list("organisation_id", flat=True))
    for evaluation in partnership.evaluations.select_related("owner"):
        given = evaluation.shares.filter(ended_at__isnull=True)
        ending = given.filter(organisation_id__in=partners if evaluation.owner_id in leavers else leavers)
        if ending.update(ended_at=now, ended_by=by):
            sync_audience(evaluation=evaluation, by=by)
            write_audit(evaluation, by=by, verb="partnership_shares_ended", detail={"partnership": partnership.pk})
        if evaluation.owner_id in leavers:
            evaluation.partnership = None
            evaluation.save(update_fields=["partnership"])
    partnership.member_spells.filter(left_at__isnull=True, organisation_id__in=leavers).update(left_at=now, left_by=by)

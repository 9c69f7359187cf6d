"""Changes to an evaluation and to which partners it is shared with."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from evaluations.disclosure.policy import Policy, below_floor, departures_of, is_weaker
from evaluations.organisations.audit import record
from evaluations.organisations.models import Organisation, User
from evaluations.organisations.permissions import Permission, require
from evaluations.workspaces.models import Evaluation, PolicyChange, Share

EDITABLE = ("title", "purpose", "intervention", "outcome", "lawful_basis", "units_are_people")


@transaction.atomic
def create_evaluation(*, owner: Organisation, by: User, **fields: Any) -> Evaluation:
    """A new private evaluation of `owner`. Raises `ValidationError` with every field that is wrong."""
    require(by, Permission.CREATE_EVALUATION, owner)
    evaluation = Evaluation(owner=owner, created_by=by, **fields)
    evaluation.full_clean()
    evaluation.save()
    write_audit(evaluation, by=by, verb="create_evaluation", detail={"title": evaluation.title})
    return evaluation


@transaction.atomic
def edit_evaluation(*, evaluation: Evaluation, by: User, **fields: Any) -> Evaluation:
    """The evaluation with `fields` changed; the audit event names them."""
    require(by, Permission.EDIT_EVALUATION, evaluation)
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise ValidationError(f"These cannot be changed: {', '.join(sorted(unknown))}.", code="not_editable")
    changed = sorted(name for name, value in fields.items() if getattr(evaluation, name) != value)
    for name, value in fields.items():
        setattr(evaluation, name, value)
    evaluation.full_clean()
    evaluation.save()
    write_audit(evaluation, by=by, verb="edit_evaluation", detail={"changed": changed})
    return evaluation


@transaction.atomic
def set_policy(*, evaluation: Evaluation, policy: Policy, reason: str, by: User) -> Evaluation:
    """Choose the policy of disclosure control for later runs; a decision on record, with its reason.

    Raises `ValidationError`, by number, where the policy would protect less than the floor, and without a reason.
    """
    require(by, Permission.SHARE, evaluation)
    wrong: dict[str, Any] = dict(below_floor(policy))
    if not reason.strip():
        wrong["reason"] = "Say why this policy is right for these data."
    if wrong:
        raise ValidationError(wrong)
    evaluation.disclosure_policy = departures_of(policy)
    evaluation.save(update_fields=["disclosure_policy"])
    weaker, departures = is_weaker(policy), evaluation.disclosure_policy
    PolicyChange.objects.create(
        evaluation=evaluation, departures=departures, is_weaker=weaker, reason=reason.strip(), by=by
    )
    detail = {"departures": departures, "weaker_than_the_preset": weaker, "reason": reason.strip()}
    write_audit(evaluation, by=by, verb="set_disclosure_policy", detail=detail)
    return evaluation


@transaction.atomic
def share_with(*, evaluation: Evaluation, organisation: Organisation, level: str, by: User) -> Share:
    """Grant a partner organisation a level, in place of the one it had. It takes effect once the stage allows."""
    require(by, Permission.SHARE, evaluation)
    if organisation.pk == evaluation.owner_id:
        raise ValidationError("The owner already sees everything.", code="owner_is_not_a_partner")
    _end_share(evaluation, organisation, by)
    share = Share(evaluation=evaluation, organisation=organisation, level=level, granted_by=by)
    share.full_clean()
    share.save()
    detail = {"organisation": organisation.pk, "level": level}
    write_audit(evaluation, by=by, verb="share_with", detail=detail)
    return share


@transaction.atomic
def stop_sharing_with(*, evaluation: Evaluation, organisation: Organisation, by: User) -> None:
    """End what a partner organisation was granted."""
    require(by, Permission.SHARE, evaluation)
    if _end_share(evaluation, organisation, by):
        write_audit(evaluation, by=by, verb="stop_sharing_with", detail={"organisation": organisation.pk})


def _end_share(evaluation: Evaluation, organisation: Organisation, by: User) -> int:
    current = evaluation.shares.filter(organisation=organisation, ended_at__isnull=True)
    return current.update(ended_at=timezone.now(), ended_by=by)


@transaction.atomic
def transfer_evaluation(*, evaluation: Evaluation, to: Organisation, by: User) -> Evaluation:
    """Give the evaluation to another organisation in which `by` may own one; the old owner keeps the results."""
    require(by, Permission.TRANSFER, evaluation)
    require(by, Permission.CREATE_EVALUATION, to)
    old = evaluation.owner
    evaluation.owner = to
    evaluation.save(update_fields=["owner"])
    _end_share(evaluation, to, by)
    detail = {"from": old.pk, "to": to.pk}
    record(
        by=by,
        verb="transfer_evaluation_away",
        subject=evaluation,
        organisation=old,
        evaluation_id=evaluation.pk,
        detail=detail,
    )
    write_audit(evaluation, by=by, verb="receive_evaluation", detail=detail)
    return evaluation


def write_audit(evaluation: Evaluation, *, by: User | None, verb: str, subject: Any = None, detail: Any = None) -> None:
    """Record an event of this evaluation in its owner's chain, within the caller's transaction."""
    record(
        by=by,
        verb=verb,
        subject=subject or evaluation,
        organisation=evaluation.owner,
        evaluation_id=evaluation.pk,
        detail=detail,
    )

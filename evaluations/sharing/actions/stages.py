"""How far an evaluation is shared. Each move is a decision on record, with what it made visible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.sharing.actions.notices import tell
from evaluations.sharing.actions.partners import sync_audience
from evaluations.sharing.models import NoticeKind, Publication, ReleaseTo
from evaluations.sharing.visibility import becomes_visible
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation, Stage, StageChange
from evidence.estimates.actions import publish_estimate, withdraw_estimate

NEXT_STAGES: dict[Stage, tuple[Stage, ...]] = {
    Stage.PRIVATE: (Stage.NAMED_PARTNERS,),
    Stage.NAMED_PARTNERS: (Stage.PRIVATE, Stage.EMBARGOED, Stage.PUBLIC),
    Stage.EMBARGOED: (Stage.EMBARGOED, Stage.PUBLIC),
    Stage.PUBLIC: (),
    Stage.WITHDRAWN: (),
}
"""Where someone may move an evaluation by hand. Embargoed and public also follow a release; withdrawing is apart."""
OPENNESS = {Stage.PRIVATE: 0, Stage.NAMED_PARTNERS: 1, Stage.EMBARGOED: 2, Stage.PUBLIC: 3}


@transaction.atomic
def change_stage(
    *,
    evaluation: Evaluation,
    to_stage: Stage,
    by: User,
    reason: str = "",
    embargo_until: datetime | None = None,
) -> Evaluation:
    """Share further, or less far where nothing was released. Raises `BadInput` with why it cannot be."""
    require(by, Permission.SHARE, evaluation)
    evaluation = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    issues = list(_move_issues(evaluation, to_stage, embargo_until))
    if issues:
        raise BadInput(issues)
    shown = [each.to_json() for each in becomes_visible(evaluation, to_stage, embargo_until)]
    _move(evaluation, to_stage, by=by, reason=reason, embargo_until=embargo_until, made_visible=shown)
    if to_stage == Stage.PUBLIC:
        _publish_all(evaluation, by)
    return evaluation


def _move_issues(evaluation: Evaluation, to_stage: Stage, embargo_until: datetime | None) -> Iterable[Issue]:
    if evaluation.is_example:
        yield Issue("example_stays_private", "An example stays private.", "Start an evaluation of your own.")
        return
    now = Stage(evaluation.stage)
    released = Publication.objects.filter(run__evaluation=evaluation, withdrawn_at__isnull=True).exists()
    if to_stage not in NEXT_STAGES[now]:
        message = f"An evaluation that is {now.label.lower()} cannot be made {to_stage.label.lower()}."
        yield Issue("stage_not_next", message, "Choose one of the stages offered.")
    elif to_stage == Stage.PRIVATE and released:
        yield Issue(
            "already_released",
            "Partners already see a released result, so it cannot be made private.",
            "Withdraw the evaluation, saying why, or end what a partner is given.",
        )
    elif to_stage in (Stage.EMBARGOED, Stage.PUBLIC) and not released:
        yield Issue(
            "nothing_released",
            "Nothing of this evaluation has been released by a second person.",
            "Ask for the release of a run first.",
        )
    if to_stage == Stage.EMBARGOED and (embargo_until is None or embargo_until <= timezone.now()):
        message = "An embargo ends on a date that is still to come."
        yield Issue("embargo_not_ahead", message, "Choose a later date.", column="embargo_until")


def _move(
    evaluation: Evaluation,
    to_stage: Stage,
    *,
    by: User | None,
    reason: str,
    embargo_until: datetime | None,
    made_visible: Sequence[Any],
) -> None:
    before = Stage(evaluation.stage)
    evaluation.stage = to_stage
    evaluation.embargo_until = embargo_until if to_stage == Stage.EMBARGOED else evaluation.embargo_until
    evaluation.save(update_fields=["stage", "embargo_until", "withdrawn_reason"])
    StageChange.objects.create(
        evaluation=evaluation,
        from_stage=before,
        to_stage=to_stage,
        reason=reason,
        made_visible=list(made_visible),
        by=by,
    )
    detail = {"from": before.value, "to": to_stage.value, "reason": reason}
    write_audit(evaluation, by=by, verb="change_stage", detail=detail)
    sync_audience(evaluation=evaluation, by=by)
    kind = {Stage.NAMED_PARTNERS: NoticeKind.SHARED, Stage.WITHDRAWN: NoticeKind.WITHDRAWN}.get(to_stage)
    if to_stage == Stage.PUBLIC and by is None:
        kind = NoticeKind.EMBARGO_LIFTED
    if kind is not None:
        tell(kind, evaluation=evaluation, permission=Permission.SEE_EVALUATION, by=by)


@transaction.atomic
def follow_release(
    *, evaluation: Evaluation, to_stage: Stage, by: User, reason: str, embargo_until: datetime | None
) -> None:
    """Let the stage follow a release that opens the evaluation further; one already passed stays."""
    evaluation = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    before = Stage(evaluation.stage)
    if before == Stage.WITHDRAWN or OPENNESS[before] >= OPENNESS[to_stage]:
        return
    shown = [each.to_json() for each in becomes_visible(evaluation, to_stage, embargo_until)]
    _move(evaluation, to_stage, by=by, reason=reason, embargo_until=embargo_until, made_visible=shown)


def _publish_all(evaluation: Evaluation, by: User) -> None:
    kept = Publication.objects.filter(run__evaluation=evaluation, withdrawn_at__isnull=True)
    for publication in kept.select_related("estimate"):
        publish_estimate(estimate=publication.estimate, by=by)


def lift_embargoes() -> int:
    """Make public what was embargoed until now; how many evaluations that was."""
    due = Evaluation.objects.filter(stage=Stage.EMBARGOED, embargo_until__lte=timezone.now())
    return sum(_lift(evaluation.pk) for evaluation in due)


@transaction.atomic
def _lift(evaluation_id: int) -> int:
    evaluation = Evaluation.objects.select_for_update().get(pk=evaluation_id)
    until = evaluation.embargo_until
    if evaluation.stage != Stage.EMBARGOED or until is None or until > timezone.now():
        return 0
    embargoed = Publication.objects.filter(run__evaluation=evaluation, withdrawn_at__isnull=True).exclude(
        review__release_to=ReleaseTo.NAMED_PARTNERS
    )
    for publication in embargoed.select_related("estimate", "published_by"):
        publish_estimate(estimate=publication.estimate, by=publication.published_by)
    shown = [each.to_json() for each in becomes_visible(evaluation, Stage.PUBLIC, None)]
    _move(evaluation, Stage.PUBLIC, by=None, reason="The embargo ended.", embargo_until=None, made_visible=shown)
    return 1


@transaction.atomic
def withdraw_evaluation(*, evaluation: Evaluation, reason: str, by: User) -> Evaluation:
    """Withdraw the evaluation and every estimate of it. They keep their pages, which say why."""
    require(by, Permission.WITHDRAW, evaluation)
    evaluation = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    issues = []
    if not reason.strip():
        issues.append(Issue("no_reason", "Say why it is withdrawn.", "Write the reason.", column="reason"))
    if evaluation.stage in (Stage.PRIVATE, Stage.WITHDRAWN):
        said = Stage(evaluation.stage).label.lower()
        issues.append(Issue("nothing_to_withdraw", f"The evaluation is {said}.", "There is nothing to withdraw."))
    if issues:
        raise BadInput(issues)
    evaluation.withdrawn_reason = reason.strip()
    _move(evaluation, Stage.WITHDRAWN, by=by, reason=reason.strip(), embargo_until=None, made_visible=[])
    kept = Publication.objects.filter(run__evaluation=evaluation, withdrawn_at__isnull=True)
    for publication in kept.select_related("estimate"):
        withdraw_estimate(estimate=publication.estimate, reason=reason.strip(), by=by)
    kept.update(withdrawn_at=timezone.now(), withdrawn_by=by, withdrawn_reason=reason.strip())
    return evaluation

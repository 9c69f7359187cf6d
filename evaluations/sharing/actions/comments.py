"""What people say about an evaluation, its plans and its runs."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evaluations.organisations.models import User
from evaluations.organisations.permissions import NotAllowed, Permission, may, require
from evaluations.plans.models import AnalysisPlan
from evaluations.runs.models import AnalysisRun
from evaluations.sharing.actions.notices import tell
from evaluations.sharing.models import Comment, NoticeKind
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation


@transaction.atomic
def add_comment(
    *,
    evaluation: Evaluation,
    body: str,
    by: User,
    plan: AnalysisPlan | None = None,
    run: AnalysisRun | None = None,
    rating_scheme: str = "",
    asks_for_change: bool = False,
) -> Comment:
    """Say something about the evaluation, one of its plans or runs, or the rating of its study under a scheme."""
    require(by, Permission.COMMENT, evaluation)
    if run is not None or rating_scheme:
        require(by, Permission.SEE_RESULTS, run or evaluation)
    if not body.strip():
        raise BadInput([Issue("comment_empty", "The comment is empty.", "Write something.", column="body")])
    for about in (plan, run):
        if about is not None and about.evaluation_id != evaluation.pk:
            raise BadInput(
                [Issue("elsewhere", "That belongs to another evaluation.", "Choose one of this evaluation.")]
            )
    comment = Comment.objects.create(
        evaluation=evaluation,
        plan=plan,
        run=run,
        rating_scheme=rating_scheme,
        body=body.strip(),
        asks_for_change=asks_for_change,
        created_by=by,
    )
    detail = {"asks_for_change": asks_for_change}
    write_audit(evaluation, by=by, verb="add_comment", subject=comment, detail=detail)
    tell(
        NoticeKind.CHANGE_ASKED if asks_for_change else NoticeKind.COMMENT,
        evaluation=evaluation,
        permission=Permission.SEE_RESULTS if run or rating_scheme else Permission.SEE_PLAN,
        by=by,
        comment=comment,
    )
    return comment


@transaction.atomic
def resolve_comment(*, comment: Comment, by: User) -> Comment:
    """Mark a requested change as dealt with: by whoever asked for it, or by those who write the plan."""
    if comment.created_by_id != by.pk and not may(by, Permission.WRITE_PLAN, comment.evaluation):
        raise NotAllowed("Only whoever asked for the change, or the analysts of the owner, can close it.")
    require(by, Permission.COMMENT, comment.evaluation)
    if comment.resolved_at is None:
        comment.resolved_at, comment.resolved_by = timezone.now(), by
        comment.save(update_fields=["resolved_at", "resolved_by"])
        write_audit(comment.evaluation, by=by, verb="resolve_comment", subject=comment)
    return comment

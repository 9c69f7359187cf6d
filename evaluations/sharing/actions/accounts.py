"""Accounting in public for answers that are not logged, so that no null and no refusal stays in a drawer."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from evaluations.organisations.models import User
from evaluations.organisations.permissions import NotAllowed, Permission, require
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.sharing.catalogue import study_of
from evaluations.sharing.models import ReviewState, RunAccount
from evaluations.sharing.queries import authors_of, what_came_of
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.actions import write_audit
from evidence.estimates.accounts import Account, tell_of_result


@transaction.atomic
def account_for(*, run: AnalysisRun, why: str, by: User) -> RunAccount:
    """Tell everyone, on the study's page, what came of a run and why it is not logged. A second person decides it.

    Raises `BadInput` where there is nothing to account for, or no reason is given.
    """
    run = AnalysisRun.objects.select_related("evaluation__owner", "evaluation__intervention", "plan").get(pk=run.pk)
    require(by, Permission.SHARE, run)
    if by.pk in authors_of(run):
        raise NotAllowed("Nobody decides what is told of a result of their own.")
    issues = list(_issues(run, why))
    if issues:
        raise BadInput(issues)
    account = RunAccount.objects.create(run=run, why=why.strip(), by=by)
    told = Account(
        what=f"Run {run.number} of plan {run.plan.version}",
        found=what_came_of(run),
        why=why.strip(),
        who=str(by),
        on=f"{timezone.localdate():%-d %B %Y}",
    )
    study = tell_of_result(study=study_of(run), account=told)
    write_audit(
        run.evaluation, by=by, verb="account_for_run", subject=run, detail={"run": run.number, "study": study.pk}
    )
    return account


def _issues(run: AnalysisRun, why: str) -> Iterable[Issue]:
    if run.evaluation.is_example:
        yield Issue("example_not_evidence", "Examples cannot enter the catalogue.", "Start an evaluation of your own.")
    if run.state not in (RunState.DONE, RunState.REFUSED):
        yield Issue("run_without_answer", "This run gave no answer.", "There is nothing to account for.")
    if run.publications.exists() or RunAccount.objects.filter(run=run).exists():
        yield Issue("already_accounted_for", "Everyone can already read what came of this run.", "Nothing needs doing.")
    if run.reviews.filter(state=ReviewState.REQUESTED).exists():
        yield Issue("review_waiting", "A release of this run is waiting for its reviewer.", "Wait for the decision.")
    if not why.strip():
        yield Issue("no_reason", "Say why it is not logged.", "Write the reason.", column="why")

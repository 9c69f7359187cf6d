"""What partner organisations are given of an evaluation, and of its released estimates in the catalogue."""

from __future__ import annotations

from django.db import transaction

from evaluations.organisations.models import Organisation, User
from evaluations.sharing.models import Publication
from evaluations.workspaces import actions as workspaces
from evaluations.workspaces.models import SHARED_STAGES, Evaluation, Share, ShareLevel
from evidence.estimates.actions import set_audience


@transaction.atomic
def share_with(*, evaluation: Evaluation, organisation: Organisation, level: str, by: User) -> Share:
    """Grant a partner a level, in place of the one it had; released estimates follow."""
    share = workspaces.share_with(evaluation=evaluation, organisation=organisation, level=level, by=by)
    sync_audience(evaluation=evaluation, by=by)
    return share


@transaction.atomic
def stop_sharing_with(*, evaluation: Evaluation, organisation: Organisation, by: User) -> None:
    """End what a partner was granted; it no longer sees estimates that are not public."""
    workspaces.stop_sharing_with(evaluation=evaluation, organisation=organisation, by=by)
    sync_audience(evaluation=evaluation, by=by)


@transaction.atomic
def transfer(*, evaluation: Evaluation, to: Organisation, by: User) -> Evaluation:
    """Give the evaluation to another organisation in which `by` may own one; released estimates follow."""
    moved = workspaces.transfer_evaluation(evaluation=evaluation, to=to, by=by)
    sync_audience(evaluation=moved, by=by)
    return moved


def sync_audience(*, evaluation: Evaluation, by: User | None) -> None:
    """Let the catalogue's drafts of this evaluation be seen by the owner and the partners that see results."""
    organisations = audience_of(evaluation)
    for publication in Publication.objects.filter(run__evaluation=evaluation).select_related("estimate"):
        set_audience(estimate=publication.estimate, organisation_ids=organisations, by=by)


def audience_of(evaluation: Evaluation) -> list[int]:
    """The organisations that see a released estimate before everyone may."""
    if evaluation.stage not in SHARED_STAGES:
        return [evaluation.owner_id]
    granted = evaluation.shares.filter(ended_at__isnull=True, level__in=[ShareLevel.RESULTS, ShareLevel.ROWS])
    return [evaluation.owner_id, *granted.values_list("organisation_id", flat=True)]

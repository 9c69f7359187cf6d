"""A second person's release, and the estimate logged in the catalogue exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from evaluations.datasets.models import Dataset
from evaluations.disclosure.releases import PARTS
from evaluations.organisations.models import User
from evaluations.organisations.permissions import NotAllowed, Permission, may, require
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.queries import counts_people, policy_in_words
from evaluations.sharing.actions.notices import tell
from evaluations.sharing.actions.partners import sync_audience
from evaluations.sharing.actions.stages import follow_release
from evaluations.sharing.catalogue import catalogue_entry
from evaluations.sharing.coincidences import answered, coincidences_of
from evaluations.sharing.models import NoticeKind, Publication, ReleaseTo, Review, ReviewState
from evaluations.sharing.queries import (
    authors_of,
    other_plans,
    other_runs,
    released_result,
    what_differed,
    withheld_in_words,
)
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation, Stage
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Visibility
from evidence.estimates.actions import log_estimate, publish_estimate, withdraw_estimate


@transaction.atomic
def request_release(
    *,
    run: AnalysisRun,
    reviewer: User,
    by: User,
    terms: Sequence[str] = (),
    release_to: str = ReleaseTo.PUBLIC,
    embargo_until: datetime | None = None,
    note: str = "",
    answers: Mapping[str, str] | None = None,
) -> Review:
    """Ask a named second person to release a run's estimates. Raises `BadInput` where it cannot be asked.

    `answers` says of every coincidence that the catalogue knows of, by its question, how it was dealt with.
    """
    run = AnalysisRun.objects.select_related("evaluation__owner", "plan", "dataset").get(pk=run.pk)
    require(by, Permission.REQUEST_RELEASE, run)
    given, unanswered = answered(coincidences_of(run).questions, answers or {})
    issues = [*_request_issues(run, reviewer, by, terms, release_to, embargo_until), *unanswered]
    if issues:
        raise BadInput(issues)
    review = Review.objects.create(
        run=run,
        reviewer=reviewer,
        requested_by=by,
        terms=list(terms) or [_names(run)[0]],
        release_to=release_to,
        embargo_until=embargo_until if release_to == ReleaseTo.EMBARGOED else None,
        note=note,
        answers=given,
        suppressed=withheld_in_words(run),
    )
    detail = {"run": run.number, "reviewer": reviewer.pk, "release_to": release_to, "terms": review.terms}
    write_audit(run.evaluation, by=by, verb="request_release", subject=review, detail=detail)
    _tell(NoticeKind.REVIEW_WAITING, review, by, only=[reviewer])
    return review


def _is_under_its_policy(run: AnalysisRun) -> bool:
    """Whether the answer was kept under the policy that its evaluation has now."""
    if not counts_people(run):
        return True
    stated = (run.result or {}).get("disclosure") or {}
    return stated.get("policy") == policy_in_words(run)


def _names(run: AnalysisRun) -> list[str]:
    return [each["name"] for each in (run.result or {}).get("estimates", [])]


def _request_issues(
    run: AnalysisRun,
    reviewer: User,
    by: User,
    terms: Sequence[str],
    release_to: str,
    embargo_until: datetime | None,
) -> Iterable[Issue]:
    if run.evaluation.is_example or Dataset.objects.filter(sha256=run.dataset.sha256, is_example=True).exists():
        yield Issue("example_not_evidence", "Examples cannot enter the catalogue.", "Start an evaluation of your own.")
    if run.state != RunState.DONE:
        yield Issue("run_without_estimate", "This run has no estimate to release.", "Choose a run that is done.")
    elif unknown := [term for term in terms if term not in _names(run)]:
        yield Issue(
            "term_unknown", f"This run has no estimate called {', '.join(unknown)}.", "Choose from its estimates."
        )
    if run.state == RunState.DONE and not _is_under_its_policy(run):
        yield Issue(
            "policy_changed",
            "The policy of disclosure control is not the one under which this run was answered.",
            "Run the plan again, then ask for the release of that run.",
        )
    if run.reviews.filter(state=ReviewState.REQUESTED).exists():
        yield Issue("already_requested", "A release of this run is already waiting.", "Wait for it, or take it back.")
    if run.publications.exists():
        yield Issue("already_released", "This run was already released.", "An estimate is logged once.")
    if reviewer.pk == by.pk or reviewer.pk in authors_of(run):
        yield Issue(
            "reviewer_is_author",
            "Whoever stated the plan, ran it or asks for its release cannot release it.",
            "Choose someone else.",
            column="reviewer",
        )
    elif not may(reviewer, Permission.RELEASE, run):
        yield Issue(
            "reviewer_may_not_release",
            f"{reviewer} may not release results of this evaluation.",
            "Choose a lead or administrator of the organisation, or of a partner that sees the results.",
            column="reviewer",
        )
    if release_to == ReleaseTo.EMBARGOED and (embargo_until is None or embargo_until <= timezone.now()):
        yield Issue(
            "embargo_not_ahead",
            "An embargo ends on a date that is still to come.",
            "Choose a later date.",
            column="embargo_until",
        )


@transaction.atomic
def release(*, review: Review, by: User, note: str = "", also_hide: Sequence[str] = ()) -> list[Publication]:
    """Release: log the estimates in the catalogue, once, and let the evaluation's stage follow.

    `also_hide` names parts of the result that the reviewer wants hidden beyond what the policy hides.
    """
    review = _locked(review)
    _require_reviewer(review, by)
    if review.state == ReviewState.RELEASED:
        return list(review.publications.all())
    _require_waiting(review)
    _require_parts(also_hide)
    review.also_hidden, review.suppressed = sorted(set(also_hide)), withheld_in_words(review.run)
    _decide(review, ReviewState.RELEASED, by, note)
    result = released_result(review)
    publications = [_publish(review, result, term, subgroup, by) for term, subgroup in _chosen(review)]
    follow_release(
        evaluation=review.run.evaluation,
        to_stage=Stage(review.release_to),
        embargo_until=review.embargo_until,
        by=by,
        reason=f"Run {review.run.number} was released by {by}.",
    )
    sync_audience(evaluation=Evaluation.objects.get(pk=review.run.evaluation_id), by=by)
    _tell(NoticeKind.RELEASED, review, by)
    return publications


def _tell(kind: NoticeKind, review: Review, by: User, only: Iterable[User] | None = None) -> None:
    evaluation = Evaluation.objects.get(pk=review.run.evaluation_id)
    tell(kind, evaluation=evaluation, permission=Permission.SEE_RESULTS, by=by, only=only, review=review)


def _locked(review: Review) -> Review:
    return (
        Review.objects.select_for_update(of=("self",))
        .select_related("run__evaluation__owner", "run__plan", "run__dataset", "requested_by", "reviewer")
        .get(pk=review.pk)
    )


def _require_reviewer(review: Review, by: User) -> None:
    if by.pk != review.reviewer_id:
        raise NotAllowed(f"Only {review.reviewer}, who was named as the reviewer, can decide this.")
    if by.pk in authors_of(review.run):
        raise NotAllowed("Nobody releases a result of their own.")
    require(by, Permission.RELEASE, review)


def _require_waiting(review: Review) -> None:
    if review.state != ReviewState.REQUESTED:
        said = review.get_state_display().lower()
        raise BadInput(
            [Issue("review_decided", f"This request is no longer waiting: {said}.", "Ask for a new release.")]
        )


def _require_parts(also_hide: Sequence[str]) -> None:
    unknown = sorted(set(also_hide) - set(PARTS))
    if unknown:
        message = f"There is no part of a result called {', '.join(unknown)}."
        raise BadInput([Issue("part_unknown", message, f"Choose from {', '.join(PARTS)}.", column="also_hide")])


def _decide(review: Review, state: ReviewState, by: User, note: str) -> None:
    review.state, review.decided_at, review.decided_by, review.decision_note = state, timezone.now(), by, note
    review.save()
    detail = {"run": review.run.number, "note": note, "also_hidden": review.also_hidden}
    write_audit(review.run.evaluation, by=by, verb=f"review_{state.value}", subject=review, detail=detail)


def _chosen(review: Review) -> list[tuple[str, str]]:
    """The name and subgroup of each estimate to release; the headline first."""
    rows = (review.run.result or {})["estimates"]
    return [
        (row["name"], "" if row.get("subgroup") is None else str(row["subgroup"]))
        for row in rows
        if row["name"] in review.terms and row.get("value") is not None
    ]


def _publish(review: Review, result: dict[str, Any], term: str, subgroup: str, by: User) -> Publication:
    run = review.run
    before = {"n_plans": other_plans(run).count(), "n_runs": other_runs(run).count()}
    entry = catalogue_entry(run, result, term, subgroup, review=review, **before)
    try:
        estimate = log_estimate(**entry, by=by, visibility=Visibility.DRAFT, organisation_ids=[run.evaluation.owner_id])
    except CatalogueRefused as refused:
        raise BadInput(
            [Issue(each.code, each.message, getattr(each, "hint", "")) for each in refused.issues]
        ) from refused
    if review.release_to == ReleaseTo.PUBLIC:
        estimate = publish_estimate(estimate=estimate, by=by)
    publication = Publication.objects.create(
        review=review,
        run=run,
        term=term,
        subgroup=subgroup,
        estimate=estimate,
        plans_before=other_plans(run).count(),
        runs_before=other_runs(run).count(),
        differences=what_differed(run),
        plan_locked_before_outcomes=bool(run.plan.locked_before_outcomes),
        published_by=by,
    )
    detail = {"run": run.number, "term": term, "estimate": estimate.pk, "to": review.release_to}
    write_audit(run.evaluation, by=by, verb="log_estimate", subject=publication, detail=detail)
    return publication


@transaction.atomic
def request_changes(*, review: Review, by: User, note: str) -> Review:
    """Send the result back, saying what should change."""
    review = _locked(review)
    _require_reviewer(review, by)
    _require_waiting(review)
    if not note.strip():
        raise BadInput([Issue("no_reason", "Say what should change.", "Write it in the note.", column="note")])
    _decide(review, ReviewState.CHANGES_REQUESTED, by, note.strip())
    _tell(NoticeKind.SENT_BACK, review, by, only=[review.requested_by])
    return review


@transaction.atomic
def take_back(*, review: Review, by: User) -> Review:
    """Withdraw a request that has not been decided."""
    review = _locked(review)
    require(by, Permission.REQUEST_RELEASE, review)
    _require_waiting(review)
    _decide(review, ReviewState.TAKEN_BACK, by, "")
    return review


@transaction.atomic
def withdraw_publication(*, publication: Publication, reason: str, by: User) -> Publication:
    """Withdraw a released estimate: it keeps its page, which says why."""
    require(by, Permission.WITHDRAW, publication.run)
    if not reason.strip():
        raise BadInput([Issue("no_reason", "Say why the estimate is withdrawn.", "Write the reason.", column="reason")])
    if publication.withdrawn_at is not None:
        return publication
    withdraw_estimate(estimate=publication.estimate, reason=reason.strip(), by=by)
    publication.withdrawn_at, publication.withdrawn_by = timezone.now(), by
    publication.withdrawn_reason = reason.strip()
    publication.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    detail = {"estimate": publication.estimate_id, "reason": reason.strip()}
    write_audit(publication.run.evaluation, by=by, verb="withdraw_estimate", subject=publication, detail=detail)
    return publication

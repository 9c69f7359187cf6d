"""What a viewer may read of reviews and publications, who may review, and what came before a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from evaluations.disclosure.policy import policy_of
from evaluations.disclosure.releases import ALL_COUNTS, Clash, hiding
from evaluations.organisations.models import Membership, User
from evaluations.organisations.permissions import Permission, Viewer, may, roles_that_may
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.presenters import difference_text
from evaluations.plans.queries import differences, plans_where
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.presenters import estimate_text
from evaluations.runs.queries import counts_people, nearly_repeated, runs_of_the_same_data, runs_where
from evaluations.runs.subjects import subject_of
from evaluations.sharing.models import Comment, Publication, Review, ReviewState
from evaluations.workspaces.models import Evaluation, StageChange
from evaluations.workspaces.queries import evaluations_where
from evidence.catalogue.models import Study
from evidence.drawing.numbers import digits_for, number_text
from evidence.estimates.models import Standing
from evidence.ratings.schemes import STUDY, schemes


def reviews_where(viewer: Viewer, permission: Permission = Permission.SEE_RESULTS) -> QuerySet[Review]:
    """The reviews of runs on whose evaluations the viewer has `permission`."""
    found = Review.objects.filter(run__evaluation__in=evaluations_where(viewer, permission))
    return found.select_related("run__evaluation", "run__plan", "reviewer", "requested_by", "decided_by")


def reviews_waiting_for(viewer: Viewer) -> QuerySet[Review]:
    """The reviews that wait for this viewer's decision."""
    if not viewer.is_authenticated:
        return Review.objects.none()
    return reviews_where(viewer).filter(reviewer_id=viewer.pk, state=ReviewState.REQUESTED)


def comments_where(viewer: Viewer) -> QuerySet[Comment]:
    """The comments on evaluations whose plans the viewer may see; those on runs and ratings only with results."""
    found = Comment.objects.filter(evaluation__in=evaluations_where(viewer, Permission.SEE_PLAN))
    seen = Q(run__isnull=True, rating_scheme="") | Q(evaluation__in=evaluations_where(viewer, Permission.SEE_RESULTS))
    return found.filter(seen).select_related("created_by", "resolved_by", "plan", "run", "evaluation")


def study_of_evaluation(viewer: Viewer, evaluation: Evaluation) -> Study | None:
    """The catalogue's study of the evaluation, once something of it was released to this viewer."""
    released = publications_where(viewer).filter(run__evaluation=evaluation).select_related("estimate__study").first()
    return released.estimate.study if released is not None else None


def rating_choices(viewer: Viewer, evaluation: Evaluation) -> list[tuple[str, str]]:
    """The schemes under which the evaluation's study is rated, by key and name; none before it has a study."""
    if study_of_evaluation(viewer, evaluation) is None:
        return []
    return [(each.key, each.name) for each in schemes() if each.rates == STUDY]


def open_requests(viewer: Viewer) -> QuerySet[Comment]:
    """The changes asked for and not yet dealt with."""
    return comments_where(viewer).filter(asks_for_change=True, resolved_at__isnull=True)


def publications_where(viewer: Viewer) -> QuerySet[Publication]:
    """The publications of runs whose results the viewer may see."""
    found = Publication.objects.filter(run__evaluation__in=evaluations_where(viewer, Permission.SEE_RESULTS))
    return found.select_related("run", "estimate", "review__reviewer")


def possible_reviewers(run: AnalysisRun) -> QuerySet[User]:
    """Who may release this run: senior enough where it is granted, and not one of its authors."""
    granting = [each for each, granted in run.access().items() if Permission.RELEASE in granted]
    senior = Membership.objects.filter(
        organisation_id__in=granting, role__in=roles_that_may(Permission.RELEASE), ended_at__isnull=True
    )
    return User.objects.filter(pk__in=senior.values("user_id"), is_active=True).exclude(pk__in=authors_of(run))


def authors_of(run: AnalysisRun) -> set[int]:
    """The people who stated or locked the plan, or started the run."""
    people = {run.created_by_id, run.plan.created_by_id, run.plan.locked_by_id}
    return {person for person in people if person is not None}


def other_plans(run: AnalysisRun) -> QuerySet[AnalysisPlan]:
    """The other plans locked for the same evaluation, in order."""
    return run.evaluation.plans.filter(locked_at__isnull=False).exclude(pk=run.plan_id).order_by("version")


def other_runs(run: AnalysisRun) -> QuerySet[AnalysisRun]:
    """Every other run of the same evaluation, whatever came of it, in order."""
    return run.evaluation.runs.exclude(pk=run.pk).select_related("plan").order_by("number")


def what_differed(run: AnalysisRun) -> list[str]:
    """A sentence for each other plan and run: how its design differed from this one, and what it found."""
    sentences = []
    for plan in other_plans(run):
        changes = [difference_text(each) for each in differences(plan.spec, run.plan.spec)]
        told = " ".join(changes) or "The same design."
        reason = f" Reason given: {plan.deviation_reason}" if plan.deviation_reason else ""
        sentences.append(f"Plan {plan.version}, against the plan released: {told}{reason}")
    sentences += [
        f"Run {other.number} (plan {other.plan.version}): {_outcome(other, run)}" for other in other_runs(run)
    ]
    return sentences


def _outcome(other: AnalysisRun, run: AnalysisRun) -> str:
    if other.state != RunState.DONE or other.result is None:
        return f"{other.get_state_display().lower()}. {other.reason}".strip()
    if other.result_sha256 == run.result_sha256:
        return "the same result, digit for digit."
    value = other.result["estimates"][0].get("value")
    found = "no number" if value is None else number_text(value, digits=digits_for(value))
    return f"{found} as its headline estimate."


def what_came_of(run: AnalysisRun) -> str:
    """The answer of a run as one sentence: its headline with its interval, or why there is none."""
    found = run.get_state_display()
    if run.state == RunState.DONE and run.result:
        found = estimate_text(run.result["estimates"][0], subject_of(run).unit) or "no number"
        if (run.result.get("standing") or {}).get("level") == Standing.DOES_NOT_SUPPORT:
            found += ", a difference that supports no causal reading"
    elif run.reason:
        found = f"{found}: {run.reason}"
    return f"{found.rstrip('.')}."


def withheld_in_words(run: AnalysisRun) -> list[dict[str, str]]:
    """What is hidden of a run if it is released now, and why: in the run alone, and beside earlier releases."""
    withheld = getattr(run, "withheld", None)
    policy = policy_of(run.evaluation.disclosure_policy)
    repeated = [
        {"where": f"Every count, because of: {clash.count}", "why": clash.in_words(policy)} for clash in clashes_of(run)
    ]
    return [*(withheld.hidden if withheld else []), *repeated]


def clashes_of(run: AnalysisRun) -> list[Clash]:
    """The counts of a run about people that nearly repeat those of a release of the same data."""
    if not counts_people(run):
        return []
    return nearly_repeated(run, runs_of_the_same_data(run).filter(publications__isnull=False))


def released_result(review: Review) -> dict[str, Any]:
    """What of the run's answer is released: less what its reviewer wanted hidden, and what earlier releases forbid."""
    run = review.run
    parts = set(review.also_hidden)
    if clashes_of(run):
        parts.add(ALL_COUNTS)
    return hiding(run.result or {}, parts)


def suppressed_for(viewer: Viewer, review: Review) -> list[dict[str, str]]:
    """What is hidden: as it stands now while the review waits, as it stood once it was released.

    Why is told only to those who may release it or ask for its release: that a count is small tells something.
    """
    hidden = withheld_in_words(review.run) if review.state == ReviewState.REQUESTED else review.suppressed
    if may(viewer, Permission.RELEASE, review) or may(viewer, Permission.REQUEST_RELEASE, review):
        return hidden
    return [{"where": each["where"]} for each in hidden]


@dataclass(frozen=True)
class Change:
    """Something that changed lately: when, in words, and where to look."""

    at: datetime
    words: str
    evaluation: Evaluation


def what_changed(viewer: Viewer, evaluations: QuerySet[Evaluation]) -> list[Change]:
    """Runs that ended, plans locked, decisions, releases and comments the viewer may see, the latest first."""
    seen = {"evaluation__in": evaluations}
    runs = runs_where(viewer).filter(**seen, finished_at__isnull=False).order_by("-finished_at")
    plans = plans_where(viewer).filter(**seen, locked_at__isnull=False).order_by("-locked_at")
    comments = comments_where(viewer).filter(**seen).order_by("-created_at")
    released = publications_where(viewer).filter(run__evaluation__in=evaluations)
    moves = StageChange.objects.filter(**seen).select_related("evaluation", "by").order_by("-at")
    changes = [
        *(
            Change(_known(r.finished_at), f"Run {r.number} {r.get_state_display().lower()}", r.evaluation)
            for r in runs[:20]
        ),
        *(Change(_known(p.locked_at), f"Plan {p.version} locked by {p.locked_by}", p.evaluation) for p in plans[:20]),
        *(Change(c.created_at, f"{c.created_by} commented", c.evaluation) for c in comments[:20]),
        *(
            Change(p.published_at, f"Estimate {p.estimate_id} released by {p.published_by}", p.run.evaluation)
            for p in released.select_related("run__evaluation", "published_by")[:20]
        ),
        *(Change(m.at, f"Now {m.get_to_stage_display().lower()}", m.evaluation) for m in moves[:20]),
    ]
    return sorted(changes, key=lambda change: change.at, reverse=True)


def _known(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("only what has happened has a moment")
    return moment

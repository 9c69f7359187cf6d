"""What was registered, what was run and what was reported, set beside one another."""

from __future__ import annotations

from dataclasses import dataclass

from evaluations.plans.models import AnalysisPlan
from evaluations.plans.presenters import difference_text
from evaluations.plans.queries import differences
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.sharing.models import Publication, ReviewState
from evaluations.sharing.queries import what_came_of
from evaluations.workspaces.models import Evaluation
from evidence.catalogue.models import Visibility


@dataclass(frozen=True)
class RegisteredPlan:
    """A locked plan, and how it departs from the first one locked."""

    plan: AnalysisPlan
    is_first: bool
    departures: tuple[str, ...]


@dataclass(frozen=True)
class ReportedRun:
    """A run: what it found, and where that can be read."""

    run: AnalysisRun
    found: str
    where: str
    is_accounted_for: bool


@dataclass(frozen=True)
class Agreement:
    """One thing that a logged estimate and its plan should agree on, and whether they do."""

    what: str
    planned: str
    reported: str

    @property
    def agrees(self) -> bool:
        """Whether what was reported is what was planned."""
        return self.planned == self.reported


@dataclass(frozen=True)
class Reported:
    """A logged estimate beside its plan."""

    publication: Publication
    agreements: tuple[Agreement, ...]


def registered_plans(evaluation: Evaluation) -> list[RegisteredPlan]:
    """Every locked plan in order, each against the first."""
    locked = list(evaluation.plans.filter(locked_at__isnull=False).select_related("locked_by").order_by("version"))
    return [
        RegisteredPlan(
            plan,
            is_first=plan == locked[0],
            departures=tuple(difference_text(each) for each in differences(locked[0].spec, plan.spec)),
        )
        for plan in locked
    ]


def reported_runs(evaluation: Evaluation) -> list[ReportedRun]:
    """Every run in order, whatever came of it: what it found, and whether readers of the catalogue can know."""
    runs = evaluation.runs.select_related("plan", "evaluation__outcome", "evaluation__intervention", "account__by")
    return [_reported_run(run) for run in runs.order_by("number")]


def _reported_run(run: AnalysisRun) -> ReportedRun:
    found = what_came_of(run).rstrip(".")
    where, is_accounted_for = _where_told(run)
    return ReportedRun(run, found, where, is_accounted_for)


def _where_told(run: AnalysisRun) -> tuple[str, bool]:
    """Where readers of the catalogue find what came of a run, and whether they do."""
    logged = [f"estimate {each.estimate_id}" for each in run.publications.all()]
    account = getattr(run, "account", None)
    if logged:
        return f"Logged as {', '.join(logged)}.", True
    if account is not None:
        return f"Accounted for in public by {account.by}: {account.why}", True
    if run.state not in (RunState.DONE, RunState.REFUSED):
        return "It gave no answer.", True
    if _is_told_beside_an_estimate(run):
        return "Told beside the estimates that are logged.", True
    if run.reviews.filter(state=ReviewState.REQUESTED).exists():
        return "Waiting for its reviewer.", False
    return "Not yet accounted for: no estimate that is logged tells of it.", False


def _is_told_beside_an_estimate(run: AnalysisRun) -> bool:
    """Whether an estimate that everyone may read was logged after this run: it tells of every run until then."""
    if run.finished_at is None:
        return False
    later = Publication.objects.filter(run__evaluation=run.evaluation_id, published_at__gte=run.finished_at)
    return later.exclude(estimate__visibility=Visibility.DRAFT).exists()


def reported_estimates(evaluation: Evaluation) -> list[Reported]:
    """Every logged estimate, with an automatic comparison of what was planned and what was logged."""
    logged = Publication.objects.filter(run__evaluation=evaluation).select_related(
        "estimate__outcome", "run__plan", "run__evaluation__outcome"
    )
    return [Reported(each, tuple(_agreements(each))) for each in logged.order_by("pk")]


def _agreements(publication: Publication) -> list[Agreement]:
    run, plan, estimate = publication.run, publication.run.plan, publication.estimate
    headline = (run.result or {})["estimates"][0]["name"]
    evaluation = run.evaluation
    return [
        Agreement("Outcome", str(evaluation.outcome), str(estimate.outcome)),
        Agreement("Estimate", headline, publication.term),
        Agreement("Method", plan.spec["estimator"], estimate.estimator),
        Agreement("Design (hash)", plan.spec_sha256, estimate.spec_sha256),
        Agreement("Data (hash)", run.dataset.sha256, estimate.data_sha256),
        Agreement("Value", str(_value(run, publication)), str(estimate.value)),
    ]


def _value(run: AnalysisRun, publication: Publication) -> float | None:
    rows = (run.result or {})["estimates"]
    same = [
        row
        for row in rows
        if row["name"] == publication.term
        and ("" if row.get("subgroup") is None else str(row["subgroup"])) == publication.subgroup
    ]
    return same[0]["value"] if same else None

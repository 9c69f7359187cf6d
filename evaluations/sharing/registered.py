"""What was registered, what was run and what was reported, set beside one another."""

from __future__ import annotations

from dataclasses import dataclass

from evaluations.plans.models import AnalysisPlan
from evaluations.plans.presenters import difference_text
from evaluations.plans.queries import differences
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.presenters import estimate_text
from evaluations.runs.subjects import subject_of
from evaluations.sharing.models import Publication, ReviewState
from evaluations.workspaces.models import Evaluation


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
    runs = evaluation.runs.select_related("plan", "evaluation__outcome", "evaluation__intervention").order_by("number")
    anything_public = Publication.objects.filter(run__evaluation=evaluation).exists()
    return [_reported_run(run, anything_public) for run in runs]


def _reported_run(run: AnalysisRun, anything_public: bool) -> ReportedRun:
    found = run.get_state_display()
    if run.state == RunState.DONE and run.result:
        found = estimate_text(run.result["estimates"][0], subject_of(run).unit) or "no number"
    elif run.reason:
        found = f"{found}: {run.reason}"
    logged = [f"estimate {each.estimate_id}" for each in run.publications.all()]
    if logged:
        return ReportedRun(run, found, f"Logged as {', '.join(logged)}.", True)
    if anything_public:
        return ReportedRun(run, found, "Told beside the estimates that are logged.", True)
    if run.state not in (RunState.DONE, RunState.REFUSED):
        return ReportedRun(run, found, "It gave no answer.", True)
    if run.reviews.filter(state=ReviewState.REQUESTED).exists():
        return ReportedRun(run, found, "Waiting for its reviewer.", False)
    return ReportedRun(run, found, "Not yet accounted for: nothing of this evaluation has been released.", False)


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

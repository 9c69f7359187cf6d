"""A run's estimate as the catalogue takes it: its study, its number, its origin and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from evaluations.plans.designs import BY_ESTIMATOR
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.queries import unit_of_change
from evaluations.runs.models import AnalysisRun
from evaluations.runs.presenters import diagnostic_title
from evaluations.sharing.coincidences import places_of, years_of
from evaluations.sharing.models import Review
from evaluations.sharing.queries import what_differed
from evaluations.workspaces.models import Evaluation
from evidence.catalogue.models import Design, Study, StudyStatus
from evidence.estimates.actions import About, Measured, RunOrigin, kind_for_standing
from evidence.estimates.models import Standing

STUDY_DESIGN = {"proximity": Design.PROXIMITY_DID, "synthetic_did": Design.SYNTHETIC}
SERIES = ("event_study", "rings", "distance_curve", "by_cohort", "by_period")
NUMBERS = ("value", "std_error", "ci_lower", "ci_upper", "level", "p_value")
COUNTS = ("n_obs", "n_units", "n_treated_units", "n_clusters")


def catalogue_entry(
    run: AnalysisRun,
    result: Mapping[str, Any],
    term: str,
    subgroup: str,
    *,
    review: Review,
    n_plans: int,
    n_runs: int,
) -> dict[str, Any]:
    """The arguments with which the catalogue logs one estimate of this run. `result` is what of it is released."""
    row = next(
        each
        for each in result["estimates"]
        if each["name"] == term and ("" if each.get("subgroup") is None else str(each["subgroup"])) == subgroup
    )
    standing = result.get("standing") or {}
    level = standing.get("level") or Standing.DOES_NOT_SUPPORT
    return {
        "study": study_of(run),
        "outcome": run.evaluation.outcome,
        "estimate_kind": kind_for_standing(level),
        "measured": _measured(run.plan, result, row),
        "origin": _origin(run, result, term, level, review, n_plans, n_runs),
        "about": _about(run, subgroup),
        "is_example": run.evaluation.is_example or run.dataset.is_example,
    }


def study_of(run: AnalysisRun) -> Study:
    """The catalogue's study for this evaluation, made the first time one of its estimates is logged."""
    evaluation, spec = run.evaluation, run.plan.spec
    reference = reference_of(evaluation)
    design = STUDY_DESIGN.get(spec["estimator"]) or STUDY_DESIGN.get(spec["method"]) or Design.DID
    study, is_new = Study.objects.get_or_create(
        evaluation_reference=reference,
        intervention=evaluation.intervention,
        defaults={
            "code": reference,
            "title": evaluation.title,
            "status": StudyStatus.COMPLETE,
            "design": design,
            "design_detail": BY_ESTIMATOR[spec["estimator"]].title,
            "comparator": run.plan.comparator_justification,
            "publisher": evaluation.owner.name,
            "year": timezone.now().year,
            "statement": evaluation.purpose,
        },
    )
    if is_new:
        study.places.set(places_of(run))
        study.target_groups.set(evaluation.intervention.target_groups.all() if evaluation.intervention else [])
    return study


def reference_of(evaluation: Evaluation) -> str:
    """The workspace's own name for an evaluation, as the catalogue keeps it."""
    return f"evaluation-{evaluation.pk}"


def _measured(plan: AnalysisPlan, result: Mapping[str, Any], row: Mapping[str, Any]) -> Measured:
    outcome = plan.evaluation.outcome
    if outcome is None:
        raise ValueError("Only an evaluation of a catalogued outcome can be logged.")
    numbers: dict[str, Any] = {name: row.get(name) for name in (*NUMBERS, *COUNTS)}
    if not numbers["std_error"]:
        numbers["std_error"] = None
    if numbers["ci_lower"] is None or numbers["ci_upper"] is None:
        numbers |= {"ci_lower": None, "ci_upper": None, "level": None}
    is_headline = row is result["estimates"][0]
    detectable = (result.get("detectable_effect") or {}) if is_headline else {}
    return Measured(
        unit=unit_of_change(plan) or "the outcome's own unit",
        direction=outcome.direction,
        estimand=row.get("estimand") or "",
        detectable_effect=detectable.get("value"),
        detectable_power=detectable.get("power"),
        **numbers,
    )


def _origin(
    run: AnalysisRun,
    result: Mapping[str, Any],
    term: str,
    level: str,
    review: Review,
    n_plans: int,
    n_runs: int,
) -> RunOrigin:
    standing = result.get("standing") or {}
    return RunOrigin(
        run_reference=f"run-{run.pk}",
        term=term,
        data_sha256=run.data_sha256,
        spec_sha256=run.spec_sha256,
        engine_version=run.engine_version,
        seed=run.seed,
        standing=level,
        standing_reasons=list(standing.get("reasons", [])),
        standing_rule_version=str(standing.get("rule_version", "")),
        plan_locked_before_outcomes=bool(run.plan.locked_before_outcomes),
        n_plans_before=n_plans,
        n_runs_before=n_runs,
        differences=what_differed(run),
        reviewer_name=str(review.reviewer),
        analyst_name=str(run.created_by),
        method=run.plan.spec["method"],
        estimator=run.plan.spec["estimator"],
        receipt=run.receipt or {},
        diagnostics=[{**each, "title": diagnostic_title(each["code"])} for each in result.get("diagnostics", [])],
        sample=_sample(run, result),
        series={part: result[part] for part in SERIES if part in result},
        answers=[*_answers(run), *review.answers],
    )


def _sample(run: AnalysisRun, result: Mapping[str, Any]) -> dict[str, Any]:
    """The sample as it is released, its years, and which of the headline's counts are hidden by what policy."""
    years, disclosure = years_of(run), result.get("disclosure")
    sample = {**result.get("sample", {}), **({"years": list(years)} if years else {})}
    if disclosure is None:
        return sample
    hidden = result["estimates"][0].get("hidden", [])
    counts = [name for name in COUNTS if name in hidden]
    stated = {"policy": disclosure["policy"], "legend": disclosure["legend"], "hidden_counts": counts}
    return sample | {"disclosure": stated}


def _answers(run: AnalysisRun) -> list[dict[str, str]]:
    asked = (
        ("Why is the comparison group a fair one?", run.plan.comparator_justification),
        ("What else could explain a difference?", run.plan.other_explanations),
    )
    return [{"question": question, "answer": answer} for question, answer in asked if answer]


def _about(run: AnalysisRun, subgroup: str) -> About:
    design = BY_ESTIMATOR[run.plan.spec["estimator"]]
    return About(
        subgroup=subgroup,
        comparison=run.plan.comparator_justification or design.compares,
        design_detail=design.title,
    )

"""Stating a design, and locking it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.queries import plan_issues
from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation

WORDS = ("outcome_unit", "comparator_justification", "other_explanations", "deviation_reason")


@transaction.atomic
def save_draft(
    *,
    evaluation: Evaluation,
    spec: Mapping[str, Any],
    by: User,
    dataset: Dataset | None = None,
    sites: Dataset | None = None,
    **words: str,
) -> AnalysisPlan:
    """The evaluation's draft plan with this design, made if there was none. Raises `BadInput`."""
    require(by, Permission.WRITE_PLAN, evaluation)
    stated = parse_spec(spec)
    for each in (dataset, sites):
        if each is not None and each.evaluation_id != evaluation.pk:
            raise BadInput([Issue("dataset_elsewhere", "The data belong to another evaluation.", "Choose other data.")])
    Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    draft = evaluation.plans.filter(locked_at__isnull=True).first() or _new_draft(evaluation, by)
    draft.spec, draft.dataset, draft.sites = stated.to_json(), dataset, sites
    for name, text in words.items():
        if name not in WORDS:
            raise TypeError(f"save_draft has no argument {name}")
        setattr(draft, name, text)
    draft.full_clean()
    draft.save()
    detail = {"version": draft.version, "spec_sha256": stated.sha256()}
    write_audit(evaluation, by=by, verb="save_draft_plan", subject=draft, detail=detail)
    return draft


def _new_draft(evaluation: Evaluation, by: User) -> AnalysisPlan:
    latest = evaluation.plans.aggregate(latest=Max("version"))["latest"] or 0
    return AnalysisPlan(evaluation=evaluation, version=latest + 1, created_by=by)


@transaction.atomic
def lock_plan(*, plan: AnalysisPlan, by: User) -> AnalysisPlan:
    """The plan, locked for good. Raises `BadInput` where it does not fit its data, or departs without a reason."""
    require(by, Permission.LOCK_PLAN, plan)
    plan = (
        AnalysisPlan.objects.select_for_update(of=("self",))
        .select_related("evaluation", "dataset", "sites")
        .get(pk=plan.pk)
    )
    if plan.is_locked:
        return plan
    issues = [*plan_issues(plan), *_unexplained_departure(plan)]
    if issues:
        raise BadInput(issues)
    spec = parse_spec(plan.spec)
    outcomes = plan.evaluation.datasets.filter(kind=DatasetKind.OUTCOMES)
    plan.spec, plan.spec_sha256 = spec.to_json(), spec.sha256()
    plan.locked_at, plan.locked_by = timezone.now(), by
    plan.locked_before_outcomes = not outcomes.exists()
    plan.save()
    detail = {
        "version": plan.version,
        "spec_sha256": plan.spec_sha256,
        "before_outcomes": plan.locked_before_outcomes,
    }
    write_audit(plan.evaluation, by=by, verb="lock_plan", subject=plan, detail=detail)
    return plan


def _unexplained_departure(plan: AnalysisPlan) -> list[Issue]:
    earlier = plan.evaluation.plans.filter(locked_at__isnull=False)
    if not earlier.exists() or plan.deviation_reason.strip():
        return []
    return [
        Issue(
            "deviation_without_reason",
            "A plan was locked before this one, and this one does not say why it departs from it.",
            "Say what changed and why.",
            column="deviation_reason",
        )
    ]

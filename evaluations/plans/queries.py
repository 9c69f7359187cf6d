"""What a viewer may read of plans, and how two plans differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.queries import design_issues
from evaluations.organisations.permissions import Permission, Viewer
from evaluations.plans.models import AnalysisPlan
from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.roles import missing_roles
from evaluations.stats.spec import Spec, parse_spec
from evaluations.workspaces.queries import evaluations_where

MOST_ROWS_READ_AT_ONCE = 2_000_000
"""Above this a plan is checked against the rows only when it is run."""


@dataclass(frozen=True)
class Difference:
    """One place where two designs differ; `path` is the key, such as options.control_group."""

    path: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        """The difference as plain data."""
        return {"path": self.path, "before": self.before, "after": self.after}


def plans_where(viewer: Viewer, permission: Permission = Permission.SEE_PLAN) -> QuerySet[AnalysisPlan]:
    """The plans on whose evaluations the viewer has `permission`."""
    found = AnalysisPlan.objects.filter(evaluation__in=evaluations_where(viewer, permission))
    return found.select_related("evaluation", "dataset", "sites", "created_by", "locked_by")


def plan_issues(plan: AnalysisPlan) -> list[Issue]:
    """Every reason why this plan could not be run on the data it names, in words."""
    try:
        spec = parse_spec(plan.spec)
    except BadInput as wrong:
        return list(wrong.issues)
    issues = missing_roles(spec.estimator, spec.columns.named(), panel=spec.options.panel)
    issues += dataset_issues(plan.dataset, spec)
    if plan.sites is not None:
        issues += _state_issues(plan.sites, "sites")
    if issues or plan.dataset is None or (plan.dataset.rows_stored or 0) > MOST_ROWS_READ_AT_ONCE:
        return issues
    return design_issues(plan.dataset, spec, sites=plan.sites)


def dataset_issues(dataset: Dataset | None, spec: Spec) -> Iterator[Issue]:
    """Why this design could not be run on this dataset: not ready, or a column missing."""
    if dataset is None:
        return
    yield from _state_issues(dataset, "data")
    present = [column["name"] for column in dataset.columns]
    for role, names in spec.columns.named().items():
        for name in names:
            if present and name not in present:
                yield Issue(
                    "column_missing",
                    f"The plan takes {role.replace('_', ' ')} from a column called {name}, which the data do not have.",
                    f"The columns are {', '.join(present)}.",
                    column=name,
                )


def _state_issues(dataset: Dataset, what: str) -> list[Issue]:
    if dataset.state == DatasetState.READY:
        return []
    said = dataset.get_state_display().lower()
    message = f"The {what} cannot be used: {dataset} is {said}."
    return [Issue("dataset_not_ready", message, "Choose data that are ready.")]


def unit_of_change(plan: AnalysisPlan) -> str:
    """The unit in which the plan's effect is stated: its own words, else what follows from the outcome's unit."""
    outcome = plan.evaluation.outcome
    if plan.outcome_unit or outcome is None:
        return plan.outcome_unit
    return "percentage points" if outcome.unit.startswith("%") else outcome.unit


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Where two designs differ, key by key, in the order of the later one."""
    first, second = dict(_leaves(before)), dict(_leaves(after))
    paths = [*second, *(path for path in first if path not in second)]
    return [
        Difference(path, first.get(path), second.get(path)) for path in paths if first.get(path) != second.get(path)
    ]


def _leaves(block: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in block.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value

"""What the data pages share: what the viewer may open, and where the page is."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import datasets_where
from evaluations.organisations.permissions import Permission
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where


def evaluation_or_404(request: HttpRequest, pk: int, permission: Permission = Permission.SEE_PLAN) -> Evaluation:
    """An evaluation on which the viewer has `permission`."""
    return get_object_or_404(evaluations_where(request.user, permission), pk=pk)


def crumbs_of(evaluation: Evaluation, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way from the start to a page of the evaluation."""
    start = [("Evaluations", "/evaluations/"), (evaluation.title, f"/evaluations/{evaluation.pk}/")]
    return [*start, *more]


def dataset_or_404(request: HttpRequest, pk: int, dataset_pk: int) -> Dataset:
    """A dataset of the evaluation that the viewer may see."""
    return get_object_or_404(datasets_where(request.user).filter(evaluation_id=pk), pk=dataset_pk)

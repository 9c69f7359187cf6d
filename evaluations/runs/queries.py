"""What a viewer may read of runs."""

from __future__ import annotations

from django.db.models import QuerySet

from evaluations.organisations.permissions import Permission, Viewer
from evaluations.runs.models import AnalysisRun
from evaluations.workspaces.queries import evaluations_where


def runs_where(viewer: Viewer, permission: Permission = Permission.SEE_RESULTS) -> QuerySet[AnalysisRun]:
    """The runs on whose evaluations the viewer has `permission`."""
    found = AnalysisRun.objects.filter(evaluation__in=evaluations_where(viewer, permission))
    return found.select_related("evaluation", "plan", "dataset", "created_by", "repeats")

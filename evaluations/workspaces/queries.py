"""What a viewer may read of evaluations and how they are shared."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from evaluations.organisations.permissions import Permission, Viewer
from evaluations.organisations.queries import organisation_ids_where
from evaluations.workspaces.models import GRANTED_AT, NEVER_OF_AN_EXAMPLE, SHARED_STAGES, Evaluation, Share


def evaluations_where(viewer: Viewer, permission: Permission = Permission.SEE_EVALUATION) -> QuerySet[Evaluation]:
    """The evaluations on which the viewer has `permission`: the set form of `may`."""
    organisations = organisation_ids_where(viewer, permission)
    if not organisations:
        return Evaluation.objects.none()
    levels = [level for level, granted in GRANTED_AT.items() if permission in granted]
    shared = Share.objects.filter(organisation_id__in=organisations, level__in=levels, ended_at__isnull=True)
    found = Evaluation.objects.filter(
        Q(owner_id__in=organisations) | Q(pk__in=shared.values("evaluation_id"), stage__in=SHARED_STAGES)
    )
    if permission in NEVER_OF_AN_EXAMPLE:
        found = found.filter(is_example=False)
    return found.select_related("owner", "created_by")

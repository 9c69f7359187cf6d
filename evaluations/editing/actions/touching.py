"""Which interventions' pages and documents a changed record stands on."""

from __future__ import annotations

from typing import Any

from evidence.catalogue.models import Intervention, Outcome, Source, Succession, TargetGroup


def interventions_touched(row: Any) -> set[int]:
    """The interventions that say something of this record, or that their studies or estimates do."""
    if isinstance(row, Intervention):
        return {row.pk}
    if isinstance(row, Succession):
        return {row.earlier_id, row.later_id}
    if isinstance(row, Outcome):
        return set(row.estimates.values_list("intervention_id", flat=True))
    if isinstance(row, Source | TargetGroup):
        return {
            *row.interventions.values_list("pk", flat=True),
            *row.studies.values_list("intervention_id", flat=True),
            *row.estimates.values_list("intervention_id", flat=True),
        }
    return {row.intervention_id}

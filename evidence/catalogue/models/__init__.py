"""The catalogue's records, one file a subject."""

from evidence.catalogue.models.groups import EqualityGroup, TargetGroup
from evidence.catalogue.models.interventions import (
    Component,
    Intervention,
    InterventionAudience,
    InterventionComponent,
    InterventionNote,
    LifeStage,
    LosersExamined,
    Status,
    Succession,
)
from evidence.catalogue.models.outcomes import Direction, Horizon, Mobility, Outcome
from evidence.catalogue.models.sources import Source
from evidence.catalogue.models.studies import Design, SeriesBreak, Study, StudyAudience, StudyStatus
from evidence.catalogue.models.version import CatalogueVersion
from evidence.catalogue.models.visibility import (
    AudienceBase,
    MergeableQuerySet,
    Visibility,
    VisibleModel,
    VisibleQuerySet,
    is_editor,
    organisation_ids_of,
    visibility_constraints,
)

__all__ = [
    "AudienceBase",
    "CatalogueVersion",
    "Component",
    "Design",
    "Direction",
    "EqualityGroup",
    "Horizon",
    "Intervention",
    "InterventionAudience",
    "InterventionComponent",
    "InterventionNote",
    "LifeStage",
    "LosersExamined",
    "MergeableQuerySet",
    "Mobility",
    "Outcome",
    "SeriesBreak",
    "Source",
    "Status",
    "Study",
    "StudyAudience",
    "StudyStatus",
    "Succession",
    "TargetGroup",
    "Visibility",
    "VisibleModel",
    "VisibleQuerySet",
    "is_editor",
    "organisation_ids_of",
    "visibility_constraints",
]

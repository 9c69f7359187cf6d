"""Gathers the subjects' models for Django."""

from evidence.catalogue.models import (
    Intervention,
    InterventionAudience,
    InterventionNote,
    Outcome,
    SeriesBreak,
    Source,
    Study,
    StudyAudience,
    Succession,
    TargetGroup,
)
from evidence.estimates.models import EffectEstimate, EstimateAudience
from evidence.places.models import Place, PlaceChange, PlaceFigure, PlaceMeasure
from evidence.ratings.models import Rating

__all__ = [
    "EffectEstimate",
    "EstimateAudience",
    "Intervention",
    "InterventionAudience",
    "InterventionNote",
    "Outcome",
    "Place",
    "PlaceChange",
    "PlaceFigure",
    "PlaceMeasure",
    "Rating",
    "SeriesBreak",
    "Source",
    "Study",
    "StudyAudience",
    "Succession",
    "TargetGroup",
]

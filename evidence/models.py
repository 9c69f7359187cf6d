"""Gathers the subjects' models for Django."""

from evidence.catalogue.models import (
    CatalogueVersion,
    Intervention,
    InterventionAudience,
    InterventionComponent,
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
from evidence.places.models import Place, PlaceBoundary, PlaceChange, PlaceEdition, PlaceFigure, PlaceMeasure
from evidence.ratings.models import Rating
from evidence.search.models import SearchDocument, SearchWord
from evidence.series.models import OfficialSeries, SeriesPlace
from evidence.sites.models import Site, SiteList, SiteListAudience

__all__ = [
    "CatalogueVersion",
    "EffectEstimate",
    "EstimateAudience",
    "Intervention",
    "InterventionAudience",
    "InterventionComponent",
    "InterventionNote",
    "OfficialSeries",
    "Outcome",
    "Place",
    "PlaceBoundary",
    "PlaceChange",
    "PlaceEdition",
    "PlaceFigure",
    "PlaceMeasure",
    "Rating",
    "SearchDocument",
    "SearchWord",
    "SeriesBreak",
    "SeriesPlace",
    "Site",
    "SiteList",
    "SiteListAudience",
    "Source",
    "Study",
    "StudyAudience",
    "Succession",
    "TargetGroup",
]

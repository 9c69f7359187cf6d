"""Official series, all of them public, by place and by outcome."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from evidence.series.models import OfficialSeries, SeriesPlace


def series_known(viewer: Any) -> QuerySet[OfficialSeries]:
    """The current version of every series."""
    return OfficialSeries.objects.filter(is_current=True).select_related("outcome")


def series_of_place(viewer: Any, *, code: str) -> QuerySet[SeriesPlace]:
    """The figures of one place in every current series."""
    return SeriesPlace.objects.filter(code=code, series__is_current=True).select_related("series__outcome")


def authorities_in(viewer: Any, series: OfficialSeries) -> QuerySet[SeriesPlace]:
    """The authorities of one series, without regions and nations."""
    return series.places.filter(is_authority=True).select_related("place")

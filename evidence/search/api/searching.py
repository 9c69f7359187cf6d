"""Lists over the API that search and filter as the pages do."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from evidence.catalogue.api import StudyViewSet
from evidence.catalogue.listing import FilterSchema, PublicViewSet, check_known
from evidence.estimates.api import EstimateViewSet
from evidence.search.facets import SHOWN
from evidence.search.queries import find, read_criteria


class SearchSchema(FilterSchema):
    """Describes the facets beside the endpoint's own filters."""

    def filter_names(self) -> list[str]:
        """Facets first, then the rest."""
        return [*SHOWN[self.view.kind], *(name for name in self.view.filters if name not in SHOWN[self.view.kind])]


class SearchedViewSet(PublicViewSet):
    """A list that answers in the order of the search, and filters by every facet of the page."""

    kind: ClassVar[str]
    schema = SearchSchema()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What matches the words and the filters, best first."""
        facets = set(SHOWN[self.kind])
        own = {name for name in self.filters if name not in facets}
        check_known(request.query_params, facets | own)
        keys = find(request.user, self.kind, read_criteria(request.query_params, self.kind)).keys
        if any(request.query_params.get(name) for name in own):
            kept = set(self.narrowed(self.rows(), own).values_list("pk", flat=True))
            keys = tuple(key for key in keys if key in kept)
        page = self.paginate_queryset(keys) or []
        rows = self.rows().in_bulk(list(page))
        found = [rows[key] for key in page if key in rows]
        return self.get_paginated_response(self.get_serializer(found, many=True).data)


class SearchedStudyViewSet(SearchedViewSet, StudyViewSet):
    """Evaluations, those never made included."""

    kind = "study"


class SearchedEstimateViewSet(SearchedViewSet, EstimateViewSet):
    """Estimates. Lists leave out withdrawn and superseded ones; each keeps its own address for good."""

    kind = "estimate"

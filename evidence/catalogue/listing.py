"""What the catalogue's read-only endpoints share: anyone may read, filters have names, unknown ones are told."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from drf_spectacular.openapi import AutoSchema
from rest_framework import viewsets
from rest_framework.permissions import AllowAny

from evidence.catalogue.issues import CatalogueRefused, Issue

ALWAYS_KNOWN = frozenset({"search", "page", "page_size", "format"})
LONGEST_SEARCH = 200


class FilterSchema(AutoSchema):
    """Describes each endpoint's filters in the OpenAPI document."""

    def get_override_parameters(self) -> list[Any]:
        """The search and the filters of a list; nothing for one row."""
        from drf_spectacular.utils import OpenApiParameter

        if not self._is_list_view():
            return []
        described = [OpenApiParameter("search", str, description="Words to look for.")]
        described += [
            OpenApiParameter(name, str, many=True, description=f"Only rows with this {name.replace('_', ' ')}.")
            for name in self.filter_names()
        ]
        return described

    def filter_names(self) -> list[str]:
        """The names of the filters."""
        return list(getattr(self.view, "filters", {}))


class PublicViewSet(viewsets.ReadOnlyModelViewSet):
    """Rows that everyone may read, as far as the viewer may see them."""

    permission_classes = [AllowAny]
    schema = FilterSchema()
    filters: ClassVar[dict[str, str]] = {}
    searched: ClassVar[tuple[str, ...]] = ()

    def rows(self) -> QuerySet:
        """Every row the viewer may see."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet:
        """The rows that match the words and the filters of the request."""
        if getattr(self, "swagger_fake_view", False):
            return self.rows().none()
        found = self.rows()
        return self._filtered(found) if self.action == "list" else found

    def _filtered(self, found: QuerySet) -> QuerySet:
        params = self.request.query_params
        check_known(params, {*self.filters})
        found = self.narrowed(found, set(self.filters))
        for word in params.get("search", "")[:LONGEST_SEARCH].replace("\x00", "").split()[:10]:
            matches = Q()
            for field in self.searched:
                matches |= Q(**{f"{field}__icontains": word})
            found = found.filter(matches)
        return found.distinct() if self._joins(params) else found

    def narrowed(self, found: QuerySet, names: set[str]) -> QuerySet:
        """The rows that pass these filters."""
        for name in names:
            values = [value for value in self.request.query_params.getlist(name) if value]
            if values:
                lookup = self.filters[name]
                found = found.filter(**{f"{lookup}__in": _cleaned(found, lookup, name, values)})
        return found

    def _joins(self, params: Any) -> bool:
        return any("__" in lookup for name, lookup in self.filters.items() if params.get(name)) or bool(
            params.get("search") and any("__" in field for field in self.searched)
        )


def check_known(params: Any, names: set[str]) -> None:
    """Raise CatalogueRefused naming every parameter that is not a filter here."""
    known = sorted(names | ALWAYS_KNOWN)
    unknown = [name for name in params if name not in known]
    if unknown:
        raise CatalogueRefused(
            Issue(
                code="unknown_filter",
                message=f"There is no filter called {name[:80]!r}.",
                hint=f"Filters here: {', '.join(known)}.",
                column=name[:80],
            )
            for name in unknown
        )


def _cleaned(found: QuerySet, lookup: str, name: str, values: list[str]) -> list[Any]:
    field: Any = found.model._meta
    for part in lookup.split("__"):
        field = (field.related_model._meta if hasattr(field, "related_model") else field).get_field(part)
    try:
        return [field.to_python(value.replace("\x00", "")) for value in values]
    except ValidationError as error:
        raise CatalogueRefused([Issue(code="bad_value", message=f"{name} takes a number.", column=name)]) from error

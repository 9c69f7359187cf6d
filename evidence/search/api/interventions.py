"""Interventions over the API: the same search and filters as the page."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from evidence.catalogue.api import NamedGroup, NamedPlace, SourceSerializer
from evidence.catalogue.models import Intervention, InterventionNote
from evidence.catalogue.queries import interventions_visible_to
from evidence.search.api.searching import SearchedViewSet


class NoteSerializer(serializers.ModelSerializer):
    """Something a reader must know first, such as sources that disagree."""

    sources = serializers.SlugRelatedField(slug_field="code", many=True, read_only=True)

    class Meta:
        model = InterventionNote
        fields = ["kind", "title", "text", "sources"]


class InterventionSerializer(serializers.ModelSerializer):
    """What is tried, for whom, where, at what cost, and who might lose out."""

    target_groups = NamedGroup(many=True, read_only=True)
    places = NamedPlace(many=True, read_only=True)
    sources = SourceSerializer(many=True, read_only=True)
    notes = NoteSerializer(many=True, read_only=True)
    cost_source = serializers.SlugRelatedField(slug_field="code", read_only=True, allow_null=True)
    address = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Intervention
        fields = [
            *("slug", "name", "code", "address", "kind", "summary", "mechanism", "life_stage", "ages", "status"),
            *("status_detail", "started", "ended", "start_year", "end_year", "country", "where", "lead_body"),
            *("key_facts", "cost_per_participant", "cost_currency", "cost_price_year", "cost_source", "cost_note"),
            *("who_might_lose_out", "losers_examined", "target_groups", "places", "sources", "notes", "visibility"),
        ]


class InterventionViewSet(SearchedViewSet):
    """Interventions."""

    serializer_class = InterventionSerializer
    lookup_field = "slug"
    kind = "intervention"

    def rows(self) -> QuerySet:
        """The interventions the viewer may see."""
        notes = Prefetch("notes", InterventionNote.objects.prefetch_related("sources"))
        return (
            interventions_visible_to(self.request.user)
            .select_related("cost_source")
            .prefetch_related("target_groups", "places", "sources", notes)
            .order_by("name")
        )

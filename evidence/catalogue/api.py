"""Outcomes, target groups, sources and studies over the API, for everyone."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from evidence.catalogue import queries
from evidence.catalogue.listing import PublicViewSet
from evidence.catalogue.models import Intervention, Outcome, SeriesBreak, Source, Study, TargetGroup


class SourceSerializer(serializers.ModelSerializer):
    """A publication."""

    citation = serializers.CharField(read_only=True)

    class Meta:
        model = Source
        fields = ["code", "title", "authors", "publisher", "published", "year", "url", "citation"]


class SeriesBreakSerializer(serializers.ModelSerializer):
    """A break in an outcome's series."""

    class Meta:
        model = SeriesBreak
        fields = ["kind", "from_year", "to_year", "text"]


class OutcomeSerializer(serializers.ModelSerializer):
    """An outcome: definition, unit, direction, domain, official sources and breaks."""

    sources = SourceSerializer(many=True, read_only=True)
    series_breaks = SeriesBreakSerializer(many=True, read_only=True)

    class Meta:
        model = Outcome
        fields = [
            *("code", "slug", "name", "domain", "stage", "definition", "unit", "scale", "direction"),
            *("official_code", "latest_value_seen", "notes", "sources", "series_breaks"),
        ]


class TargetGroupSerializer(serializers.ModelSerializer):
    """A target group: definition, the measure used and what it misses."""

    sources = SourceSerializer(many=True, read_only=True)

    class Meta:
        model = TargetGroup
        fields = [
            *("code", "slug", "name", "definition", "basis", "proxy_misses", "caution", "age_from", "age_to"),
            *("is_person_targeted", "sources"),
        ]


class NamedIntervention(serializers.ModelSerializer):
    """An intervention, by name."""

    class Meta:
        model = Intervention
        fields = ["slug", "name"]


class NamedOutcome(serializers.ModelSerializer):
    """An outcome, by name."""

    class Meta:
        model = Outcome
        fields = ["slug", "name", "domain"]


class NamedGroup(serializers.ModelSerializer):
    """A target group, by name."""

    class Meta:
        model = TargetGroup
        fields = ["slug", "name"]


class NamedPlace(serializers.Serializer):
    """A place, by code and name."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()


class StudySerializer(serializers.ModelSerializer):
    """One evaluation, or the record that there is none."""

    intervention = NamedIntervention(read_only=True)
    source = SourceSerializer(read_only=True, allow_null=True)
    target_groups = NamedGroup(many=True, read_only=True)
    places = NamedPlace(many=True, read_only=True)
    address = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Study
        fields = [
            *("id", "code", "title", "address", "intervention", "status", "design", "design_detail", "comparator"),
            *("authors", "publisher", "year", "expected", "statement", "source", "target_groups", "places"),
            *("accounts", "visibility"),
        ]


class OutcomeViewSet(PublicViewSet):
    """What interventions try to change."""

    serializer_class = OutcomeSerializer
    lookup_field = "slug"
    filters = {"domain": "domain", "direction": "direction"}
    searched = ("name", "definition", "domain")

    def rows(self) -> QuerySet:
        """Every outcome."""
        return queries.outcomes_known(self.request.user).prefetch_related("series_breaks")


class TargetGroupViewSet(PublicViewSet):
    """Whom interventions are for."""

    serializer_class = TargetGroupSerializer
    lookup_field = "slug"
    filters = {"basis": "basis"}
    searched = ("name", "definition", "caution")

    def rows(self) -> QuerySet:
        """Every target group."""
        return queries.target_groups_known(self.request.user)


class SourceViewSet(PublicViewSet):
    """Publications."""

    serializer_class = SourceSerializer
    lookup_field = "code"
    lookup_value_regex = "[^/]+"
    filters = {"year": "year"}
    searched = ("title", "authors", "publisher")

    def rows(self) -> QuerySet:
        """Every source."""
        return queries.sources_known(self.request.user)


class StudyViewSet(PublicViewSet):
    """Evaluations, those never made included."""

    serializer_class = StudySerializer
    filters = {
        "intervention": "intervention__slug",
        "status": "status",
        "design": "design",
        "year": "year",
        "target_group": "target_groups__slug",
        "place": "places__code",
    }
    searched = ("title", "authors", "statement", "intervention__name")

    def rows(self) -> QuerySet:
        """The studies the viewer may see."""
        return queries.studies_visible_to(self.request.user).prefetch_related("target_groups", "places")

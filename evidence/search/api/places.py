"""Places over the API, for everyone."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from evidence.catalogue.listing import PublicViewSet
from evidence.places.models import Place, PlaceFigure
from evidence.places.queries import places_known


class FigureSerializer(serializers.ModelSerializer):
    """One measure of a place, with the credit to give."""

    measure = serializers.CharField(source="measure.code")
    name = serializers.CharField(source="measure.name")
    unit = serializers.CharField(source="measure.unit")
    reading = serializers.CharField(source="measure.reading")
    credit = serializers.CharField(source="measure.credit")

    class Meta:
        model = PlaceFigure
        fields = ["measure", "name", "value", "unit", "reading", "credit"]


class PlaceSerializer(serializers.ModelSerializer):
    """A place with what it lies within, its former codes and its figures."""

    within = serializers.SlugRelatedField(source="parent", slug_field="code", read_only=True)
    combined_authority = serializers.SlugRelatedField(slug_field="code", read_only=True)
    previous_codes = serializers.SlugRelatedField(
        source="changes", slug_field="previous_code", many=True, read_only=True
    )
    figures = FigureSerializer(many=True, read_only=True)

    class Meta:
        model = Place
        fields = [
            *("code", "name", "kind", "nation", "within", "combined_authority", "previous_codes"),
            *("latitude", "longitude", "is_coastal", "index_area", "figures"),
        ]


class PlaceViewSet(PublicViewSet):
    """Nations, regions, combined authorities and authorities."""

    serializer_class = PlaceSerializer
    lookup_field = "code"
    filters = {
        "kind": "kind",
        "nation": "nation",
        "within": "parent__code",
        "combined_authority": "combined_authority__code",
    }
    searched = ("name", "code")

    def rows(self) -> QuerySet:
        """Every current place."""
        figures = Prefetch("figures", PlaceFigure.objects.select_related("measure").order_by("measure__position"))
        return places_known(self.request.user).prefetch_related("changes", figures)

"""Lists of sites over the API: read them, save a dataset's, use one in an evaluation, decide as an editor."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.datasets.api import DatasetSerializer, OpenEvaluation
from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import datasets_where
from evaluations.datasets.site_lists import decide_on_sites, save_sites, use_sites
from evaluations.organisations.permissions import Permission
from evaluations.workspaces.models import Evaluation
from evidence.catalogue.models import Intervention
from evidence.catalogue.queries import interventions_visible_to
from evidence.sites.models import Site, SiteList
from evidence.sites.queries import site_lists_visible_to, usable_site_lists


class OpenSites(serializers.PrimaryKeyRelatedField):
    """A dataset to whose evaluation the viewer may add data; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return datasets_where(self.context["request"].user, Permission.UPLOAD_DATA)


class VisibleIntervention(serializers.SlugRelatedField):
    """An intervention the viewer may open, by its slug."""

    def get_queryset(self) -> Any:
        """Only those."""
        return interventions_visible_to(self.context["request"].user)


class SiteSerializer(serializers.ModelSerializer):
    """One site: where it is, when it was open, of what kind."""

    class Meta:
        model = Site
        fields = ["name", "latitude", "longitude", "opened", "closed", "kind"]


class SiteListSerializer(serializers.ModelSerializer):
    """A list of sites of one intervention. POST `dataset`, `intervention`, `name` and `source` to save one."""

    intervention = VisibleIntervention(slug_field="slug", queryset=Intervention.objects.none())
    dataset = OpenSites(queryset=Dataset.objects.none(), write_only=True)
    n_sites = serializers.IntegerField(read_only=True)

    class Meta:
        model = SiteList
        fields = [
            *("id", "intervention", "dataset", "name", "source", "visibility", "saved_by", "saved_at"),
            *("data_sha256", "reason", "n_sites"),
        ]
        read_only_fields = ["visibility", "saved_by", "saved_at", "data_sha256", "reason"]

    def create(self, validated_data: dict[str, Any]) -> SiteList:
        """The dataset's sites, saved as a draft of the catalogue."""
        user = self.context["request"].user
        made = save_sites(by=user, **validated_data)
        return site_lists_visible_to(user).get(pk=made.pk)


class WholeSiteListSerializer(SiteListSerializer):
    """A list with its sites."""

    sites = SiteSerializer(many=True, read_only=True)

    class Meta(SiteListSerializer.Meta):
        fields = [*SiteListSerializer.Meta.fields, "sites"]


class UseSerializer(serializers.Serializer):
    """The evaluation in which to use the sites."""

    evaluation = OpenEvaluation(queryset=Evaluation.objects.none())


class SiteDecisionSerializer(serializers.Serializer):
    """An editor's decision, with a reason where the list is withdrawn."""

    decision = serializers.ChoiceField(choices=["publish", "withdraw"])
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class SiteListViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """The lists of sites you may see. `use/` copies one into an evaluation; `decide/` is for editors."""

    serializer_class = SiteListSerializer
    queryset = SiteList.objects.none()

    def get_serializer_class(self) -> Any:
        """One list comes with its sites."""
        return WholeSiteListSerializer if self.action == "retrieve" else SiteListSerializer

    def get_queryset(self) -> Any:
        """Only what the viewer may see; `intervention`, a slug, narrows it."""
        found = site_lists_visible_to(self.request.user).prefetch_related("sites")
        intervention = self.request.query_params.get("intervention", "").replace("\x00", "")
        return found.filter(intervention__slug=intervention) if intervention else found

    @extend_schema(request=UseSerializer, responses={201: DatasetSerializer})
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: str | None = None) -> Response:
        """Copy the sites into an evaluation, as a dataset of its own."""
        seen = self.get_object()
        asked = UseSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        site_list = usable_site_lists(request.user).filter(pk=seen.pk).first()
        if site_list is None:
            raise serializers.ValidationError("The list was withdrawn. Choose another.")
        dataset = use_sites(site_list=site_list, evaluation=asked.validated_data["evaluation"], by=request.user)
        shown = DatasetSerializer(dataset, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)

    @extend_schema(request=SiteDecisionSerializer, responses=SiteListSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str | None = None) -> Response:
        """Publish or withdraw the list; only an editor of the catalogue may."""
        seen = self.get_object()
        asked = SiteDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        decided = decide_on_sites(site_list=seen, by=request.user, **asked.validated_data)
        return Response(self.get_serializer(site_lists_visible_to(request.user).get(pk=decided.pk)).data)

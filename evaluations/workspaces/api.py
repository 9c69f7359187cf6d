"""Evaluations over the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from evaluations.disclosure.policy import policy_of
from evaluations.organisations.models import Organisation
from evaluations.organisations.permissions import Permission
from evaluations.organisations.queries import organisations_where
from evaluations.workspaces.actions import create_evaluation, edit_evaluation
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where
from evidence.catalogue.models import Intervention, Outcome


class OwnOrganisation(serializers.SlugRelatedField):
    """An organisation in which the viewer may own an evaluation."""

    def get_queryset(self) -> Any:
        """Only those: another organisation's name is no answer."""
        return organisations_where(self.context["request"].user, Permission.CREATE_EVALUATION)


class VisibleIntervention(serializers.SlugRelatedField):
    """An intervention the viewer may see; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return Intervention.objects.visible_to(self.context["request"].user)


class EvaluationSerializer(serializers.ModelSerializer):
    """An evaluation: why, of what, by whom, and how far it is shared."""

    owner = OwnOrganisation(slug_field="slug", queryset=Organisation.objects.none(), required=False)
    intervention = VisibleIntervention(slug_field="slug", queryset=Intervention.objects.none())
    outcome = serializers.SlugRelatedField(slug_field="slug", queryset=Outcome.objects.all())

    class Meta:
        model = Evaluation
        fields = [
            *("id", "title", "purpose", "owner", "intervention", "outcome", "lawful_basis", "units_are_people"),
            *("stage", "embargo_until", "is_example", "created_at", "disclosure_policy"),
        ]
        read_only_fields = ["stage", "embargo_until", "is_example", "created_at"]

    disclosure_policy = serializers.SerializerMethodField()

    def get_disclosure_policy(self, evaluation: Evaluation) -> str:
        """The policy of disclosure control in words."""
        return policy_of(evaluation.disclosure_policy).in_words()

    def create(self, validated_data: dict[str, Any]) -> Evaluation:
        """A new private evaluation."""
        by = self.context["request"].user
        owner = validated_data.pop("owner", None) or self._only_organisation(by)
        return create_evaluation(owner=owner, by=by, **validated_data)

    def update(self, instance: Evaluation, validated_data: dict[str, Any]) -> Evaluation:
        """The evaluation, changed; its owner changes by transfer only."""
        validated_data.pop("owner", None)
        return edit_evaluation(evaluation=instance, by=self.context["request"].user, **validated_data)

    def _only_organisation(self, by: Any) -> Organisation:
        mine = list(organisations_where(by, Permission.CREATE_EVALUATION)[:2])
        if len(mine) != 1:
            raise serializers.ValidationError(
                {"owner": "Say which organisation owns it, by its slug: see /api/v1/organisations/."}
            )
        return mine[0]


@extend_schema_view(list=extend_schema(parameters=[OpenApiParameter("search", str, description="Words of the title.")]))
class EvaluationViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet,
):
    """The evaluations you may see. POST makes one; PATCH changes what it is for."""

    serializer_class = EvaluationSerializer
    queryset = Evaluation.objects.none()
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_queryset(self) -> Any:
        """Only what the viewer may see."""
        found = evaluations_where(self.request.user).select_related("intervention", "outcome")
        search = self.request.query_params.get("search", "").strip()
        return found.filter(title__icontains=search) if search else found

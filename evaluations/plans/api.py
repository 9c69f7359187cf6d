"""Plans over the API: state a design, lock it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import datasets_where
from evaluations.organisations.addresses import is_row_number
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.queries import plans_where
from evaluations.workspaces.models import Evaluation
from evaluations.workspaces.queries import evaluations_where


class VisibleEvaluation(serializers.PrimaryKeyRelatedField):
    """An evaluation the viewer may see; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return evaluations_where(self.context["request"].user)


class VisibleDataset(serializers.PrimaryKeyRelatedField):
    """A dataset of an evaluation the viewer may see."""

    def get_queryset(self) -> Any:
        """Only those."""
        return datasets_where(self.context["request"].user)


class PlanSerializer(serializers.ModelSerializer):
    """A design: `spec` is the analysis contract's SPEC. A locked plan never changes."""

    evaluation = VisibleEvaluation(queryset=Evaluation.objects.none())
    dataset = VisibleDataset(queryset=Dataset.objects.none(), required=False, allow_null=True)
    sites = VisibleDataset(queryset=Dataset.objects.none(), required=False, allow_null=True)
    spec = serializers.JSONField()
    is_locked = serializers.BooleanField(read_only=True)

    class Meta:
        model = AnalysisPlan
        fields = [
            *("id", "evaluation", "version", "dataset", "sites", "spec", "spec_sha256"),
            *("outcome_unit", "comparator_justification", "other_explanations", "deviation_reason"),
            *("is_locked", "locked_at", "locked_before_outcomes", "created_at"),
        ]
        read_only_fields = ["version", "spec_sha256", "locked_at", "locked_before_outcomes", "created_at"]

    def create(self, validated_data: dict[str, Any]) -> AnalysisPlan:
        """The evaluation's draft with this design, made if there was none."""
        return save_draft(by=self.context["request"].user, **validated_data)


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("evaluation", int, description="Only those of this evaluation.")])
)
class PlanViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet):
    """The plans you may see. POST writes the evaluation's draft; `lock/` locks it."""

    serializer_class = PlanSerializer
    queryset = AnalysisPlan.objects.none()

    def get_queryset(self) -> Any:
        """Only what the viewer may see; `evaluation` narrows it."""
        found = plans_where(self.request.user)
        evaluation = self.request.query_params.get("evaluation", "")
        return found.filter(evaluation_id=evaluation) if is_row_number(evaluation) else found

    @extend_schema(request=None, responses=PlanSerializer)
    @action(detail=True, methods=["post"])
    def lock(self, request: Request, pk: str | None = None) -> Response:
        """Lock the plan for good."""
        plan = lock_plan(plan=self.get_object(), by=request.user)
        return Response(self.get_serializer(plan).data, status=status.HTTP_200_OK)

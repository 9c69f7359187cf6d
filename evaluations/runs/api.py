"""Runs over the API: start, watch, cancel, read the result."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.organisations.addresses import is_row_number
from evaluations.plans.models import AnalysisPlan
from evaluations.plans.queries import plans_where
from evaluations.runs.actions import queue_run, request_cancel
from evaluations.runs.models import AnalysisRun
from evaluations.runs.queries import result_for, runs_where


class VisiblePlan(serializers.PrimaryKeyRelatedField):
    """A plan the viewer may see; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return plans_where(self.context["request"].user)


class RunSerializer(serializers.ModelSerializer):
    """A run: where it stands and how far it is. Its result has an address of its own."""

    plan = VisiblePlan(queryset=AnalysisPlan.objects.none())

    class Meta:
        model = AnalysisRun
        fields = [
            *("id", "evaluation", "plan", "dataset", "number", "state", "reason", "reason_code", "seed"),
            *("progress_step", "progress_done", "progress_total", "engine_version", "result_sha256"),
            *("created_at", "started_at", "finished_at", "cancel_requested_at"),
        ]
        read_only_fields = [name for name in fields if name != "plan"]

    def create(self, validated_data: dict[str, Any]) -> AnalysisRun:
        """A queued run of a locked plan."""
        return queue_run(plan=validated_data["plan"], by=self.context["request"].user)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("evaluation", int, description="Only those of this evaluation."),
            OpenApiParameter("plan", int, description="Only those of this plan."),
        ]
    )
)
class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet):
    """The runs you may see. POST starts one; `cancel/` stops it; `result/` gives its answer."""

    serializer_class = RunSerializer
    queryset = AnalysisRun.objects.none()

    def get_queryset(self) -> Any:
        """Only what the viewer may see; `evaluation` and `plan` narrow it."""
        found = runs_where(self.request.user)
        for name in ("evaluation", "plan"):
            value = self.request.query_params.get(name, "")
            if is_row_number(value):
                found = found.filter(**{f"{name}_id": value})
        return found

    @extend_schema(request=None, responses=RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Cancel a waiting run at once; ask a running one to stop."""
        run = request_cancel(run=self.get_object(), by=request.user)
        return Response(self.get_serializer(run).data)

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 409: OpenApiTypes.OBJECT})
    @action(detail=True, methods=["get"])
    def result(self, request: Request, pk: str | None = None) -> Response:
        """The RESULT of the analysis contract, once the run has answered."""
        run = self.get_object()
        result = result_for(request.user, run)
        if result is None:
            return Response(_no_result(run), status=status.HTTP_409_CONFLICT)
        return Response(result)


def _no_result(run: AnalysisRun) -> dict[str, Any]:
    """Why there is no result, in the shape of every error."""
    message = run.reason if run.is_finished else f"The run is {run.get_state_display().lower()}; it has no result yet."
    code = run.reason_code or "no_result_yet"
    hint = "" if run.is_finished else "Ask again when its state is done or refused."
    return {"message": message, "issues": [{"code": code, "message": message, "hint": hint, "where": ""}]}

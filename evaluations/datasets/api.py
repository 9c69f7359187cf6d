"""Datasets over the API: upload a file, see what was found, delete the rows."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.datasets.actions import HowToRead, Particulars, delete_dataset, upload_dataset
from evaluations.datasets.joined import Join, joined, keep_join, likely_id, stated_choices
from evaluations.datasets.joining import KINDS
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.queries import as_seen_by, datasets_where
from evaluations.organisations.addresses import is_row_number
from evaluations.organisations.permissions import Permission
from evaluations.workspaces.models import Evaluation, LawfulBasis
from evaluations.workspaces.queries import evaluations_where


class OpenEvaluation(serializers.PrimaryKeyRelatedField):
    """An evaluation to which the viewer may add data; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return evaluations_where(self.context["request"].user, Permission.UPLOAD_DATA)


class DatasetSerializer(serializers.ModelSerializer):
    """A dataset: what was uploaded, what its columns hold, every problem found. Its rows are not here."""

    class Meta:
        model = Dataset
        fields = [
            *("id", "evaluation", "kind", "state", "original_name", "size_bytes", "sha256", "stored_sha256"),
            *("columns", "columns_dropped", "rows_read", "rows_stored", "problems", "notices", "uploaded_at"),
            *("units_are_people", "lawful_basis", "controller", "purpose", "dpia_reference", "retention_date"),
            *("deleted_at", "deletion_reason", "is_example"),
        ]
        read_only_fields = fields

    def to_representation(self, instance: Dataset) -> dict[str, Any]:
        """The dataset as its reader may see it."""
        return super().to_representation(as_seen_by(self.context["request"].user, instance))


class UploadSerializer(serializers.Serializer):
    """A file with what is stated about it, as multipart form data."""

    evaluation = OpenEvaluation(queryset=Evaluation.objects.none())
    file = serializers.FileField(allow_empty_file=True)
    kind = serializers.ChoiceField(choices=DatasetKind.choices, default=DatasetKind.OUTCOMES)
    units_are_people = serializers.BooleanField(required=False, default=False)
    lawful_basis = serializers.ChoiceField(choices=LawfulBasis.choices, required=False)
    controller = serializers.CharField(required=False, allow_blank=True, max_length=200)
    purpose = serializers.CharField(required=False, allow_blank=True)
    dpia_reference = serializers.CharField(required=False, allow_blank=True, max_length=200)
    retention_date = serializers.DateField(required=False, allow_null=True)
    encoding = serializers.ChoiceField(choices=["utf-8", "cp1252", "utf-16"], required=False)
    sheet = serializers.CharField(required=False, help_text="Of a workbook; by default the first that has values.")
    use_postcodes = serializers.BooleanField(
        required=False, default=False, help_text="Full postcodes are there for distances only: keep their districts."
    )

    def create(self, validated_data: dict[str, Any]) -> Dataset:
        """The dataset made of the file."""
        evaluation: Evaluation = validated_data["evaluation"]
        stated = {"lawful_basis": evaluation.lawful_basis, "controller": evaluation.owner.name} | validated_data
        file = validated_data["file"]
        return upload_dataset(
            evaluation=evaluation,
            file=file,
            name=file.name,
            particulars=Particulars(**_only(Particulars, stated)),
            how=HowToRead(**_only(HowToRead, stated)),
            by=self.context["request"].user,
        )

    def to_representation(self, instance: Dataset) -> dict[str, Any]:
        """As the dataset is read."""
        return DatasetSerializer(instance, context=self.context).data


def _only(kind: type, stated: dict[str, Any]) -> dict[str, Any]:
    return {item.name: stated[item.name] for item in fields(kind) if item.name in stated}


class RowsOfDataset(serializers.PrimaryKeyRelatedField):
    """A dataset that is ready and whose rows the viewer may have; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return datasets_where(self.context["request"].user, Permission.SEE_ROWS).filter(state=DatasetState.READY)


class JoinSerializer(serializers.Serializer):
    """Two datasets of one evaluation and the columns of their opaque ids."""

    participation = RowsOfDataset(queryset=Dataset.objects.none())
    outcomes = RowsOfDataset(queryset=Dataset.objects.none())
    participation_id = serializers.CharField(required=False, help_text="The column; by default told by its name.")
    outcomes_id = serializers.CharField(required=False, help_text="The column; by default told by its name.")
    kind = serializers.ChoiceField(choices=list(KINDS), required=False, default="outcomes")
    ignore_case = serializers.BooleanField(
        required=False, default=False, help_text="Ignore spaces and capitals in ids."
    )
    digits = serializers.IntegerField(required=False, default=0, help_text="Put zeros in front of shorter ids.")
    preview = serializers.BooleanField(required=False, default=False, help_text="Only report; keep nothing.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both of one evaluation."""
        if attrs["participation"].evaluation_id != attrs["outcomes"].evaluation_id:
            raise serializers.ValidationError({"outcomes": "The two files must belong to one evaluation."})
        return attrs

    def join(self) -> Join:
        """The join that is asked for."""
        stated = self.validated_data
        left, right = stated["participation"], stated["outcomes"]
        return Join(
            left,
            right,
            stated.get("participation_id") or likely_id(left, right),
            stated.get("outcomes_id") or likely_id(right, left),
            stated_choices(stated["kind"], ignore_case=stated["ignore_case"], digits=stated["digits"]),
        )


class JoinAnswerSerializer(serializers.Serializer):
    """The match report, and the dataset that was kept; null for a preview."""

    report = serializers.JSONField()
    dataset = DatasetSerializer(allow_null=True)


class ReasonSerializer(serializers.Serializer):
    """Why the rows are deleted."""

    reason = serializers.CharField()


@extend_schema_view(
    list=extend_schema(parameters=[OpenApiParameter("evaluation", int, description="Only those of this evaluation.")])
)
class DatasetViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet
):
    """The datasets you may see. POST a file as multipart; `delete_rows/` deletes its rows for good."""

    serializer_class = DatasetSerializer
    queryset = Dataset.objects.none()
    parser_classes = [MultiPartParser, FormParser]

    def get_serializer_class(self) -> Any:
        """What is posted is a file; what is read is its record."""
        return UploadSerializer if self.action == "create" else DatasetSerializer

    def get_queryset(self) -> Any:
        """Only what the viewer may see; `evaluation` narrows it."""
        found = datasets_where(self.request.user)
        evaluation = self.request.query_params.get("evaluation", "")
        return found.filter(evaluation_id=evaluation) if is_row_number(evaluation) else found

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: DatasetSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Upload a file. A large one is answered while it is still `checking`: ask again until it is not."""
        return super().create(request, *args, **kwargs)

    @extend_schema(request=ReasonSerializer, responses=DatasetSerializer)
    @action(detail=True, methods=["post"], parser_classes=[*viewsets.GenericViewSet.parser_classes])
    def delete_rows(self, request: Request, pk: str | None = None) -> Response:
        """Delete the rows for good; the record and every receipt that names it stay."""
        reason = ReasonSerializer(data=request.data)
        reason.is_valid(raise_exception=True)
        dataset = delete_dataset(dataset=self.get_object(), reason=reason.validated_data["reason"], by=request.user)
        return Response(self.get_serializer(dataset).data, status=status.HTTP_200_OK)

    @extend_schema(request=JoinSerializer, responses={200: JoinAnswerSerializer, 201: JoinAnswerSerializer})
    @action(detail=False, methods=["post"], parser_classes=[JSONParser, FormParser, MultiPartParser])
    def join(self, request: Request) -> Response:
        """Join participation and outcomes on an opaque id: the match report, and the dataset that was kept."""
        asked = JoinSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        if asked.validated_data["preview"]:
            return Response({"report": joined(asked.join()).report, "dataset": None})
        dataset = keep_join(join=asked.join(), by=request.user)
        answer = {"report": dataset.reading["report"], "dataset": self.get_serializer(dataset).data}
        return Response(answer, status=status.HTTP_201_CREATED)

"""Releases over the API: ask a named second person, decide, see what was logged."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.disclosure.releases import PARTS
from evaluations.organisations.models import User
from evaluations.runs.models import AnalysisRun
from evaluations.runs.queries import runs_where
from evaluations.sharing.actions import release, request_changes, request_release, take_back
from evaluations.sharing.cautions import cautions_for
from evaluations.sharing.models import ReleaseTo, Review
from evaluations.sharing.queries import possible_reviewers, reviews_where, suppressed_for


class VisibleRun(serializers.PrimaryKeyRelatedField):
    """A run whose results the viewer may see; any other does not exist."""

    def get_queryset(self) -> Any:
        """Only those."""
        return runs_where(self.context["request"].user)


class ReviewSerializer(serializers.ModelSerializer):
    """A request for release, and what came of it: the ids of the estimates it logged."""

    reviewer = serializers.SlugRelatedField(slug_field="email", read_only=True)
    requested_by = serializers.SlugRelatedField(slug_field="email", read_only=True)
    estimates = serializers.SerializerMethodField()
    suppressed = serializers.SerializerMethodField()
    cautions = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = [
            *("id", "run", "reviewer", "state", "terms", "release_to", "embargo_until", "note", "answers"),
            *("suppressed", "cautions", "also_hidden"),
            *("requested_at", "requested_by", "decided_at", "decision_note", "estimates"),
        ]
        read_only_fields = fields

    def get_suppressed(self, review: Review) -> list[dict[str, str]]:
        """What disclosure control hides, and why: for those who may release it or ask for its release."""
        return suppressed_for(self.context["request"].user, review)

    def get_cautions(self, review: Review) -> list[str]:
        """What disclosure control cannot know of the data: for those who may release it or ask for its release."""
        return cautions_for(self.context["request"].user, review)

    def get_estimates(self, review: Review) -> list[int]:
        """The ids of the estimates logged in the catalogue."""
        return list(review.publications.values_list("estimate_id", flat=True))


class ReleaseRequestSerializer(serializers.Serializer):
    """Which run, which of its estimates (the headline if none is named), and who is to release it."""

    run = VisibleRun(queryset=AnalysisRun.objects.none())
    reviewer = serializers.EmailField(help_text="The e-mail address of a lead or administrator who is no author of it.")
    terms = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    release_to = serializers.ChoiceField(choices=ReleaseTo.choices, default=ReleaseTo.PUBLIC)
    embargo_until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    note = serializers.CharField(required=False, allow_blank=True, default="")
    answers = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        default=dict,
        help_text="By question: how each other programme and each break in the series there and then was dealt with.",
    )

    def create(self, validated_data: dict[str, Any]) -> Review:
        """The request, waiting for its reviewer."""
        return request_release(by=self.context["request"].user, **validated_data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The reviewer must be someone who may release this run; nobody else's address is told apart from none."""
        asked: str = attrs["reviewer"]
        by = self.context["request"].user
        found = possible_reviewers(attrs["run"]).filter(email__iexact=asked).first()
        if found is None and asked.lower() == by.email.lower():
            found = User.objects.get(pk=by.pk)
        if found is None:
            raise serializers.ValidationError({"reviewer": "Nobody with this address may release this run."})
        return {**attrs, "reviewer": found}

    def to_representation(self, instance: Review) -> dict[str, Any]:
        """As the request is read."""
        return ReviewSerializer(instance, context=self.context).data


class DecisionSerializer(serializers.Serializer):
    """What the reviewer has to say."""

    note = serializers.CharField(required=False, allow_blank=True, default="")


class ReleaseSerializer(DecisionSerializer):
    """What the reviewer has to say, and which parts of the result are to be hidden as well."""

    also_hide = serializers.MultipleChoiceField(choices=list(PARTS.items()), required=False, default=list)


class ReviewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet):
    """Requests for release. POST asks a second person; that person alone calls `release/` or `request_changes/`."""

    serializer_class = ReviewSerializer
    queryset = Review.objects.none()

    def get_serializer_class(self) -> Any:
        """What is posted is a request; what is read is its record."""
        return ReleaseRequestSerializer if self.action == "create" else ReviewSerializer

    def get_queryset(self) -> Any:
        """Only those of runs whose results the viewer may see."""
        return reviews_where(self.request.user)

    @extend_schema(request=ReleaseRequestSerializer, responses={201: ReviewSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask a named second person to release a run's estimates."""
        return super().create(request, *args, **kwargs)

    @extend_schema(request=ReleaseSerializer, responses=ReviewSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str | None = None) -> Response:
        """Release: the estimates are logged in the catalogue, once."""
        review = self.get_object()
        decision = ReleaseSerializer(data=request.data)
        decision.is_valid(raise_exception=True)
        stated = decision.validated_data
        release(review=review, by=request.user, note=stated["note"], also_hide=sorted(stated["also_hide"]))
        return self._answer(review)

    @extend_schema(request=DecisionSerializer, responses=ReviewSerializer)
    @action(detail=True, methods=["post"])
    def request_changes(self, request: Request, pk: str | None = None) -> Response:
        """Send the result back, saying what should change."""
        review = self.get_object()
        request_changes(review=review, by=request.user, note=_note(request))
        return self._answer(review)

    @extend_schema(request=None, responses=ReviewSerializer)
    @action(detail=True, methods=["post"])
    def take_back(self, request: Request, pk: str | None = None) -> Response:
        """Take back a request that has not been decided."""
        review = self.get_object()
        take_back(review=review, by=request.user)
        return self._answer(review)

    def _answer(self, review: Review) -> Response:
        review.refresh_from_db()
        return Response(ReviewSerializer(review, context=self.get_serializer_context()).data, status=status.HTTP_200_OK)


def _note(request: Request) -> str:
    decision = DecisionSerializer(data=request.data)
    decision.is_valid(raise_exception=True)
    return decision.validated_data["note"]

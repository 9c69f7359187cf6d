"""Estimates over the API: the same rows, words and order as the pages."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from evidence.catalogue.api import NamedGroup, NamedIntervention, NamedOutcome, SourceSerializer
from evidence.catalogue.listing import PublicViewSet
from evidence.estimates.models import EffectEstimate
from evidence.estimates.presenters import words_for
from evidence.estimates.queries import estimates_listed_for, estimates_visible_to


class ReceiptSerializer(serializers.ModelSerializer):
    """What is needed to check or repeat a computed estimate."""

    class Meta:
        model = EffectEstimate
        fields = [
            *("run_reference", "term", "data_sha256", "spec_sha256", "engine_version", "seed", "method", "estimator"),
            *("plan_locked_before_outcomes", "n_plans_before", "n_runs_before", "differences", "answers"),
            *("analyst_name", "reviewer_name", "receipt"),
        ]


class EstimateSerializer(serializers.ModelSerializer):
    """One number with what it is, what it can bear and where it comes from."""

    intervention = NamedIntervention(read_only=True)
    outcome = NamedOutcome(read_only=True)
    target_group = NamedGroup(read_only=True, allow_null=True)
    source = SourceSerializer(read_only=True, allow_null=True)
    estimate_kind_label = serializers.CharField(source="get_estimate_kind_display", read_only=True)
    is_effect = serializers.BooleanField(read_only=True)
    is_withdrawn = serializers.BooleanField(read_only=True)
    is_superseded = serializers.BooleanField(read_only=True)
    sentence = serializers.SerializerMethodField()
    computed_by = serializers.SerializerMethodField()
    address = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = EffectEstimate
        fields = [
            *("id", "code", "address", "intervention", "study", "outcome", "outcome_detail", "target_group"),
            *("population", "subgroup", "place_detail", "follow_up", "follow_up_months", "comparison", "base_level"),
            *("sentence", "estimate_kind", "estimate_kind_label", "is_effect", "value", "unit", "direction"),
            *("std_error", "ci_lower", "ci_upper", "level", "p_value", "reported_range_low", "reported_range_high"),
            *("reported_words", "derived_std_error", "derived_std_error_method", "standard_scale", "standard_value"),
            *("standard_std_error", "detectable_effect", "detectable_power", "estimand", "design_detail"),
            *("sample_reported", "n_obs", "n_units", "n_treated_units", "n_clusters", "sample", "series"),
            *("diagnostics", "standing", "standing_reasons", "standing_rule_version", "notes"),
            *("origin", "source", "source_location", "evidence_grade", "computed_by"),
            *("visibility", "logged_at", "is_withdrawn", "withdrawn_at", "withdrawn_reason"),
            *("is_superseded", "superseded_by", "superseded_at", "superseded_reason"),
        ]

    def get_sentence(self, estimate: EffectEstimate) -> str:
        """The plain sentence that the pages show."""
        return words_for(estimate).sentence

    @extend_schema_field(ReceiptSerializer(allow_null=True))
    def get_computed_by(self, estimate: EffectEstimate) -> dict | None:
        """The receipt of a computed estimate; null for a published one."""
        return dict(ReceiptSerializer(estimate).data) if estimate.origin == "run" else None


class EstimateViewSet(PublicViewSet):
    """Estimates. Lists leave out withdrawn and superseded ones; each keeps its own address for good."""

    serializer_class = EstimateSerializer
    filters = {
        "intervention": "intervention__slug",
        "study": "study",
        "outcome": "outcome__slug",
        "domain": "outcome__domain",
        "target_group": "target_group__slug",
        "estimate_kind": "estimate_kind",
        "origin": "origin",
        "standing": "standing",
        "place": "study__places__code",
        "design": "study__design",
        "life_stage": "intervention__life_stage",
        "status": "intervention__status",
    }
    searched = ("intervention__name", "outcome__name", "outcome_detail", "population", "study__title")

    def rows(self) -> QuerySet:
        """The estimates the viewer may see; in lists, those that stand."""
        find = estimates_listed_for if self.action == "list" else estimates_visible_to
        return find(self.request.user).order_by("pk")

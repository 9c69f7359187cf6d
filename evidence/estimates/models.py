"""The ledger of effect estimates: appended to, never edited."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from evidence.catalogue.models import (
    AudienceBase,
    Direction,
    Visibility,
    VisibleModel,
    VisibleQuerySet,
    visibility_constraints,
)


class EstimateKind(models.TextChoices):
    """What a number is. Only a causal estimate is an effect."""

    CAUSAL = "causal", "Estimated effect"
    NULL = "null", "No effect found"
    BOUND = "bound", "Bound on an effect"
    RANGE = "range", "Range of effects"
    ASSOCIATIONAL = "associational", "Association, not shown to be an effect"
    DESCRIPTIVE = "descriptive", "Raw rate, not an effect"
    MODELLED = "modelled", "Modelled, not observed"
    PROJECTION = "projection", "Forecast, not observed"
    COST_BENEFIT = "cost_benefit", "Cost-benefit figure, not an effect"
    APPRAISAL = "appraisal", "Appraisal before the event, not an effect"
    QUALITATIVE = "qualitative", "Direction only, no number"


class Origin(models.TextChoices):
    """Where an estimate comes from: computed here by a run, or read in a publication."""

    RUN = "run", "Computed with Uplift"
    PUBLISHED = "published", "Published elsewhere"


class Standing(models.TextChoices):
    """What a computed estimate can bear, by a stated rule over its design and diagnostics."""

    SUPPORTS = "supports", "Supports a causal reading"
    CAUTION = "caution", "Supports a causal reading with caution"
    DOES_NOT_SUPPORT = "does_not_support", "Does not support a causal reading"


class AppendOnly(TypeError):
    """An estimate was about to be changed or deleted; withdraw or supersede it instead."""

    def __init__(self) -> None:
        super().__init__("Estimates are never edited or deleted: withdraw or supersede them, with a reason.")


LIFECYCLE_FIELDS = frozenset(
    {
        "visibility",
        "published_at",
        "withdrawn_at",
        "withdrawn_by",
        "withdrawn_by_id",
        "withdrawn_reason",
        "superseded_by",
        "superseded_by_id",
        "superseded_at",
        "superseded_reason",
        "superseded_by_person",
        "superseded_by_person_id",
    }
)


class EstimateQuerySet(VisibleQuerySet):
    """The ledger, read. Only the lifecycle of a row may change."""

    def update(self, **changes: Any) -> int:
        """Change the lifecycle of rows; anything else is refused."""
        if not LIFECYCLE_FIELDS.issuperset(changes):
            raise AppendOnly
        return super().update(**changes)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refused: the ledger only grows."""
        raise AppendOnly

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Refused but for the lifecycle."""
        if not LIFECYCLE_FIELDS.issuperset(fields):
            raise AppendOnly
        return super().bulk_update(objs, fields, batch_size=batch_size)

    def standing_now(self) -> EstimateQuerySet:
        """Rows neither withdrawn nor superseded."""
        return self.exclude(visibility=Visibility.WITHDRAWN).filter(superseded_by__isnull=True)

    def poolable(self) -> EstimateQuerySet:
        """Public causal estimates with a published or computed standard error, on which synthesis may draw."""
        return (
            self.standing_now()
            .filter(visibility=Visibility.PUBLIC, estimate_kind=EstimateKind.CAUSAL, std_error__isnull=False)
            .exclude(standing=Standing.DOES_NOT_SUPPORT)
        )


class EffectEstimate(VisibleModel):
    """One number about one outcome of one intervention, with what is needed to check it."""

    code = models.CharField(max_length=60, unique=True, null=True, blank=True, help_text="A name beside the number.")
    intervention = models.ForeignKey("evidence.Intervention", on_delete=models.PROTECT, related_name="estimates")
    study = models.ForeignKey("evidence.Study", on_delete=models.PROTECT, related_name="estimates")
    outcome = models.ForeignKey("evidence.Outcome", on_delete=models.PROTECT, related_name="estimates")
    outcome_detail = models.CharField("outcome as measured", max_length=300, blank=True)
    target_group = models.ForeignKey(
        "evidence.TargetGroup", null=True, blank=True, on_delete=models.PROTECT, related_name="estimates"
    )
    population = models.TextField(blank=True)
    subgroup = models.CharField(max_length=200, blank=True)
    place_detail = models.CharField(max_length=300, blank=True)
    follow_up = models.CharField(max_length=120, blank=True)
    follow_up_months = models.PositiveSmallIntegerField(null=True, blank=True)
    comparison = models.TextField("comparison group", blank=True)
    base_level = models.CharField("level without it", max_length=120, blank=True)

    estimate_kind = models.CharField(max_length=20, choices=EstimateKind)
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField("natural unit", max_length=200)
    direction = models.CharField(max_length=20, choices=Direction)
    std_error = models.FloatField(null=True, blank=True)
    ci_lower = models.FloatField(null=True, blank=True)
    ci_upper = models.FloatField(null=True, blank=True)
    level = models.FloatField(null=True, blank=True)
    p_value = models.FloatField(null=True, blank=True)
    reported_range_low = models.FloatField(null=True, blank=True, help_text="A published range; not an interval.")
    reported_range_high = models.FloatField(null=True, blank=True)
    reported_words = models.TextField(blank=True, help_text="What was reported where there is no number.")
    derived_std_error = models.FloatField(
        null=True, blank=True, help_text="Worked out by us, not published: shown, never pooled."
    )
    derived_std_error_method = models.TextField(blank=True)
    standard_scale = models.CharField(max_length=30, blank=True)
    standard_value = models.FloatField(null=True, blank=True)
    standard_std_error = models.FloatField(null=True, blank=True)
    detectable_effect = models.FloatField(null=True, blank=True)
    detectable_power = models.FloatField(null=True, blank=True)

    estimand = models.TextField(blank=True)
    method = models.CharField(max_length=40, blank=True)
    estimator = models.CharField(max_length=60, blank=True)
    design_detail = models.TextField(blank=True)
    sample_reported = models.CharField(max_length=200, blank=True)
    n_obs = models.BigIntegerField(null=True, blank=True)
    n_units = models.BigIntegerField(null=True, blank=True)
    n_treated_units = models.BigIntegerField(null=True, blank=True)
    n_clusters = models.BigIntegerField(null=True, blank=True)
    sample = models.JSONField(default=dict, blank=True)
    series = models.JSONField(default=dict, blank=True, help_text="Event study, rings and the like, for charts.")
    diagnostics = models.JSONField(default=list, blank=True)
    standing = models.CharField(max_length=20, choices=Standing, blank=True)
    standing_reasons = models.JSONField(default=list, blank=True)
    standing_rule_version = models.CharField(max_length=20, blank=True)
    notes = models.TextField(blank=True)

    origin = models.CharField(max_length=20, choices=Origin)
    source = models.ForeignKey(
        "evidence.Source", null=True, blank=True, on_delete=models.PROTECT, related_name="estimates"
    )
    source_location = models.CharField("page or table", max_length=200, blank=True)
    evidence_grade = models.CharField(max_length=1, blank=True, help_text="How close to the source we read it.")
    also_in = models.ManyToManyField("evidence.Source", blank=True, related_name="repeated_estimates")
    run_reference = models.CharField(max_length=100, blank=True)
    term = models.CharField(max_length=100, blank=True, help_text="Which of the run's estimates this is.")
    receipt = models.JSONField(default=dict, blank=True)
    data_sha256 = models.CharField(max_length=64, blank=True)
    spec_sha256 = models.CharField(max_length=64, blank=True)
    engine_version = models.CharField(max_length=40, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    plan_locked_before_outcomes = models.BooleanField(null=True, blank=True)
    n_plans_before = models.PositiveIntegerField(null=True, blank=True)
    n_runs_before = models.PositiveIntegerField(null=True, blank=True)
    differences = models.JSONField("what differed", default=list, blank=True)
    answers = models.JSONField(default=list, blank=True, help_text="The analyst's answers on what else happened.")
    analyst_name = models.CharField(max_length=200, blank=True)
    reviewer_name = models.CharField(max_length=200, blank=True)
    is_example = models.BooleanField(default=False, editable=False)

    logged_at = models.DateTimeField(auto_now_add=True)
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_reason = models.TextField(blank=True)
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    superseded_reason = models.TextField(blank=True)
    superseded_by_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = EstimateQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["intervention", "outcome"], name="estimate_intervention_outcome"),
            models.Index(fields=["outcome", "estimate_kind"], name="estimate_outcome_kind"),
        ]
        constraints = [
            *visibility_constraints("estimate"),
            models.CheckConstraint(condition=Q(is_example=False), name="estimate_is_never_an_example"),
            models.CheckConstraint(condition=Q(estimate_kind__in=EstimateKind.values), name="estimate_kind_known"),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="estimate_direction_known"),
            models.CheckConstraint(
                condition=(
                    Q(origin=Origin.RUN, source__isnull=True, source_location="", evidence_grade="")
                    & ~Q(run_reference="")
                    & ~Q(term="")
                    & ~Q(data_sha256="")
                    & ~Q(spec_sha256="")
                    & ~Q(engine_version="")
                    & ~Q(standing="")
                    & ~Q(reviewer_name="")
                    & Q(
                        seed__isnull=False,
                        plan_locked_before_outcomes__isnull=False,
                        n_plans_before__isnull=False,
                        n_runs_before__isnull=False,
                    )
                )
                | (
                    Q(origin=Origin.PUBLISHED, source__isnull=False, run_reference="", term="", standing="")
                    & ~Q(source_location="")
                ),
                name="estimate_has_exactly_one_origin",
            ),
            models.CheckConstraint(
                condition=Q(estimate_kind=EstimateKind.CAUSAL, value__isnull=False)
                | Q(estimate_kind=EstimateKind.QUALITATIVE, value__isnull=True)
                | ~Q(estimate_kind__in=[EstimateKind.CAUSAL, EstimateKind.QUALITATIVE]),
                name="estimate_value_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(reported_words="") | Q(reported_range_low__isnull=False),
                name="estimate_says_something",
            ),
            models.CheckConstraint(
                condition=~Q(standing=Standing.DOES_NOT_SUPPORT) | ~Q(estimate_kind=EstimateKind.CAUSAL),
                name="estimate_without_support_is_not_causal",
            ),
            models.CheckConstraint(
                condition=Q(std_error__isnull=True) | Q(std_error__gt=0, value__isnull=False),
                name="estimate_std_error_positive",
            ),
            models.CheckConstraint(
                condition=Q(ci_lower__isnull=True, ci_upper__isnull=True)
                | Q(ci_lower__isnull=False, ci_upper__isnull=False, level__isnull=False, value__isnull=False)
                & Q(ci_lower__lte=F("ci_upper"), level__gt=0, level__lt=1),
                name="estimate_interval_whole",
            ),
            models.CheckConstraint(
                condition=Q(p_value__isnull=True) | Q(p_value__gte=0, p_value__lte=1), name="estimate_p_value_in_0_1"
            ),
            models.CheckConstraint(
                condition=Q(std_error__isnull=True, ci_lower__isnull=True, p_value__isnull=True)
                | Q(
                    estimate_kind__in=[
                        EstimateKind.CAUSAL,
                        EstimateKind.NULL,
                        EstimateKind.ASSOCIATIONAL,
                    ]
                ),
                name="estimate_only_estimates_carry_uncertainty",
            ),
            models.CheckConstraint(
                condition=Q(standard_value__isnull=True, standard_std_error__isnull=True, standard_scale="")
                | (
                    Q(estimate_kind=EstimateKind.CAUSAL, standard_value__isnull=False, std_error__isnull=False)
                    & Q(standard_std_error__isnull=False, standard_std_error__gt=0)
                    & ~Q(standard_scale="")
                ),
                name="estimate_standard_scale_only_for_effects",
            ),
            models.CheckConstraint(
                condition=Q(derived_std_error__isnull=True) | ~Q(derived_std_error_method=""),
                name="estimate_derived_std_error_says_how",
            ),
            models.CheckConstraint(
                condition=Q(reported_range_low__isnull=True, reported_range_high__isnull=True)
                | Q(reported_range_low__isnull=False, reported_range_high__isnull=False)
                & Q(reported_range_low__lte=F("reported_range_high")),
                name="estimate_range_in_order",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_reason="") & ~Q(visibility=Visibility.WITHDRAWN)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, visibility=Visibility.WITHDRAWN)
                & ~Q(withdrawn_reason=""),
                name="estimate_withdrawn_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True, superseded_at__isnull=True, superseded_reason="")
                | Q(superseded_by__isnull=False, superseded_at__isnull=False) & ~Q(superseded_reason=""),
                name="estimate_superseded_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | ~Q(superseded_by=F("id")),
                name="estimate_not_superseded_by_itself",
            ),
            models.UniqueConstraint(
                fields=["run_reference", "term", "subgroup"],
                condition=~Q(run_reference=""),
                name="estimate_once_a_run_and_term",
            ),
        ]

    def __str__(self) -> str:
        return f"Estimate {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append the row. An existing row is never saved again."""
        if not self._state.adding:
            raise AppendOnly
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused: the ledger only grows."""
        raise AppendOnly

    def get_absolute_url(self) -> str:
        """The page of this estimate, for good."""
        return reverse("estimate", args=[self.pk])

    @property
    def is_withdrawn(self) -> bool:
        """Whether the estimate was taken back."""
        return self.visibility == Visibility.WITHDRAWN

    @property
    def is_superseded(self) -> bool:
        """Whether a later estimate stands in its place."""
        return self.superseded_by_id is not None

    @property
    def is_effect(self) -> bool:
        """Whether the number is a causal estimate; everything else is shown as what it is."""
        return self.estimate_kind == EstimateKind.CAUSAL


class EstimateAudience(AudienceBase):
    """An organisation that may see an estimate before everyone may."""

    SUBJECT = "estimate_id"
    estimate = models.ForeignKey(EffectEstimate, on_delete=models.CASCADE, related_name="audience")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["estimate", "organisation_id"], name="estimate_audience_once")]

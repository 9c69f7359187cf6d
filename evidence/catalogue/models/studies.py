"""Evaluations as the catalogue sees them, those never made included."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from evidence.catalogue.models.visibility import AudienceBase, MergeableQuerySet, VisibleModel, visibility_constraints


class StudyStatus(models.TextChoices):
    """Where an evaluation stands; a gap is recorded as one that was never made."""

    PLANNED = "planned", "Planned"
    UNDER_WAY = "under_way", "Under way"
    COMPLETE = "complete", "Complete, not yet published"
    PUBLISHED = "published", "Published"
    NEVER_EVALUATED = "never_evaluated", "Never evaluated"


class Design(models.TextChoices):
    """How a comparison was made; which ratings a design can reach is data in the ratings room."""

    RANDOMISED = "randomised", "Randomised trial"
    INSTRUMENT = "instrument", "Instrumental variable"
    DISCONTINUITY = "discontinuity", "Regression discontinuity"
    DID = "did", "Difference-in-differences"
    PROXIMITY_DID = "proximity_did", "Difference-in-differences by distance"
    SYNTHETIC = "synthetic", "Synthetic control or synthetic difference-in-differences"
    MATCHED = "matched", "Matched comparison"
    PANEL = "panel", "Panel or fixed effects"
    QUASI_UNSTATED = "quasi_unstated", "Quasi-experiment, design not stated in what was read"
    REGRESSION = "regression", "Regression on observed characteristics"
    BEFORE_AFTER = "before_after", "Before and after"
    UNMATCHED = "unmatched", "Comparison without matching"
    DESCRIPTIVE = "descriptive", "Descriptive or monitoring, no comparison"
    MODELLED = "modelled", "Model or simulation"
    APPRAISAL = "appraisal", "Cost-benefit or appraisal"
    PROCESS = "process", "Process or qualitative"
    NOT_STATED = "not_stated", "Not stated"


class Study(VisibleModel):
    """One evaluation of one intervention: planned, made, or recorded as never made."""

    code = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=400)
    intervention = models.ForeignKey("evidence.Intervention", on_delete=models.PROTECT, related_name="studies")
    status = models.CharField(max_length=20, choices=StudyStatus)
    design = models.CharField(max_length=20, choices=Design, default=Design.NOT_STATED)
    design_detail = models.TextField(blank=True)
    comparator = models.TextField("comparison group", blank=True)
    authors = models.CharField(max_length=400, blank=True)
    publisher = models.CharField(max_length=300, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    expected = models.CharField("results expected", max_length=60, blank=True)
    statement = models.TextField("what the sources say of it", blank=True)
    accounts = models.JSONField(
        "results that were not logged", default=list, blank=True, help_text="What was run, what came of it, and why."
    )
    evaluation_reference = models.CharField(
        max_length=100, blank=True, help_text="The workspace's own reference, where it was made with Uplift."
    )
    source = models.ForeignKey(
        "evidence.Source", null=True, blank=True, on_delete=models.PROTECT, related_name="studies"
    )
    target_groups = models.ManyToManyField("evidence.TargetGroup", blank=True, related_name="studies")
    places = models.ManyToManyField("evidence.Place", blank=True, related_name="studies")
    is_example = models.BooleanField(default=False, editable=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(m2m_fields=[target_groups, places])

    objects = MergeableQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "title"]
        verbose_name_plural = "studies"
        constraints = [
            *visibility_constraints("study"),
            models.CheckConstraint(condition=Q(status__in=StudyStatus.values), name="study_status_known"),
            models.CheckConstraint(condition=Q(design__in=Design.values), name="study_design_known"),
            models.CheckConstraint(condition=Q(is_example=False), name="study_is_never_an_example"),
            models.CheckConstraint(
                condition=~Q(status=StudyStatus.NEVER_EVALUATED) | ~Q(statement=""),
                name="study_gap_says_who_says_so",
            ),
            models.UniqueConstraint(
                fields=["evaluation_reference", "intervention"],
                condition=~Q(evaluation_reference=""),
                name="study_once_an_evaluation",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page of this study."""
        return reverse("study", args=[self.pk])

    @property
    def is_gap(self) -> bool:
        """Whether this row records that no evaluation was found."""
        return self.status == StudyStatus.NEVER_EVALUATED


class StudyAudience(AudienceBase):
    """An organisation that may see a draft study."""

    SUBJECT = "study_id"
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="audience")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "organisation_id"], name="study_audience_once")]


class SeriesBreak(models.Model):
    """A break in an outcome's series: a definition, a boundary or a way of grading changed."""

    class Kind(models.TextChoices):
        DEFINITION = "definition", "Definition changed"
        BOUNDARY = "boundary", "Boundary changed"
        GRADING = "grading", "Grading changed"
        COLLECTION = "collection", "Not collected"
        ELIGIBILITY = "eligibility", "Who counts changed"

    outcome = models.ForeignKey("evidence.Outcome", on_delete=models.CASCADE, related_name="series_breaks")
    kind = models.CharField(max_length=20, choices=Kind)
    from_year = models.PositiveSmallIntegerField()
    to_year = models.PositiveSmallIntegerField()
    text = models.TextField()
    source = models.ForeignKey(
        "evidence.Source", null=True, blank=True, on_delete=models.PROTECT, related_name="series_breaks"
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["from_year"]
        constraints = [
            models.UniqueConstraint(fields=["outcome", "kind", "from_year"], name="series_break_once"),
            models.CheckConstraint(condition=Q(from_year__lte=F("to_year")), name="series_break_years_in_order"),
        ]

"""What is tried, where, for whom and at what cost."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from evidence.catalogue.models.visibility import AudienceBase, MergeableQuerySet, VisibleModel, visibility_constraints


class LifeStage(models.TextChoices):
    """The stage of life an intervention reaches first."""

    EARLY_YEARS = "early_years", "Early years (0 to 4)"
    SCHOOL = "school", "School (5 to 16)"
    POST_16 = "post_16", "After 16 (16 to 19)"
    HIGHER_EDUCATION = "higher_education", "Entry to higher education"
    YOUNG_ADULT = "young_adult", "Young adults (18 to 24)"
    ADULT = "adult", "Working-age adults"
    FAMILY = "family", "Whole families"
    ALL = "all", "All ages"


class Status(models.TextChoices):
    """Where an intervention stands."""

    PROPOSED = "proposed", "Proposed"
    ANNOUNCED = "announced", "Announced"
    PILOT = "pilot", "Pilot"
    LIVE = "live", "Running"
    CHANGING = "changing", "Being replaced or reformed"
    ENDED = "ended", "Ended"


class LosersExamined(models.TextChoices):
    """How far anyone has looked at who might lose out."""

    MEASURED = "measured", "Measured"
    ARGUED = "argued", "Argued, not measured"
    NOT_EXAMINED = "not_examined", "Not examined"


class Intervention(VisibleModel):
    """Something that tries to improve people's chances."""

    code = models.CharField(max_length=40, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField("type", max_length=80, help_text="Such as job creation or tutoring.")
    summary = models.TextField("what it is", blank=True)
    mechanism = models.TextField("how it is meant to work", blank=True)
    life_stage = models.CharField(max_length=20, choices=LifeStage)
    ages = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=20, choices=Status)
    status_detail = models.CharField(max_length=100, blank=True)
    started = models.CharField(max_length=100, blank=True)
    ended = models.CharField(max_length=100, blank=True)
    start_year = models.PositiveSmallIntegerField(null=True, blank=True)
    end_year = models.PositiveSmallIntegerField(null=True, blank=True)
    country = models.CharField(max_length=40)
    where = models.TextField("where it runs", blank=True)
    lead_body = models.CharField("delivery bodies", max_length=200, blank=True)
    key_facts = models.JSONField(default=list, blank=True)
    cost_per_participant = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)
    cost_price_year = models.PositiveSmallIntegerField(null=True, blank=True)
    cost_source = models.ForeignKey(
        "evidence.Source", null=True, blank=True, on_delete=models.PROTECT, related_name="costed_interventions"
    )
    cost_note = models.TextField(blank=True)
    who_might_lose_out = models.TextField(blank=True)
    losers_examined = models.CharField(max_length=20, choices=LosersExamined, default=LosersExamined.NOT_EXAMINED)
    target_groups = models.ManyToManyField("evidence.TargetGroup", blank=True, related_name="interventions")
    places = models.ManyToManyField("evidence.Place", blank=True, related_name="interventions")
    sources = models.ManyToManyField("evidence.Source", blank=True, related_name="interventions")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = HistoricalRecords(m2m_fields=[target_groups, places, sources])

    objects = MergeableQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            *visibility_constraints("intervention"),
            models.CheckConstraint(condition=Q(life_stage__in=LifeStage.values), name="intervention_life_stage_known"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="intervention_status_known"),
            models.CheckConstraint(
                condition=Q(losers_examined__in=LosersExamined.values), name="intervention_losers_examined_known"
            ),
            models.CheckConstraint(
                condition=Q(start_year__isnull=True) | Q(end_year__isnull=True) | Q(start_year__lte=F("end_year")),
                name="intervention_years_in_order",
            ),
            models.CheckConstraint(
                condition=Q(cost_per_participant__isnull=True)
                | (
                    Q(cost_per_participant__gte=0)
                    & ~Q(cost_currency="")
                    & Q(cost_price_year__isnull=False, cost_source__isnull=False)
                ),
                name="intervention_cost_has_currency_year_and_source",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of this intervention."""
        return reverse("intervention", args=[self.slug])


class InterventionAudience(AudienceBase):
    """An organisation that may see a draft intervention."""

    SUBJECT = "intervention_id"
    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="audience")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["intervention", "organisation_id"], name="intervention_audience_once")
        ]


class InterventionNote(models.Model):
    """Something a reader must know before using what the page says, such as sources that disagree."""

    class Kind(models.TextChoices):
        CONFLICT = "conflict", "Sources disagree"
        CAUTION = "caution", "Read with care"

    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=20, choices=Kind)
    title = models.CharField(max_length=200)
    text = models.TextField()
    sources = models.ManyToManyField("evidence.Source", blank=True, related_name="notes")
    history = HistoricalRecords(m2m_fields=[sources])

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["intervention", "title"], name="note_title_once_an_intervention"),
            models.CheckConstraint(condition=Q(kind__in=["conflict", "caution"]), name="note_kind_known"),
        ]

    def __str__(self) -> str:
        return self.title


class Component(models.TextChoices):
    """What an intervention is made of."""

    KEY_WORKER = "key_worker", "Key worker"
    HOME_VISITS = "home_visits", "Home visits"
    CENTRE = "centre", "Local centre or hub"
    CHILDCARE = "childcare", "Childcare or early education"
    SMALL_GROUP = "small_group", "Small-group teaching"
    ONE_TO_ONE = "one_to_one", "One-to-one teaching"
    MENTORING = "mentoring", "Mentoring"
    CASH = "cash", "Cash payment"
    WAGE_SUBSIDY = "wage_subsidy", "Wage subsidy"
    PAID_PLACEMENT = "paid_placement", "Paid job placement"
    WORK_EXPERIENCE = "work_experience", "Work experience"
    JOB_SEARCH = "job_search", "Job-search support"
    TRAINING = "training", "Skills training"
    HEALTH = "health", "Health support"
    MEALS = "meals", "Meals"
    PARENTING = "parenting", "Parenting support"
    SCHOOL_FUNDING = "school_funding", "School funding"
    SCHOOL_IMPROVEMENT = "school_improvement", "School leadership and improvement"
    TEACHERS = "teachers", "Teacher supply"
    AUTONOMY = "autonomy", "School autonomy"
    PARTNERSHIP = "partnership", "Area partnership"
    OUTREACH = "outreach", "Information and outreach"
    SELECTION = "selection", "Selection rules"
    LEGAL_DUTY = "legal_duty", "Legal duty"
    QUALIFICATION = "qualification", "Qualification"
    LEVY = "levy", "Levy or tax"
    HOUSING = "housing", "Housing"
    LOCAL_SPENDING = "local_spending", "Local investment or buying"
    SERVICES = "services", "Services in kind"


class InterventionComponent(models.Model):
    """One part of an intervention as delivered, so that "why" can be asked and not only "whether"."""

    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="components")
    component = models.CharField(max_length=30, choices=Component)
    dose = models.CharField(max_length=200, blank=True, help_text="How much, how often, how long.")
    staff = models.CharField(max_length=200, blank=True, help_text="Who delivers it.")
    variant = models.CharField(max_length=200, blank=True, help_text="Where it differs by place or period.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["intervention", "component", "variant"], name="component_once"),
            models.CheckConstraint(condition=Q(component__in=Component.values), name="component_known"),
        ]

    def __str__(self) -> str:
        return str(self.get_component_display())


class Succession(models.Model):
    """One intervention took another's place: policy churn made visible."""

    earlier = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="successions")
    later = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="predecessions")
    note = models.CharField(max_length=300, blank=True)
    source = models.ForeignKey(
        "evidence.Source", null=True, blank=True, on_delete=models.PROTECT, related_name="successions"
    )
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["earlier", "later"], name="succession_once"),
            models.CheckConstraint(condition=~Q(earlier=F("later")), name="succession_of_another"),
        ]

    def __str__(self) -> str:
        return f"{self.earlier}, then {self.later}"

"""The evaluation itself: why, of what, by whom, and who may see it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from evaluations.organisations.constraints import both_or_neither
from evaluations.organisations.grants import ALL_PERMISSIONS, Grants, Permission
from evaluations.organisations.models import Organisation, Partnership, User


class Stage(models.TextChoices):
    """How far an evaluation has been shared."""

    PRIVATE = "private", "Private"
    NAMED_PARTNERS = "named_partners", "Shared with named partners"
    EMBARGOED = "embargoed", "Embargoed"
    PUBLIC = "public", "Public"
    WITHDRAWN = "withdrawn", "Withdrawn"


SHARED_STAGES = (Stage.NAMED_PARTNERS, Stage.EMBARGOED, Stage.PUBLIC, Stage.WITHDRAWN)
"""The stages at which what was granted to partners takes effect."""


class LawfulBasis(models.TextChoices):
    """Article 6(1) of the UK GDPR, and the case where no personal data are used."""

    NOT_PERSONAL = "not_personal", "No personal data: figures about areas, schools or groups"
    PUBLIC_TASK = "public_task", "Public task"
    LEGITIMATE_INTERESTS = "legitimate_interests", "Legitimate interests"
    CONSENT = "consent", "Consent"
    LEGAL_OBLIGATION = "legal_obligation", "Legal obligation"
    CONTRACT = "contract", "Contract"
    VITAL_INTERESTS = "vital_interests", "Vital interests"


class ShareLevel(models.TextChoices):
    """What a partner is given, from least to most; each includes the ones before."""

    EXISTENCE = "existence", "That it exists"
    PLAN = "plan", "The plan"
    RESULTS = "results", "The results"
    ROWS = "rows", "The rows of data"


_EXISTENCE = frozenset({Permission.SEE_EVALUATION})
_PLAN = _EXISTENCE | {Permission.SEE_PLAN, Permission.COMMENT}
_RESULTS = _PLAN | {Permission.SEE_RESULTS, Permission.RELEASE}
GRANTED_AT: dict[str, frozenset[Permission]] = {
    ShareLevel.EXISTENCE: _EXISTENCE,
    ShareLevel.PLAN: _PLAN,
    ShareLevel.RESULTS: _RESULTS,
    ShareLevel.ROWS: _RESULTS | {Permission.SEE_ROWS},
}
"""What the members of a partner organisation could have at each level of sharing."""

NEVER_OF_AN_EXAMPLE = frozenset({Permission.REQUEST_RELEASE, Permission.RELEASE, Permission.SHARE})


class Evaluation(models.Model):
    """A working space in which one question about one intervention is answered."""

    title = models.CharField(max_length=200)
    purpose = models.TextField(help_text="What the evaluation is to find out, and who will use the answer.")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="evaluations")
    partnership = models.ForeignKey(Partnership, models.PROTECT, null=True, blank=True, related_name="evaluations")
    intervention = models.ForeignKey(
        "evidence.Intervention", models.PROTECT, null=True, blank=True, related_name="evaluations"
    )
    outcome = models.ForeignKey("evidence.Outcome", models.PROTECT, null=True, blank=True, related_name="evaluations")
    lawful_basis = models.CharField(max_length=30, choices=LawfulBasis.choices)
    units_are_people = models.BooleanField(
        default=False, help_text="Each row of the data is, or comes from, one person."
    )
    stage = models.CharField(max_length=20, choices=Stage.choices, default=Stage.PRIVATE)
    embargo_until = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    disclosure_policy = models.JSONField(default=dict, blank=True, help_text="Differences from the preset, if any.")
    is_example = models.BooleanField(default=False)
    example_key = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="evaluation_stage_known"),
            models.CheckConstraint(condition=Q(lawful_basis__in=LawfulBasis.values), name="evaluation_basis_known"),
            models.CheckConstraint(
                condition=~Q(units_are_people=True, lawful_basis=LawfulBasis.NOT_PERSONAL),
                name="evaluation_people_need_a_basis",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.EMBARGOED) | Q(embargo_until__isnull=False),
                name="evaluation_embargo_has_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.WITHDRAWN) | ~Q(withdrawn_reason=""),
                name="evaluation_withdrawal_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(is_example=False) | Q(stage=Stage.PRIVATE), name="evaluation_example_stays_private"
            ),
            models.CheckConstraint(
                condition=both_or_neither("closed_at", "closed_by"), name="evaluation_close_is_signed"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def access(self) -> Grants:
        """The owner's members, and the partners' as far as each was granted, once it is shared at all."""
        own = ALL_PERMISSIONS - NEVER_OF_AN_EXAMPLE if self.is_example else ALL_PERMISSIONS
        if self.stage not in SHARED_STAGES:
            return {self.owner_id: own}
        shares = self.shares.filter(ended_at__isnull=True)
        return {**{share.organisation_id: GRANTED_AT[share.level] for share in shares}, self.owner_id: own}


class Share(models.Model):
    """What one partner organisation is given of one evaluation, once it leaves the private stage."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="shares")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="shares")
    level = models.CharField(max_length=10, choices=ShareLevel.choices)
    granted_at = models.DateTimeField(default=timezone.now, editable=False)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["evaluation", "organisation__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "organisation"],
                condition=Q(ended_at__isnull=True),
                name="share_one_at_a_time",
            ),
            models.CheckConstraint(condition=Q(level__in=ShareLevel.values), name="share_level_known"),
            models.CheckConstraint(condition=both_or_neither("ended_at", "ended_by"), name="share_end_is_signed"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation} to {self.organisation}: {self.get_level_display()}"


class StageChange(models.Model):
    """A recorded decision to share an evaluation further, or less far."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="stage_changes")
    from_stage = models.CharField(max_length=20, choices=Stage.choices)
    to_stage = models.CharField(max_length=20, choices=Stage.choices)
    reason = models.TextField(blank=True)
    made_visible = models.JSONField(default=list, help_text="What the person deciding was shown beforehand.")
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="Empty: an embargo ended.")

    class Meta:
        ordering = ["evaluation", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.from_stage} to {self.to_stage}"


class PolicyChange(models.Model):
    """A recorded decision to depart from the preset of disclosure control, or to return to it."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="policy_changes")
    departures = models.JSONField(default=dict, help_text="What then differed from the preset.")
    is_weaker = models.BooleanField(help_text="Whether any number protects less than the preset.")
    reason = models.TextField()
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["evaluation", "at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="policy_change_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.evaluation}: {self.departures or 'the preset'}"

"""People, the organisations they work for, and partnerships between organisations."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from evaluations.organisations.constraints import both_or_neither
from evaluations.organisations.grants import ALL_PERMISSIONS, Grants, Permission


class User(AbstractUser):
    """A person who can sign in, known by an e-mail address."""

    email = models.EmailField("e-mail address", unique=True)
    full_name = models.CharField(max_length=200, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_the_case")]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def organisation_ids(self) -> frozenset[int]:
        """The organisations this person works for now."""
        spells = self.memberships.filter(ended_at__isnull=True)
        return frozenset(spells.values_list("organisation_id", flat=True))


class Role(models.TextChoices):
    """What a member does for an organisation, from least to most."""

    VIEWER = "viewer", "Viewer"
    ANALYST = "analyst", "Analyst"
    LEAD = "lead", "Lead"
    ADMIN = "admin", "Administrator"


class Organisation(models.Model):
    """A body that owns evaluations: a council, a college, a charity, a university."""

    name = models.CharField(max_length=200, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    members = models.ManyToManyField(
        User, through="Membership", through_fields=("organisation", "user"), related_name="organisations"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def access(self) -> Grants:
        """Its own members, each as far as their role goes."""
        return {self.pk: ALL_PERMISSIONS}


class Membership(models.Model):
    """One spell of one person's work for one organisation; kept when it ends."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["organisation__name", "user__full_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"], condition=Q(ended_at__isnull=True), name="membership_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(condition=both_or_neither("ended_at", "ended_by"), name="membership_end_is_signed"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} at {self.organisation}"


class Partnership(models.Model):
    """Several organisations around a set of interventions and places, under an agreement."""

    name = models.CharField(max_length=200, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    purpose = models.TextField(help_text="What the partners agreed to find out together.")
    agreement_basis = models.TextField(help_text="The agreement under which the partners share, and its lawful basis.")
    agreement_starts_on = models.DateField()
    agreement_ends_on = models.DateField(null=True, blank=True)
    organisations = models.ManyToManyField(Organisation, through="PartnershipMember", related_name="partnerships")
    interventions = models.ManyToManyField("evidence.Intervention", blank=True, related_name="partnerships")
    places = models.ManyToManyField("evidence.Place", blank=True, related_name="partnerships")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    dissolved_at = models.DateTimeField(null=True, blank=True)
    dissolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agreement_ends_on__isnull=True) | Q(agreement_ends_on__gte=F("agreement_starts_on")),
                name="partnership_agreement_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=both_or_neither("dissolved_at", "dissolved_by"), name="partnership_dissolution_is_signed"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def access(self) -> Grants:
        """Every partner sees it and may leave; the partners that lead it also manage it."""
        seen = frozenset({Permission.SEE_PARTNERSHIP, Permission.LEAVE_PARTNERSHIP})
        managed = seen | {Permission.MANAGE_PARTNERSHIP}
        spells = self.member_spells.filter(left_at__isnull=True)
        return {spell.organisation_id: managed if spell.role == PartnershipRole.LEAD else seen for spell in spells}


class PartnershipRole(models.TextChoices):
    """What an organisation does in a partnership."""

    LEAD = "lead", "Leads the partnership"
    PARTNER = "partner", "Partner"
    OBSERVER = "observer", "Observer"


class PartnershipMember(models.Model):
    """One spell of one organisation in one partnership; kept when it leaves."""

    partnership = models.ForeignKey(Partnership, models.PROTECT, related_name="member_spells")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="partnership_spells")
    role = models.CharField(max_length=10, choices=PartnershipRole.choices)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    joined_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    left_at = models.DateTimeField(null=True, blank=True)
    left_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["partnership", "organisation__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["partnership", "organisation"],
                condition=Q(left_at__isnull=True),
                name="partnership_member_one_at_a_time",
            ),
            models.CheckConstraint(condition=Q(role__in=PartnershipRole.values), name="partnership_role_known"),
            models.CheckConstraint(
                condition=both_or_neither("left_at", "left_by"), name="partnership_leaving_is_signed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} in {self.partnership}"


class Invitation(models.Model):
    """A single-use, expiring invitation to join an organisation, or to bring one into a partnership.

    Only a hash of the token is kept: the address in the e-mail is the only copy.
    """

    email = models.EmailField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="invitations")
    partnership = models.ForeignKey(Partnership, models.PROTECT, null=True, blank=True, related_name="invitations")
    role = models.CharField(max_length=10)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, partnership__isnull=False)
                | Q(organisation__isnull=False, partnership__isnull=True),
                name="invitation_to_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, role__in=PartnershipRole.values)
                | Q(partnership__isnull=True, role__in=Role.values),
                name="invitation_role_known",
            ),
            models.CheckConstraint(
                condition=both_or_neither("accepted_at", "accepted_by"), name="invitation_acceptance_is_signed"
            ),
            models.CheckConstraint(
                condition=both_or_neither("revoked_at", "revoked_by"), name="invitation_revocation_is_signed"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="invitation_not_both_accepted_and_revoked",
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email} to {self.organisation or self.partnership}"

    @property
    def state(self) -> str:
        """Where it stands: accepted, withdrawn, expired, or sent and still open."""
        if self.accepted_at is not None:
            return "accepted"
        if self.revoked_at is not None:
            return "withdrawn"
        return "expired" if self.expires_at <= timezone.now() else "sent"

    @property
    def role_label(self) -> str:
        """What the role is called, in an organisation or a partnership."""
        kinds: type[models.TextChoices] = Role if self.organisation_id is not None else PartnershipRole
        return str(kinds(self.role).label)


class ApiToken(models.Model):
    """A scoped, expiring key to the API. It is shown once; only its hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, help_text="The first characters, so its owner can tell tokens apart.")
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditChain(models.Model):
    """The head of one organisation's chain of audit events, or of the site's own ("site").

    Keeping the length and last hash apart makes a cut tail show, not only a missing link.
    """

    name = models.CharField(max_length=40, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    head_sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.length} events"


class AuditEvent(models.Model):
    """Something that happened, who did it and to what. Append only; each event carries the hash of the one before."""

    chain = models.ForeignKey(AuditChain, models.PROTECT, related_name="events")
    sequence = models.PositiveBigIntegerField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="audit_events")
    evaluation_id = models.BigIntegerField(null=True, db_index=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="Empty: the system itself.")
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    detail = models.JSONField(default=dict)
    previous_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["chain", "sequence"]
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="audit_event_one_per_link")]
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="audit_event_subject")]

    @property
    def words(self) -> str:
        """What was done, in words."""
        return self.verb.replace("_", " ")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject_kind} {self.subject_id}"

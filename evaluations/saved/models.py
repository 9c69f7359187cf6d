"""What a reader keeps: searches to come back to, and short lists of interventions with notes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Frequency(models.TextChoices):
    """How often news of a search is sent."""

    NONE = "none", "No e-mail"
    DAILY = "daily", "Once a day, where there is something new"
    WEEKLY = "weekly", "Once a week, where there is something new"


class SavedSearch(models.Model):
    """A search of the public catalogue that someone keeps, with what it found when they last looked.

    "New" is a difference between two lists of keys, never a date: a record that begins to match is new as well.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    query = models.TextField(blank=True, help_text="The words and filters as they stand in an address.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_keys = models.JSONField(default=list, help_text="What it found when its owner last marked it as seen.")
    seen_at = models.DateTimeField(default=timezone.now)
    frequency = models.CharField(max_length=10, choices=Frequency.choices, default=Frequency.NONE)
    sent_keys = models.JSONField(default=list, help_text="What it found when news of it was last worked out.")
    sent_at = models.DateTimeField(default=timezone.now)
    next_digest_at = models.DateTimeField(null=True, blank=True, db_index=True)
    feed_token = models.CharField(max_length=64, unique=True)
    unsubscribe_token = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_search_name_once"),
            models.CheckConstraint(
                condition=Q(frequency=Frequency.NONE, next_digest_at__isnull=True)
                | ~Q(frequency=Frequency.NONE) & Q(next_digest_at__isnull=False),
                name="saved_search_digest_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ShortList(models.Model):
    """Interventions that someone weighs up, in their order, with a note on each."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="short_lists")
    name = models.CharField(max_length=200)
    organisation = models.ForeignKey(
        "evaluations.Organisation",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="short_lists",
        help_text="Whose members may read it.",
    )
    link_token = models.CharField(max_length=64, unique=True, null=True, blank=True, help_text="Opens it to read.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="short_list_name_once")]

    def __str__(self) -> str:
        return self.name


class ShortListItem(models.Model):
    """One intervention of a short list."""

    short_list = models.ForeignKey(ShortList, models.CASCADE, related_name="items")
    intervention = models.ForeignKey("evidence.Intervention", models.PROTECT, related_name="short_list_items")
    note = models.TextField(blank=True)
    position = models.PositiveIntegerField()
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["short_list", "intervention"], name="short_list_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.intervention} in {self.short_list}"

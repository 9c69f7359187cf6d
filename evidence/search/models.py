"""The narrow search table: what a document is and which facets it has. Its words live in the engine's own table."""

from django.db import models


class DocumentKind(models.TextChoices):
    """What can be searched for."""

    INTERVENTION = "intervention", "Interventions"
    STUDY = "study", "Studies"
    ESTIMATE = "estimate", "Estimates"


class SearchDocument(models.Model):
    """One intervention, study or estimate as search sees it."""

    kind = models.CharField(max_length=12, choices=DocumentKind)
    object_id = models.BigIntegerField()
    intervention_id = models.BigIntegerField(db_index=True)
    title = models.CharField(max_length=400)
    is_public = models.BooleanField()
    facets = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_once")]


class SearchWord(models.Model):
    """A word that documents of a kind use, its stem, and about how many documents have the stem."""

    kind = models.CharField(max_length=12, choices=DocumentKind)
    word = models.CharField(max_length=40)
    stem = models.CharField(max_length=40)
    n_documents = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "word"], name="search_word_once")]

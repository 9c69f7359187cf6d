"""Publications that facts and estimates come from."""

from django.db import models
from simple_history.models import HistoricalRecords


class Source(models.Model):
    """A publication: where a reader can check what the catalogue says."""

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=400)
    authors = models.CharField(max_length=400, blank=True)
    publisher = models.CharField(max_length=300, blank=True)
    published = models.CharField("year published", max_length=20, blank=True, help_text="As stated, such as 2024-04.")
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    url = models.CharField("address", max_length=500, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    history = HistoricalRecords()

    class Meta:
        ordering = ["-year", "title"]
        constraints = [models.CheckConstraint(condition=~models.Q(title=""), name="source_has_a_title")]

    def __str__(self) -> str:
        return self.title

    @property
    def citation(self) -> str:
        """Authors, year, title and publisher in one line."""
        who = self.authors or self.publisher
        year = f" ({self.published or self.year})" if (self.published or self.year) else ""
        publisher = f". {self.publisher}" if self.publisher and self.publisher != who else ""
        title = self.title.rstrip(".")
        stop = "" if title.endswith(("?", "!")) and not publisher else "."
        publisher = publisher.removeprefix(".") if title.endswith(("?", "!")) else publisher
        return f"{who}{year}. {title}{publisher}{stop}"

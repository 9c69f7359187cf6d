"""Checks a large upload in the background. Safe to deliver twice: only the first answer is stored."""

from __future__ import annotations

import tempfile
from pathlib import Path

from celery import shared_task
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from evaluations.datasets.actions import (
    TASK_NAME,
    HowToRead,
    finish_check,
    kept_table,
    problems_found,
    waiting_name,
)
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.stats.issues import BadInput


class Superseded(Exception):
    """Another worker answered first; what this one stored is taken away."""


@shared_task(name=TASK_NAME, acks_late=True)
def check_dataset(dataset_id: int) -> None:
    """Check the waiting file of a dataset and store its table, or the problems found."""
    waiting = Dataset.objects.filter(pk=dataset_id, state=DatasetState.CHECKING)
    if not waiting.update(checks=F("checks") + 1, checked_at=timezone.now()):
        return
    dataset = waiting.select_related("evaluation__owner").get()
    how = HowToRead.from_json(dataset.reading)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        try:
            _fetch(dataset, path)
            with kept_table(dataset, path, how) as found, transaction.atomic():
                if not finish_check(dataset=dataset, found=found):
                    raise Superseded
        except BadInput as wrong:
            with transaction.atomic():
                finish_check(dataset=dataset, found=problems_found(wrong.issues))
        except (Superseded, FileNotFoundError):
            return


def _fetch(dataset: Dataset, path: Path) -> None:
    with default_storage.open(waiting_name(dataset)) as stored, path.open("wb") as copy:
        for block in stored.chunks():
            copy.write(block)

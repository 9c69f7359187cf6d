"""Clears away files in storage that nothing names any more."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from evaluations.datasets.models import Dataset

STRAY_AFTER = timedelta(days=1)
PENDING_FOR = timedelta(days=1)


def delete_file(name: str) -> None:
    """Delete a stored file that may be gone already."""
    with suppress(FileNotFoundError):
        default_storage.delete(name)


def delete_strays() -> int:
    """Delete stored tables that no record names, as a lost process may leave; how many there were."""
    count = 0
    for folder in _folders("datasets"):
        kept = set(Dataset.objects.filter(evaluation_id=folder).values_list("storage_path", flat=True))
        count += sum(_delete_if_old(path, STRAY_AFTER) for path in _files(f"datasets/{folder}") if path not in kept)
    return count


def delete_old_pending() -> int:
    """Delete files that have waited to be put in order for more than a day; how many there were."""
    return sum(
        _delete_if_old(path, PENDING_FOR) for folder in _folders("pending") for path in _files(f"pending/{folder}")
    )


def _folders(name: str) -> list[str]:
    try:
        return [folder for folder in default_storage.listdir(name)[0] if folder.isdigit()]
    except FileNotFoundError:
        return []


def _files(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]


def _delete_if_old(path: str, age: timedelta) -> bool:
    with suppress(FileNotFoundError):
        if timezone.now() - default_storage.get_modified_time(path) > age:
            default_storage.delete(path)
            return True
    return False

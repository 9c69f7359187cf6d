"""Makes a new dataset from one that is kept, by a recorded step. The old one stays as it is."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from evaluations.datasets.clearing import delete_file
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.storing import described_columns, write_parquet
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.workspaces.actions import write_audit

COPIED = (
    "evaluation", "kind", "sha256", "original_name", "units_are_people", "controller", "lawful_basis", "purpose",
    "dpia_reference", "retention_date", "is_example",
)  # fmt: skip


def derive_dataset(
    *, source: Dataset, data: pa.Table, step: Mapping[str, Any], by: User, notes: Sequence[str] = ()
) -> Dataset:
    """A new dataset that holds `data`, made from `source` by `step`. It inherits what is stated about the source."""
    require(by, Permission.UPLOAD_DATA, source)
    dataset = Dataset(**{name: getattr(source, name) for name in COPIED}, uploaded_by=by, state=DatasetState.READY)
    dataset.reading = {"from": source.pk, "step": dict(step)}
    dataset.columns = described_columns(data, people=source.units_are_people)
    dataset.notices = [*source.notices, *({"code": "note", "message": note} for note in notes)]
    dataset.rows_read = dataset.rows_stored = data.num_rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        dataset.stored_sha256 = write_parquet(data, path)
        dataset.size_bytes = path.stat().st_size
        with path.open("rb") as file:
            dataset.storage_path = default_storage.save(
                f"datasets/{source.evaluation_id}/{uuid.uuid4().hex}.parquet", File(file)
            )
    is_kept = False
    try:
        with transaction.atomic():
            dataset.save()
            detail = {"from": source.pk, "step": step.get("step"), "stored_sha256": dataset.stored_sha256}
            write_audit(source.evaluation, by=by, verb="derive_dataset", subject=dataset, detail=detail)
        is_kept = True
    finally:
        if not is_kept:
            delete_file(dataset.storage_path)
    return dataset

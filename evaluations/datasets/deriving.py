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
JOINED_BY = "; "


def derive_dataset(
    *,
    source: Dataset,
    data: pa.Table,
    step: Mapping[str, Any],
    by: User,
    notes: Sequence[str] = (),
    also: Sequence[Dataset] = (),
    report: Mapping[str, Any] | None = None,
    name: str = "",
) -> Dataset:
    """A new dataset that holds `data`, made from `source`, and from those of `also`, by `step`.

    It inherits what is stated about them, the stricter where they differ: people if any is about
    people, the earliest date of deletion.
    """
    require(by, Permission.UPLOAD_DATA, source)
    stated = {name: getattr(source, name) for name in COPIED} | _stricter([source, *also])
    dataset = Dataset(**stated, uploaded_by=by, state=DatasetState.READY)
    dataset.original_name = (name or source.original_name)[:255]
    dataset.reading = {"from": source.pk, "step": dict(step)}
    if also:
        dataset.reading |= {"also_from": [parent.pk for parent in also]}
    if report is not None:
        dataset.reading |= {"report": dict(report)}
    dataset.columns = described_columns(data, people=dataset.units_are_people)
    inherited = [notice for parent in (source, *also) for notice in parent.notices]
    dataset.notices = [*inherited, *({"code": "note", "message": note} for note in notes)]
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
            parents = [parent.pk for parent in (source, *also)]
            detail = {"from": parents, "step": step.get("step"), "stored_sha256": dataset.stored_sha256}
            write_audit(source.evaluation, by=by, verb="derive_dataset", subject=dataset, detail=detail)
        is_kept = True
    finally:
        if not is_kept:
            delete_file(dataset.storage_path)
    return dataset


def _stricter(parents: Sequence[Dataset]) -> dict[str, Any]:
    """What is stated of a table made of several: the stricter of each."""
    if len(parents) < 2:
        return {}
    about_people = [parent for parent in parents if parent.units_are_people]
    basis = next((parent.lawful_basis for parent in about_people), parents[0].lawful_basis)
    dates = [parent.retention_date for parent in parents if parent.retention_date is not None]
    return {
        "units_are_people": bool(about_people),
        "lawful_basis": basis,
        "retention_date": min(dates, default=None),
        "controller": _both(parents, "controller")[:200],
        "purpose": _both(parents, "purpose"),
        "dpia_reference": _both(parents, "dpia_reference")[:200],
        "is_example": any(parent.is_example for parent in parents),
    }


def _both(parents: Sequence[Dataset], name: str) -> str:
    return JOINED_BY.join(dict.fromkeys(value for parent in parents if (value := getattr(parent, name))))

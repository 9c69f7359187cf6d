"""Starting an example: an evaluation that is badged for good, with its data, its locked plan and a first run."""

from __future__ import annotations

import hashlib
import io

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from evaluations.datasets.models import Dataset, DatasetState
from evaluations.organisations.models import Organisation, User
from evaluations.plans.actions import lock_plan, save_draft
from evaluations.runs.actions import queue_run
from evaluations.runs.examples import Example
from evaluations.runs.models import AnalysisRun
from evaluations.workspaces.actions import create_evaluation, write_audit
from evaluations.workspaces.models import Evaluation, LawfulBasis


@transaction.atomic
def start_example(*, example: Example, owner: Organisation, by: User) -> AnalysisRun:
    """The first run of a new example evaluation. It can never enter the catalogue."""
    evaluation = create_evaluation(
        owner=owner,
        by=by,
        title=example.title,
        purpose=example.story,
        lawful_basis=LawfulBasis.NOT_PERSONAL,
        is_example=True,
        example_key=example.key,
    )
    dataset = _example_dataset(evaluation, example, by)
    draft = save_draft(
        evaluation=evaluation,
        spec=example.spec,
        dataset=dataset,
        by=by,
        comparator_justification=example.comparator_justification,
    )
    return queue_run(plan=lock_plan(plan=draft, by=by), by=by)


def _example_dataset(evaluation: Evaluation, example: Example, by: User) -> Dataset:
    import pyarrow.parquet
    from pyarrow import csv

    content = example.csv()
    table = csv.read_csv(io.BytesIO(content))
    written = io.BytesIO()
    pyarrow.parquet.write_table(table, written)
    parquet = written.getvalue()
    dataset = Dataset.objects.create(
        evaluation=evaluation,
        state=DatasetState.READY,
        original_name=example.file_name,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        storage_path=default_storage.save(f"datasets/{evaluation.pk}/{example.key}.parquet", ContentFile(parquet)),
        stored_sha256=hashlib.sha256(parquet).hexdigest(),
        columns=[_column(name, table[name]) for name in table.column_names],
        rows_read=table.num_rows,
        rows_stored=table.num_rows,
        uploaded_at=timezone.now(),
        uploaded_by=by,
        lawful_basis=LawfulBasis.NOT_PERSONAL,
        purpose=example.source,
        is_example=True,
    )
    detail = {"name": dataset.original_name, "sha256": dataset.sha256, "rows": dataset.rows_stored}
    write_audit(evaluation, by=by, verb="store_example_data", subject=dataset, detail=detail)
    return dataset


def _column(name: str, values) -> dict:  # type: ignore[no-untyped-def]
    import pyarrow as pa

    is_number = pa.types.is_floating(values.type) or pa.types.is_integer(values.type)
    return {"name": name, "kind": "number" if is_number else "text"}

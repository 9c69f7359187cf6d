"""What a viewer may read of datasets, and what a design would find wrong with one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.organisations.permissions import Permission, Viewer, may
from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.spec import Spec
from evaluations.workspaces.queries import evaluations_where

if TYPE_CHECKING:
    from evaluations.datasets.site_checks import SiteRow


def datasets_where(viewer: Viewer, permission: Permission = Permission.SEE_PLAN) -> QuerySet[Dataset]:
    """The datasets of the evaluations on which the viewer has `permission`, newest first."""
    found = Dataset.objects.filter(evaluation__in=evaluations_where(viewer, permission))
    return found.select_related("evaluation", "evaluation__owner", "uploaded_by", "deleted_by")


def parents_of(dataset: Dataset) -> list[Dataset]:
    """The datasets of its own evaluation that a derived one was made of; none for a file that was uploaded."""
    parents = [dataset.reading.get("from"), *dataset.reading.get("also_from", ())]
    return list(Dataset.objects.filter(evaluation=dataset.evaluation_id, pk__in=[pk for pk in parents if pk]))


@contextmanager
def local_table(dataset: Dataset) -> Iterator[Path]:
    """The dataset's Parquet as a file on this machine, fetched from storage if need be."""
    try:
        yield Path(default_storage.path(dataset.storage_path))
        return
    except NotImplementedError:  # storage that is not a disk
        pass
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.parquet"
        with default_storage.open(dataset.storage_path) as stored, path.open("wb") as copy:
            for block in stored.chunks():
                copy.write(block)
        yield path


def table_of_dataset(dataset: Dataset, *, most: int | None = None) -> Any:
    """The rows as an Arrow table without the numbers of their lines; the first `most` of them where given."""
    import pyarrow.parquet as pq

    from evaluations.datasets.ingest_parquet import LINE_COLUMN

    with local_table(dataset) as path:
        file = pq.ParquetFile(path)
        names = [name for name in file.schema_arrow.names if name != LINE_COLUMN]
        if most is None:
            return file.read(columns=names)
        return next(file.iter_batches(batch_size=most, columns=names), None)


def whole_table(dataset: Dataset) -> Any:
    """The stored table as it is, the numbers of its lines with it: for making another table of it, not for showing."""
    import pyarrow.parquet as pq

    with local_table(dataset) as path:
        return pq.read_table(path)


def sites_in(dataset: Dataset) -> list[SiteRow]:
    """The sites of a kept file; none where it is of another kind, is not ready or does not say where they are."""
    from evaluations.datasets.gazetteer import Places
    from evaluations.datasets.ingest import read_table
    from evaluations.datasets.site_checks import site_rows

    if dataset.kind != DatasetKind.SITES or dataset.state != DatasetState.READY:
        return []
    with local_table(dataset) as path:
        return site_rows(read_table(path), Places())


def design_issues(dataset: Dataset, spec: Spec, *, sites: Dataset | None = None) -> list[Issue]:
    """Every problem the rows have for this design: what a run would refuse them for."""
    from evaluations.datasets.ingest import read_table, typed_table, wanted_columns
    from evaluations.datasets.place_store import places_for

    if dataset.state != DatasetState.READY:
        return []
    try:
        with local_table(dataset) as path:
            raw = read_table(path, wanted=wanted_columns(spec))
            places = places_for(spec)
            if sites is None or sites.state != DatasetState.READY:
                typed_table(raw, spec, places=places)
                return []
            with local_table(sites) as sites_path:
                typed_table(raw, spec, sites=read_table(sites_path), places=places)
    except BadInput as wrong:
        return list(wrong.issues)
    return []


VALUES = ("min", "max")
"""What a column's description says of single values."""


def as_seen_by(viewer: Viewer, dataset: Dataset) -> Dataset:
    """The dataset as this viewer may see it: values, and where rows are people exact counts, go with the rows.

    Others get it without, in memory only: from an exact total what a result hides could be worked out, and the least
    number in a column of numbers of people is that of the smallest cell.
    """
    if may(viewer, Permission.SEE_ROWS, dataset):
        return dataset
    if not dataset.units_are_people:
        dataset.columns = [
            {name: value for name, value in each.items() if name not in VALUES} for each in dataset.columns
        ]
        return dataset
    dataset.rows_read = dataset.rows_stored = None
    dataset.columns = [{name: each[name] for name in ("name", "kind") if name in each} for each in dataset.columns]
    dataset.problems = [_without_row(issue) for issue in dataset.problems]
    dataset.notices = [_without_row(issue) for issue in dataset.notices]
    dataset.reading = {name: value for name, value in dataset.reading.items() if name != "report"}
    return dataset


def _without_row(issue: dict[str, Any]) -> dict[str, Any]:
    """A problem by its column and cure only: its words name rows and values."""
    kept = {name: issue[name] for name in ("code", "column", "hint") if issue.get(name)}
    return kept | {"message": "Those who may see the rows find here what is wrong, and where."}

"""Taking in a file, and deleting what was taken in. Nothing already kept is touched by what fails."""

from __future__ import annotations

import io
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from evaluations.datasets.clearing import delete_file, delete_old_pending, delete_strays
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation, LawfulBasis

TASK_NAME = "evaluations.datasets.tasks.check_dataset"
AT_ONCE_BYTES = 20 * 1024 * 1024
"""Up to this size a file is checked while its sender waits; above it, in the background."""
CHECK_AGAIN_AFTER = timedelta(minutes=10)
MAX_CHECKS = 3
CLEAR_EVERY_S = 3600
MADE_HERE = ("columns", "columns_dropped", "problems", "notices", "reading")
"""Fields that no person fills in, so that empty ones are no mistake."""


@dataclass(frozen=True)
class Particulars:
    """What is stated about a file by the person who uploads it."""

    lawful_basis: str
    kind: str = DatasetKind.OUTCOMES
    units_are_people: bool = False
    controller: str = ""
    purpose: str = ""
    dpia_reference: str = ""
    retention_date: date | None = None


@dataclass(frozen=True)
class HowToRead:
    """How the file is to be read, where its uploader has said so."""

    encoding: str | None = None
    sheet: str | None = None
    use_postcodes: bool = False
    as_text: tuple[str, ...] = ()
    recipe: Mapping[str, Any] | None = None
    """Steps by which the sheet is put in order first, as `tidy.Recipe` keeps them."""
    refuse_periods_across: bool = False
    """Whether periods across the top are a problem: a person can be asked, a program may have its reasons."""

    def to_json(self) -> dict[str, Any]:
        """How the file is read, as plain data."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> HowToRead:
        """What was kept as plain data."""
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})


def upload_dataset(
    *,
    evaluation: Evaluation,
    file: File,
    name: str,
    particulars: Particulars,
    by: User,
    how: HowToRead | None = None,
) -> Dataset:
    """The dataset made of an uploaded file, checked and kept; a large file is checked in the background.

    Raises `BadInput` with every problem of the file, `ValidationError` with what is wrong with the
    particulars. Either way nothing is kept.
    """
    require(by, Permission.UPLOAD_DATA, evaluation)
    how = how or HowToRead()
    dataset = _stated(evaluation, particulars, by, name)
    dataset.reading = how.to_json()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        _copy_upload(file, path, dataset)
        if dataset.size_bytes > AT_ONCE_BYTES and how.recipe is None and not how.use_postcodes:
            return _keep_for_checking(dataset, path, how, by)
        return _keep_checked(dataset, path, how, by)


def _stated(evaluation: Evaluation, particulars: Particulars, by: User, name: str) -> Dataset:
    """The dataset as stated, not saved. Raises `ValidationError` where the law or a rule asks for more."""
    errors: dict[str, str] = {}
    is_about_sites = particulars.kind == DatasetKind.SITES
    people = particulars.units_are_people or (evaluation.units_are_people and not is_about_sites)
    if people and particulars.lawful_basis == LawfulBasis.NOT_PERSONAL:
        errors["lawful_basis"] = "Rows about people are personal data: choose the lawful basis they are used under."
    if people and not particulars.controller.strip():
        errors["controller"] = "Enter the data controller: rows about people must have one."
    if people and particulars.retention_date is None:
        errors["retention_date"] = "Enter the date on which the rows are to be deleted."
    if particulars.retention_date is not None and particulars.retention_date <= timezone.localdate():
        errors["retention_date"] = "The date on which the rows are to be deleted must be in the future."
    if errors:
        raise ValidationError(errors)
    stated = asdict(particulars) | {"units_are_people": people}
    return Dataset(
        evaluation=evaluation,
        uploaded_by=by,
        original_name=Path(name).name[-255:] or "upload",
        is_example=evaluation.is_example,
        **stated,
    )


def _copy_upload(file: File, path: Path, dataset: Dataset) -> None:
    from evaluations.datasets.storing import copy_with_hash

    file.seek(0)
    with path.open("wb") as target:
        try:
            dataset.size_bytes, dataset.sha256 = copy_with_hash(file.chunks, target, most=settings.UPLOAD_MAX_BYTES)
        except ValueError as error:
            megabytes = settings.UPLOAD_MAX_BYTES // 1024**2
            cure = "Leave out columns and rows that the evaluation does not need, or save the table as Parquet."
            raise BadInput([Issue("file_too_large", f"The file is larger than {megabytes:,} MB.", cure)]) from error


def _keep_checked(dataset: Dataset, path: Path, how: HowToRead, by: User) -> Dataset:
    """Check the file, keep its table, and only then its record."""
    dataset.full_clean(exclude=MADE_HERE, validate_constraints=False)
    with kept_table(dataset, path, how) as found, transaction.atomic():
        for field, value in found.items():
            setattr(dataset, field, value)
        dataset.full_clean(exclude=MADE_HERE)
        dataset.save()
        _audit_upload(dataset, by)
    return dataset


def prepared_table(
    path: Path, how: HowToRead, *, is_sites: bool, people: bool, evaluation: Evaluation | None = None
) -> Any:
    """The table in a file as it may be kept. Raises `BadInput` with every problem."""
    from evaluations.datasets.ingest import read_table
    from evaluations.datasets.storing import prepare
    from evaluations.datasets.tidy import Recipe, tidy

    if how.recipe is not None:
        with path.open("rb") as file:
            raw = tidy(file, Recipe.from_json(how.recipe), encoding=how.encoding).raw
    else:
        raw = read_table(path, encoding=how.encoding, sheet=how.sheet)
    return prepare(
        raw,
        is_sites=is_sites,
        people=people,
        use_postcodes=how.use_postcodes,
        as_text=frozenset(how.as_text),
        refuse_periods_across=how.refuse_periods_across,
        whereabouts=_whereabouts(evaluation),
    )


def _whereabouts(evaluation: Evaluation | None) -> Any:
    """What the site knows of postcodes, and the sites last uploaded to the evaluation; read only if needed."""
    from evaluations.datasets.ingest import read_table
    from evaluations.datasets.place_store import known_points, loaded_places
    from evaluations.datasets.postcode_distances import Whereabouts

    def latest_sites() -> Any:
        if evaluation is None:
            return None
        kept = evaluation.datasets.filter(kind=DatasetKind.SITES, state=DatasetState.READY).first()
        if kept is None:
            return None
        with default_storage.open(kept.storage_path) as stored:
            return read_table(io.BytesIO(stored.read()))

    return Whereabouts(places=lambda: loaded_places(["postcode"]), sites=latest_sites, known=known_points)


@contextmanager
def kept_table(dataset: Dataset, path: Path, how: HowToRead) -> Iterator[dict[str, Any]]:
    """The fields of a dataset whose table has been stored; the table is taken away again if the block fails."""
    from evaluations.datasets.storing import write_parquet

    prepared = prepared_table(
        path,
        how,
        is_sites=dataset.kind == DatasetKind.SITES,
        people=dataset.units_are_people,
        evaluation=dataset.evaluation,
    )
    if twice := place_problems(prepared.data, dataset):
        raise BadInput(twice)
    table = path.with_suffix(".parquet")
    stored_sha256 = write_parquet(prepared.data, table)
    with table.open("rb") as file:
        name = default_storage.save(f"datasets/{dataset.evaluation_id}/{uuid.uuid4().hex}.parquet", File(file))
    is_kept = False
    try:
        yield {
            "state": DatasetState.READY,
            "storage_path": name,
            "stored_sha256": stored_sha256,
            "columns": prepared.columns,
            "columns_dropped": prepared.columns_dropped,
            "notices": [issue.to_json() for issue in prepared.notices],
            "rows_read": prepared.rows_read,
            "rows_stored": prepared.data.num_rows,
        }
        is_kept = True
    finally:
        if not is_kept:
            delete_file(name)


def place_problems(data: Any, dataset: Dataset) -> list[Issue]:
    """Places that stand under two names in a table of outcomes: each would count as two units."""
    from evaluations.datasets.placing import places_twice
    from evidence.places.matching import gazetteer

    if dataset.kind != DatasetKind.OUTCOMES or dataset.units_are_people:
        return []
    return places_twice(data, gazetteer)


def _keep_for_checking(dataset: Dataset, path: Path, how: HowToRead, by: User) -> Dataset:
    """Keep the file as it came, its record, and ring for a worker once both are there."""
    from evaluations.datasets.ingest import look_at

    look_at(path)
    with path.open("rb") as file:
        dataset.full_clean(exclude=MADE_HERE, validate_constraints=False)
        with transaction.atomic():
            dataset.checked_at = timezone.now()
            dataset.full_clean(exclude=MADE_HERE)
            dataset.save()
            default_storage.save(waiting_name(dataset), File(file))
            _audit_upload(dataset, by)
            transaction.on_commit(partial(ring, dataset.pk))
    return dataset


def waiting_name(dataset: Dataset) -> str:
    """Where the file of a dataset that is being checked waits; the hash tells it from any left by a lost process."""
    return f"waiting/{dataset.evaluation_id}/{dataset.pk}-{dataset.sha256[:16]}"


def ring(dataset_id: int) -> bool:
    """Tell the workers that a file waits to be checked; whether the bell could be rung."""
    try:
        current_app.send_task(TASK_NAME, args=[dataset_id], retry=False)
    except (OperationalError, OSError):
        return False
    return True


def finish_check(*, dataset: Dataset, found: dict[str, Any]) -> bool:
    """Store what a check found; whether the dataset was still waiting for it."""
    ours = Dataset.objects.filter(pk=dataset.pk, state=DatasetState.CHECKING).update(**found)
    if ours:
        dataset.refresh_from_db()
        detail = {"state": dataset.state, "problems": len(dataset.problems)}
        write_audit(dataset.evaluation, by=None, verb="dataset_checked", subject=dataset, detail=detail)
        transaction.on_commit(partial(delete_file, waiting_name(dataset)))
    return bool(ours)


def problems_found(issues: tuple[Issue, ...]) -> dict[str, Any]:
    """The fields of a dataset whose file has problems: they are kept, its rows are not."""
    return {"state": DatasetState.PROBLEMS, "problems": [issue.to_json() for issue in issues]}


def _audit_upload(dataset: Dataset, by: User) -> None:
    detail = {"sha256": dataset.sha256, "rows": dataset.rows_stored, "kind": dataset.kind, "state": dataset.state}
    write_audit(dataset.evaluation, by=by, verb="upload_dataset", subject=dataset, detail=detail)


@transaction.atomic
def delete_dataset(*, dataset: Dataset, reason: str, by: User) -> Dataset:
    """Delete the rows for good. The record, its hash and every receipt that names it stay."""
    require(by, Permission.DELETE_DATA, dataset)
    if not reason.strip():
        raise ValidationError({"reason": "Say why the rows are deleted."})
    return _delete_rows(dataset, reason=reason.strip(), by=by)


def _forget_true_counts(dataset: Dataset) -> None:
    """The true counts of its runs go with the rows; what was shown stays, rounded."""
    for run in dataset.runs.filter(withheld__isnull=False).select_related("withheld"):
        run.withheld.counts, run.withheld.units = {}, []
        run.withheld.save(update_fields=["counts", "units"])


def _delete_rows(dataset: Dataset, *, reason: str, by: User | None) -> Dataset:
    dataset = Dataset.objects.select_for_update(of=("self",)).select_related("evaluation__owner").get(pk=dataset.pk)
    if dataset.state == DatasetState.DELETED:
        return dataset
    files = [name for name in (dataset.storage_path, waiting_name(dataset)) if name]
    dataset.state, dataset.storage_path = DatasetState.DELETED, ""
    dataset.deleted_at, dataset.deleted_by, dataset.deletion_reason = timezone.now(), by, reason
    dataset.save()
    _forget_true_counts(dataset)
    detail = {"sha256": dataset.sha256, "reason": reason}
    write_audit(dataset.evaluation, by=by, verb="delete_dataset", subject=dataset, detail=detail)
    for name in files:
        transaction.on_commit(partial(delete_file, name))
    for derived in _made_from(dataset):
        _delete_rows(derived, reason=reason, by=by)
    return dataset


def _made_from(dataset: Dataset) -> list[Dataset]:
    """The datasets that hold rows of this one."""
    others = Dataset.objects.filter(evaluation=dataset.evaluation_id).exclude(state=DatasetState.DELETED)
    return [each for each in others if dataset.pk in (each.reading.get("from"), *each.reading.get("also_from", ()))]


def delete_expired() -> int:
    """Delete the rows of every dataset whose retention date has come; how many there were."""
    due = Dataset.objects.filter(retention_date__lte=timezone.localdate()).exclude(state=DatasetState.DELETED)
    count = 0
    for dataset in due:
        with transaction.atomic():
            _delete_rows(dataset, reason="Its retention date came.", by=None)
        count += 1
    return count


def sweep_datasets() -> None:
    """Ring again for files whose check was lost, give up on those tried too often, delete what is due."""
    now = timezone.now()
    silent = Dataset.objects.filter(state=DatasetState.CHECKING, checked_at__lt=now - CHECK_AGAIN_AFTER)
    for dataset in silent:
        if dataset.checks >= MAX_CHECKS:
            lost = Issue(
                "check_lost",
                f"The file could not be checked: the worker stopped {dataset.checks} times. It may need more memory.",
                "Leave out columns and rows that the evaluation does not need, or save the table as Parquet.",
            )
            with transaction.atomic():
                finish_check(dataset=dataset, found=problems_found((lost,)))
            continue
        Dataset.objects.filter(pk=dataset.pk, checked_at=dataset.checked_at).update(checked_at=now)
        ring(dataset.pk)
    delete_expired()
    if cache.add("datasets-cleared", 1, timeout=CLEAR_EVERY_S):
        delete_strays()
        delete_old_pending()


@transaction.atomic
def read_rows(*, dataset: Dataset, by: User, most: int | None = None) -> Any:
    """Rows of the dataset as an Arrow table, the reading recorded. Raises `NotAllowed` without the right to rows."""
    from evaluations.datasets.queries import table_of_dataset

    require(by, Permission.SEE_ROWS, dataset)
    detail = {"rows": most if most is not None else dataset.rows_stored}
    write_audit(dataset.evaluation, by=by, verb="read_rows", subject=dataset, detail=detail)
    return table_of_dataset(dataset, most=most)

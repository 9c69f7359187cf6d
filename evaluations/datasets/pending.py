"""Files that wait, for a day at most, while the person who uploaded them puts them in order.

A waiting file is no dataset: nothing names it but its secret token, and only who sent it can open it.
What identifies people is refused before a file may wait.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from evaluations.datasets.actions import HowToRead, Particulars, place_problems, upload_dataset
from evaluations.datasets.clearing import delete_file
from evaluations.datasets.ingest import kind_of_file
from evaluations.datasets.ingest_raw import RawTable
from evaluations.datasets.models import Dataset, DatasetKind
from evaluations.datasets.personal import personal_issues
from evaluations.datasets.storing import prepare
from evaluations.datasets.tidy import Recipe, Tidied, tidy
from evaluations.datasets.tidy_grid import Sheet, TablePlace, read_sheets, table_places, text_of
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.stats.issues import BadInput, Issue
from evaluations.workspaces.models import Evaluation

MOST_BYTES = 20 * 1024 * 1024
"""Larger files are made by machines: they are read as they are, or not at all."""


@dataclass(frozen=True)
class Pending:
    """A waiting file: what was stated about it, and where it waits."""

    token: str
    evaluation: Evaluation
    name: str
    particulars: Particulars
    how: HowToRead

    @property
    def path(self) -> str:
        """Where the file waits in storage."""
        return f"pending/{self.evaluation.pk}/{self.token}"


def keep_pending(
    *, evaluation: Evaluation, file: File, name: str, particulars: Particulars, how: HowToRead, by: User
) -> Pending | None:
    """The file, kept waiting if it can be put in order; null if it cannot. Raises `BadInput` if it is about people."""
    require(by, Permission.UPLOAD_DATA, evaluation)
    if (file.size or 0) > MOST_BYTES:
        return None
    binary = cast(BinaryIO, file)
    try:
        sheets = read_sheets(binary, kind_of_file(binary), encoding=how.encoding)
        tidy(binary, encoding=how.encoding)
    except BadInput:
        return None
    identifying = _personal(sheets, particulars.kind == DatasetKind.SITES)
    if identifying:
        raise BadInput(identifying)
    pending = Pending(secrets.token_hex(16), evaluation, Path(name).name[-255:], particulars, how)
    file.seek(0)
    default_storage.save(pending.path, File(file))
    stated = {"by": by.pk, "name": pending.name, "how": how.to_json(), "particulars": asdict(particulars)}
    default_storage.save(f"{pending.path}.json", ContentFile(json.dumps(stated, default=str).encode()))
    return pending


def _personal(sheets: list[Sheet], is_sites: bool) -> list[Issue]:
    """Problems of every column that appears to identify people, in every table of every sheet.

    What stands around the tables is never kept: a publisher's address there is nobody's secret.
    """
    issues = []
    for sheet in sheets:
        for place in table_places(sheet):
            columns = _columns_under(sheet, place)
            issues += personal_issues(RawTable(pa.table(columns), tuple(columns)), is_sites=is_sites)
    return issues


def _columns_under(sheet: Sheet, place: TablePlace) -> dict[str, pa.Array]:
    """The cells under each name of a header, as text; repeated names told apart."""
    columns: dict[str, pa.Array] = {}
    rows = sheet.grid[place.first_row : place.last_row]
    head = sheet.grid[place.header_row]
    for column in place.columns:
        name = text_of(head[column]) if column < len(head) else ""
        values = [text_of(row[column]) if column < len(row) else "" for row in rows]
        columns[name if name and name not in columns else f"{name} (column {column + 1})"] = pa.array(
            values, pa.string()
        )
    return columns


def pending_for(*, evaluation: Evaluation, token: str, by: User) -> Pending | None:
    """The waiting file of this person in this evaluation; null where there is none."""
    if not re.fullmatch(r"[0-9a-f]{32}", token):
        return None
    try:
        with default_storage.open(f"pending/{evaluation.pk}/{token}.json") as file:
            stated = json.loads(file.read())
    except FileNotFoundError:
        return None
    if stated["by"] != by.pk:
        return None
    particulars = stated["particulars"]
    if particulars["retention_date"]:
        particulars["retention_date"] = date.fromisoformat(particulars["retention_date"])
    how = HowToRead.from_json(stated["how"])
    return Pending(token, evaluation, stated["name"], Particulars(**particulars), how)


def tidied(pending: Pending, recipe: Recipe | None) -> Tidied:
    """The waiting file's table, put in order. Raises `BadInput` where no table is found."""
    with default_storage.open(pending.path) as file:
        return tidy(cast(BinaryIO, file), recipe, encoding=pending.how.encoding)


def remaining_problems(pending: Pending, found: Tidied) -> list[Issue]:
    """What would still keep the table from being taken in."""
    about = Dataset(kind=pending.particulars.kind, units_are_people=pending.particulars.units_are_people)
    try:
        prepared = prepare(
            found.raw,
            is_sites=pending.particulars.kind == DatasetKind.SITES,
            people=pending.particulars.units_are_people,
            use_postcodes=pending.how.use_postcodes,
            as_text=frozenset(found.recipe.as_text),
        )
    except BadInput as wrong:
        return list(wrong.issues)
    return place_problems(prepared.data, about)


def keep_tidied(*, pending: Pending, recipe: Recipe, by: User) -> Dataset:
    """The dataset made of the waiting file by the recipe; the file then waits no more. Raises `BadInput`."""
    how = replace(pending.how, recipe=recipe.to_json(), as_text=recipe.as_text, refuse_periods_across=False)
    with tempfile.TemporaryFile() as copy:
        with default_storage.open(pending.path) as stored:
            for chunk in stored.chunks():
                copy.write(chunk)
        dataset = upload_dataset(
            evaluation=pending.evaluation,
            file=File(copy, name=pending.name),
            name=pending.name,
            particulars=pending.particulars,
            how=how,
            by=by,
        )
    discard(pending)
    return dataset


def discard(pending: Pending) -> None:
    """Delete the waiting file."""
    for path in (pending.path, f"{pending.path}.json"):
        delete_file(path)

"""Two kept files of an evaluation joined on an opaque id: the choice, the preview, and the data set that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from evaluations.datasets.building import likely_column
from evaluations.datasets.deriving import derive_dataset
from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.join_report import match_report, report_in_words
from evaluations.datasets.joining import KINDS, Choices, Side, joined_table, match_ids
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.queries import whole_table
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, require
from evaluations.stats.issues import BadInput, Issue

LIKELY_IDS = ("opaque_id", "opaque id", "pseudonym", "person_id", "id", "unit_id", "unit", "learner_id", "pupil_id")
MOST_DIGITS = 32


@dataclass(frozen=True)
class Join:
    """Which files are joined on which columns, and how. The steps of it can be run again on other files."""

    participation: Dataset
    outcomes: Dataset
    participation_id: str
    outcomes_id: str
    choices: Choices

    def step(self) -> dict[str, Any]:
        """The join as it is recorded."""
        return {
            "step": "join",
            "participation": self.participation.pk,
            "outcomes": self.outcomes.pk,
            "participation_id": self.participation_id,
            "outcomes_id": self.outcomes_id,
            **asdict(self.choices),
        }


@dataclass(frozen=True)
class Joined:
    """The table that a join gives, and its match report."""

    data: pa.Table
    report: dict[str, Any]


def stated_choices(kind: str, *, ignore_case: bool, digits: int) -> Choices:
    """The choices of a join. Raises `BadInput` for a kind that is not known or more digits than an id can have."""
    if kind not in KINDS:
        what = f"There is no way to join called {kind}."
        raise BadInput([Issue("join_kind_unknown", what, f"Choose one of: {', '.join(KINDS)}.", column="kind")])
    if not 0 <= digits <= MOST_DIGITS:
        what = f"Ids cannot be filled up to {digits} digits."
        raise BadInput([Issue("digits_out_of_range", what, f"Give 0 to {MOST_DIGITS}.", column="digits")])
    return Choices(kind, ignore_case, digits)


def joined(join: Join) -> Joined:
    """The joined table and the report of who was matched. Raises `BadInput` with every id that is in doubt."""
    issues = [
        Issue("column_missing", f"{dataset} has no column {name}.", "Choose its column of ids.", column=name)
        for dataset, name in ((join.participation, join.participation_id), (join.outcomes, join.outcomes_id))
        if name not in [each["name"] for each in dataset.columns]
    ]
    if join.participation.pk == join.outcomes.pk:
        issues.append(Issue("one_file", "A file cannot be joined with itself.", "Choose two files."))
    if issues:
        raise BadInput(issues)
    participation = Side("Participation", whole_table(join.participation), join.participation_id)
    outcomes = Side("Outcomes", whole_table(join.outcomes), join.outcomes_id)
    matched = match_ids(participation, outcomes, join.choices)
    people = join.participation.units_are_people or join.outcomes.units_are_people
    report = match_report(participation, outcomes, matched, people=people)
    return Joined(joined_table(participation, outcomes, matched, join.choices), report)


def keep_join(*, join: Join, by: User) -> Dataset:
    """The data set that the join gives, with its parents and its match report on record. Raises `BadInput`."""
    for dataset in (join.participation, join.outcomes):
        require(by, Permission.SEE_ROWS, dataset)
    found = joined(join)
    return derive_dataset(
        source=join.outcomes,
        data=found.data,
        step=join.step(),
        by=by,
        also=(join.participation,),
        report=found.report,
        notes=report_in_words(found.report),
        name=f"{join.outcomes} joined with {join.participation}",
    )


def files_to_join(evaluation_pk: int) -> list[Dataset]:
    """The files of an evaluation that can be joined, newest first."""
    return list(Dataset.objects.filter(evaluation=evaluation_pk, state=DatasetState.READY, kind=DatasetKind.OUTCOMES))


def names_in(dataset: Dataset) -> list[str]:
    """The names of a file's columns."""
    return [each["name"] for each in dataset.columns if each["name"] != LINE_COLUMN]


def likely_id(dataset: Dataset, other: Dataset | None = None) -> str:
    """The column of a file that most likely holds its ids: by name, else one that the other file has too."""
    names = names_in(dataset)
    shared = [name for name in names if other is not None and name in names_in(other)]
    return likely_column(shared, LIKELY_IDS) or likely_column(names, LIKELY_IDS) or (shared or names or [""])[0]


def earlier_join(dataset: Dataset) -> Mapping[str, Any] | None:
    """The join that a data set was made by; null where it was made otherwise."""
    step = dataset.reading.get("step") or {}
    return step if step.get("step") == "join" else None

"""The recipe of an earlier file, used again on next year's: found by its header, and what differs is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from evaluations.datasets.ingest_parquet import LINE_COLUMN
from evaluations.datasets.models import Dataset
from evaluations.datasets.pending import Pending, tidied
from evaluations.datasets.tidy import Recipe, Tidied
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission
from evaluations.stats.issues import BadInput
from evaluations.workspaces.queries import evaluations_where

LOOKED_BACK = 200
"""Datasets, newest first, whose recipes are considered."""
MOST_TRIED = 5


@dataclass(frozen=True)
class Earlier:
    """A recipe that fits: the dataset that it made, the table that it makes now, and what differs, in sentences."""

    dataset: Dataset
    tidied: Tidied
    differs: tuple[str, ...]


def earlier_recipe(pending: Pending, *, by: User) -> Earlier | None:
    """The newest kept recipe whose header stands in the waiting file, with what it makes of it; null where none fits.

    First those of the same evaluation, then of any other to which this person may add data.
    """
    for dataset in _with_recipes(pending, by):
        recipe = Recipe.from_json(dataset.reading["recipe"])
        if not _may_be_of_one_kind(recipe, dataset, pending):
            continue
        try:
            found = tidied(pending, recipe)
        except BadInput:
            continue
        if found.recipe.anchor[: len(recipe.anchor)] == recipe.anchor:
            return Earlier(dataset, found, tuple(_differences(dataset, recipe, found)))
    return None


def _may_be_of_one_kind(recipe: Recipe, dataset: Dataset, pending: Pending) -> bool:
    """Whether the header says enough: "Local authority" alone heads every sheet, so the files' names must be alike."""
    return len(recipe.anchor) > 1 or _letters(dataset.original_name) == _letters(pending.name)


def _letters(name: str) -> str:
    """The letters of a file's name, without the year or version that next year's changes."""
    return "".join(sign for sign in PurePath(name).stem.casefold() if sign.isalpha())


def _with_recipes(pending: Pending, by: User) -> list[Dataset]:
    known = Dataset.objects.filter(evaluation__in=evaluations_where(by, Permission.UPLOAD_DATA))
    recent = sorted(known[:LOOKED_BACK], key=lambda each: each.evaluation_id != pending.evaluation.pk)
    kept: dict[str, Dataset] = {}
    for dataset in recent:
        recipe = dataset.reading.get("recipe")
        if recipe and recipe.get("anchor"):
            kept.setdefault(repr(recipe), dataset)
    return list(kept.values())[:MOST_TRIED]


def _differences(dataset: Dataset, recipe: Recipe, found: Tidied) -> list[str]:
    """What is otherwise than in the earlier file, in sentences; none where all is alike."""
    said = []
    if recipe.sheet != found.recipe.sheet:
        said.append(f"The sheet is called {found.recipe.sheet}; it was {recipe.sheet}.")
    if recipe.header_row != found.recipe.header_row:
        said.append(f"The names of the columns are in row {found.recipe.header_row}; they were in {recipe.header_row}.")
    before = [each["name"] for each in dataset.columns if each["name"] != LINE_COLUMN]
    now = list(found.raw.header)
    if new := [name for name in now if name not in before]:
        said.append(f"New columns: {', '.join(new)}.")
    if gone := [name for name in before if name not in now]:
        said.append(f"Columns that are gone: {', '.join(gone)}.")
    if dataset.rows_stored is not None and dataset.rows_stored != found.raw.n_rows:
        said.append(f"The table has {found.raw.n_rows:,} rows; it had {dataset.rows_stored:,}.")
    done = {step.key for step in found.steps}
    if idle := [key for key in recipe.off if key not in done]:
        said.append(f"Nothing here asks for what was undone then: {', '.join(idle)}.")
    return said

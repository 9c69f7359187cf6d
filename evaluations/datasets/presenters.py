"""Datasets in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluations.datasets.comparing import Proposal
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.placing import summary
from evaluations.datasets.tidy import Recipe, Tidied
from evaluations.datasets.tidy_forms import ALWAYS, start_of
from evaluations.stats.issues import Issue
from evidence.drawing.tables import Column, Table, build_table
from evidence.places.matching import Match

KINDS_IN_WORDS = {
    "integer": "Whole numbers",
    "number": "Numbers",
    "date": "Dates",
    "period": "Periods",
    "text": "Text",
    "empty": "Nothing",
}
STATE_COLOURS = {
    DatasetState.CHECKING: "grey",
    DatasetState.PROBLEMS: "red",
    DatasetState.READY: "green",
    DatasetState.DELETED: "grey",
}
MOST_CELL = 60
PREVIEWED = 12


def state_colour(dataset: Dataset) -> str:
    """The colour of the tag that says where the dataset stands."""
    return STATE_COLOURS[DatasetState(dataset.state)]


def columns_table(dataset: Dataset) -> Table:
    """What each column holds, as detected."""
    heads: list[Column | str] = [
        "Column",
        "Holds",
        Column("Empty cells", numeric=True),
        Column("Different values", numeric=True),
        "Range",
    ]
    rows = [
        (
            each["name"],
            KINDS_IN_WORDS.get(each["kind"], each["kind"]),
            f"{each['missing']:,}" if "missing" in each else "",
            f"{each['distinct']:,}" if "distinct" in each else "",
            _range(each),
        )
        for each in dataset.columns
    ]
    return build_table("What each column holds", heads, rows)


def _range(column: Mapping[str, Any]) -> str:
    if "min" not in column:
        return ""
    low, high = (f"{column[end]:.10g}" for end in ("min", "max"))
    return low if low == high else f"{low} to {high}"


def rows_table(rows: Any) -> Table:
    """The first rows of a dataset, an Arrow batch, as they are stored."""
    names = rows.schema.names
    body = [[_cell(row[name]) for name in names] for row in rows.to_pylist()]
    return build_table(f"The first {len(body)} rows", names, body)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MOST_CELL else text[: MOST_CELL - 1] + "…"


def facts(dataset: Dataset) -> list[dict[str, str]]:
    """What is recorded of the dataset, as rows of a summary list."""
    retention = f"{dataset.retention_date:%-d %B %Y}" if dataset.retention_date else ""
    rows = [
        ("File", f"{dataset.original_name}, {size_in_words(dataset.size_bytes)}"),
        ("Holds", dataset.get_kind_display()),
        ("Rows", _rows_text(dataset)),
        ("Uploaded", f"{dataset.uploaded_at:%-d %B %Y, %H:%M} by {dataset.uploaded_by}"),
        ("Rows are about", "People" if dataset.units_are_people else "Areas, schools or groups"),
        ("Lawful basis", dataset.get_lawful_basis_display()),
        ("Data controller", dataset.controller),
        ("Purpose", dataset.purpose),
        ("Impact assessment", dataset.dpia_reference),
        ("Rows deleted on", retention),
        ("SHA-256 of the file", dataset.sha256),
    ]
    return [{"key": key, "value": value} for key, value in rows]


def _rows_text(dataset: Dataset) -> str:
    if dataset.rows_stored is not None:
        return f"{dataset.rows_stored:,}"
    return "Told to those who may see the rows" if dataset.state == DatasetState.READY else "Not kept"


def tidy_context(found: Tidied, recipe: Recipe, issues: list[Issue]) -> dict[str, Any]:
    """What the page shows that puts a sheet in order: its choices, its steps, and the table that comes out."""
    suspects = {issue.column for issue in issues if issue.code == "not_a_number" and issue.column}
    return {
        "found": found,
        "recipe": found.recipe,
        "issues": issues,
        "issues_heading": f"{problems_heading(issues)} in the table",
        "start": start_of(found),
        "steps": [{"step": step, "is_fixed": step.key in ALWAYS} for step in found.steps],
        "shown_steps": " ".join(step.key for step in found.steps),
        "turned": any(step.key == "periods" and step.is_on for step in found.steps),
        "texts": [{"name": name, "is_on": name in recipe.as_text} for name in sorted({*suspects, *recipe.as_text})],
        "rows": rows_table(found.raw.data.slice(0, PREVIEWED)) if found.raw.n_rows else None,
        "n_rows": found.raw.n_rows,
        "others": [{"row": place.header_row + 1, "rows": place.last_row - place.first_row} for place in found.others],
    }


def places_summary(matches: list[Match]) -> Table:
    """How many values were told each way."""
    heads: list[Column | str] = ["Told", Column("Values", numeric=True)]
    return build_table("How the places were told", heads, [(how, f"{count:,}") for how, count in summary(matches)])


def noted_places(matches: list[Match]) -> Table | None:
    """Places about which there is something to know: former codes, authorities that ended, districts."""
    noted = [match for match in matches if match.is_place and match.note]
    if not noted:
        return None
    heads: list[Column | str] = ["As written", "Place", Column("To know", wide=True)]
    rows = [(match.written, f"{match.name} ({match.code})", match.note) for match in noted]
    return build_table("Places that changed, and districts", heads, rows)


def candidate_rows(proposal: Proposal, compared: Sequence[str]) -> list[dict[str, Any]]:
    """The areas to compare with, likest first, as lines to tick."""
    return [
        {
            "code": each.code,
            "name": each.name,
            "is_on": each.code in compared,
            "is_proposed": each.is_proposed,
            "trend_gap": f"{each.trend_gap:.3g}",
            "level_gap": f"{each.level_gap:.3g}",
            "context_gap": "" if each.context_gap is None else f"{each.context_gap:.2g}",
        }
        for each in proposal.candidates
    ]


def size_in_words(size: int) -> str:
    """A size in bytes, kilobytes or megabytes."""
    for unit, of in (("MB", 1024**2), ("KB", 1024)):
        if size >= of:
            return f"{size / of:,.1f} {unit}"
    return f"{size} bytes"


def problems_heading(issues: list[Issue] | list[dict[str, Any]]) -> str:
    """How many problems there are, as a heading."""
    return f"{len(issues):,} problem{'s' if len(issues) != 1 else ''} found"

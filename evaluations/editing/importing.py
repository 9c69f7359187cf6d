"""A file of evidence, read: every row checked as the starter catalogue's files are, and every problem kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.catalogue.issues import Issue
from evidence.catalogue.models import Intervention, Outcome, Source, Study, StudyStatus, TargetGroup
from evidence.estimates.actions import About, Measured, PublishedOrigin, estimate_issues
from evidence.estimates.models import EffectEstimate, EstimateKind
from evidence.estimates.starter.reading import Files, Row
from evidence.estimates.starter.records import (
    ESTIMATE_COLUMNS,
    SOURCE_COLUMNS,
    STUDY_COLUMNS,
    Entry,
    read_estimate,
    read_source,
    read_study,
)
from evidence.places.models import Place

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 2_000
EXAMPLE = "example"
"""The code of a template's own row: checked like any other, never imported."""

YEARS = (1800, 2100)
MOST_MONTHS = 1_200

COLUMNS = {"sources": SOURCE_COLUMNS, "studies": STUDY_COLUMNS, "estimates": ESTIMATE_COLUMNS}
LIKE = {
    "measured": {"range_low": "reported_range_low", "range_high": "reported_range_high", "words": "reported_words"},
}


@dataclass(frozen=True)
class Reading:
    """What a file says: its kind, its rows as they were typed, and its problems."""

    kind: str
    rows: tuple[dict[str, str], ...]
    entries: tuple[Entry, ...]
    issues: tuple[Issue, ...]
    n_examples: int = 0


def read_file(name: str, content: bytes) -> Reading:
    """The rows of a file of sources, studies or estimates, told apart by its header, and every problem found."""
    kind, issues, text = "", [], ""
    if len(content) > MOST_BYTES:
        issues.append(Issue("too_large", "The file is larger than 2 MB.", "Import it in parts.", file=name))
    else:
        try:
            text = content.decode("utf-8-sig").replace("\x00", "")
        except UnicodeDecodeError:
            issues.append(Issue("not_utf8", "The file is not UTF-8 text.", "Save it as CSV UTF-8.", file=name))
    if text and not issues:
        kind = _kind_of(text)
        if not kind:
            hint = "Start from one of the templates and keep its first row as it is."
            issues.append(Issue("header_unknown", "The columns are not those of any template.", hint, file=name))
    if not text.strip() and not issues:
        issues.append(Issue("empty", "The file is empty.", "Start from one of the templates.", file=name))
    return read_rows(kind, name, text) if kind and not issues else Reading("", (), (), tuple(issues))


def _kind_of(text: str) -> str:
    header = {cell.strip() for cell in next(csv.reader(io.StringIO(text)), [])}
    shared = {kind: len(header & set(columns)) / len(columns) for kind, columns in COLUMNS.items()}
    best = max(shared, key=lambda kind: shared[kind])
    return best if shared[best] > 0.5 else ""


def read_rows(kind: str, name: str, text: str) -> Reading:
    """The rows of CSV text of one kind, with every problem found."""
    files = Files(Path(name or "file"))
    rows = files.rows_of(name, text, COLUMNS[kind])
    if len(rows) > MOST_ROWS:
        message = f"There are {len(rows):,} rows; at most {MOST_ROWS:,} are imported at once."
        files.issues.append(Issue("too_many_rows", message, "Import them in parts.", file=name))
    elif rows:
        _check_new(kind, rows)
    entries = READERS[kind](rows) if not files.issues or len(rows) <= MOST_ROWS else []
    if not rows and not files.issues:
        files.issues.append(Issue("no_rows", "There is no row below the header.", "Add a row.", file=name))
    kept = [(row, entry) for row, entry in zip(rows, entries, strict=False) if row.text("code") != EXAMPLE]
    return Reading(
        kind=kind,
        rows=tuple({key: str(value) for key, value in row.cells.items()} for row, _ in kept),
        entries=tuple(entry for _, entry in kept),
        issues=tuple(files.issues),
        n_examples=len(rows) - len(kept),
    )


def _check_new(kind: str, rows: list[Row]) -> None:
    model: Any = {"sources": Source, "studies": Study, "estimates": EffectEstimate}[kind]
    there = set(
        model._default_manager.filter(code__in=[row.text("code") for row in rows]).values_list("code", flat=True)
    )
    for row in rows:
        if row.text("code") in there:
            row.problem(
                "there_already",
                "code",
                f"{row.text('code')!r} is in the catalogue already.",
                "An import only adds. Change what is there on its own page, or take the row out.",
            )


def _codes(model: Any, **where: Any) -> set[str]:
    return set(model._default_manager.filter(**where).values_list("code", flat=True))


def _sources(rows: list[Row]) -> list[Entry]:
    return [read_source(row) for row in rows]


def _studies(rows: list[Row]) -> list[Entry]:
    known = _codes(Intervention, merged_into__isnull=True), _codes(TargetGroup), _codes(Place), _codes(Source)
    entries = [read_study(row, *known) for row in rows]
    for row, entry in zip(rows, entries, strict=True):
        _check_range(row, "year", entry.fields["year"], *YEARS)
    return entries


def _check_range(row: Row, column: str, number: int | None, least: int, most: int) -> None:
    if number is not None and not least <= number <= most:
        row.problem("out_of_range", column, f"{column} is {number}.", f"From {least} to {most}.")


def _estimates(rows: list[Row]) -> list[Entry]:
    studies = {row.code: row for row in Study.objects.filter(merged_into__isnull=True)}
    sources = {row.code: row for row in Source.objects.all()}
    outcomes, groups = _codes(Outcome), _codes(TargetGroup)
    entries = [read_estimate(row, set(studies), outcomes, groups, set(sources)) for row in rows]
    for row, entry in zip(rows, entries, strict=True):
        _check_range(row, "follow_up_months", entry.fields["about"]["follow_up_months"], 0, MOST_MONTHS)
        study, source = studies.get(entry.one["study"] or ""), sources.get(entry.one["source"] or "")
        if study is not None and source is not None:
            _check_ledger(row, entry, study, source)
    return entries


def _check_ledger(row: Row, entry: Entry, study: Study, source: Source) -> None:
    """What the ledger itself would say against the row."""
    column_of = {field: column for column, field in LIKE["measured"].items()}
    for issue in estimate_issues(
        study=study,
        estimate_kind=entry.fields["kind"],
        measured=Measured(**entry.fields["measured"]),
        origin=PublishedOrigin(source=source, source_location=entry.fields["source_location"] or "-"),
        is_example=False,
    ):
        if issue.code != "estimate_kind_unknown":
            row.problem(
                issue.code, column_of.get(issue.column or "", issue.column or "study"), issue.message, issue.hint
            )


READERS: dict[str, Callable[[list[Row]], list[Entry]]] = {
    "sources": _sources,
    "studies": _studies,
    "estimates": _estimates,
}


def about_of(entry: Entry, groups: dict[str, TargetGroup]) -> About:
    """What an imported estimate is about."""
    return About(target_group=groups.get(entry.one["target_group"] or ""), **entry.fields["about"])


def template_text(kind: str) -> str:
    """A file that passes as it is: the header, and one example row that refers to what is in the catalogue."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS[kind], restval="", lineterminator="\r\n")
    writer.writeheader()
    example = EXAMPLES[kind]()
    if example:
        writer.writerow({"code": EXAMPLE, **example})
    return out.getvalue()


def _example_source() -> dict[str, str]:
    return {
        "title": "Example: the title of the report. This row is never imported",
        "authors": "Family name, Initial; Family name, Initial",
        "publisher": "Who published it",
        "published": "2024-04",
        "url": "https://example.org/report",
    }


def _example_study() -> dict[str, str]:
    intervention = Intervention.objects.filter(visibility="public").order_by("name").first()
    source = Source.objects.order_by("code").first()
    if intervention is None:
        return {}
    return {
        "intervention": intervention.code,
        "title": "Example: the title of the study. This row is never imported",
        "status": StudyStatus.PUBLISHED,
        "design": "matched",
        "comparator": "Whom those reached were compared with",
        "year": "2024",
        "source": source.code if source else "",
    }


def _example_estimate() -> dict[str, str]:
    study = (
        Study.objects.filter(visibility="public").exclude(status=StudyStatus.NEVER_EVALUATED).order_by("code").first()
    )
    outcome, source = Outcome.objects.order_by("code").first(), Source.objects.order_by("code").first()
    if study is None or outcome is None or source is None:
        return {}
    return {
        "study": study.code,
        "kind": EstimateKind.CAUSAL,
        "outcome": outcome.code,
        "value": "2.1",
        "unit": "percentage points",
        "direction": outcome.direction,
        "std_error": "0.8",
        "source": source.code,
        "location": "Table 3, page 41",
        "grade": "A",
        "notes": "Example: this row is never imported.",
    }


EXAMPLES = {"sources": _example_source, "studies": _example_study, "estimates": _example_estimate}

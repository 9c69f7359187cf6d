"""The data-flow sheet of an evaluation, for its impact assessment: only what is on record, nothing asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from evaluations.datasets.models import Dataset, DatasetState
from evaluations.disclosure.policy import policy_of
from evaluations.organisations.models import AuditEvent
from evaluations.organisations.permissions import Permission, roles_that_may
from evaluations.sharing.models import Publication
from evaluations.workspaces.models import Evaluation, Share, ShareLevel

NOT_STATED = "Not stated"
SCALES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""Where rows are people the sheet says their number between these: an exact one would give hidden counts away."""
Fact = tuple[str, str]


@dataclass(frozen=True)
class Flow:
    """One file: what it is, under what it is held, where it lies and what became of it."""

    name: str
    facts: tuple[Fact, ...]
    columns: tuple[Fact, ...]


@dataclass(frozen=True)
class Sheet:
    """Everything on record about an evaluation's data."""

    evaluation: Evaluation
    about: tuple[Fact, ...]
    flows: tuple[Flow, ...]
    who_may: tuple[Fact, ...]
    readings: tuple[tuple[str, str, str], ...]
    leaves: tuple[Fact, ...]


def data_flow(evaluation: Evaluation) -> Sheet:
    """The sheet as things stand now."""
    return Sheet(
        evaluation=evaluation,
        about=_about(evaluation),
        flows=tuple(_flow(each) for each in evaluation.datasets.select_related("uploaded_by", "deleted_by")),
        who_may=_who_may(evaluation),
        readings=tuple(_readings(evaluation)),
        leaves=tuple(_leaves(evaluation)),
    )


def data_flow_html(sheet: Sheet, *, for_print: bool) -> str:
    """The sheet as a page of its own."""
    context = {"sheet": sheet, "for_print": for_print, "made_on": timezone.localdate()}
    return render_to_string("sharing/data_flow.html", context)


def _about(evaluation: Evaluation) -> tuple[Fact, ...]:
    return (
        ("Purpose", evaluation.purpose),
        ("Owner", evaluation.owner.name),
        ("Lawful basis", evaluation.get_lawful_basis_display()),
        ("Rows are about", "People" if evaluation.units_are_people else "Areas, schools or groups"),
        ("Stage of sharing", evaluation.get_stage_display()),
        ("Where files are kept", _storage()),
    )


def _storage() -> str:
    parts = urlsplit(settings.STORAGE_URL)
    if parts.scheme == "file":
        return "On the disk of the machine that runs this site, in Parquet files; never in the database"
    return (
        f"In the storage bucket “{parts.path.strip('/')}” at {parts.hostname}, in Parquet files; never in the database"
    )


def _flow(dataset: Dataset) -> Flow:
    kept = dataset.state == DatasetState.READY
    day = "%-d %B %Y"
    deleted = (
        f"{dataset.deleted_at:{day}}, {dataset.deletion_reason} "
        "Receipts and logged estimates stay; only whoever still holds the file can run them again."
        if dataset.deleted_at
        else ""
    )
    facts = (
        ("Controller", dataset.controller or NOT_STATED),
        ("Lawful basis", dataset.get_lawful_basis_display()),
        ("Purpose", dataset.purpose or NOT_STATED),
        ("Impact assessment", dataset.dpia_reference or NOT_STATED),
        ("Rows are about", "People" if dataset.units_are_people else "Areas, schools or groups"),
        ("Received", f"{timezone.localtime(dataset.uploaded_at):%-d %B %Y, %H:%M}, from {dataset.uploaded_by}"),
        ("Rows", _rows(dataset) if kept else "None kept"),
        ("To be deleted on", f"{dataset.retention_date:{day}}" if dataset.retention_date else NOT_STATED),
        ("Deleted", deleted),
        ("SHA-256 of the file", dataset.sha256),
    )
    columns = [(str(each.get("name", "")), "Kept") for each in dataset.columns]
    columns += [(str(each.get("name", "")), f"Not kept: {each.get('reason', '')}") for each in dataset.columns_dropped]
    return Flow(dataset.original_name, tuple(fact for fact in facts if fact[1]), tuple(columns))


def _rows(dataset: Dataset) -> str:
    """How many rows there are: of people only the scale, which is what an impact assessment asks for."""
    n = dataset.rows_stored or 0
    if not dataset.units_are_people:
        return f"{n:,} kept of {dataset.rows_read:,} read"
    above = next((scale for scale in SCALES if n < scale), None)
    if above is None:
        return f"{SCALES[-1]:,} or more"
    return f"Fewer than {above:,}" if above == SCALES[0] else f"{above // 10:,} or more, fewer than {above:,}"


def _who_may(evaluation: Evaluation) -> tuple[Fact, ...]:
    roles = ", ".join(role.label.lower() + "s" for role in roles_that_may(Permission.SEE_ROWS))
    own = [(evaluation.owner.name, f"Its {roles}: the rows. Its viewers: results only.")]
    shares = evaluation.shares.select_related("organisation", "granted_by").order_by("granted_at")
    return (*own, *((each.organisation.name, _granted(each)) for each in shares))


def _granted(share: Share) -> str:
    what = ShareLevel(share.level).label.lower()
    since = f"Given {what} on {share.granted_at:%-d %B %Y} by {share.granted_by}"
    ended = share.ended_at
    return f"{since}; ended on {ended:%-d %B %Y}." if ended else f"{since}."


def _readings(evaluation: Evaluation) -> Iterable[tuple[str, str, str]]:
    """Each time that somebody was given rows: when, who, which and how many."""
    files = {each.pk: each for each in evaluation.datasets.all()}
    events = AuditEvent.objects.filter(evaluation_id=evaluation.pk, verb="read_rows").select_related("by")
    for event in events.order_by("at"):
        when = f"{timezone.localtime(event.at):%-d %B %Y, %H:%M}"
        which = _read(files.get(int(event.subject_id)), event.subject_id, event.detail.get("rows"))
        yield when, str(event.by or "Uplift itself"), which


def _read(dataset: Dataset | None, subject_id: str, rows: int | None) -> str:
    name = dataset.original_name if dataset else f"data set {subject_id}"
    if rows is None:
        return name
    if dataset is None or (dataset.units_are_people and rows == dataset.rows_stored):
        return f"{name}: all rows"
    return f"{name}: {rows:,} rows"


def _leaves(evaluation: Evaluation) -> Iterable[Fact]:
    yield "Rows", "Never leave by the catalogue. They leave only by the downloads listed above."
    if evaluation.units_are_people:
        yield "What is suppressed", policy_of(evaluation.disclosure_policy).in_words()
    else:
        yield (
            "What is suppressed",
            "The rows are stated to be about places or groups. Where a plan names the number of people in each: "
            + policy_of(evaluation.disclosure_policy).of_cells(),
        )
    released = Publication.objects.filter(run__evaluation=evaluation).select_related("published_by").order_by("pk")
    for each in released:
        ended = f" Withdrawn on {each.withdrawn_at:%-d %B %Y}." if each.withdrawn_at else ""
        yield (
            f"Estimate {each.estimate_id}",
            f"Released by {each.published_by} on {each.published_at:%-d %B %Y}.{ended}",
        )

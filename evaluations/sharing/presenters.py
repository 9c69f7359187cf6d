"""Where an evaluation stands, as steps, and what a reviewer is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from evaluations.datasets.models import DatasetKind, DatasetState
from evaluations.organisations.models import AuditEvent
from evaluations.runs.models import AnalysisRun, RunState
from evaluations.runs.queries import runs_where
from evaluations.sharing.actions.stages import NEXT_STAGES
from evaluations.sharing.models import Publication, ReviewState
from evaluations.workspaces.models import Evaluation, Stage
from evidence.drawing.tables import Column, Table, build_table

MOVES = {
    Stage.PRIVATE: "Make it private again",
    Stage.NAMED_PARTNERS: "Share it with the named partners",
    Stage.EMBARGOED: "Embargo it until a date",
    Stage.PUBLIC: "Make what is released public now",
}
SHA256_DIGITS = 64
DATA_ADDRESS = "/evaluations/{}/data/"


def steps(evaluation: Evaluation, viewer: Any) -> list[dict[str, str]]:
    """The steps from data to a released estimate, each with where it stands."""
    facts = [
        ("Upload the data", DATA_ADDRESS.format(evaluation.pk), *_data(evaluation)),
        ("State and lock the plan", reverse("plan", args=[evaluation.pk]), *_plan(evaluation)),
        ("Run it", reverse("runs", args=[evaluation.pk]), *_runs(evaluation, viewer)),
    ]
    if not evaluation.is_example:
        facts.append(("Have it released", reverse("sharing", args=[evaluation.pk]), *_release(evaluation)))
    first_open = next((place for place, fact in enumerate(facts) if not fact[2]), None)
    return [
        {
            "text": text,
            "href": href,
            "state": "done" if done else "current" if place == first_open else "todo",
            "note": note,
        }
        for place, (text, href, done, note) in enumerate(facts)
    ]


def _data(evaluation: Evaluation) -> tuple[bool, str]:
    usable = evaluation.datasets.filter(kind=DatasetKind.OUTCOMES, state=DatasetState.READY)
    names = [each.original_name for each in usable]
    return bool(names), ", ".join(names)


def _plan(evaluation: Evaluation) -> tuple[bool, str]:
    locked = evaluation.plans.filter(locked_at__isnull=False).first()
    if locked is None:
        return False, "Draft" if evaluation.plans.exists() else ""
    return True, f"Plan {locked.version} is locked"


def _runs(evaluation: Evaluation, viewer: Any) -> tuple[bool, str]:
    runs = list(runs_where(viewer).filter(evaluation=evaluation))
    answered = [run for run in runs if run.state in (RunState.DONE, RunState.REFUSED)]
    if not runs:
        return False, ""
    latest = runs[0]
    return bool(answered), f"{len(runs)} so far; the latest is {latest.get_state_display().lower()}"


def _release(evaluation: Evaluation) -> tuple[bool, str]:
    released = Publication.objects.filter(run__evaluation=evaluation).count()
    if released:
        return True, f"{released} estimate{'s' if released > 1 else ''} in the catalogue"
    waiting = evaluation.runs.filter(reviews__state=ReviewState.REQUESTED).exists()
    return False, "Waiting for the reviewer" if waiting else ""


def crumbs_to(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The way from the start to an evaluation's page."""
    return [("Evaluations", reverse("evaluations")), (evaluation.title, reverse("evaluation", args=[evaluation.pk]))]


def stage_moves(evaluation: Evaluation) -> list[dict[str, str]]:
    """Where the evaluation could be moved from its stage, each with the address that shows what it would mean."""
    return [
        {"text": MOVES[stage], "href": reverse("stage", args=[evaluation.pk, stage.value])}
        for stage in NEXT_STAGES[Stage(evaluation.stage)]
    ]


def estimands(run: AnalysisRun) -> dict[str, str]:
    """The name of each estimate of a run, and what it averages, in words."""
    rows = (run.result or {}).get("estimates", [])
    return {row["name"]: row.get("estimand") or row["name"].replace("_", " ") for row in reversed(rows)}


def about_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """What the evaluation states about itself, for a summary list."""
    rows: list[dict[str, Any]] = [{"key": "Purpose", "value": evaluation.purpose}]
    if evaluation.intervention is not None:
        rows.append({"key": "Intervention", "value": evaluation.intervention.name})
    if evaluation.outcome is not None:
        rows.append({"key": "Headline outcome", "value": evaluation.outcome.name})
    return [
        *rows,
        {"key": "Owned by", "value": evaluation.owner.name},
        {"key": "Lawful basis", "value": evaluation.get_lawful_basis_display()},
        {"key": "One row is about", "value": "One person" if evaluation.units_are_people else "A group or a place"},
        {"key": "Started", "value": f"{evaluation.created_at:%-d %B %Y} by {evaluation.created_by}"},
    ]


def by_reason(hidden: Iterable[Mapping[str, str]]) -> list[tuple[str, list[str]]]:
    """What is hidden, gathered under its reason; under none where the reader is not told why."""
    gathered: dict[str, list[str]] = {}
    for each in hidden:
        gathered.setdefault(each.get("why", ""), []).append(each["where"])
    return list(gathered.items())


def audit_table(events: Iterable[AuditEvent], *, whole: bool = False) -> Table:
    """Audit events as rows; `whole` for a file, with the hashes by which each is tied to the one before."""
    rows = [
        [
            f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}",
            str(event.by) if event.by else "Uplift itself",
            event.words,
            f"{event.subject_kind} {event.subject_id}",
            "; ".join(f"{key.replace('_', ' ')}: {_said(value, whole)}" for key, value in event.detail.items()),
            f"{event.chain_id} {event.sequence}",
            *((event.sha256, event.previous_sha256) if whole else (event.sha256[:12],)),
        ]
        for event in events
    ]
    hashes = ["Hash", "Hash of the event before"] if whole else ["Hash begins"]
    heads: list[Column | str] = ["When", "Who", "What", "Of", Column("Details", wide=True), "Link", *hashes]
    return build_table("What happened", heads, rows)


def _said(value: Any, whole: bool) -> str:
    """A recorded value as a person would write it; hashes in full only in a file."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_said(each, whole) for each in value)
    text = str(value)
    return f"{text[:12]} ..." if len(text) == SHA256_DIGITS and not whole else text

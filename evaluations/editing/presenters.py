"""Changes in words: what they are about, and field by field what was and what would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import Resolver404, resolve, reverse

from evaluations.editing.models import Change, ChangeAction, SubjectKind
from evaluations.editing.queries import person
from evaluations.editing.records import BY_PLURAL, FIXED, editable, in_words, label_of, row_of
from evidence.catalogue.models import Intervention
from evidence.estimates.models import EffectEstimate
from evidence.ratings.models import Rating
from evidence.ratings.schemes import scheme

COLOURS = {
    "prepared": "grey",
    "proposed": "yellow",
    "published": "green",
    "sent_back": "orange",
    "taken_back": "grey",
}


VERBS = {
    ChangeAction.SUPERSEDE: "Corrected version of",
    ChangeAction.WITHDRAW: "Withdraw",
    ChangeAction.REMOVE: "Remove",
}
DEFINITIONS = {"outcome": SubjectKind.OUTCOME, "target-group": SubjectKind.TARGET_GROUP}


@dataclass(frozen=True)
class FieldChange:
    """One field: what it was and what it would be, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownChange:
    """A change as people read it."""

    change: Change
    title: str
    href: str
    fields: tuple[FieldChange, ...]

    @property
    def tag(self) -> dict[str, str]:
        """Where it stands."""
        return {"text": self.change.get_state_display(), "colour": COLOURS[self.change.state]}


def shown(change: Change) -> ShownChange:
    """The change in words, with the page it is about where there is one."""
    return ShownChange(change, title_of(change), page_of(change), fields_of(change))


def title_of(change: Change) -> str:
    """What a change does, in a few words."""
    kind = SubjectKind(change.subject_kind).label.lower()
    if change.action == ChangeAction.IMPORT:
        return f"Import of {_count(change)} from {change.after['name']}"
    if change.action == ChangeAction.MERGE:
        return f"Merge the {kind} “{change.after['duplicate']}” into “{change.after['kept']}”"
    if change.action == ChangeAction.UNMERGE:
        return f"Undo the merge of “{change.after['duplicate']}” into “{change.after['kept']}”"
    if change.action == ChangeAction.ADD:
        return f"New {kind}: {_name(change)}"
    row = row_of(change.subject_kind, change.subject_id)
    said = row if row is not None else _name(change)
    name = f"estimate {change.subject_id}" if isinstance(row, EffectEstimate) else f"the {kind} “{said}”"
    return f"{VERBS.get(ChangeAction(change.action), 'Change')} {name}"


def _count(change: Change) -> str:
    n_rows, kind = len(change.after["rows"]), change.after["kind"]
    return f"{n_rows} {kind if n_rows != 1 else BY_PLURAL[kind].kind.label.lower()}"


def _name(change: Change) -> str:
    after = change.after or change.before
    if change.subject_kind == SubjectKind.COMPONENT and "component" in after:
        return in_words(SubjectKind.COMPONENT, "component", after["component"])
    if change.subject_kind == SubjectKind.SUCCESSION and "earlier" in after:
        names = [in_words(SubjectKind.SUCCESSION, name, after[name]) for name in ("earlier", "later")]
        return ", then ".join(names)
    if change.subject_kind == SubjectKind.ESTIMATE:
        number = "" if after.get("value") is None else f" {after['value']:g} {after['unit']}"
        return f"{in_words(SubjectKind.ESTIMATE, 'outcome', after['outcome'])}{number}"
    return str(after.get("name") or after.get("title") or change.subject_id)


def page_of(change: Change) -> str:
    """The public page that shows the result, or that the change is about; empty where there is none."""
    pk = change.done.get("result_id") or change.subject_id
    row = row_of(change.subject_kind, pk)
    if row is not None and hasattr(row, "get_absolute_url"):
        return str(row.get_absolute_url())
    return ""


def fields_of(change: Change) -> tuple[FieldChange, ...]:
    """Every field that differs; those of a new record that say anything."""
    if change.action not in (ChangeAction.ADD, ChangeAction.EDIT, ChangeAction.SUPERSEDE, ChangeAction.REMOVE):
        return ()
    kind = change.subject_kind
    rows = [
        FieldChange(
            label_of(kind, name),
            in_words(kind, name, change.before.get(name)),
            in_words(kind, name, change.after.get(name)),
        )
        for name in editable(kind).fields
        if name in change.after or name in change.before
    ]
    return tuple(row for row in rows if row.before or row.after)


def edit_address(kind: str, row: Any) -> str:
    """Where an editor proposes a change to a record."""
    return reverse("record-edit", args=[editable(kind).plural, row.pk])


def revise_address(change: Change) -> str:
    """Where a change that was sent back is proposed again, with what it said already filled in; empty where nowhere."""
    plural = editable(change.subject_kind).plural
    query = {"from": str(change.pk)}
    if change.suggestion_id:
        query["suggestion"] = str(change.suggestion_id)
    if change.action in (ChangeAction.EDIT, ChangeAction.SUPERSEDE):
        return reverse("record-edit", args=[plural, change.subject_id], query=query)
    if change.action == ChangeAction.ADD:
        filed = {name: change.after[name] for name in FIXED.get(SubjectKind(change.subject_kind), ())}
        return reverse("record-new", args=[plural], query=query | filed)
    return ""


def record_of_page(page: str) -> str:
    """Where an editor proposes a change to the record behind a public page; empty where it has none."""
    try:
        found = resolve(page)
    except Resolver404:
        return ""
    if found.url_name == "intervention":
        row = Intervention.objects.filter(slug=found.kwargs["slug"]).first()
        return edit_address(SubjectKind.INTERVENTION, row) if row else ""
    if found.url_name in DEFINITIONS:
        kind = DEFINITIONS[found.url_name]
        defined = editable(kind).model._default_manager.filter(slug=found.kwargs["slug"]).first()
        return edit_address(kind, defined) if defined else ""
    if found.url_name in ("study", "estimate"):
        return reverse("record-edit", args=[editable(found.url_name).plural, found.kwargs["pk"]])
    return ""


@dataclass(frozen=True)
class PastDecision:
    """One decision on a rating, as everyone may read it."""

    decision: Rating
    scheme: str
    value: str
    proposed: str
    who: str
    domains: tuple[tuple[str, str, str], ...]


def past_decisions(decisions: list[Rating]) -> list[PastDecision]:
    """Decisions in words, each with its judgements on domains and what they rest on."""
    return [
        PastDecision(
            decision=each,
            scheme=scheme(each.scheme).name,
            value=_level(each.scheme, each.value),
            proposed=_level(each.scheme, each.proposed_value),
            who=person(each.decided_by),
            domains=tuple(
                (domain, judgement, each.notes.get(domain, "")) for domain, judgement in each.judgements.items()
            ),
        )
        for each in decisions
    ]


def _level(key: str, value: str) -> str:
    level = scheme(key).level(value)
    return f"{value}: {level.label}" if level else "Not rated"

"""Proposing a change. Nothing public moves until another editor has approved it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from evaluations.editing.actions.applying import apply_change
from evaluations.editing.actions.merging import merge_issues
from evaluations.editing.importing import Reading
from evaluations.editing.models import Change, ChangeAction, ChangeState, SubjectKind, Suggestion
from evaluations.editing.records import FIXED, Values, differing, values_of
from evaluations.organisations.audit import record
from evaluations.organisations.models import User
from evaluations.organisations.permissions import CATALOGUE, Permission, require
from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import Intervention, InterventionComponent, Study, Succession
from evidence.estimates.models import EffectEstimate, Origin

CAN_BE_REMOVED = {SubjectKind.COMPONENT, SubjectKind.SUCCESSION}
NO_REASON = Issue(
    "no_reason", "Say why.", "One sentence that a reader of the change log will understand.", column="reason"
)


@transaction.atomic
def propose_new(*, kind: str, values: Values, reason: str, by: User, suggestion: Suggestion | None = None) -> Change:
    """A proposal for a new record, tried against the catalogue. Raises `CatalogueRefused`."""
    filed: dict[str, Any] = {}
    if kind == SubjectKind.ESTIMATE:
        filed = _filing(Study.objects.select_related("intervention").get(code=values["study"]))
    elif kind in (SubjectKind.STUDY, SubjectKind.COMPONENT):
        filed = {"intervention": Intervention.objects.get(code=values["intervention"])}
    elif kind == SubjectKind.SUCCESSION:
        filed = {"intervention": Intervention.objects.get(code=values["later"])}
    change = Change(action=ChangeAction.ADD, subject_kind=kind, after=values, suggestion=suggestion, **filed)
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def propose_edit(
    *, kind: str, row: Any, values: Values, reason: str, by: User, suggestion: Suggestion | None = None
) -> Change:
    """A proposal to change fields of a record; an estimate is never edited but replaced by a corrected version.

    Raises `CatalogueRefused`: nothing differs, no reason, or the catalogue would not allow it.
    """
    fixed = FIXED.get(SubjectKind(kind), ())
    now = values_of(kind, row)
    before, after = differing(now, {name: value for name, value in values.items() if name not in fixed})
    if not after:
        raise CatalogueRefused([Issue("nothing_differs", "Nothing differs from what is published.", "Change a field.")])
    action = ChangeAction.EDIT
    if isinstance(row, EffectEstimate):
        action = ChangeAction.SUPERSEDE
        if row.origin == Origin.RUN:
            raise CatalogueRefused([_computed()])
    change = Change(
        action=action,
        subject_kind=kind,
        subject_id=row.pk,
        before=before,
        after=after,
        suggestion=suggestion,
        **_filing(row),
    )
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def propose_withdrawal(*, estimate: EffectEstimate, reason: str, by: User) -> Change:
    """A proposal to withdraw a published estimate: it keeps its page, which says why."""
    if estimate.origin == Origin.RUN:
        raise CatalogueRefused([_computed()])
    change = Change(
        action=ChangeAction.WITHDRAW, subject_kind=SubjectKind.ESTIMATE, subject_id=estimate.pk, **_filing(estimate)
    )
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def propose_removal(*, kind: str, row: Any, reason: str, by: User) -> Change:
    """A proposal to remove a component or a succession. Raises `CatalogueRefused` for what is never removed."""
    if kind not in CAN_BE_REMOVED:
        words = f"{SubjectKind(kind).label}s are never removed."
        raise CatalogueRefused([Issue("never_removed", words, "Merge a duplicate, or withdraw an estimate.")])
    change = Change(
        action=ChangeAction.REMOVE,
        subject_kind=kind,
        subject_id=row.pk,
        before=values_of(kind, row),
        **_filing(row),
    )
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def propose_merge(*, kind: str, duplicate: Any, kept: Any, reason: str, by: User) -> Change:
    """A proposal to merge a duplicate into the record that stays. Raises `CatalogueRefused`."""
    issues = merge_issues(kind, duplicate, kept)
    if issues:
        raise CatalogueRefused(issues)
    change = Change(
        action=ChangeAction.MERGE,
        subject_kind=kind,
        subject_id=duplicate.pk,
        after={"kept_id": kept.pk, "kept": str(kept), "duplicate": str(duplicate)},
        **_filing(kept),
    )
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def propose_unmerge(*, merge: Change, reason: str, by: User) -> Change:
    """A proposal to undo a published merge. Raises `CatalogueRefused`."""
    if merge.action != ChangeAction.MERGE or merge.state != ChangeState.PUBLISHED:
        raise CatalogueRefused([Issue("not_a_merge", "Only a published merge can be undone.")])
    change = Change(
        action=ChangeAction.UNMERGE,
        subject_kind=merge.subject_kind,
        subject_id=merge.subject_id,
        after=dict(merge.after),
        undoes=merge,
        intervention=merge.intervention,
        study=merge.study,
    )
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def prepare_import(*, name: str, reading: Reading, reason: str, by: User) -> Change:
    """An import that its editor can look at before proposing it. Raises `CatalogueRefused` with every problem."""
    if reading.issues:
        raise CatalogueRefused(reading.issues)
    kind = {"sources": SubjectKind.SOURCE, "studies": SubjectKind.STUDY, "estimates": SubjectKind.ESTIMATE}
    change = Change(
        action=ChangeAction.IMPORT,
        subject_kind=kind[reading.kind],
        after={"name": name[:200], "kind": reading.kind, "rows": list(reading.rows), "examples": reading.n_examples},
        state=ChangeState.PREPARED,
    )
    return _propose(change, reason=reason, by=by)


@transaction.atomic
def propose_prepared(*, change: Change, by: User) -> Change:
    """The prepared import, now waiting for another editor. Raises `CatalogueRefused`."""
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    if change.proposed_by_id != by.pk or not change.after["rows"]:
        raise CatalogueRefused([Issue("nothing_to_import", "There is no row to import.", "Add rows to the template.")])
    if Change.objects.filter(pk=change.pk, state=ChangeState.PREPARED).update(state=ChangeState.PROPOSED):
        record(by=by, verb="propose_change", subject=change, detail={"action": change.action})
    change.refresh_from_db()
    return change


@transaction.atomic
def take_back(*, change: Change, by: User) -> Change:
    """The change, taken back by whoever proposed it while nobody has decided."""
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    open_ones = Change.objects.filter(
        pk=change.pk, proposed_by=by, state__in=[ChangeState.PREPARED, ChangeState.PROPOSED]
    )
    if not open_ones.update(state=ChangeState.TAKEN_BACK):
        raise CatalogueRefused([Issue("not_yours_or_decided", "Only the editor who proposed it can take it back.")])
    record(by=by, verb="take_back_change", subject=change)
    change.refresh_from_db()
    return change


def _propose(change: Change, *, reason: str, by: User) -> Change:
    """Keep a proposal, once a trial has shown that the catalogue would take it."""
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    if not reason.strip():
        raise CatalogueRefused([NO_REASON])
    change.reason, change.proposed_by = reason.strip(), by
    change.save()
    if change.action != ChangeAction.IMPORT or change.after["rows"]:
        _try(change, by)
    verb = "prepare_import" if change.state == ChangeState.PREPARED else "propose_change"
    record(by=by, verb=verb, subject=change, detail={"action": change.action, "kind": change.subject_kind})
    return change


def _try(change: Change, by: User) -> None:
    """Do the change and undo it again. Raises `CatalogueRefused` where it could not be done."""
    with transaction.atomic():
        apply_change(change, by=by)
        transaction.set_rollback(True)


def _computed() -> Issue:
    return Issue(
        "computed_here",
        "This estimate was computed here, from data and a locked plan that editors do not change.",
        "The organisation that released it can withdraw it, or release a corrected run.",
    )


def _filing(row: Any) -> dict[str, Any]:
    """The pages whose change log a change to this record belongs on."""
    if isinstance(row, EffectEstimate):
        return {"intervention": row.intervention, "study": row.study}
    if isinstance(row, Study):
        return {"intervention": row.intervention, "study": row}
    if isinstance(row, InterventionComponent):
        return {"intervention": row.intervention}
    if isinstance(row, Succession):
        return {"intervention": row.later}
    return {"intervention": row} if row._meta.model_name == "intervention" else {}

"""Publishing a change: what each kind of change does to the catalogue. Only a second editor brings it about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from evaluations.editing.actions.importing import apply_import
from evaluations.editing.actions.merging import apply_merge, apply_unmerge
from evaluations.editing.actions.touching import interventions_touched
from evaluations.editing.models import Change, ChangeAction, SubjectKind
from evaluations.editing.records import Values, editable, label_of, resolved, row_of, values_of
from evaluations.organisations.models import User
from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import (
    About,
    Measured,
    PublishedOrigin,
    log_estimate,
    supersede_estimate,
    withdraw_estimate,
)
from evidence.estimates.models import EffectEstimate

LONGEST_CODE = {
    SubjectKind.INTERVENTION: 40,
    SubjectKind.STUDY: 60,
    SubjectKind.SOURCE: 40,
    SubjectKind.OUTCOME: 40,
    SubjectKind.TARGET_GROUP: 40,
}


def apply_change(change: Change, *, by: User) -> dict[str, Any]:
    """Do what the change says; what was done, with `result_id` for the record that now stands.

    Raises `CatalogueRefused` where it cannot be done, in which case nothing is.
    """
    try:
        with transaction.atomic():
            return APPLY[ChangeAction(change.action)](change, by)
    except (IntegrityError, DataError) as error:
        raise CatalogueRefused([_rule_broken(error)]) from error
    except ValueError as error:
        if isinstance(error, CatalogueRefused):
            raise
        raise CatalogueRefused([Issue("reference_gone", str(error), "Propose the change again.")]) from error


def stale_issues(change: Change) -> list[Issue]:
    """What has changed in the catalogue since an edit was proposed, so that it no longer says what it would do."""
    if change.action not in (ChangeAction.EDIT, ChangeAction.SUPERSEDE, ChangeAction.REMOVE):
        return []
    row = row_of(change.subject_kind, change.subject_id)
    if row is None:
        return [Issue("record_gone", "The record is no longer in the catalogue.", "Send the change back.")]
    now = values_of(change.subject_kind, row)
    changed = [label_of(change.subject_kind, name) for name, was in change.before.items() if now[name] != was]
    message = f"Since this was proposed, {', '.join(changed)} changed in the catalogue."
    return [Issue("changed_since", message, "Send it back, so that it is proposed again on what is there now.")] * bool(
        changed
    )


def _rule_broken(error: Exception) -> Issue:
    return Issue(
        "rule_of_the_catalogue",
        f"The catalogue's own rules do not allow this ({error}).",
        "Check that years are in order, a cost has its currency, year and source, and nothing is there twice.",
    )


def _add(change: Change, by: User) -> dict[str, Any]:
    if change.subject_kind == SubjectKind.ESTIMATE:
        return {"result_id": _log(change.after, by=by).pk}
    kind = SubjectKind(change.subject_kind)
    plain, lists = resolved(kind, change.after)
    row: Any = editable(kind).model(**plain, **_identity(kind, plain))
    _save(row, lists, change)
    return {"result_id": row.pk}


def _edit(change: Change, by: User) -> dict[str, Any]:
    row = row_of(change.subject_kind, change.subject_id)
    plain, lists = resolved(change.subject_kind, change.after)
    for name, value in plain.items():
        setattr(row, name, value)
    _save(row, lists, change)
    return {"result_id": row.pk}


def _supersede(change: Change, by: User) -> dict[str, Any]:
    old = EffectEstimate.objects.get(pk=change.subject_id or 0)
    if old.is_superseded or old.is_withdrawn:
        raise CatalogueRefused([Issue("not_standing", "This estimate no longer stands.", "Correct the one that does.")])
    new = _log(values_of(SubjectKind.ESTIMATE, old) | change.after, by=by)
    supersede_estimate(estimate=old, successor=new, reason=change.reason, by=by)
    return {"result_id": new.pk}


def _withdraw(change: Change, by: User) -> dict[str, Any]:
    old = EffectEstimate.objects.get(pk=change.subject_id or 0)
    withdraw_estimate(estimate=old, reason=change.reason, by=by)
    return {"result_id": old.pk}


def _remove(change: Change, by: User) -> dict[str, Any]:
    row = row_of(change.subject_kind, change.subject_id)
    touched = interventions_touched(row)
    row._change_reason = f"Change {change.pk}"
    row.delete()
    tell_changed(touched)
    return {}


def _log(values: Values, *, by: User) -> EffectEstimate:
    plain, _ = resolved(SubjectKind.ESTIMATE, values)
    return log_estimate(
        study=plain["study"],
        outcome=plain["outcome"],
        estimate_kind=plain["estimate_kind"],
        measured=Measured(**{name: plain[name] for name in Measured.__dataclass_fields__ if name in plain}),
        about=About(**{name: plain[name] for name in About.__dataclass_fields__ if name in plain}),
        origin=PublishedOrigin(
            source=plain["source"],
            source_location=plain["source_location"],
            evidence_grade=plain.get("evidence_grade") or "",
        ),
        visibility=Visibility.PUBLIC,
        by=by,
    )


def _identity(kind: SubjectKind, plain: Values) -> Values:
    """The code and address of a new record, from its name and free so far; new records are public once approved."""
    model: Any = editable(kind).model
    longest = LONGEST_CODE.get(kind)
    if longest is None:
        return {}
    stem = slugify(plain.get("name") or plain["title"])[: longest - 4].strip("-") or str(kind).replace("_", "-")
    names = {field.name for field in model._meta.fields} & {"code", "slug"}
    taken = {
        each
        for name in names
        for each in model._default_manager.filter(**{f"{name}__startswith": stem}).values_list(name, flat=True)
    }
    code = next(each for each in (stem, *(f"{stem}-{number}" for number in range(2, 1000))) if each not in taken)
    shown = {"visibility": Visibility.PUBLIC, "published_at": timezone.now()} if hasattr(model, "visibility") else {}
    return dict.fromkeys(names, code) | shown


def _save(row: Any, lists: Values, change: Change) -> None:
    row._change_reason = f"Change {change.pk}"
    row.save()
    for name, rows in lists.items():
        getattr(row, name).set(rows)
    tell_changed(interventions_touched(row))


APPLY: dict[ChangeAction, Callable[[Change, User], dict[str, Any]]] = {
    ChangeAction.ADD: _add,
    ChangeAction.EDIT: _edit,
    ChangeAction.SUPERSEDE: _supersede,
    ChangeAction.WITHDRAW: _withdraw,
    ChangeAction.REMOVE: _remove,
    ChangeAction.MERGE: apply_merge,
    ChangeAction.UNMERGE: apply_unmerge,
    ChangeAction.IMPORT: apply_import,
}

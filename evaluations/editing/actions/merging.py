"""Merging a duplicate into the record that stays, and undoing it.

What was filed under the duplicate moves, and each move is kept by id. Estimates are never edited, not even moved:
each is superseded by a copy under the record that stays, so its own address goes on answering and points there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, models, transaction

from evaluations.editing.actions.touching import interventions_touched
from evaluations.editing.models import Change, SubjectKind
from evaluations.editing.records import editable, row_of
from evaluations.organisations.models import User
from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import Study, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import About, Measured, PublishedOrigin, build_estimate, withdraw_estimate
from evidence.estimates.models import EffectEstimate, Origin

STAYS_BEHIND = {"EffectEstimate", "Rating", "Change"}
"""Decisions about the duplicate itself, its log, and the ledger, which is never edited."""


def merge_issues(kind: str, duplicate: Any, kept: Any) -> list[Issue]:
    """Why one record cannot be merged into another, in words; empty where it can."""
    return list(_merge_issues(kind, duplicate, kept))


def _merge_issues(kind: str, duplicate: Any, kept: Any) -> Iterable[Issue]:
    if duplicate.pk == kept.pk:
        yield Issue("same_record", "These are the same record.", "Choose two.", column="kept")
    for row in (duplicate, kept):
        if row.merged_into_id is not None:
            yield Issue("merged_already", f"{row} is merged already.", "Undo that first.", column="kept")
    if kind == SubjectKind.STUDY and duplicate.intervention_id != kept.intervention_id:
        yield Issue(
            "of_another_intervention",
            "The two studies are of different interventions.",
            "Merge the interventions first, if they are one.",
            column="kept",
        )
    if _copied(kind, duplicate).filter(origin=Origin.RUN).exists():
        yield Issue(
            "has_computed_estimates",
            f"{duplicate} holds estimates computed here, which cannot be copied.",
            "Merge the other way round.",
            column="kept",
        )


def _copied(kind: str, row: Any) -> Any:
    """The estimates filed under a record. None is filed under a source: it is what they were read in, for good."""
    if kind == SubjectKind.SOURCE:
        return EffectEstimate.objects.none()
    return EffectEstimate.objects.filter(**{kind: row}).standing_now()


def apply_merge(change: Change, by: User) -> dict[str, Any]:
    """Merge the duplicate into the record that stays; every move, so that it can be undone."""
    kind = change.subject_kind
    duplicate = row_of(kind, change.subject_id)
    kept: Any = editable(kind).model._default_manager.get(pk=change.after["kept_id"])  # type: ignore[attr-defined]
    issues = merge_issues(kind, duplicate, kept)
    if issues:
        raise CatalogueRefused(issues)
    estimates = list(_copied(kind, duplicate).select_related("study", "outcome", "source", "target_group"))
    touched = interventions_touched(duplicate) | interventions_touched(kept)
    moved = [move for relation in _relations(duplicate) for move in _move(relation, duplicate, kept)]
    copies = [[old.pk, _copy(old, kind, kept, change, by).pk] for old in estimates]
    done = {"result_id": kept.pk, "kept_id": kept.pk, "moved": moved, "copies": copies}
    duplicate.merged_into = kept
    if kind != SubjectKind.SOURCE:
        done["visibility"] = duplicate.visibility
        duplicate.visibility = Visibility.WITHDRAWN
        duplicate.published_at = duplicate.published_at or kept.published_at
    duplicate._change_reason = f"Change {change.pk}"
    duplicate.save()
    tell_changed(touched)
    return done


def apply_unmerge(change: Change, by: User) -> dict[str, Any]:
    """Put everything back that the merge moved, and the duplicate where it was."""
    merge = change.undoes
    if merge is None or not merge.done:
        raise CatalogueRefused([Issue("nothing_to_undo", "There is no merge to undo.")])
    kind, done = merge.subject_kind, merge.done
    duplicate = row_of(kind, merge.subject_id)
    kept = row_of(kind, done["kept_id"])
    if duplicate.merged_into_id != kept.pk:
        raise CatalogueRefused([Issue("undone_already", "This merge is undone already.", "Take the change back.")])
    touched = interventions_touched(duplicate) | interventions_touched(kept)
    duplicate.merged_into = None
    if kind != SubjectKind.SOURCE:
        duplicate.visibility = done["visibility"]
    duplicate._change_reason = f"Change {change.pk}"
    duplicate.save()
    if EffectEstimate.objects.filter(pk__in=[copy for _, copy in done["copies"]], superseded_by__isnull=False).exists():
        message = "An estimate that the merge copied was corrected since, and undoing it would lose the correction."
        raise CatalogueRefused([Issue("corrected_since", message, "Edit the records instead.")])
    for old_id, copy_id in done["copies"]:
        _put_back(old_id, copy_id, change, by)
    for move in reversed(done["moved"]):
        _move_back(move, duplicate, kept)
    tell_changed(touched)
    return {"result_id": duplicate.pk}


def _relations(row: Any) -> list[Any]:
    """What refers to the record from elsewhere, and its own lists."""
    relations = [
        each
        for each in row._meta.related_objects
        if each.related_model.__name__ not in STAYS_BEHIND and each.related_model is not type(row)
    ]
    return sorted(relations, key=lambda each: each.related_model._meta.label)


def _move(relation: Any, duplicate: Any, kept: Any) -> Iterable[dict[str, Any]]:
    """Each reference moved from one record to the other; one that the other has already stays behind."""
    model, name = relation.related_model, relation.field.name
    for row in model._default_manager.filter(**{name: duplicate}):
        move = {"model": model._meta.label, "field": name, "id": row.pk}
        if relation.many_to_many:
            had = getattr(row, name).filter(pk=kept.pk).exists()
            getattr(row, name).remove(duplicate)
            getattr(row, name).add(kept)
            yield move | {"list": True, "had": had}
        elif _pointed(model, row.pk, name, kept):
            yield move


def _pointed(model: type[models.Model], pk: int, name: str, target: Any) -> bool:
    """Point one row at another record; whether the rules of its table allowed it."""
    try:
        with transaction.atomic():
            return bool(model._default_manager.filter(pk=pk).update(**{name: target}))
    except IntegrityError:
        return False


def _move_back(move: dict[str, Any], duplicate: Any, kept: Any) -> None:
    from django.apps import apps

    model = apps.get_model(move["model"])
    row: Any = model._default_manager.filter(pk=move["id"]).first()
    if row is None:
        return
    if move.get("list"):
        getattr(row, move["field"]).add(duplicate)
        if not move["had"]:
            getattr(row, move["field"]).remove(kept)
    elif getattr(row, f"{move['field']}_id") == kept.pk:
        _pointed(model, row.pk, move["field"], duplicate)


def _copy(old: EffectEstimate, kind: str, kept: Any, change: Change, by: User) -> EffectEstimate:
    """The same number filed under the record that stays, with the old one pointing to it."""
    study = Study.objects.select_related("intervention").get(pk=old.study_id if kind != SubjectKind.STUDY else kept.pk)
    if old.source is None:
        raise CatalogueRefused([Issue("no_source", f"Estimate {old.pk} names no source.", "Correct it first.")])
    copy = build_estimate(
        study=study,
        intervention=study.intervention,
        outcome=old.outcome,
        estimate_kind=old.estimate_kind,
        measured=Measured(**{name: getattr(old, name) for name in Measured.__dataclass_fields__}),
        about=About(**{name: getattr(old, name) for name in About.__dataclass_fields__}),
        origin=PublishedOrigin(
            source=old.source, source_location=old.source_location, evidence_grade=old.evidence_grade
        ),
        code=None,
        visibility=old.visibility,
        by=by,
    )
    copy.save()
    copy.also_in.set(old.also_in.all())
    EffectEstimate.objects.filter(pk=old.pk).update(
        superseded_by=copy,
        superseded_at=copy.logged_at,
        superseded_reason=f"What it was filed under is a duplicate: {change.reason}",
        superseded_by_person=by,
    )
    return copy


def _put_back(old_id: int, copy_id: int, change: Change, by: User) -> None:
    copy = EffectEstimate.objects.get(pk=copy_id)
    EffectEstimate.objects.filter(pk=old_id, superseded_by=copy).update(
        superseded_by=None, superseded_at=None, superseded_reason="", superseded_by_person=None
    )
    if not copy.is_withdrawn:
        withdraw_estimate(estimate=copy, reason=f"The merge that made it was undone: {change.reason}", by=by)

"""A second editor's decision: publish a change, or send it back with a reason."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from evaluations.editing.actions.applying import apply_change, stale_issues
from evaluations.editing.models import Change, ChangeState
from evaluations.organisations.audit import record
from evaluations.organisations.models import User
from evaluations.organisations.permissions import CATALOGUE, Permission, require
from evidence.catalogue.issues import CatalogueRefused, Issue


@transaction.atomic
def publish_change(*, change: Change, by: User, note: str = "") -> Change:
    """Do the change and make it public. Raises `CatalogueRefused`; then nothing is done and it goes on waiting."""
    change = _taken(change, by)
    issues = stale_issues(change)
    if issues:
        raise CatalogueRefused(issues)
    done = apply_change(change, by=by)
    if change.subject_id is None:
        change.subject_id = done.get("result_id")
    change.done = done
    _close(change, ChangeState.PUBLISHED, by, note)
    record(by=by, verb="publish_change", subject=change, detail={"action": change.action, "kind": change.subject_kind})
    return change


@transaction.atomic
def send_back(*, change: Change, by: User, note: str) -> Change:
    """Return the change to whoever proposed it, with a reason. Raises `CatalogueRefused`."""
    change = _taken(change, by)
    if not note.strip():
        raise CatalogueRefused([Issue("no_reason", "Say what should be different.", column="note")])
    _close(change, ChangeState.SENT_BACK, by, note)
    record(by=by, verb="send_back_change", subject=change)
    return change


def _taken(change: Change, by: User) -> Change:
    """The change, held against another decision. Raises `CatalogueRefused` unless this person may decide it now."""
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    change = Change.objects.select_for_update().get(pk=change.pk)
    if change.state != ChangeState.PROPOSED:
        words = f"It is no longer waiting: {change.get_state_display().lower()}."
        raise CatalogueRefused([Issue("decided_already", words)])
    if change.proposed_by_id == by.pk:
        raise CatalogueRefused(
            [Issue("own_change", "Nobody approves a change of their own.", "Another editor decides on it.")]
        )
    return change


def _close(change: Change, state: ChangeState, by: User, note: str) -> None:
    change.state, change.decided_by, change.decided_at = state, by, timezone.now()
    change.decision_note = note.strip()
    change.save()

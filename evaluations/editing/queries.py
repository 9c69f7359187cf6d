"""What waits for an editor, and what was done to each page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Q, QuerySet

from evaluations.editing.models import Change, ChangeAction, ChangeState, SubjectKind, Suggestion
from evaluations.organisations.permissions import CATALOGUE, Permission, Viewer, may
from evidence.catalogue.models import Intervention, Outcome, Study, TargetGroup
from evidence.estimates.queries import estimates_visible_to
from evidence.ratings.queries import decisions_on
from evidence.ratings.schemes import scheme


def may_edit(viewer: Viewer) -> bool:
    """Whether the viewer edits the catalogue."""
    return may(viewer, Permission.EDIT_CATALOGUE, CATALOGUE)


def changes_visible_to(viewer: Viewer) -> QuerySet[Change]:
    """Every change but other people's unfinished imports, for an editor; nothing for anyone else."""
    found = Change.objects.select_related("proposed_by", "decided_by", "intervention", "study", "suggestion", "undoes")
    if not may_edit(viewer):
        return found.none()
    return found.exclude(state=ChangeState.PREPARED) | found.filter(proposed_by_id=viewer.pk)


def suggestions_visible_to(viewer: Viewer) -> QuerySet[Suggestion]:
    """Every suggestion, for an editor; nothing for anyone else."""
    return Suggestion.objects.select_related("answered_by") if may_edit(viewer) else Suggestion.objects.none()


def suggestion_with(token: str) -> Suggestion | None:
    """The suggestion whose private address this is."""
    return Suggestion.objects.filter(token=token).first()


@dataclass(frozen=True)
class Queue:
    """What waits, and for whom."""

    for_you: list[Change]
    for_another_editor: list[Change]
    sent_back: list[Change]
    being_checked: list[Change]
    suggestions: list[Suggestion]
    lately: list[Change]


def queue_of(viewer: Viewer) -> Queue:
    """What waits for this editor, for another, or came back; and what was decided lately."""
    changes = changes_visible_to(viewer)
    waiting = list(changes.filter(state=ChangeState.PROPOSED))
    own = changes.filter(proposed_by_id=viewer.pk)
    return Queue(
        for_you=[each for each in waiting if each.proposed_by_id != viewer.pk],
        for_another_editor=[each for each in waiting if each.proposed_by_id == viewer.pk],
        sent_back=list(own.filter(state=ChangeState.SENT_BACK).order_by("-decided_at")[:20]),
        being_checked=list(own.filter(state=ChangeState.PREPARED)),
        suggestions=list(suggestions_visible_to(viewer).filter(state=Suggestion.State.OPEN)),
        lately=list(changes.filter(state=ChangeState.PUBLISHED).order_by("-decided_at")[:20]),
    )


@dataclass(frozen=True)
class LogEntry:
    """One thing that happened to a page, as everyone may read it."""

    at: datetime
    what: str
    who: str
    why: str = ""
    change: Change | None = None
    href: str = ""


Subject = Intervention | Study | Outcome | TargetGroup
KINDS: dict[type, SubjectKind] = {
    Intervention: SubjectKind.INTERVENTION,
    Study: SubjectKind.STUDY,
    Outcome: SubjectKind.OUTCOME,
    TargetGroup: SubjectKind.TARGET_GROUP,
}


def log_of(subject: Subject, *, viewer: Any) -> list[LogEntry]:
    """Everything published about a page, the latest first: changes, estimates, ratings, and its beginning."""
    entries = [*_changes(subject), *_beginning(subject)]
    if isinstance(subject, Intervention | Study):
        entries += [*_estimates(subject, viewer), *_ratings(subject)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def person(user: Any) -> str:
    """A person as the public may know them: by name, never by an e-mail address."""
    return (user.full_name if user is not None else "") or "An editor"


def _changes(subject: Subject) -> Iterable[LogEntry]:
    found = Change.objects.filter(_is_about(subject), state=ChangeState.PUBLISHED)
    for change in found.select_related("proposed_by", "decided_by"):
        if change.decided_at is not None:
            who = f"{person(change.proposed_by)}; approved by {person(change.decided_by)}"
            yield LogEntry(change.decided_at, "", who, change.reason, change)


def _is_about(subject: Subject) -> Q:
    """The changes of a page: a succession stands on the pages of both its interventions."""
    if isinstance(subject, Study):
        return Q(study=subject)
    if isinstance(subject, Intervention):
        links = subject.successions.values_list("pk", flat=True)
        named = Q(after__earlier=subject.code) | Q(before__earlier=subject.code) | Q(subject_id__in=list(links))
        return Q(intervention=subject) | Q(subject_kind=SubjectKind.SUCCESSION) & named
    return Q(subject_kind=KINDS[type(subject)], subject_id=subject.pk)


def _estimates(subject: Intervention | Study, viewer: Any) -> Iterable[LogEntry]:
    """What the ledger says by itself: computed estimates, and what was loaded from a file with the catalogue."""
    which = {"study": subject} if isinstance(subject, Study) else {"intervention": subject}
    known = set()
    for change in Change.objects.filter(state=ChangeState.PUBLISHED, subject_kind=SubjectKind.ESTIMATE, **which):
        known |= {change.done.get("result_id"), change.subject_id, *change.done.get("ids", [])}
    for row in estimates_visible_to(viewer).filter(**which).select_related("logged_by", "withdrawn_by"):
        href = row.get_absolute_url()
        if row.logged_by_id is not None and row.pk not in known:
            yield LogEntry(row.logged_at, f"Estimate {row.pk} logged", _logged_by(row), href=href)
        if row.withdrawn_at is not None and row.pk not in known:
            words = f"Estimate {row.pk} withdrawn"
            yield LogEntry(row.withdrawn_at, words, person(row.withdrawn_by), row.withdrawn_reason, href=href)


def _logged_by(row: Any) -> str:
    return f"Released by {row.reviewer_name}" if row.reviewer_name else person(row.logged_by)


def _ratings(subject: Intervention | Study) -> Iterable[LogEntry]:
    for each in decisions_on(subject):
        level = scheme(each.scheme).level(each.value)
        value = f"{each.value}: {level.label}" if level else "not rated"
        what = f"{scheme(each.scheme).name}: {value}"
        yield LogEntry(
            each.decided_at, what, person(each.decided_by), each.reason, href=f"{subject.get_absolute_url()}ratings/"
        )


def _beginning(subject: Subject) -> Iterable[LogEntry]:
    by_change = Change.objects.filter(
        state=ChangeState.PUBLISHED,
        action=ChangeAction.ADD,
        subject_kind=KINDS[type(subject)],
        subject_id=subject.pk,
    ).exists()
    what = "The page begins" if by_change else "Entered in the catalogue"
    at = _entered_at(subject)
    if at is not None:
        yield LogEntry(at, what, "Uplift" if not by_change else "")


def _entered_at(subject: Subject) -> datetime | None:
    if isinstance(subject, Intervention | Study):
        return subject.created_at
    days: Any = subject.history.order_by("history_date").values_list("history_date", flat=True)
    return cast("datetime | None", days.first())

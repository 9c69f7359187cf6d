"""Telling people: who is told of what, and the letters that go out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from secrets import token_urlsafe
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from evaluations.datasets.models import Dataset, DatasetState
from evaluations.organisations.letters import send_letter
from evaluations.organisations.models import Invitation, Membership, Role, User
from evaluations.organisations.permissions import Permission, Protected, may, roles_that_may
from evaluations.sharing.models import LetterFrequency, Notice, NoticeChoice, NoticeKind
from evaluations.sharing.notices import Told, choice_of, feed_sha256, in_words, notices_of
from evaluations.workspaces.models import Evaluation

log = structlog.get_logger(__name__)
RETENTION_IS_NEAR = timedelta(days=30)
TRY_AGAIN_AFTER = timedelta(minutes=10)
LINES_IN_A_LETTER = 50
DIGEST_HOUR = 7
FOLLOWERS = {True: (Role.ANALYST, Role.LEAD, Role.ADMIN), False: (Role.LEAD, Role.ADMIN)}
"""Who is told without having taken part: of the owner from analyst upwards, of a partner its leads."""


def tell(
    kind: NoticeKind,
    *,
    evaluation: Evaluation,
    permission: Permission,
    by: User | None,
    about: Protected | None = None,
    only: Iterable[User] | None = None,
    **subjects: Any,
) -> int:
    """Tell those who follow the evaluation and have `permission`, but never whoever did it; how many were told."""
    told = only if only is not None else followers(evaluation, permission)
    subject = about or evaluation
    notices = [
        Notice(recipient=person, kind=kind, permission=permission, evaluation=evaluation, by=by, **subjects)
        for person in told
        if (by is None or person.pk != by.pk) and person.is_active and may(person, permission, subject)
    ]
    return len(Notice.objects.bulk_create(notices, ignore_conflicts=True))


def followers(evaluation: Evaluation, permission: Permission) -> QuerySet[User]:
    """The analysts and leads of the owner, the leads of partners that are granted it, and those who took part."""
    granted = [each for each, permissions in evaluation.access().items() if permission in permissions]
    held = Membership.objects.filter(
        organisation_id__in=granted, role__in=roles_that_may(permission), ended_at__isnull=True
    )
    following = Q(organisation_id=evaluation.owner_id, role__in=FOLLOWERS[True]) | Q(role__in=FOLLOWERS[False])
    took_part = Q(user__in=evaluation.comments.values("created_by"))
    return User.objects.filter(pk__in=held.filter(following | took_part).values("user_id"), is_active=True)


def tell_of_acceptance(*, invitation: Invitation, by: User, **_: Any) -> None:
    """Tell whoever sent an invitation that it was accepted."""
    if invitation.created_by_id == by.pk:
        return
    in_organisation = invitation.organisation_id is not None
    permission = Permission.SEE_ORGANISATION if in_organisation else Permission.SEE_PARTNERSHIP
    Notice.objects.create(
        recipient=invitation.created_by,
        kind=NoticeKind.JOINED,
        permission=permission,
        organisation=invitation.organisation,
        partnership=invitation.partnership,
        by=by,
    )


def tell_retention_near() -> int:
    """Tell the leads of the owner, once for each dataset, that its rows will soon be deleted; how many were told."""
    near = Dataset.objects.filter(
        retention_date__lte=timezone.localdate() + RETENTION_IS_NEAR, retention_date__gt=timezone.localdate()
    ).exclude(state=DatasetState.DELETED)
    told = Notice.objects.filter(kind=NoticeKind.RETENTION_NEAR)
    return sum(
        tell(
            NoticeKind.RETENTION_NEAR,
            evaluation=each.evaluation,
            permission=Permission.DELETE_DATA,
            by=None,
            dataset=each,
        )
        for each in near.exclude(pk__in=told.values("dataset_id")).select_related("evaluation")
    )


@transaction.atomic
def mark_read(*, by: User) -> int:
    """Mark everything the person may see as read; how many notices that was."""
    seen = notices_of(by).filter(read_at__isnull=True).values_list("pk", flat=True)
    return Notice.objects.filter(pk__in=list(seen)).update(read_at=timezone.now())


@transaction.atomic
def choose_letters(*, frequency: str, by: User) -> NoticeChoice:
    """Keep how often the person wants to be written to."""
    choice = choice_of(by)
    choice.frequency = LetterFrequency(frequency)
    choice.save()
    return choice


@transaction.atomic
def new_feed_key(*, by: User) -> str:
    """A new key for the person's private feed; the one before it opens nothing any more."""
    key = token_urlsafe(32)
    choice = choice_of(by)
    choice.feed_sha256 = feed_sha256(key)
    choice.save()
    return key


@transaction.atomic
def close_feed(*, by: User) -> None:
    """End the person's private feed."""
    NoticeChoice.objects.filter(user=by).update(feed_sha256="")


def send_letters() -> int:
    """Write to everyone whose notices are due, one letter each; how many letters went out."""
    now = timezone.now()
    due = Notice.objects.filter(mailed_at__isnull=True, mail_after__lte=now)
    people = User.objects.filter(pk__in=due.values("recipient_id")).select_related("notice_choice")
    return sum(_write_to(person, choice_of(person)) for person in people)


def _write_to(person: User, choice: NoticeChoice) -> int:
    """One letter, if one is due now. What the person may no longer see, or wants no letter of, is left out for good."""
    now = timezone.localtime()
    if choice.frequency == LetterFrequency.DAILY and (choice.digest_on == now.date() or now.hour < DIGEST_HOUR):
        return 0
    with transaction.atomic():
        locked = Notice.objects.select_for_update(of=("self",)).filter(recipient=person, mailed_at__isnull=True)
        waiting = list(locked.values_list("pk", flat=True))
        unread = notices_of(person).filter(pk__in=waiting, read_at__isnull=True)
        wanted = person.is_active and choice.frequency != LetterFrequency.NEVER
        lines = [in_words(each) for each in unread[:LINES_IN_A_LETTER]] if wanted else []
        if lines and not _sent(person, lines):
            locked.filter(pk__in=waiting).update(mail_after=now + TRY_AGAIN_AFTER)
            return 0
        Notice.objects.filter(pk__in=waiting).update(mailed_at=now)
        if choice.frequency == LetterFrequency.DAILY:
            NoticeChoice.objects.filter(user=person).update(digest_on=now.date())
    return int(bool(lines))


def _sent(person: User, lines: list[Told]) -> bool:
    subject = lines[0].words if len(lines) == 1 else f"{len(lines)} things happened on Uplift"
    body = "\n\n".join(f"{each.words}\n{settings.SITE_URL}{each.href}" for each in lines)
    foot = f"\n\nChoose how often Uplift writes to you: {settings.SITE_URL}/notices/\n"
    try:
        send_letter(to=person.email, subject=subject, body=body + foot)
    except (SMTPException, OSError) as problem:
        log.warning("letter_not_sent", error=str(problem))
        return False
    return True

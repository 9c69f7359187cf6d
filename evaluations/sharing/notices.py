"""What a person is told, in words made for what they may see at the moment they read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse

from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, Viewer
from evaluations.organisations.queries import organisation_ids_where, partnerships_of
from evaluations.sharing.models import Notice, NoticeChoice, NoticeKind
from evaluations.workspaces.queries import evaluations_where
from evidence.ratings.schemes import scheme


@dataclass(frozen=True)
class Told:
    """One notice in words: who did what, where to look, and when it was."""

    pk: int
    words: str
    href: str
    at: datetime
    is_unread: bool


def notices_of(viewer: Viewer) -> QuerySet[Notice]:
    """The viewer's notices, the latest first, of what they may still see; what access was taken away is silent."""
    if not viewer.is_authenticated or not viewer.is_active:
        return Notice.objects.none()
    mine = Notice.objects.filter(recipient_id=viewer.pk)
    seen = Q(partnership__in=partnerships_of(viewer))
    for stated in mine.order_by().values_list("permission", flat=True).distinct():
        permission = Permission(stated)
        of_evaluations = Q(evaluation__in=evaluations_where(viewer, permission))
        of_organisations = Q(organisation__in=organisation_ids_where(viewer, permission), evaluation__isnull=True)
        seen |= Q(of_evaluations | of_organisations, permission=stated)
    related = ("evaluation__owner", "comment__plan", "comment__run", "review__run", "dataset", "organisation")
    return mine.filter(seen).select_related(*related, "partnership", "by")


def unread_count(viewer: Viewer) -> int:
    """How many of the viewer's notices they have not read."""
    return notices_of(viewer).filter(read_at__isnull=True).count()


def in_words(notice: Notice) -> Told:
    """The notice as a sentence with its address."""
    return Told(notice.pk, _sentence(notice), _address(notice), notice.at, notice.read_at is None)


def _sentence(notice: Notice) -> str:
    who = str(notice.by) if notice.by else "Uplift"
    title = f"“{notice.evaluation}”" if notice.evaluation else ""
    run = f"run {notice.review.run.number} of {title}" if notice.review else title
    match NoticeKind(notice.kind):
        case NoticeKind.COMMENT:
            return f"{who} commented on {_what_about(notice)}{title}."
        case NoticeKind.CHANGE_ASKED:
            return f"{who} asks for a change to {_what_about(notice)}{title}."
        case NoticeKind.REVIEW_WAITING:
            return f"{who} asks you to review {run}, which waits for your decision."
        case NoticeKind.SENT_BACK:
            return f"{who} sent {run} back: something should change."
        case NoticeKind.RELEASED:
            return f"{who} released {run}."
        case NoticeKind.SHARED:
            return (
                f"{title} of {notice.evaluation.owner if notice.evaluation else ''} is now shared with named partners."
            )
        case NoticeKind.EMBARGO_LIFTED:
            return f"The embargo on {title} has ended: it is public."
        case NoticeKind.WITHDRAWN:
            return f"{title} has been withdrawn by {who}. Its page says why."
        case NoticeKind.JOINED:
            return f"{who} accepted the invitation to {notice.organisation or notice.partnership}."
        case NoticeKind.RETENTION_NEAR:
            return f"The rows of {notice.dataset} in {title} will be deleted on {_retention(notice)}."


def _what_about(notice: Notice) -> str:
    comment = notice.comment
    if comment is not None and comment.plan is not None:
        return f"plan {comment.plan.version} of "
    if comment is not None and comment.run is not None:
        return f"run {comment.run.number} of "
    if comment is not None and comment.rating_scheme:
        return f"the rating under {scheme(comment.rating_scheme).name} of "
    return ""


def _retention(notice: Notice) -> str:
    date = notice.dataset.retention_date if notice.dataset else None
    return f"{date:%-d %B %Y}" if date else "their retention date"


def _address(notice: Notice) -> str:
    if notice.evaluation_id is None:
        if notice.organisation_id is not None:
            return reverse("organisation", args=[notice.organisation_id])
        return reverse("partnership", args=[notice.partnership_id])
    if notice.comment_id is not None:
        return f"{reverse('discussion', args=[notice.evaluation_id])}#comment-{notice.comment_id}"
    if notice.review_id is not None:
        return reverse("review", args=[notice.evaluation_id, notice.review_id])
    if notice.dataset_id is not None:
        return reverse("dataset", args=[notice.evaluation_id, notice.dataset_id])
    return reverse("evaluation", args=[notice.evaluation_id])


def choice_of(user: User) -> NoticeChoice:
    """How the person wants to be told; at once where they have not said."""
    return NoticeChoice.objects.filter(user=user).first() or NoticeChoice(user=user)


def feed_owner(key: str) -> User | None:
    """The person whose private feed has this key; null where nobody's has, or the account is closed."""
    found = NoticeChoice.objects.filter(feed_sha256=feed_sha256(key), user__is_active=True).select_related("user")
    choice = found.first()
    return choice.user if choice else None


def feed_sha256(key: str) -> str:
    """The hash under which a feed keeps its key."""
    return hashlib.sha256(key.encode()).hexdigest()

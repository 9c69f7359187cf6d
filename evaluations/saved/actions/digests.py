"""News of saved searches by e-mail: found by the sweeper, sent by a worker, once each.

The row is the job: `next_digest_at` is moved on as a lease before anything is sent, so that two sweepers or workers
never send the same letter, and a lost worker is made up for when the lease has run out.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from celery import current_app
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from evaluations.saved.actions.searches import EVERY
from evaluations.saved.models import Frequency, SavedSearch
from evaluations.saved.queries import News, news_since_letter

TASK_NAME = "evaluations.saved.send_digest"
LEASE = timedelta(minutes=15)
AT_ONCE = 50


def ring_for_digests() -> int:
    """How many letters are due; each is leased, and a worker is told."""
    now = timezone.now()
    due = list(SavedSearch.objects.filter(next_digest_at__lte=now).values_list("pk", flat=True)[:AT_ONCE])
    leased = [pk for pk in due if _lease(pk)]
    for pk in leased:
        transaction.on_commit(partial(_ring, pk))
    return len(leased)


def _lease(pk: int) -> bool:
    now = timezone.now()
    return bool(SavedSearch.objects.filter(pk=pk, next_digest_at__lte=now).update(next_digest_at=now + LEASE))


def _ring(pk: int) -> None:
    try:
        current_app.send_task(TASK_NAME, args=[pk], retry=False)
    except (OperationalError, OSError):
        return


def send_digest(pk: int) -> bool:
    """Send one letter where there is something new; whether one was sent. A letter that fails is tried again."""
    search = SavedSearch.objects.select_related("owner").filter(pk=pk, next_digest_at__isnull=False).first()
    if search is None or not search.owner.is_active:
        return False
    now, news = timezone.now(), news_since_letter(search)
    moved_on = SavedSearch.objects.filter(pk=pk, sent_at=search.sent_at, frequency=search.frequency)
    with transaction.atomic():
        if not moved_on.update(
            sent_keys=news.keys, sent_at=now, next_digest_at=now + EVERY[Frequency(search.frequency)]
        ):
            return False
        if news.new_keys:
            letter(search, news).send()
    return bool(news.new_keys)


def letter(search: SavedSearch, news: News) -> EmailMessage:
    """The letter: what is new since the one before, and how to stop it."""
    site = settings.SITE_URL.rstrip("/")
    stop = f"{site}{reverse('search-unsubscribe', args=[search.unsubscribe_token])}"
    body = render_to_string(
        "saved/digest.txt",
        {"search": search, "news": news, "site": site, "stop": stop, "href": f"{site}{news.href}"},
    )
    n_new = len(news.new_keys)
    return EmailMessage(
        f"Uplift: {n_new} new in “{search.name}”",
        body,
        None,
        [search.owner.email],
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )

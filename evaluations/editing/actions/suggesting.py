"""Corrections that readers suggest, and the editors' answers."""

from __future__ import annotations

import logging
from functools import partial
from secrets import token_urlsafe

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from evaluations.editing.models import Suggestion
from evaluations.organisations.audit import record
from evaluations.organisations.models import User
from evaluations.organisations.permissions import CATALOGUE, Permission, require
from evidence.catalogue.issues import CatalogueRefused, Issue

log = logging.getLogger(__name__)


@transaction.atomic
def suggest(*, page: str, text: str, evidence: str = "", name: str = "", email: str = "") -> Suggestion:
    """A reader's suggestion, in the editors' queue; its token opens the page on which the answer will stand."""
    made = Suggestion.objects.create(
        page=page, text=text.strip(), evidence=evidence.strip(), name=name.strip(), email=email, token=token_urlsafe(32)
    )
    record(by=None, verb="suggest_correction", subject=made, detail={"page": page})
    return made


@transaction.atomic
def answer_suggestion(*, suggestion: Suggestion, state: str, answer: str, by: User) -> Suggestion:
    """The suggestion with the editors' answer, sent to whoever left an address, which is then erased.

    Raises `CatalogueRefused`: no answer, or it has one already.
    """
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    suggestion = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if suggestion.state != Suggestion.State.OPEN:
        raise CatalogueRefused([Issue("answered_already", "Another editor has answered it.")])
    if not answer.strip():
        raise CatalogueRefused([Issue("no_answer", "Write an answer.", column="answer")])
    address = suggestion.email
    suggestion.state, suggestion.answer, suggestion.email = state, answer.strip(), ""
    suggestion.answered_by, suggestion.answered_at = by, timezone.now()
    suggestion.save()
    record(by=by, verb="answer_suggestion", subject=suggestion, detail={"state": state})
    if address:
        transaction.on_commit(partial(_send, suggestion, address))
    return suggestion


def _send(suggestion: Suggestion, address: str) -> None:
    text = (
        f"You suggested a correction on Uplift:\n\n{suggestion.text}\n\n"
        f"The editors' answer ({suggestion.get_state_display().lower()}):\n\n{suggestion.answer}\n\n"
        f"It also stands at {settings.SITE_URL.rstrip('/')}/suggest/{suggestion.token}/\n"
        "Your address was kept only for this answer and has been erased.\n"
    )
    try:
        send_mail("Your suggestion to Uplift was answered", text, None, [address])
    except OSError as error:
        log.warning("The answer to suggestion %s could not be sent: %s", suggestion.pk, error)

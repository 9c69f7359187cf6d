"""The record of what happened: append only, each event carrying the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from evaluations.organisations.models import AuditChain, AuditEvent, Organisation, User

SITE_CHAIN = "site"


@dataclass(frozen=True)
class BrokenLink:
    """A place where a chain of events does not hold."""

    chain: str
    sequence: int
    message: str


def chain_name(organisation: Organisation | None) -> str:
    """The chain that an organisation's events belong to."""
    return SITE_CHAIN if organisation is None else f"organisation-{organisation.pk}"


@transaction.atomic
def record(
    *,
    by: User | None,
    verb: str,
    subject: models.Model,
    organisation: Organisation | None = None,
    evaluation_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Append one event to its organisation's chain, in the caller's transaction."""
    name = chain_name(organisation)
    AuditChain.objects.get_or_create(name=name)
    chain = AuditChain.objects.select_for_update().get(name=name)
    event = AuditEvent(
        chain=chain,
        sequence=chain.length + 1,
        organisation=organisation,
        evaluation_id=evaluation_id,
        at=timezone.now(),
        by=by,
        verb=verb,
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        detail=dict(detail or {}),
        previous_sha256=chain.head_sha256,
    )
    event.sha256 = event_sha256(event)
    event.save(force_insert=True)
    chain.length, chain.head_sha256 = event.sequence, event.sha256
    chain.save(update_fields=["length", "head_sha256"])
    return event


def event_sha256(event: AuditEvent) -> str:
    """The hash of everything the event says, the previous event's hash included."""
    said = {
        "chain": event.chain_id,
        "sequence": event.sequence,
        "organisation": event.organisation_id,
        "evaluation": event.evaluation_id,
        "at": event.at.isoformat(),
        "by": event.by_id,
        "verb": event.verb,
        "subject": [event.subject_kind, event.subject_id],
        "detail": event.detail,
        "previous": event.previous_sha256,
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def broken_links(chain: AuditChain) -> list[BrokenLink]:
    """Every altered, missing or cut link of one chain, in order; empty when the chain holds."""
    broken, expected, previous = [], 1, ""
    for event in AuditEvent.objects.filter(chain=chain).order_by("sequence").iterator():
        if event.sequence != expected:
            broken.append(BrokenLink(chain.name, expected, f"Event {expected} is missing."))
        elif event.previous_sha256 != previous:
            broken.append(BrokenLink(chain.name, event.sequence, "It does not follow from the event before it."))
        if event.sha256 != event_sha256(event):
            broken.append(BrokenLink(chain.name, event.sequence, "Its content was altered after it was recorded."))
        expected, previous = event.sequence + 1, event.sha256
    if (expected - 1, previous) != (chain.length, chain.head_sha256):
        broken.append(
            BrokenLink(chain.name, expected, f"The chain should end at event {chain.length}; its end differs.")
        )
    return broken

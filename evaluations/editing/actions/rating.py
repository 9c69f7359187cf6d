"""A named reviewer's decision on a rating, with its place in the audit."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from evaluations.organisations.audit import record
from evaluations.organisations.models import User
from evaluations.organisations.permissions import CATALOGUE, Permission, require
from evidence.catalogue.models import Intervention, Study
from evidence.ratings.actions import decide_rating
from evidence.ratings.models import Rating


@transaction.atomic
def rate(
    *,
    subject: Study | Intervention,
    scheme_key: str,
    value: str,
    by: User,
    reason: str = "",
    judgements: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> Rating:
    """The reviewer's decision on what a scheme proposes. Raises `CatalogueRefused`."""
    require(by, Permission.EDIT_CATALOGUE, CATALOGUE)
    made = decide_rating(
        subject=subject,
        scheme_key=scheme_key,
        value=value,
        by=by,
        reason=reason,
        judgements=judgements,
        notes=notes,
    )
    record(by=by, verb="decide_rating", subject=made, detail={"scheme": scheme_key, "value": value})
    return made

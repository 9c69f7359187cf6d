"""What is told of results that were not logged, on the page of the study they belong to."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from evidence.catalogue.models import Study, Visibility
from evidence.catalogue.signals import tell_changed


@dataclass(frozen=True)
class Account:
    """One result: what was run, what came of it, why it is not in the ledger, and who says so when."""

    what: str
    found: str
    why: str
    who: str
    on: str


@transaction.atomic
def tell_of_result(*, study: Study, account: Account) -> Study:
    """The study, public with its intervention, telling of one more result that was not logged."""
    study = Study.objects.select_for_update(of=("self",)).select_related("intervention").get(pk=study.pk)
    study.accounts = [*study.accounts, asdict(account)]
    study.save()
    for row in (study, study.intervention):
        if row.visibility == Visibility.DRAFT:
            row.visibility, row.published_at = Visibility.PUBLIC, timezone.now()
            row.save()
    tell_changed([study.intervention_id])
    return study

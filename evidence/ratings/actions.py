"""Confirming a rating, or changing it with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import Intervention, Study
from evidence.catalogue.models.visibility import is_editor
from evidence.catalogue.signals import tell_changed
from evidence.ratings.models import Rating
from evidence.ratings.queries import proposal_for
from evidence.ratings.schemes import STUDY, Scheme, scheme

NO_INFORMATION = "no_information"


@transaction.atomic
def decide_rating(
    *,
    subject: Study | Intervention,
    scheme_key: str,
    value: str,
    by: Any,
    reason: str = "",
    judgements: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> Rating:
    """The reviewer's decision on the scheme's proposal; the decision before it is kept as replaced.

    Raises `CatalogueRefused` where the value is not the scheme's, a change has no reason, a domain's
    judgement is missing, or the whole is better than the worst domain.
    """
    rating = scheme(scheme_key)
    proposal, facts = proposal_for(subject, rating)
    issues = _issues(rating, subject, value, judgements or {}, by)
    if value != proposal.value and not reason.strip():
        issues.append(Issue("rating_reason_missing", "This differs from the proposal.", "Say why.", column="reason"))
    if issues:
        raise CatalogueRefused(issues)
    which = {"study": subject} if isinstance(subject, Study) else {"intervention": subject}
    Rating.objects.filter(scheme=rating.key, replaced_at__isnull=True, **which).update(replaced_at=timezone.now())
    made = Rating.objects.create(
        **which,
        scheme=rating.key,
        scheme_version=rating.version,
        proposed_value=proposal.value,
        proposed_reason=proposal.reason,
        value=value,
        reason=reason.strip(),
        judgements=dict(judgements or {}),
        notes={domain: text.strip() for domain, text in (notes or {}).items() if text.strip()},
        facts=facts,
        decided_by=by,
    )
    tell_changed([subject.intervention_id if isinstance(subject, Study) else subject.pk])
    return made


def _issues(
    rating: Scheme, subject: Study | Intervention, value: str, judgements: Mapping[str, str], by: Any
) -> list[Issue]:
    issues = []
    if not is_editor(by):
        issues.append(Issue("rating_not_allowed", "Only a named reviewer confirms ratings.", "Ask an editor."))
    if (rating.rates == STUDY) != isinstance(subject, Study):
        issues.append(
            Issue("rating_wrong_subject", f"{rating.name} rates a {rating.rates}.", f"Rate a {rating.rates}.")
        )
    if value and rating.level(value) is None:
        levels = ", ".join(level.value for level in rating.levels)
        issues.append(Issue("rating_value_unknown", f"{rating.name} has no level {value}.", f"Choose from {levels}."))
    return issues + (_domain_issues(rating, value, judgements) if rating.domains and value else [])


def _domain_issues(rating: Scheme, value: str, judgements: Mapping[str, str]) -> list[Issue]:
    missing = [domain for domain in rating.domains if rating.level(judgements.get(domain, "")) is None]
    if missing:
        return [
            Issue("rating_domain_missing", f"There is no judgement on {', '.join(missing)}.", "Judge every domain.")
        ]
    order = [level.value for level in rating.levels if level.value != NO_INFORMATION]
    judged = [judgements[domain] for domain in rating.domains if judgements[domain] in order]
    worst = max(judged, key=order.index, default=order[0])
    if value in order and order.index(value) < order.index(worst):
        return [
            Issue("rating_better_than_domain", f"The worst domain is {worst}.", "The whole is at least as bad as it.")
        ]
    return []

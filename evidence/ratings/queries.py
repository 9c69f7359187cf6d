"""Ratings to show: the reviewer's decision where there is one, beside what the scheme proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.catalogue.models import Intervention, Study
from evidence.estimates.models import EffectEstimate
from evidence.estimates.queries import estimates_listed_for
from evidence.ratings.facts import intervention_facts, study_facts
from evidence.ratings.models import Rating
from evidence.ratings.schemes import INTERVENTION, STUDY, Level, Proposal, Scheme, propose, schemes


@dataclass(frozen=True)
class ShownRating:
    """One scheme's rating of one thing: proposed, and where a reviewer has decided, decided."""

    scheme: Scheme
    proposal: Proposal
    decision: Rating | None

    @property
    def value(self) -> str:
        """The reviewer's value, else the proposed one; empty where it cannot be rated."""
        return self.proposal.value if self.decision is None else self.decision.value

    @property
    def level(self) -> Level | None:
        """What the value means."""
        return self.scheme.level(self.value)

    @property
    def reason(self) -> str:
        """Why: the reviewer's reason, else the rule's."""
        return (self.decision.reason if self.decision else "") or self.proposal.reason

    @property
    def is_confirmed(self) -> bool:
        """Whether a named person has decided."""
        return self.decision is not None


def proposal_for(subject: Study | Intervention, rating: Scheme, *, viewer: Any = None) -> tuple[Proposal, dict]:
    """What the scheme proposes from the public facts (or those the viewer may see), and the facts."""
    estimates = estimates_listed_for(viewer)
    if isinstance(subject, Study):
        facts = study_facts(subject, estimates.filter(study=subject))
    else:
        studies = Study.objects.visible_to(viewer).filter(intervention=subject)
        facts = intervention_facts(subject, studies, estimates.filter(intervention=subject))
    return propose(rating, facts), facts


def ratings_of_study(study: Study, *, viewer: Any) -> list[ShownRating]:
    """Every study-level scheme, applied to one study."""
    return ratings_of_studies([study], viewer=viewer)[study.pk]


def ratings_of_studies(studies: Iterable[Study], *, viewer: Any) -> Mapping[int, list[ShownRating]]:
    """Study id to its ratings, in two queries however many studies there are."""
    found = list(studies)
    decisions = _decisions(study__in=found)
    by_study: dict[int, list] = {study.pk: [] for study in found}
    for estimate in estimates_listed_for(viewer).filter(study__in=found):
        by_study[estimate.study_id].append(estimate)
    return {
        study.pk: [
            ShownRating(each, propose(each, facts), decisions.get((study.pk, each.key)))
            for facts in [study_facts(study, by_study[study.pk])]
            for each in schemes()
            if each.rates == STUDY
        ]
        for study in found
    }


def ratings_of_intervention(
    intervention: Intervention, *, studies: Iterable[Study], estimates: Iterable[EffectEstimate]
) -> list[ShownRating]:
    """Every programme-level scheme, applied to one intervention with the studies and estimates the viewer may see."""
    decisions = _decisions(intervention=intervention)
    facts = intervention_facts(intervention, studies, estimates)
    return [
        ShownRating(each, propose(each, facts), decisions.get((intervention.pk, each.key)))
        for each in schemes()
        if each.rates == INTERVENTION
    ]


def _decisions(**which: Any) -> dict[tuple[int, str], Rating]:
    current = Rating.objects.filter(replaced_at__isnull=True, **which).select_related("decided_by")
    return {(rating.study_id or rating.intervention_id or 0, rating.scheme): rating for rating in current}


def decisions_on(subject: Study | Intervention) -> list[Rating]:
    """Every decision ever made on the ratings of one study or intervention, the latest first."""
    which = {"study": subject} if isinstance(subject, Study) else {"intervention": subject}
    return list(Rating.objects.filter(**which).select_related("decided_by").order_by("-decided_at", "-pk"))

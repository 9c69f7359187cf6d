"""Everything a viewer may know of one intervention, read together so that page and brief cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evidence.catalogue.models import Intervention, Outcome, Study, StudyStatus, Succession
from evidence.catalogue.queries import intervention_visible_to, studies_of, successions_of
from evidence.estimates.models import EffectEstimate
from evidence.estimates.queries import estimates_for_intervention


@dataclass(frozen=True)
class Account:
    """One intervention with its estimates, its studies, and what came before and after."""

    intervention: Intervention
    estimates: tuple[EffectEstimate, ...]
    studies: tuple[Study, ...]
    before: tuple[Succession, ...]
    after: tuple[Succession, ...]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes on which there are estimates."""
        return tuple({each.outcome_id: each.outcome for each in self.estimates}.values())

    @property
    def gaps(self) -> tuple[Study, ...]:
        """What was never evaluated, as the sources say."""
        return self._of(StudyStatus.NEVER_EVALUATED)

    @property
    def coming(self) -> tuple[Study, ...]:
        """Studies planned or under way."""
        return self._of(StudyStatus.PLANNED, StudyStatus.UNDER_WAY, StudyStatus.COMPLETE)

    @property
    def made(self) -> tuple[Study, ...]:
        """Published studies."""
        return self._of(StudyStatus.PUBLISHED)

    def _of(self, *statuses: str) -> tuple[Study, ...]:
        return tuple(study for study in self.studies if study.status in statuses)


def account_of(viewer: Any, *, slug: str) -> Account | None:
    """What the viewer may know of an intervention, or None where they may not see it or it does not exist."""
    intervention = intervention_visible_to(viewer, slug=slug)
    if intervention is None:
        return None
    before, after = successions_of(intervention, viewer=viewer)
    return Account(
        intervention=intervention,
        estimates=tuple(estimates_for_intervention(intervention, viewer=viewer)),
        studies=tuple(studies_of(intervention, viewer=viewer)),
        before=tuple(before),
        after=tuple(after),
    )

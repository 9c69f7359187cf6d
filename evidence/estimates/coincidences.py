"""What else happened: other programmes in the same places, groups and years, and breaks in the outcome's series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from evidence.catalogue.models import Intervention, Outcome, SeriesBreak
from evidence.catalogue.queries import interventions_visible_to
from evidence.places.models import Place
from evidence.places.queries import places_around, places_within

MOST_PROGRAMMES = 25


@dataclass(frozen=True)
class Coincidences:
    """Other programmes that ran then and there, and breaks in the outcome's series inside the window."""

    programmes: tuple[Intervention, ...]
    breaks: tuple[SeriesBreak, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """What an analyst should answer in writing, one question for each coincidence."""
        return (
            *(
                f"{row.name} ran in the same place and years ({_years(row)}), for the same people or stage of life. "
                "How could it have moved the outcome?"
                for row in self.programmes
            ),
            *(
                f"{each.outcome.name}: {each.text} ({each.from_year}"
                f"{f' to {each.to_year}' if each.to_year != each.from_year else ''}) "
                "How does the comparison deal with this break?"
                for each in self.breaks
            ),
        )


def _years(row: Intervention) -> str:
    start = str(row.start_year) if row.start_year else "start not known"
    return f"{start} to {row.end_year or 'now'}"


def what_else_happened(
    viewer: Any,
    *,
    intervention: Intervention,
    outcome: Outcome | None,
    places: Iterable[Place],
    from_year: int,
    to_year: int,
) -> Coincidences:
    """Programmes that share a place, a group or stage of life, and a year; and breaks of the outcome in the window."""
    keys = {key for place in places for key in (*places_around(place), *places_within(place))}
    groups = list(intervention.target_groups.values_list("pk", flat=True))
    programmes = (
        interventions_visible_to(viewer)
        .exclude(pk=intervention.pk)
        .filter(Q(places__in=keys), Q(target_groups__in=groups) | Q(life_stage=intervention.life_stage))
        .filter(Q(start_year__isnull=True) | Q(start_year__lte=to_year))
        .filter(Q(end_year__isnull=True) | Q(end_year__gte=from_year))
        .exclude(status__in=["proposed", "announced"])
        .distinct()
        .order_by("start_year", "name")[:MOST_PROGRAMMES]
    )
    breaks = (
        SeriesBreak.objects.filter(outcome=outcome, from_year__lte=to_year, to_year__gte=from_year)
        .select_related("outcome", "source")
        .order_by("from_year")
        if outcome
        else SeriesBreak.objects.none()
    )
    return Coincidences(tuple(programmes), tuple(breaks))

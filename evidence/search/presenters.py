"""Results in words, and how the question was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evidence.catalogue.models import Intervention
from evidence.catalogue.presenters import price_words
from evidence.estimates.models import EstimateKind
from evidence.estimates.presenters import EstimateWords, words_for
from evidence.search.facets import STRENGTH
from evidence.search.models import DocumentKind
from evidence.search.queries import Criteria, Found
from evidence.search.snapshot import snapshot

PLURALS = {"intervention": "interventions", "study": "studies", "estimate": "estimates"}


@dataclass(frozen=True)
class Result:
    """One result: the row, a line on what is known, how strong its strongest study is, and what it costs."""

    row: Any
    known: str = ""
    words: EstimateWords | None = None
    strength: str = ""
    cost: str = ""


def results(rows: list[Any], kind: str) -> list[Result]:
    """The rows of a page, each with what is known of it, how strong that is, and what it costs."""
    strengths = snapshot(kind).values_of("strength", [row.pk for row in rows])
    return [
        Result(
            row,
            known=_known_of(row) if kind == DocumentKind.INTERVENTION else "",
            words=words_for(row) if kind == DocumentKind.ESTIMATE else None,
            strength=_strength(strengths.get(row.pk, []), kind),
            cost=_cost(row if kind == DocumentKind.INTERVENTION else row.intervention),
        )
        for row in rows
    ]


def _strength(values: list[str], kind: str) -> str:
    """The strongest of these ratings in words; empty where nothing was rated."""
    if not values:
        return ""
    best = max(values, key=lambda value: (value != "none", value))
    what = "Strongest study" if kind == DocumentKind.INTERVENTION else "Design"
    if best == "none":
        return f"{what}: cannot be rated"
    return f"{what}: Maryland scale {dict(STRENGTH)[best]}"


def _cost(intervention: Intervention) -> str:
    price = price_words(intervention)
    return f"Cost: {price}" if price else "Cost not known"


def _known_of(row: Any) -> str:
    kinds = [each.estimate_kind for each in row.listed_estimates]
    effects = kinds.count(EstimateKind.CAUSAL)
    others = len(kinds) - effects
    if effects:
        text = f"{effects} estimated effect{'s' * (effects != 1)}"
        return f"{text} and {others} other figure{'s' * (others != 1)}." if others else f"{text}."
    if kinds:
        return f"{others} figure{'s' * (others != 1)}, no estimated effect."
    if any(study.is_gap for study in row.listed_studies):
        return "Never evaluated."
    return "Studied, no figure in what was read." if row.listed_studies else "No evaluation recorded."


def how_read(criteria: Criteria, found: Found) -> list[str]:
    """What a reader must know of how the question was read."""
    notes = []
    if criteria.unknown:
        names = ", ".join(f"“{name}”" for name in criteria.unknown[:10])
        notes.append(f"These filters are not known here and were left out: {names}.")
    notes += [f"“{typed}” was read as “{meant}”." for typed, meant in found.reading.corrections]
    if found.reading.ignored and found.total:
        words = ", ".join(f"“{word}”" for word in found.reading.ignored)
        notes.append(f"Nothing here has {words}.")
    if not found.has_every_word and found.total:
        notes.append(f"No {PLURALS[found.kind]} have all these words; these have some of them.")
    return notes

"""Results in words, and how the question was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evidence.estimates.models import EstimateKind
from evidence.estimates.presenters import EstimateWords, words_for
from evidence.search.models import DocumentKind
from evidence.search.queries import Criteria, Found

PLURALS = {"intervention": "interventions", "study": "studies", "estimate": "estimates"}


@dataclass(frozen=True)
class Result:
    """One result: the row, and a line on what is known."""

    row: Any
    known: str = ""
    words: EstimateWords | None = None


def results(rows: list[Any], kind: str) -> list[Result]:
    """The rows of a page, each with a line on what is known of it."""
    if kind == DocumentKind.ESTIMATE:
        return [Result(row, words=words_for(row)) for row in rows]
    if kind == DocumentKind.INTERVENTION:
        return [Result(row, known=_known_of(row)) for row in rows]
    return [Result(row) for row in rows]


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

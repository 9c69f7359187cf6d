"""Up to five interventions side by side: the same facts of each, in the same words as their own pages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.urls import reverse

from evidence.briefs.presenters import losers_words, short_answer
from evidence.briefs.queries import Account, account_of
from evidence.catalogue.presenters import cost_words
from evidence.catalogue.queries import slugs_after_merging
from evidence.drawing.tables import Cell, CellValue, Column, Table, build_table
from evidence.estimates.models import EstimateKind
from evidence.estimates.presenters import improvement, interval_of
from evidence.ratings.queries import ratings_of_intervention, ratings_of_studies

MOST_COMPARED = 5
STRENGTH_SCHEME = "maryland_sms"


def accounts_to_compare(viewer: Any, slugs: list[str]) -> list[Account]:
    """What the viewer may know of each of these interventions, the first five that exist."""
    wanted = slugs_after_merging(slugs[: 4 * MOST_COMPARED])[: 2 * MOST_COMPARED]
    found = (account_of(viewer, slug=slug) for slug in wanted)
    return [account for account in found if account is not None][:MOST_COMPARED]


def comparison_table(accounts: list[Account], *, viewer: Any) -> Table:
    """A row for each fact and a column for each intervention."""
    facts = [_facts(account, viewer) for account in accounts]
    names = [account.intervention.name for account in accounts]
    rows: list[list[CellValue]] = [[fact, *(each[fact] for each in facts)] for fact in (facts[0] if facts else {})]
    return build_table("Side by side", [Column("Fact", wide=True), *(Column(name, wide=True) for name in names)], rows)


def _facts(account: Account, viewer: Any) -> dict[str, CellValue]:
    row = account.intervention
    effects = [each for each in account.estimates if each.estimate_kind == EstimateKind.CAUSAL]
    nulls = sum(each.estimate_kind == EstimateKind.NULL for each in account.estimates)
    ways = Counter(improvement(each) for each in effects)
    with_interval = sum(interval_of(each) is not None for each in effects)
    return {
        "What it is": Cell(row.summary, href=reverse("intervention", args=[row.slug])),
        "Whom it is for": "; ".join(group.name for group in row.target_groups.all()),
        "Life stage": row.get_life_stage_display(),
        "Status": row.status_detail or row.get_status_display(),
        "Where": "; ".join(place.name for place in row.places.all()),
        "What is known": short_answer(account).sentence,
        "Estimated effects": str(len(effects)),
        "With an interval": f"{with_interval} of {len(effects)}" if effects else "",
        "Directions (not a synthesis)": _directions(ways),
        "Found no effect": str(nulls) if nulls else "",
        "Figures that are not effects": str(len(account.estimates) - len(effects) - nulls),
        "Strongest study (Maryland scale)": _strongest(account, viewer),
        "Programme ratings": _programme_ratings(account, viewer),
        "Never evaluated": "; ".join(study.statement for study in account.gaps),
        "Studies under way": "; ".join(f"{study.title} ({study.expected or 'no date'})" for study in account.coming),
        "Cost": cost_words(row),
        "Who might lose out": losers_words(row),
        "Sources disagree": "; ".join(note.title for note in row.notes.all()),
    }


def _directions(ways: Counter[str]) -> str:
    words = {
        "better": "better",
        "worse": "worse",
        "inconclusive": "open",
        "no_difference": "no difference",
        "unclear": "better not clear",
    }
    return ", ".join(f"{ways[way]} {word}" for way, word in words.items() if ways[way])


def _strongest(account: Account, viewer: Any) -> str:
    rated = ratings_of_studies(account.made, viewer=viewer)
    values = [each for shown in rated.values() for each in shown if each.scheme.key == STRENGTH_SCHEME and each.value]
    if not values:
        return "Not rated"
    best = max(values, key=lambda each: each.value)
    confirmed = "confirmed" if best.is_confirmed else "proposed"
    return f"{best.value}: {best.level.label if best.level else ''} ({confirmed})"


def _programme_ratings(account: Account, viewer: Any) -> str:
    shown = ratings_of_intervention(account.intervention, studies=account.studies, estimates=account.estimates)
    return "; ".join(f"{each.scheme.short_name} {each.value or 'not rated'}" for each in shown)

"""The columns of every download, with what each means: one definition for every format and the data dictionary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evidence.estimates.presenters import words_for
from evidence.search.models import DocumentKind

Value = str | int | float | bool | None


@dataclass(frozen=True)
class DownloadColumn:
    """One column: its name, what it means, its type, and how to read it from a row."""

    name: str
    meaning: str
    read: Callable[[Any], Value]
    type: str = "text"


def _field(name: str, meaning: str, type: str = "text") -> DownloadColumn:
    return DownloadColumn(name, meaning, lambda row: getattr(row, name), type)


def _names(related: Any, name: str = "name") -> str:
    return "; ".join(str(getattr(row, name)) for row in related.all())


INTERVENTIONS = (
    _field("slug", "Name in addresses: /interventions/<slug>/."),
    _field("name", "What it is called."),
    _field("kind", "Type, such as tutoring."),
    _field("summary", "What it is, in a sentence."),
    _field("mechanism", "How it is meant to work."),
    _field("life_stage", "The stage of life it reaches first."),
    _field("ages", "Ages, as stated."),
    _field("status", "Where it stands: proposed, announced, pilot, live, changing or ended."),
    _field("start_year", "The year it began, where known.", "integer"),
    _field("end_year", "The year it ended, where it has.", "integer"),
    _field("country", "Country."),
    _field("where", "Where it runs, as stated."),
    DownloadColumn("target_groups", "Target groups, separated by semicolons.", lambda r: _names(r.target_groups)),
    DownloadColumn(
        "place_codes",
        "Codes of its places, separated by semicolons.",
        lambda r: _names(r.places, "code"),
    ),
    DownloadColumn(
        "cost_per_participant",
        "Cost per participant in the currency and price year beside it; empty where not known.",
        lambda r: None if r.cost_per_participant is None else float(r.cost_per_participant),
        "number",
    ),
    _field("cost_currency", "Currency of the cost."),
    _field("cost_price_year", "Price year of the cost.", "integer"),
    _field("losers_examined", "Whether who might lose out was measured, argued or not examined."),
    _field("who_might_lose_out", "Who might lose out."),
)
STUDIES = (
    _field("id", "Number in addresses: /studies/<id>/.", "integer"),
    _field("title", "Title."),
    DownloadColumn("intervention", "Slug of the intervention.", lambda r: r.intervention.slug),
    _field("status", "Planned, under way, complete, published, or never evaluated (a recorded gap)."),
    _field("design", "Design; see the glossary."),
    _field("comparator", "What the people reached were compared with."),
    _field("authors", "Authors."),
    _field("publisher", "Publisher."),
    _field("year", "Year.", "integer"),
    _field("statement", "What the sources say of it; for a gap, who says that there is none."),
    DownloadColumn("source_address", "Where it can be read.", lambda r: r.source.url if r.source else ""),
)
ESTIMATES = (
    _field("id", "Number in addresses: /estimates/<id>/. It never changes its meaning.", "integer"),
    _field("code", "A second name, for estimates of the starter catalogue."),
    DownloadColumn("intervention", "Slug of the intervention.", lambda r: r.intervention.slug),
    _field("study_id", "Number of the study.", "integer"),
    DownloadColumn("outcome", "Slug of the outcome.", lambda r: r.outcome.slug),
    _field("outcome_detail", "The outcome as measured."),
    DownloadColumn("domain", "Domain of the outcome.", lambda r: r.outcome.domain),
    DownloadColumn("sentence", "The estimate in a sentence.", lambda r: words_for(r).sentence),
    _field("estimate_kind", "What the number is. Only causal ones are effects."),
    _field("is_effect", "Whether it is an effect.", "boolean"),
    _field("value", "The number, in its natural unit; empty where none was reported (empty is not zero).", "number"),
    _field("unit", "Its natural unit."),
    _field("direction", "Which way is better for this outcome."),
    _field("std_error", "Standard error, as published or computed; never our own working.", "number"),
    _field("ci_lower", "Lower end of the interval.", "number"),
    _field("ci_upper", "Upper end of the interval.", "number"),
    _field("level", "Level of the interval.", "number"),
    _field("p_value", "P-value.", "number"),
    _field("reported_range_low", "Low end of a published range, which is not an interval.", "number"),
    _field("reported_range_high", "High end of a published range.", "number"),
    _field("reported_words", "What was reported in words."),
    DownloadColumn("target_group", "Slug of the target group.", lambda r: getattr(r.target_group, "slug", "")),
    _field("population", "The people or places it is about."),
    _field("subgroup", "Subgroup."),
    _field("place_detail", "Where."),
    _field("follow_up", "Follow-up, as stated."),
    _field("comparison", "Compared with."),
    _field("origin", "Computed with Uplift (run) or published."),
    DownloadColumn("source", "Citation of the source.", lambda r: r.source.citation if r.source else ""),
    _field("source_location", "Page or table, or how close to it we read."),
    _field("standing", "What the design and checks of a computed estimate allow."),
    _field("data_sha256", "Hash of the data of a computed estimate."),
    _field("spec_sha256", "Hash of its plan."),
    _field("engine_version", "Version of the engine that computed it."),
    _field("plan_locked_before_outcomes", "Whether its plan was locked before the outcomes were uploaded.", "boolean"),
    _field("n_plans_before", "Plans made before it.", "integer"),
    _field("n_runs_before", "Runs made before it.", "integer"),
    _field("notes", "What else a reader should know."),
)
COLUMNS: dict[str, tuple[DownloadColumn, ...]] = {
    DocumentKind.INTERVENTION: INTERVENTIONS,
    DocumentKind.STUDY: STUDIES,
    DocumentKind.ESTIMATE: ESTIMATES,
}

"""Rows into the fields of records, with what they refer to checked; nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from evidence.catalogue.issues import Issue
from evidence.catalogue.models import (
    Component,
    Design,
    Direction,
    EqualityGroup,
    Horizon,
    InterventionNote,
    LifeStage,
    LosersExamined,
    Mobility,
    SeriesBreak,
    Status,
    StudyStatus,
)
from evidence.estimates.models import EstimateKind
from evidence.estimates.starter.reading import Files, Row
from evidence.places.models import PlaceKind

SOURCE_COLUMNS = ("code", "title", "authors", "publisher", "published", "url")
GROUP_COLUMNS = (
    "code", "slug", "name", "definition", "identified_by", "proxy_misses", "caution", "age_from", "age_to",
    "person_targeted", "equality_groups", "sources",
)  # fmt: skip
OUTCOME_COLUMNS = (
    "code", "slug", "name", "domain", "stage", "definition", "unit", "scale", "direction", "horizon", "mobility",
    "official_code", "latest_value_seen", "notes", "sources",
)  # fmt: skip
BREAK_COLUMNS = ("outcome", "kind", "from_year", "to_year", "text", "source")
PLACE_COLUMNS = (
    "code", "name", "kind", "nation", "within", "combined_authority", "latitude", "longitude", "coastal",
    "index_area", "previous_codes",
)  # fmt: skip
STUDY_COLUMNS = (
    "code", "intervention", "title", "status", "design", "design_detail", "comparator", "authors", "publisher",
    "year", "expected", "statement", "source", "target_groups", "places",
)  # fmt: skip
ESTIMATE_COLUMNS = (
    "code", "study", "kind", "outcome", "outcome_detail", "value", "unit", "direction", "std_error", "range_low",
    "range_high", "words", "derived_std_error", "derived_std_error_method", "base_level", "sample", "design_detail",
    "comparison", "population", "target_group", "subgroup", "place", "follow_up", "follow_up_months", "source",
    "location", "grade", "also_in", "notes",
)  # fmt: skip


@dataclass
class Entry:
    """One record to be: its own fields, single references by code, and lists of references by code."""

    fields: dict
    one: dict[str, str | None] = field(default_factory=dict)
    many: dict[str, list[str]] = field(default_factory=dict)
    row: Row | None = None

    @property
    def code(self) -> str:
        """The code the record is known by."""
        return self.fields["code"]


@dataclass
class Starter:
    """Everything a folder of catalogue files says."""

    sources: list[Entry] = field(default_factory=list)
    target_groups: list[Entry] = field(default_factory=list)
    outcomes: list[Entry] = field(default_factory=list)
    series_breaks: list[Entry] = field(default_factory=list)
    places: list[Entry] = field(default_factory=list)
    measures: list[Entry] = field(default_factory=list)
    figures: list[Entry] = field(default_factory=list)
    interventions: list[Entry] = field(default_factory=list)
    components: list[Entry] = field(default_factory=list)
    notes: list[Entry] = field(default_factory=list)
    successions: list[Entry] = field(default_factory=list)
    studies: list[Entry] = field(default_factory=list)
    estimates: list[Entry] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def read_starter(folder: Path) -> Starter:
    """What the files of a folder say, with every problem found; nothing may be stored while there are any."""
    files = Files(folder)
    starter = Starter(issues=files.issues)
    starter.sources = [read_source(row) for row in files.csv_rows("sources.csv", SOURCE_COLUMNS)]
    sources = _codes(starter.sources)
    starter.target_groups = [_group(row, sources) for row in files.csv_rows("target_groups.csv", GROUP_COLUMNS)]
    starter.outcomes = [_outcome(row, sources) for row in files.csv_rows("outcomes.csv", OUTCOME_COLUMNS)]
    groups, outcomes = _codes(starter.target_groups), _codes(starter.outcomes)
    _read_places(files, starter)
    places = _codes(starter.places)
    rows = files.toml_rows("interventions.toml", "intervention")
    starter.interventions = [_intervention(row, groups, places, sources) for row in rows]
    interventions = _codes(starter.interventions)
    for row in rows:
        starter.components += [_component(row, entry) for entry in _nested(row, "part")]
        starter.notes += [_note(row, entry, sources) for entry in _nested(row, "note")]
        starter.successions += [_succession(row, e, interventions, sources) for e in _nested(row, "succeeded_by")]
    breaks = files.csv_rows("series_breaks.csv", BREAK_COLUMNS, key=None)
    starter.series_breaks = [_series_break(row, outcomes, sources) for row in breaks]
    starter.studies = [
        read_study(row, interventions, groups, places, sources) for row in files.csv_rows("studies.csv", STUDY_COLUMNS)
    ]
    studies = _codes(starter.studies)
    starter.estimates = [
        read_estimate(row, studies, outcomes, groups, sources)
        for row in files.csv_rows("estimates.csv", ESTIMATE_COLUMNS)
    ]
    return starter


def _codes(entries: list[Entry]) -> set[str]:
    return {entry.code for entry in entries}


def _nested(row: Row, name: str) -> list[Row]:
    entries = row.cells.get(name, [])
    return [Row(f"{row.file}, {name} {place}", None, cells, row.issues) for place, cells in enumerate(entries, 1)]


def read_source(row: Row) -> Entry:
    """One publication as a file gives it."""
    published = row.text("published", longest=20)
    return Entry(
        {
            "code": row.text("code", longest=40),
            "title": row.text("title", required=True, longest=400),
            "authors": row.text("authors", longest=400),
            "publisher": row.text("publisher", longest=300),
            "published": published,
            "year": int(published[:4]) if published[:4].isdigit() else None,
            "url": row.text("url", longest=500),
        }
    )


def _group(row: Row, sources: set[str]) -> Entry:
    age_from, age_to = row.in_order("age_from", "age_to")
    return Entry(
        {
            "code": row.text("code", longest=40),
            "slug": row.slug(),
            "name": row.text("name", required=True, longest=200),
            "definition": row.text("definition"),
            "basis": row.text("identified_by", longest=100),
            "proxy_misses": row.text("proxy_misses"),
            "caution": row.text("caution"),
            "age_from": age_from,
            "age_to": age_to,
            "equality_groups": row.codes("equality_groups", EqualityGroup.values),
            "is_person_targeted": row.yes("person_targeted"),
        },
        many={"sources": row.codes("sources", sources)},
    )


def _outcome(row: Row, sources: set[str]) -> Entry:
    return Entry(
        {
            "code": row.text("code", longest=40),
            "slug": row.slug(),
            "name": row.text("name", required=True, longest=200),
            "domain": row.text("domain", required=True, longest=60),
            "stage": row.text("stage", longest=60),
            "definition": row.text("definition"),
            "unit": row.text("unit", longest=60),
            "scale": row.text("scale", longest=30),
            "direction": row.choice("direction", Direction.values),
            "horizon": row.choice("horizon", Horizon.values),
            "mobility": row.codes("mobility", Mobility.values),
            "official_code": row.text("official_code", longest=40),
            "latest_value_seen": row.text("latest_value_seen", longest=300),
            "notes": row.text("notes"),
        },
        many={"sources": row.codes("sources", sources)},
    )


def _series_break(row: Row, outcomes: set[str], sources: set[str]) -> Entry:
    from_year, to_year = row.in_order("from_year", "to_year")
    if from_year is None or to_year is None:
        row.problem("empty", "from_year", "A break has a first and a last year.")
    return Entry(
        {
            "kind": row.choice("kind", SeriesBreak.Kind.values),
            "from_year": from_year,
            "to_year": to_year,
            "text": row.text("text", required=True),
        },
        one={
            "outcome": row.code_in("outcome", outcomes, required=True),
            "source": row.code_in("source", sources),
        },
    )


def _read_places(files: Files, starter: Starter) -> None:
    rows = files.csv_rows("places.csv", PLACE_COLUMNS)
    known = {row.text("code") for row in rows}
    starter.places = [_place(row, known) for row in rows]
    starter.measures = [
        _measure(row, place) for place, row in enumerate(files.toml_rows("place_measures.toml", "measure"))
    ]
    measures = [entry.code for entry in starter.measures]
    for row in files.csv_rows("place_figures.csv", ("code", *measures)):
        place = row.code_in("code", known, required=True)
        for measure in measures:
            value = row.number_in(measure)
            if value is not None:
                starter.figures.append(Entry({"value": value}, one={"place": place, "measure": measure}))


def _place(row: Row, known: set[str]) -> Entry:
    latitude, longitude = row.number_in("latitude"), row.number_in("longitude")
    if (latitude is None) != (longitude is None) or abs(latitude or 0) > 90 or abs(longitude or 0) > 180:
        row.problem("not_on_the_globe", "latitude", "Latitude and longitude are given together, in degrees.")
    return Entry(
        {
            "code": row.text("code", longest=12),
            "name": row.text("name", required=True, longest=120),
            "kind": row.choice("kind", PlaceKind.values),
            "nation": row.text("nation", longest=30),
            "latitude": latitude,
            "longitude": longitude,
            "is_coastal": row.yes("coastal") if row.text("coastal") else None,
            "index_area": row.text("index_area", longest=120),
        },
        one={
            "parent": row.code_in("within", known),
            "combined_authority": row.code_in("combined_authority", known),
        },
        many={"previous_codes": row.text("previous_codes").split()},
    )


def _measure(row: Row, position: int) -> Entry:
    return Entry(
        {
            "code": row.text("code", longest=60),
            "name": row.text("name", required=True, longest=120),
            "definition": row.text("definition"),
            "unit": row.text("unit", longest=60),
            "reading": row.text("reading", required=True, longest=200),
            "period": row.text("period", longest=40),
            "credit": row.text("credit", required=True),
            "licence": row.text("licence", required=True, longest=100),
            "position": position,
        }
    )


def _intervention(row: Row, groups: set[str], places: set[str], sources: set[str]) -> Entry:
    facts = row.cells.get("key_facts", [])
    start_year, end_year = row.in_order("start_year", "end_year")
    _check_cost(row)
    return Entry(
        {
            "code": row.text("code", longest=40),
            "slug": row.slug(longest=100),
            "name": row.text("name", required=True, longest=200),
            "kind": row.text("kind", required=True, longest=80),
            "summary": row.text("summary", required=True),
            "mechanism": row.text("mechanism"),
            "life_stage": row.choice("life_stage", LifeStage.values),
            "ages": row.text("ages", longest=60),
            "status": row.choice("status", Status.values),
            "status_detail": row.text("status_detail", longest=100),
            "started": row.text("started", longest=100),
            "ended": row.text("ended", longest=100),
            "start_year": start_year,
            "end_year": end_year,
            "country": row.text("country", required=True, longest=40),
            "where": row.text("where"),
            "lead_body": row.text("lead_body", longest=200),
            "key_facts": list(facts) if isinstance(facts, list) else [],
            "cost_per_participant": row.number_in("cost_per_participant"),
            "cost_currency": row.text("cost_currency", longest=3),
            "cost_price_year": row.whole_number_in("cost_price_year"),
            "cost_note": row.text("cost_note"),
            "who_might_lose_out": row.text("who_might_lose_out"),
            "losers_examined": row.choice(
                "losers_examined", LosersExamined.values, default=LosersExamined.NOT_EXAMINED
            ),
        },
        one={"cost_source": row.code_in("cost_source", sources)},
        many={
            "target_groups": row.codes("target_groups", groups),
            "places": row.codes("places", places),
            "sources": row.codes("sources", sources),
        },
    )


def _component(parent: Row, row: Row) -> Entry:
    return Entry(
        {
            "component": row.choice("component", Component.values),
            "dose": row.text("dose", longest=200),
            "staff": row.text("staff", longest=200),
            "variant": row.text("variant", longest=200),
        },
        one={"intervention": parent.text("code")},
    )


def _check_cost(row: Row) -> None:
    if row.text("cost_per_participant"):
        for column in ("cost_currency", "cost_price_year", "cost_source"):
            row.text(column, required=True)
        if (row.number_in("cost_per_participant") or 0) < 0:
            row.problem("negative_cost", "cost_per_participant", "A cost is not below zero.")


def _note(parent: Row, row: Row, sources: set[str]) -> Entry:
    return Entry(
        {
            "kind": row.choice("kind", InterventionNote.Kind.values),
            "title": row.text("title", required=True, longest=200),
            "text": row.text("text", required=True),
        },
        one={"intervention": parent.text("code")},
        many={"sources": row.codes("sources", sources)},
    )


def _succession(parent: Row, row: Row, interventions: set[str], sources: set[str]) -> Entry:
    return Entry(
        {"note": row.text("note", longest=300)},
        one={
            "earlier": parent.text("code"),
            "later": row.code_in("code", interventions, required=True),
            "source": row.code_in("source", sources),
        },
    )


def read_study(row: Row, interventions: set[str], groups: set[str], places: set[str], sources: set[str]) -> Entry:
    """One study as a file gives it; the sets are the codes it may refer to."""
    status = row.choice("status", StudyStatus.values)
    return Entry(
        {
            "code": row.text("code", longest=60),
            "title": row.text("title", required=True, longest=400),
            "status": status,
            "design": row.choice("design", Design.values),
            "design_detail": row.text("design_detail"),
            "comparator": row.text("comparator"),
            "authors": row.text("authors", longest=400),
            "publisher": row.text("publisher", longest=300),
            "year": row.whole_number_in("year"),
            "expected": row.text("expected", longest=60),
            "statement": row.text("statement", required=status == StudyStatus.NEVER_EVALUATED),
        },
        one={
            "intervention": row.code_in("intervention", interventions, required=True),
            "source": row.code_in("source", sources),
        },
        many={"target_groups": row.codes("target_groups", groups), "places": row.codes("places", places)},
    )


def read_estimate(row: Row, studies: set[str], outcomes: set[str], groups: set[str], sources: set[str]) -> Entry:
    """One published estimate as a file gives it; `store` asks the ledger whether it can be taken."""
    return Entry(
        {
            "code": row.text("code", longest=60),
            "kind": row.choice("kind", EstimateKind.values),
            "measured": {
                "value": row.number_in("value"),
                "unit": row.text("unit", required=True, longest=200),
                "direction": row.choice("direction", Direction.values),
                "std_error": row.number_in("std_error"),
                "reported_range_low": row.number_in("range_low"),
                "reported_range_high": row.number_in("range_high"),
                "reported_words": row.text("words"),
                "derived_std_error": row.number_in("derived_std_error"),
                "derived_std_error_method": row.text("derived_std_error_method"),
                "base_level": row.text("base_level", longest=120),
                "sample_reported": row.text("sample", longest=200),
            },
            "about": {
                "outcome_detail": row.text("outcome_detail", longest=300),
                "population": row.text("population"),
                "subgroup": row.text("subgroup", longest=200),
                "place_detail": row.text("place", longest=300),
                "follow_up": row.text("follow_up", longest=120),
                "follow_up_months": row.whole_number_in("follow_up_months"),
                "comparison": row.text("comparison"),
                "design_detail": row.text("design_detail"),
                "notes": row.text("notes"),
            },
            "source_location": row.text("location", required=True, longest=200),
            "evidence_grade": row.choice("grade", ("", "A", "B", "C", "D")),
        },
        one={
            "study": row.code_in("study", studies, required=True),
            "outcome": row.code_in("outcome", outcomes, required=True),
            "target_group": row.code_in("target_group", groups),
            "source": row.code_in("source", sources, required=True),
        },
        many={"also_in": row.codes("also_in", sources)},
        row=row,
    )

"""Catalogue files into rows of the database: whole or not at all, and only what is not there yet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import (
    Intervention,
    InterventionComponent,
    InterventionNote,
    Outcome,
    SeriesBreak,
    Source,
    Study,
    Succession,
    TargetGroup,
    Visibility,
)
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import About, Measured, PublishedOrigin, build_estimate, estimate_issues
from evidence.estimates.models import EffectEstimate
from evidence.estimates.starter.reading import Row
from evidence.estimates.starter.records import Entry, Starter, read_starter
from evidence.places.models import Place, PlaceChange, PlaceFigure, PlaceMeasure

Rows = dict[str | None, Any]


def load_starter(folder: Path, *, by: Any = None) -> dict[str, tuple[int, int]]:
    """How many rows of each kind were added and how many were there, after loading a folder of catalogue files.

    A row that is there, by its code, is left as it is: editors may have changed it. Raises CatalogueRefused with
    every problem of every file, in which case nothing is stored.
    """
    starter = read_starter(folder)
    if starter.issues:
        raise CatalogueRefused(starter.issues)
    return _store(starter, by=by)


@transaction.atomic
def _store(starter: Starter, *, by: Any) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    sources = _add(Source, starter.sources, counts)
    groups = _add(TargetGroup, starter.target_groups, counts, many={"sources": sources})
    outcomes = _add(Outcome, starter.outcomes, counts, many={"sources": sources})
    places = _add_places(starter, counts)
    visible = {"visibility": Visibility.PUBLIC, "published_at": timezone.now()}
    interventions = _add(
        Intervention,
        starter.interventions,
        counts,
        one={"cost_source": sources},
        many={"target_groups": groups, "places": places, "sources": sources},
        extra=visible,
    )
    _add_notes(starter, interventions, sources, counts)
    _add_pairs(
        SeriesBreak,
        starter.series_breaks,
        counts,
        one={"outcome": outcomes, "source": sources},
        key=("outcome_id", "kind", "from_year"),
    )
    studies = _add(
        Study,
        starter.studies,
        counts,
        one={"intervention": interventions, "source": sources},
        many={"target_groups": groups, "places": places},
        extra=visible,
    )
    _add_estimates(starter, studies, outcomes, groups, sources, counts, by=by)
    tell_changed(None)
    return counts


def _add(
    model: Any,
    entries: list[Entry],
    counts: dict[str, tuple[int, int]],
    *,
    one: dict[str, Rows] | None = None,
    many: dict[str, Rows] | None = None,
    extra: dict | None = None,
) -> Rows:
    """All rows of a model by code, after adding the entries whose codes are new, with their lists and history."""
    rows: Rows = {row.code: row for row in model._default_manager.all()}
    new = [entry for entry in entries if entry.code not in rows]
    made = [model(**entry.fields, **_referred(entry, one or {}), **(extra or {})) for entry in new]
    model._default_manager.bulk_create(made)
    for name, targets in (many or {}).items():
        _link(model, name, zip(made, new, strict=True), targets)
    if hasattr(model, "history"):
        model.history.bulk_history_create(made, default_change_reason="Starter catalogue")
    counts[str(model._meta.verbose_name_plural)] = (len(new), len(entries) - len(new))
    return rows | {entry.code: row for entry, row in zip(new, made, strict=True)}


def _referred(entry: Entry, one: dict[str, Rows]) -> dict:
    return {name: rows[entry.one[name]] for name, rows in one.items() if entry.one.get(name)}


def _link(model: Any, name: str, pairs: Iterable[tuple[Any, Entry]], targets: Rows) -> None:
    field: Any = model._meta.get_field(name)
    through = field.remote_field.through
    links = [
        through(
            **{
                f"{field.m2m_field_name()}_id": row.pk,
                f"{field.m2m_reverse_field_name()}_id": targets[code].pk,
            }
        )
        for row, entry in pairs
        for code in dict.fromkeys(entry.many.get(name, []))
    ]
    through._default_manager.bulk_create(links)


def _add_places(starter: Starter, counts: dict[str, tuple[int, int]]) -> Rows:
    places = _add(Place, starter.places, counts)
    within = []
    for entry in starter.places:
        row = places[entry.code]
        parent, authority = entry.one.get("parent"), entry.one.get("combined_authority")
        if (parent and row.parent_id is None) or (authority and row.combined_authority_id is None):
            row.parent, row.combined_authority = places.get(parent), places.get(authority)
            within.append(row)
    Place.objects.bulk_update(within, ["parent", "combined_authority"])
    PlaceChange.objects.bulk_create(
        [
            PlaceChange(place=places[entry.code], previous_code=code)
            for entry in starter.places
            for code in entry.many["previous_codes"]
        ],
        ignore_conflicts=True,
    )
    measures = _add(PlaceMeasure, starter.measures, counts)
    _add_pairs(
        PlaceFigure,
        starter.figures,
        counts,
        one={"place": places, "measure": measures},
        key=("place_id", "measure_id"),
    )
    return places


def _add_notes(starter: Starter, interventions: Rows, sources: Rows, counts: dict[str, tuple[int, int]]) -> None:
    made = _add_pairs(
        InterventionNote,
        starter.notes,
        counts,
        one={"intervention": interventions},
        key=("intervention_id", "title"),
    )
    _add_pairs(
        InterventionComponent,
        starter.components,
        counts,
        one={"intervention": interventions},
        key=("intervention_id", "component", "variant"),
    )
    _link(InterventionNote, "sources", made, sources)
    _add_pairs(
        Succession,
        starter.successions,
        counts,
        one={"earlier": interventions, "later": interventions, "source": sources},
        key=("earlier_id", "later_id"),
    )


def _add_pairs(
    model: Any,
    entries: list[Entry],
    counts: dict[str, tuple[int, int]],
    *,
    one: dict[str, Rows],
    key: tuple[str, ...],
) -> list[tuple[Any, Entry]]:
    """The rows added, of a model known by the fields of `key`, each with its entry."""
    there = set(model._default_manager.values_list(*key))
    made = []
    for entry in entries:
        row = model(**entry.fields, **_referred(entry, one))
        if tuple(getattr(row, name) for name in key) not in there:
            made.append((row, entry))
    model._default_manager.bulk_create([row for row, _ in made])
    counts[str(model._meta.verbose_name_plural)] = (len(made), len(entries) - len(made))
    return made


def _add_estimates(
    starter: Starter,
    studies: Rows,
    outcomes: Rows,
    groups: Rows,
    sources: Rows,
    counts: dict[str, tuple[int, int]],
    *,
    by: Any,
) -> None:
    there = set(EffectEstimate.objects.filter(code__isnull=False).values_list("code", flat=True))
    new = [entry for entry in starter.estimates if entry.code not in there]
    issues: list[Issue] = []
    made = [_estimate(entry, studies, outcomes, groups, sources, issues, by=by) for entry in new]
    if issues:
        raise CatalogueRefused(issues)
    EffectEstimate.objects.bulk_create(made)
    _link(EffectEstimate, "also_in", zip(made, new, strict=True), sources)
    counts["estimates"] = (len(new), len(starter.estimates) - len(new))


def _estimate(
    entry: Entry, studies: Rows, outcomes: Rows, groups: Rows, sources: Rows, issues: list[Issue], *, by: Any
) -> EffectEstimate:
    fields = entry.fields
    study = studies[entry.one["study"]]
    origin = PublishedOrigin(
        source=sources[entry.one["source"]],
        source_location=fields["source_location"],
        evidence_grade=fields["evidence_grade"],
    )
    measured = Measured(**fields["measured"])
    issues += [
        _at_row(issue, entry.row)
        for issue in estimate_issues(
            study=study, estimate_kind=fields["kind"], measured=measured, origin=origin, is_example=False
        )
    ]
    return build_estimate(
        study=study,
        intervention=study.intervention,
        outcome=outcomes[entry.one["outcome"]],
        estimate_kind=fields["kind"],
        measured=measured,
        origin=origin,
        about=About(target_group=groups.get(entry.one["target_group"]), **fields["about"]),
        code=entry.code,
        visibility=Visibility.PUBLIC,
        by=by,
    )


def _at_row(issue: Issue, row: Row | None) -> Issue:
    if row is None:
        return issue
    return Issue(
        code=issue.code, message=issue.message, hint=issue.hint, file=row.file, row=row.number, column=issue.column
    )

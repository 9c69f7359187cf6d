"""Storing an approved file of evidence: whole or not at all."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.utils import timezone

from evaluations.editing.importing import COLUMNS, Reading, about_of, read_rows
from evaluations.editing.models import Change
from evaluations.organisations.models import User
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Intervention, Outcome, Source, Study, TargetGroup, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import Measured, PublishedOrigin, build_estimate
from evidence.estimates.starter.records import Entry
from evidence.places.models import Place


def reading_of(change: Change) -> Reading:
    """The file of an import, read and checked again against the catalogue as it is now."""
    kind, rows = change.after["kind"], change.after["rows"]
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS[kind], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return read_rows(kind, change.after["name"], out.getvalue())


def apply_import(change: Change, by: User) -> dict[str, Any]:
    """Store every row of the file. Raises `CatalogueRefused` with every problem, in which case none is."""
    reading = reading_of(change)
    if reading.issues:
        raise CatalogueRefused(reading.issues)
    made = {"sources": _sources, "studies": _studies, "estimates": _estimates}[reading.kind](reading, by)
    tell_changed(set() if reading.kind == "sources" else {each.intervention_id for each in made})
    return {"kind": reading.kind, "ids": [each.pk for each in made]}


def _by_code(model: Any) -> dict[str | None, Any]:
    return {row.code: row for row in model._default_manager.all()}


def _sources(reading: Reading, by: User) -> list[Any]:
    return [Source.objects.create(**entry.fields) for entry in reading.entries]


def _studies(reading: Reading, by: User) -> list[Any]:
    interventions, sources = _by_code(Intervention), _by_code(Source)
    groups, places = _by_code(TargetGroup), _by_code(Place)
    made = []
    for entry in reading.entries:
        study = Study.objects.create(
            **entry.fields,
            intervention=interventions[entry.one["intervention"]],
            source=sources.get(entry.one["source"]),
            visibility=Visibility.PUBLIC,
            published_at=timezone.now(),
        )
        study.target_groups.set([groups[code] for code in entry.many["target_groups"]])
        study.places.set([places[code] for code in entry.many["places"]])
        made.append(study)
    return made


def _estimates(reading: Reading, by: User) -> list[Any]:
    studies = {row.code: row for row in Study.objects.select_related("intervention")}
    outcomes, sources, groups = _by_code(Outcome), _by_code(Source), _by_code(TargetGroup)
    return [_estimate(entry, studies, outcomes, sources, groups, by) for entry in reading.entries]


def _estimate(entry: Entry, studies: dict, outcomes: dict, sources: dict, groups: dict, by: User) -> Any:
    study = studies[entry.one["study"]]
    row = build_estimate(
        study=study,
        intervention=study.intervention,
        outcome=outcomes[entry.one["outcome"]],
        estimate_kind=entry.fields["kind"],
        measured=Measured(**entry.fields["measured"]),
        about=about_of(entry, groups),
        origin=PublishedOrigin(
            source=sources[entry.one["source"]],
            source_location=entry.fields["source_location"],
            evidence_grade=entry.fields["evidence_grade"],
        ),
        code=entry.code,
        visibility=Visibility.PUBLIC,
        by=by,
    )
    row.save()
    row.also_in.set([sources[code] for code in entry.many["also_in"]])
    return row

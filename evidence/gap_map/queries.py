"""How much is known where: estimates counted by row and column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import Case, F, FloatField, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from evidence.catalogue.models import (
    CatalogueVersion,
    Component,
    Design,
    Direction,
    Intervention,
    InterventionComponent,
    LifeStage,
    Outcome,
    StudyStatus,
    TargetGroup,
    is_editor,
    organisation_ids_of,
)
from evidence.catalogue.queries import interventions_visible_to, studies_visible_to
from evidence.estimates.models import EstimateKind
from evidence.estimates.presenters import NORMAL_95, RATIO_WORDS
from evidence.estimates.queries import estimates_listed_for

KEPT_S = 24 * 3600
MOST_NAMED = 500
"""Interventions named one by one in a question to the database; of more, all are read."""
STRONGEST_FIRST = {
    Design.RANDOMISED: "trial",
    Design.INSTRUMENT: "IV",
    Design.DISCONTINUITY: "RD",
    Design.SYNTHETIC: "synthetic",
    Design.PROXIMITY_DID: "DiD",
    Design.DID: "DiD",
    Design.PANEL: "panel",
    Design.MATCHED: "matched",
    Design.QUASI_UNSTATED: "quasi",
}
"""Designs from the strongest, with the short names that cells use."""
NO_EFFECT, FOUND_NONE, WITHOUT_INTERVAL, BETTER, WORSE, OPEN = range(READINGS := 6)
"""What an estimate says: not an effect, no effect found, or an effect: without interval, which way, or left open."""


@dataclass(frozen=True)
class Axis:
    """One way of dividing the evidence: its name in addresses, its legend and the field it goes by."""

    name: str
    legend: str
    field: str


ROWS = {
    "life_stage": Axis("life_stage", "Life stage", "intervention__life_stage"),
    "component": Axis("component", "Theme: what it is made of", "intervention__components__component"),
    "target_group": Axis("target_group", "Target group", "target_group__slug"),
    "intervention": Axis("intervention", "Intervention", "intervention__slug"),
}
COLUMNS = {
    "domain": Axis("domain", "Outcome domain", "outcome__domain"),
    "outcome": Axis("outcome", "Outcome", "outcome__slug"),
    "target_group": Axis("target_group", "Target group", "target_group__slug"),
    "life_stage": Axis("life_stage", "Life stage", "intervention__life_stage"),
}


@dataclass(frozen=True)
class Cell:
    """What is known of one row on one column. Directions count causal estimates with an interval only."""

    estimates: int
    effects: int
    with_interval: int
    better: int
    worse: int
    nulls: int
    strongest: str

    @property
    def open(self) -> int:
        """Effects whose interval leaves open both directions, or for which better is not clear."""
        return self.with_interval - self.better - self.worse


@dataclass(frozen=True)
class RowCount:
    """How many interventions a row has, and how many of them were never evaluated or have nothing recorded."""

    interventions: int = 0
    never_evaluated: int = 0
    nothing_recorded: int = 0


@dataclass(frozen=True)
class GapMap:
    """Rows against columns."""

    rows: Axis
    columns: Axis
    row_labels: dict[str, str]
    column_labels: dict[str, str]
    cells: Mapping[tuple[str, str], Cell]
    counts: Mapping[str, RowCount]


def gap_map(viewer: Any, *, rows: str, columns: str, only: tuple[str, ...] | None = None) -> GapMap:
    """The evidence the viewer may see, by row and column; `only` names the rows wanted where they are interventions.

    What everyone may see is kept until the catalogue changes.
    """
    if not _is_public(viewer):
        return _read(viewer, rows=rows, columns=columns, only=only)
    asked = "|".join([CatalogueVersion.current(), rows, columns, *(only or ())])
    key = f"gap-map-{sha256(asked.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = _read(viewer, rows=rows, columns=columns, only=only)
        cache.set(key, kept, KEPT_S)
    return kept


def _is_public(viewer: Any) -> bool:
    """Whether the viewer sees what everyone may see, and no more."""
    return not (is_editor(viewer) or organisation_ids_of(viewer))


@dataclass(frozen=True)
class _Kept:
    token: str
    table: np.ndarray


_kept = _Kept("", np.zeros((0, 5), dtype=np.int64))
_lock = Lock()


def _public_table() -> np.ndarray:
    """The table of everyone's estimates, kept in this process; after a change only what changed is read again."""
    global _kept
    with _lock:
        token, changed = CatalogueVersion.changed_since(_kept.token)
        if changed is None or not token:
            _kept = _Kept(token, _table(estimates_listed_for(None)))
        elif changed:
            rest = _kept.table[~np.isin(_kept.table[:, 0], list(changed))]
            fresh = _table(estimates_listed_for(None).filter(intervention__in=changed))
            _kept = _Kept(token, np.concatenate([rest, fresh]))
        return _kept.table


def _read(viewer: Any, *, rows: str, columns: str, only: tuple[str, ...] | None) -> GapMap:
    row, column = ROWS[rows], COLUMNS[columns]
    keys = None if only is None else list(Intervention.objects.filter(slug__in=only).values_list("pk", flat=True))
    table = _public_table() if _is_public(viewer) else _table_for(viewer, keys)
    if keys is not None:
        table = table[np.isin(table[:, 0], keys)]
    column_labels = _labels(viewer, columns, None)
    cells = _cells(table, row, column, only)
    used = {key[1] for key in cells}
    return GapMap(
        rows=row,
        columns=column,
        row_labels=_labels(viewer, rows, only),
        column_labels={value: label for value, label in column_labels.items() if value in used},
        cells=cells,
        counts=_counts(viewer, rows, only, with_estimates=set(np.unique(table[:, 0]).tolist())),
    )


def _table_for(viewer: Any, keys: list[int] | None) -> np.ndarray:
    listed = estimates_listed_for(viewer)
    return _table(listed if keys is None else listed.filter(intervention__in=keys))


def _table(estimates: QuerySet) -> np.ndarray:
    """A row of whole numbers for each estimate: intervention, outcome, target group (0: none), strength, reading.

    Narrow rows read once and counted here take a third of the time that grouping them in the database takes.
    """
    kept = (
        estimates.select_related(None)
        .annotate(group=Coalesce("target_group_id", Value(0)), strength=_strength(), reading=_reading())
        .order_by()
    )
    rows = kept.values_list("intervention_id", "outcome_id", "group", "strength", "reading")
    numbers = np.fromiter(chain.from_iterable(rows.iterator(chunk_size=20_000)), dtype=np.int64)
    return numbers.reshape(-1, 5)


def _reading() -> Case:
    """What an estimate says, as one of the numbers below."""
    lower = Coalesce("ci_lower", F("value") - NORMAL_95 * F("std_error"), output_field=FloatField())
    upper = Coalesce("ci_upper", F("value") + NORMAL_95 * F("std_error"), output_field=FloatField())
    ratio = Q()
    for word in RATIO_WORDS:
        ratio |= Q(unit__contains=word)
    nothing = Case(When(ratio, then=Value(1.0)), default=Value(0.0), output_field=FloatField())
    above, below = GreaterThan(lower, nothing), LessThan(upper, nothing)
    higher, less = Q(direction=Direction.HIGHER), Q(direction=Direction.LOWER)
    return Case(
        When(estimate_kind=EstimateKind.NULL, then=Value(FOUND_NONE)),
        When(~Q(estimate_kind=EstimateKind.CAUSAL), then=Value(NO_EFFECT)),
        When(Q(ci_lower__isnull=True, std_error__isnull=True), then=Value(WITHOUT_INTERVAL)),
        When(higher & Q(above), then=Value(BETTER)),
        When(less & Q(below), then=Value(BETTER)),
        When(higher & Q(below), then=Value(WORSE)),
        When(less & Q(above), then=Value(WORSE)),
        default=Value(OPEN),
        output_field=IntegerField(),
    )


def _strength() -> Case:
    """The design of an estimate's study, as its place from the strongest."""
    return Case(
        *(When(study__design=design, then=Value(place)) for place, design in enumerate(STRONGEST_FIRST)),
        default=Value(len(STRONGEST_FIRST)),
        output_field=IntegerField(),
    )


def _cells(table: np.ndarray, row: Axis, column: Axis, only: tuple[str, ...] | None) -> dict[tuple[str, str], Cell]:
    last = len(STRONGEST_FIRST)
    strongest = table[:, 3]
    row_values, row_places = _values_of(row.name, table, only)
    column_values, (columns, *_) = _values_of(column.name, table)
    sizes = len(row_values) * len(column_values)
    counts = np.zeros((READINGS, sizes), dtype=np.int64)
    designs = np.zeros((sizes, last + 1), dtype=np.int64)
    for places in row_places:
        known = (places >= 0) & (columns >= 0)
        where, reading = places[known] * len(column_values) + columns[known], table[known, 4]
        counts += np.bincount(reading * sizes + where, minlength=READINGS * sizes).reshape(READINGS, sizes)
        is_effect = reading >= WITHOUT_INTERVAL
        spots = where[is_effect] * (last + 1) + strongest[known][is_effect]
        designs += np.bincount(spots, minlength=sizes * (last + 1)).reshape(sizes, last + 1)
    best = np.where(designs.any(axis=1), (designs > 0).argmax(axis=1), last)
    return {
        (row_values[place // len(column_values)], column_values[place % len(column_values)]): _cell(
            counts[:, place].tolist(), int(best[place])
        )
        for place in np.flatnonzero(counts.sum(axis=0)).tolist()
    }


def _cell(counts: list[int], strongest: int) -> Cell:
    with_interval = counts[BETTER] + counts[WORSE] + counts[OPEN]
    return Cell(
        estimates=sum(counts),
        effects=counts[WITHOUT_INTERVAL] + with_interval,
        with_interval=with_interval,
        better=counts[BETTER],
        worse=counts[WORSE],
        nulls=counts[FOUND_NONE],
        strongest=_design(strongest),
    )


def _by_key(numbers: Mapping[int, int]) -> np.ndarray:
    """An array from which a number can be read by its key; -1 where there is none."""
    found = np.full(max(numbers, default=0) + 1, -1, dtype=np.int64)
    found[np.fromiter(numbers.keys(), dtype=np.int64, count=len(numbers))] = np.fromiter(
        numbers.values(), dtype=np.int64, count=len(numbers)
    )
    return found


def _values_of(name: str, table: np.ndarray, only: tuple[str, ...] | None = None) -> tuple[list[str], list[np.ndarray]]:
    """The values of an axis, and for each estimate the place of its value among them (-1: none).

    Where estimates can have several values there are several such rows of places.
    """
    column, several = _values_by_key(name, only)
    values = sorted({value for each in several.values() for value in each})
    place_of = {value: place for place, value in enumerate(values)}
    largest = int(table[:, column].max(initial=0))
    found = []
    for number in range(max((len(each) for each in several.values()), default=1)):
        places = {key: place_of[each[number]] for key, each in several.items() if number < len(each)}
        found.append(_by_key({largest: -1, **places})[table[:, column]])
    return values, found


def _values_by_key(name: str, only: tuple[str, ...] | None) -> tuple[int, dict[int, list[str]]]:
    """Which column of the table an axis goes by, and the values that each key in it stands for."""
    column, rows = {
        "life_stage": (0, Intervention.objects.values_list("pk", "life_stage")),
        "component": (0, InterventionComponent.objects.values_list("intervention_id", "component").distinct()),
        "intervention": (0, Intervention.objects.values_list("pk", "slug")),
        "target_group": (2, TargetGroup.objects.values_list("pk", "slug")),
        "domain": (1, Outcome.objects.values_list("pk", "domain")),
        "outcome": (1, Outcome.objects.values_list("pk", "slug")),
    }[name]
    if only is not None:
        rows = rows.filter(slug__in=only)
    found: dict[int, list[str]] = defaultdict(list)
    for key, value in rows.order_by():
        found[key].append(value)
    return column, found


def _design(place: int) -> str:
    return "" if place >= len(STRONGEST_FIRST) else list(STRONGEST_FIRST.values())[place]


def _labels(viewer: Any, name: str, only: tuple[str, ...] | None) -> dict[str, str]:
    if name == "life_stage":
        return {str(value): str(label) for value, label in LifeStage.choices}
    if name == "component":
        return {str(value): str(label) for value, label in Component.choices}
    if name == "target_group":
        return dict(TargetGroup.objects.order_by("name").values_list("slug", "name"))
    if name == "outcome":
        return dict(Outcome.objects.order_by("domain", "name").values_list("slug", "name"))
    if name == "domain":
        domains = Outcome.objects.order_by("domain").values_list("domain", flat=True).distinct()
        return {domain: domain[:1].upper() + domain[1:] for domain in domains}
    visible = interventions_visible_to(viewer).order_by("name")
    return dict((visible.filter(slug__in=only) if only is not None else visible).values_list("slug", "name"))


def _counts(viewer: Any, rows: str, only: tuple[str, ...] | None, *, with_estimates: set[int]) -> dict[str, RowCount]:
    field = {
        "life_stage": "life_stage",
        "component": "components__component",
        "target_group": "target_groups__slug",
        "intervention": "slug",
    }[rows]
    visible = interventions_visible_to(viewer)
    if only is not None:
        visible = visible.filter(slug__in=only)
    valued = list(visible.values_list("pk", field).order_by())
    without = {key for key, _ in valued} - with_estimates
    studies = studies_visible_to(viewer).select_related(None)
    if len(without) <= MOST_NAMED:
        studies = studies.filter(intervention__in=without)
    gaps: set[int] = set()
    studied: set[int] = set()
    for key, status in studies.values_list("intervention_id", "status").distinct().order_by():
        (gaps if status == StudyStatus.NEVER_EVALUATED else studied).add(key)
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, value in valued:
        if value is None:
            continue
        tally[value][0] += 1
        if key not in with_estimates:
            tally[value][1] += key in gaps
            tally[value][2] += key not in gaps and key not in studied
    return {value: RowCount(*numbers) for value, numbers in tally.items()}


def interventions_in_order(viewer: Any) -> QuerySet:
    """The slugs of every intervention the viewer may see, by name, for paging rows."""
    return interventions_visible_to(viewer).order_by("name", "pk").values_list("slug", flat=True)

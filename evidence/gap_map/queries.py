"""How much is known where: estimates counted by row and column, in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, F, FloatField, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from evidence.catalogue.models import (
    CatalogueVersion,
    Component,
    Design,
    Direction,
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
    if is_editor(viewer) or organisation_ids_of(viewer):
        return _read(viewer, rows=rows, columns=columns, only=only)
    asked = "|".join([CatalogueVersion.current(), rows, columns, *(only or ())])
    key = f"gap-map-{sha256(asked.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept is None:
        kept = _read(viewer, rows=rows, columns=columns, only=only)
        cache.set(key, kept, KEPT_S)
    return kept


def _read(viewer: Any, *, rows: str, columns: str, only: tuple[str, ...] | None) -> GapMap:
    row, column = ROWS[rows], COLUMNS[columns]
    estimates = estimates_listed_for(viewer).select_related(None)
    if only is not None:
        estimates = estimates.filter(**{f"{row.field}__in": only})
    row_labels = _labels(viewer, rows, only)
    column_labels = _labels(viewer, columns, None)
    cells = _cells(estimates, row, column)
    used = {key[1] for key in cells}
    return GapMap(
        rows=row,
        columns=column,
        row_labels=row_labels,
        column_labels={value: label for value, label in column_labels.items() if value in used},
        cells=cells,
        counts=_counts(viewer, rows, only),
    )


def _cells(estimates: QuerySet, row: Axis, column: Axis) -> dict[tuple[str, str], Cell]:
    lower = Coalesce("ci_lower", F("value") - NORMAL_95 * F("std_error"), output_field=FloatField())
    upper = Coalesce("ci_upper", F("value") + NORMAL_95 * F("std_error"), output_field=FloatField())
    ratio = Q()
    for word in RATIO_WORDS:
        ratio |= Q(unit__contains=word)
    nothing = Case(When(ratio, then=Value(1.0)), default=Value(0.0), output_field=FloatField())
    causal = Q(estimate_kind=EstimateKind.CAUSAL)
    has_interval = causal & (Q(ci_lower__isnull=False) | Q(std_error__isnull=False))
    above, below = has_interval & Q(lower__gt=F("nothing")), has_interval & Q(upper__lt=F("nothing"))
    higher, less = Q(direction=Direction.HIGHER), Q(direction=Direction.LOWER)
    order = Case(
        *(When(study__design=design, then=Value(place)) for place, design in enumerate(STRONGEST_FIRST)),
        default=Value(len(STRONGEST_FIRST)),
        output_field=IntegerField(),
    )
    found = (
        estimates.annotate(lower=lower, upper=upper, nothing=nothing)
        .values_list(row.field, column.field)
        .annotate(
            n=Count("pk"),
            effects=Count("pk", causal),
            with_interval=Count("pk", has_interval),
            better=Count("pk", (above & higher) | (below & less)),
            worse=Count("pk", (below & higher) | (above & less)),
            nulls=Count("pk", Q(estimate_kind=EstimateKind.NULL)),
            strongest=Min(order, filter=causal),
        )
        .order_by()
    )
    return {
        (row_value, column_value): Cell(n, effects, known, better, worse, nulls, _design(strongest))
        for row_value, column_value, n, effects, known, better, worse, nulls, strongest in found
        if row_value is not None and column_value is not None
    }


def _design(place: int | None) -> str:
    return "" if place is None or place >= len(STRONGEST_FIRST) else list(STRONGEST_FIRST.values())[place]


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


def _counts(viewer: Any, rows: str, only: tuple[str, ...] | None) -> dict[str, RowCount]:
    field = {
        "life_stage": "life_stage",
        "component": "components__component",
        "target_group": "target_groups__slug",
        "intervention": "slug",
    }[rows]
    visible = interventions_visible_to(viewer)
    if only is not None:
        visible = visible.filter(slug__in=only)
    with_estimates = set(estimates_listed_for(viewer).values_list("intervention_id", flat=True).distinct().order_by())
    gaps: set[int] = set()
    studied: set[int] = set()
    for key, status in studies_visible_to(viewer).values_list("intervention_id", "status").distinct().order_by():
        (gaps if status == StudyStatus.NEVER_EVALUATED else studied).add(key)
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, value in visible.values_list("pk", field).order_by():
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

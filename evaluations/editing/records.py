"""What editors can change: the fields of each kind of record, as JSON values and in words.

A JSON value is what is stored, except that a reference is the code of what it refers to, a list of references a
sorted list of codes, and a decimal number its digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from evaluations.editing.models import SubjectKind
from evidence.catalogue.models import (
    EqualityGroup,
    Intervention,
    InterventionComponent,
    Mobility,
    Outcome,
    Source,
    Study,
    Succession,
    TargetGroup,
)
from evidence.estimates.models import EffectEstimate

Values = dict[str, Any]

INTERVENTION_FIELDS = (
    "name", "kind", "summary", "mechanism", "life_stage", "ages", "status", "status_detail", "started", "ended",
    "start_year", "end_year", "country", "where", "lead_body", "key_facts", "target_groups", "places",
    "cost_per_participant", "cost_currency", "cost_price_year", "cost_source", "cost_note", "who_might_lose_out",
    "losers_examined", "sources",
)  # fmt: skip
STUDY_FIELDS = (
    "intervention", "title", "status", "design", "design_detail", "comparator", "authors", "publisher", "year",
    "expected", "statement", "source", "target_groups", "places",
)  # fmt: skip
ESTIMATE_FIELDS = (
    "study", "outcome", "outcome_detail", "estimate_kind", "value", "unit", "direction", "std_error", "ci_lower",
    "ci_upper", "level", "p_value", "reported_range_low", "reported_range_high", "reported_words", "base_level",
    "target_group", "population", "subgroup", "place_detail", "follow_up", "follow_up_months", "comparison",
    "sample_reported", "n_obs", "design_detail", "notes", "source", "source_location", "evidence_grade",
)  # fmt: skip
SOURCE_FIELDS = ("title", "authors", "publisher", "published", "year", "url")
OUTCOME_FIELDS = (
    "name", "domain", "definition", "stage", "unit", "scale", "direction", "horizon", "mobility", "official_code",
    "latest_value_seen", "follow_up_horizon", "notes", "sources",
)  # fmt: skip
TARGET_GROUP_FIELDS = (
    "name", "definition", "basis", "proxy_misses", "caution", "age_from", "age_to", "equality_groups",
    "is_person_targeted", "sources",
)  # fmt: skip
COMPONENT_FIELDS = ("intervention", "component", "dose", "staff", "variant")
SUCCESSION_FIELDS = ("earlier", "later", "note", "source")
FIXED = {
    SubjectKind.STUDY: ("intervention",),
    SubjectKind.ESTIMATE: ("study",),
    SubjectKind.COMPONENT: ("intervention",),
}
"""What a record is filed under: shown and kept, never changed by an edit."""
SEVERAL = {"mobility": Mobility, "equality_groups": EqualityGroup}
"""Lists of fixed values, in their order."""


@dataclass(frozen=True)
class Editable:
    """A kind of record that editors change."""

    kind: SubjectKind
    model: type[models.Model]
    fields: tuple[str, ...]
    plural: str

    @property
    def changeable(self) -> tuple[str, ...]:
        """The fields of its form."""
        return tuple(name for name in self.fields if name not in FIXED.get(self.kind, ()))


EDITABLES = {
    SubjectKind.INTERVENTION: Editable(SubjectKind.INTERVENTION, Intervention, INTERVENTION_FIELDS, "interventions"),
    SubjectKind.STUDY: Editable(SubjectKind.STUDY, Study, STUDY_FIELDS, "studies"),
    SubjectKind.ESTIMATE: Editable(SubjectKind.ESTIMATE, EffectEstimate, ESTIMATE_FIELDS, "estimates"),
    SubjectKind.SOURCE: Editable(SubjectKind.SOURCE, Source, SOURCE_FIELDS, "sources"),
    SubjectKind.OUTCOME: Editable(SubjectKind.OUTCOME, Outcome, OUTCOME_FIELDS, "outcomes"),
    SubjectKind.TARGET_GROUP: Editable(SubjectKind.TARGET_GROUP, TargetGroup, TARGET_GROUP_FIELDS, "target-groups"),
    SubjectKind.COMPONENT: Editable(SubjectKind.COMPONENT, InterventionComponent, COMPONENT_FIELDS, "components"),
    SubjectKind.SUCCESSION: Editable(SubjectKind.SUCCESSION, Succession, SUCCESSION_FIELDS, "successions"),
}
BY_PLURAL = {each.plural: each for each in EDITABLES.values()}


def editable(kind: str) -> Editable:
    """The editable of a kind. Raises `KeyError`."""
    return EDITABLES[SubjectKind(kind)]


def row_of(kind: str, pk: int | None) -> Any:
    """The record a change is about; None where there is none yet."""
    return None if pk is None else editable(kind).model._default_manager.filter(pk=pk).first()


def values_of(kind: str, row: Any) -> Values:
    """The fields of a record as JSON values."""
    return {name: _value(row, name) for name in editable(kind).fields}


def _value(row: Any, name: str) -> Any:
    field = row._meta.get_field(name)
    if field.many_to_many:
        return sorted(getattr(row, name).values_list("code", flat=True))
    value = getattr(row, name)
    if name in SEVERAL:
        return in_order(name, value)
    if field.many_to_one:
        return value.code if value is not None else None
    return str(value.normalize()) if isinstance(value, Decimal) else value


def in_order(name: str, values: Iterable[str]) -> list[str]:
    """Some of the fixed values of a list, in the order of all of them."""
    chosen = set(values)
    return [str(value) for value in SEVERAL[name].values if value in chosen]


def label_of(kind: str, name: str) -> str:
    """The name of a field as people read it."""
    field: Any = editable(kind).model._meta.get_field(name)
    words = str(field.verbose_name)
    return words[:1].upper() + words[1:]


def in_words(kind: str, name: str, value: Any) -> str:
    """A JSON value as people read it; empty where nothing is recorded."""
    field: Any = editable(kind).model._meta.get_field(name)
    if value in (None, "", []):
        return ""
    if field.many_to_many or field.many_to_one:
        codes = value if isinstance(value, list) else [value]
        named: dict[str, str] = {
            row.code: str(row) for row in field.related_model._default_manager.filter(code__in=codes)
        }
        return "; ".join(named.get(str(code), str(code)) for code in codes)
    if isinstance(value, list):
        labels = dict(SEVERAL[name].choices) if name in SEVERAL else {}
        return "; ".join(str(labels.get(each, each)) for each in value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(dict(field.flatchoices).get(value, value))


def differing(before: Values, after: Values) -> tuple[Values, Values]:
    """The parts of two sets of values that differ."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def resolved(kind: str, values: Values) -> tuple[Values, Values]:
    """Values ready to be set on a record, and its lists of references, each as rows. Raises `ValueError`."""
    plain: Values = {}
    lists: Values = {}
    for name, value in values.items():
        field: Any = editable(kind).model._meta.get_field(name)
        if field.many_to_many:
            lists[name] = _rows(field, value)
        elif field.many_to_one:
            plain[name] = _rows(field, [value])[0] if value else None
        elif isinstance(field, models.DecimalField):
            plain[name] = Decimal(value) if value is not None else None
        else:
            plain[name] = value
    return plain, lists


def _rows(field: Any, codes: list[str]) -> list[Any]:
    found = {row.code: row for row in field.related_model._default_manager.filter(code__in=codes)}
    missing = [code for code in codes if code not in found]
    if missing:
        raise ValueError(f"{field.verbose_name}: there is no {', '.join(missing)} any more.")
    return [found[code] for code in codes]

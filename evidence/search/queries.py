"""Search: what matches the words and the filters, best first, with the counts of every facet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import Prefetch, QuerySet

from evidence.catalogue.models import Study, Visibility, is_editor
from evidence.catalogue.queries import interventions_visible_to, studies_visible_to
from evidence.estimates.models import EffectEstimate
from evidence.estimates.queries import estimates_listed_for
from evidence.search.engines import Hit, engine
from evidence.search.facets import BY_NAME, SHOWN
from evidence.search.models import DocumentKind
from evidence.search.snapshot import Snapshot, snapshot
from evidence.search.spelling import Reading
from evidence.search.words import printable

LONGEST_TEXT = 200
ENOUGH_WITH_EVERY_WORD = 3
MOST_VALUES = 40
MOST_ORDERS_KEPT = 64
MOST_SHOWN = 15
EXPORT_BATCH = 2_000


@dataclass(frozen=True)
class Criteria:
    """What is asked of a list: words, and values of facets, any of which will do."""

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.text or self.chosen)


@dataclass(frozen=True)
class FacetCount:
    """One value of a facet and how many results it would leave."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class FacetCounts:
    """One facet with its values."""

    name: str
    legend: str
    options: tuple[FacetCount, ...]

    @property
    def open(self) -> bool:
        """Whether a value is selected, so that the page shows it unfolded."""
        return any(option.selected for option in self.options)


@dataclass(frozen=True)
class Found:
    """The keys of what was found, best first, the counts, and how the words were read."""

    kind: str
    keys: tuple[int, ...]
    facets: tuple[FacetCounts, ...]
    reading: Reading
    has_every_word: bool

    @property
    def total(self) -> int:
        """How many were found."""
        return len(self.keys)


def read_criteria(params: Any, kind: str) -> Criteria:
    """The criteria in an address: `search` and the facets of the kind; unknown names are kept to be told."""
    known = {"search", "page", "page_size", "format", "download", *SHOWN[kind]}
    chosen = {}
    for name in SHOWN[kind]:
        values = tuple(dict.fromkeys(_clean(value) for value in params.getlist(name)[:MOST_VALUES] if value))
        if values:
            chosen[name] = values
    unknown = tuple(_clean(name) for name in params if name not in known)
    return Criteria(text=_clean(params.get("search", ""), LONGEST_TEXT).strip(), chosen=chosen, unknown=unknown)


def _clean(text: str, longest: int = 80) -> str:
    return printable(text.encode("utf-8", "replace").decode())[:longest]


def find(viewer: Any, kind: str, criteria: Criteria) -> Found:
    """What the viewer may see of a kind that matches the criteria: best first, by title where there are no words."""
    index = snapshot(kind)
    visible = _visible(viewer, index)
    reading = index.vocabulary.read(criteria.text)
    order, has_every_word = index.by_title, True
    if criteria.text:
        order, has_every_word = _order(index, reading)
    listed = np.zeros(index.size, dtype=bool)
    listed[order] = True
    matched = index.packed(listed & visible)
    by_facet = {name: index.with_any(name, list(values)) for name, values in criteria.chosen.items()}
    results = _all_of(matched, by_facet.values())
    return Found(
        kind=kind,
        keys=tuple(index.object_ids[order[index.mask(results)[order]]].tolist()),
        facets=_facets(index, criteria, matched, results, by_facet),
        reading=reading,
        has_every_word=has_every_word,
    )


def _all_of(row: np.ndarray, others: Iterable[np.ndarray]) -> np.ndarray:
    for other in others:
        row = row & other
    return row


def _order(index: Snapshot, reading: Reading) -> tuple[np.ndarray, bool]:
    """Where what matches the words stands in the snapshot, best first, and whether it has every word."""
    kept = index.orders.get(reading.terms)
    if kept is None:
        hits, has_every_word = _hits(index, reading)
        kept = _positions(index, hits), has_every_word
        if len(index.orders) >= MOST_ORDERS_KEPT:
            index.orders.clear()
        index.orders[reading.terms] = kept
    return kept


def _hits(index: Snapshot, reading: Reading) -> tuple[list[Hit], bool]:
    if not reading.terms:
        return [], True
    every = engine().find(index.kind, reading.terms, every=True)
    if len(every) >= ENOUGH_WITH_EVERY_WORD or len(reading.terms) == 1:
        return every, True
    some = engine().find(index.kind, reading.terms, every=False)
    first = {document_id for document_id, _ in every}
    return [*every, *(hit for hit in some if hit[0] not in first)], not some or bool(every)


def _positions(index: Snapshot, hits: list[Hit]) -> np.ndarray:
    """Where the hits stand in the snapshot, best first; a document that has just gone is left out."""
    if not hits or not index.size:
        return np.zeros(0, dtype=np.int64)
    by_id = index.by_document
    wanted = np.fromiter((document_id for document_id, _ in hits), dtype=np.int64, count=len(hits))
    places = np.clip(np.searchsorted(index.document_ids, wanted, sorter=by_id), 0, index.size - 1)
    found = by_id[places]
    return found[index.document_ids[found] == wanted]


def _visible(viewer: Any, index: Snapshot) -> np.ndarray:
    if is_editor(viewer):
        return np.ones(index.size, dtype=bool)
    mask = index.is_public.copy()
    if viewer is not None and viewer.is_authenticated:
        hidden = set(_rows_of(viewer, index.kind).filter(visibility=Visibility.DRAFT).values_list("pk", flat=True))
        if hidden:
            mask |= np.isin(index.object_ids, list(hidden))
    return mask


def rows_to_list(viewer: Any, kind: str) -> QuerySet:
    """Rows of a kind with what a list shows of them."""
    if kind != DocumentKind.INTERVENTION:
        return _rows_of(viewer, kind)
    # The rows are visible, so what hangs on them needs no second look at which interventions are.
    listed = EffectEstimate.objects.visible_to(viewer).standing_now().only("id", "intervention_id", "estimate_kind")
    studies = Study.objects.visible_to(viewer).only("id", "intervention_id", "status")
    return _rows_of(viewer, kind).prefetch_related(
        Prefetch("estimates", listed, to_attr="listed_estimates"),
        Prefetch("studies", studies, to_attr="listed_studies"),
    )


def _rows_of(viewer: Any, kind: str) -> QuerySet:
    if kind == DocumentKind.STUDY:
        return studies_visible_to(viewer)
    if kind == DocumentKind.ESTIMATE:
        return estimates_listed_for(viewer)
    return interventions_visible_to(viewer)


def _facets(
    index: Snapshot, criteria: Criteria, matched: np.ndarray, results: np.ndarray, by_facet: dict[str, np.ndarray]
) -> tuple[FacetCounts, ...]:
    """The counts of every facet: among the results; of a facet chosen from, among what the others leave."""
    among = index.counts(results).tolist()
    facets = []
    for name in SHOWN[index.kind]:
        if name in by_facet:
            others = _all_of(matched, (row for other, row in by_facet.items() if other != name))
            counts = index.counts_of(name, others)
        else:
            counts = {value: among[row] for value, row in index.rows[name].items()}
        facets.append(_facet(index, name, criteria, counts))
    return tuple(facets)


def _facet(index: Snapshot, name: str, criteria: Criteria, counts: dict[str, int]) -> FacetCounts:
    chosen = criteria.chosen.get(name, ())
    labels = index.labels[name]
    common = sorted((value for value in counts if counts[value]), key=lambda value: (-counts[value], value))[
        :MOST_SHOWN
    ]
    shown = {*common, *chosen}
    ordered = [*(value for value in labels if value in shown), *(value for value in chosen if value not in labels)]
    options = tuple(
        FacetCount(value, labels.get(value, value), counts.get(value, 0), value in chosen) for value in ordered
    )
    return FacetCounts(name, BY_NAME[name].legend, options)


def rows_in_order(viewer: Any, kind: str, keys: Iterable[int]) -> list[Any]:
    """The rows with these keys, in their order, as the viewer may see them."""
    wanted = list(keys)
    rows = rows_to_list(viewer, kind).in_bulk(wanted)
    return [rows[key] for key in wanted if key in rows]


def rows_to_export(viewer: Any, kind: str, keys: Iterable[int]) -> list[Any]:
    """The rows with these keys, in their order, with everything a download says of them."""
    wanted = list(keys)
    rows = _rows_of(viewer, kind)
    if kind == DocumentKind.INTERVENTION:
        rows = rows.prefetch_related("target_groups", "places", "sources")
    found: dict[int, Any] = {}
    for start in range(0, len(wanted), EXPORT_BATCH):
        found |= rows.in_bulk(wanted[start : start + EXPORT_BATCH])
    return [found[key] for key in wanted if key in found]

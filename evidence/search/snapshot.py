"""Which documents have which facets, in memory as rows of bits, so that every count of a page is one pass over them.

An edit changes a few documents: they are read again and set in the places of those they replace. Only a change of
everything is a reading of everything, and of a large index readers do not wait for it: until it is done they see the
index as it was.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Lock, Thread
from typing import Any

import numpy as np
from django.db import DatabaseError, connection

from evidence.catalogue.models import CatalogueVersion
from evidence.search.engines import Term
from evidence.search.facets import SHOWN, labels_of
from evidence.search.models import DocumentKind, SearchDocument, SearchWord
from evidence.search.spelling import Vocabulary

MOST_READ_WHILE_WAITING = 5_000
"""An index of more documents than this is read again, where all of it must be, while readers go on with the old."""
WORD = 64
GONE = -1


@dataclass(frozen=True)
class Snapshot:
    """The documents of one kind, each in its slot; bit i of a row is the document in slot i. Some slots are free."""

    token: str
    kind: str
    titles: list[str]
    object_ids: np.ndarray
    document_ids: np.ndarray
    intervention_ids: np.ndarray
    is_public: np.ndarray
    rows: dict[str, dict[str, int]]
    bits: np.ndarray
    labels: dict[str, dict[str, str]]
    vocabulary: Vocabulary
    by_title: np.ndarray
    by_document: np.ndarray
    orders: dict[tuple[Term, ...], tuple[np.ndarray, bool]] = field(default_factory=dict)
    """What was found lately, by what was asked: the same words with other filters or on the next page are free."""

    @property
    def size(self) -> int:
        """How many slots there are."""
        return len(self.object_ids)

    def packed(self, mask: np.ndarray) -> np.ndarray:
        """A row of bits from one truth value a slot."""
        return _packed(mask, self.bits.shape[1])

    def mask(self, row: np.ndarray) -> np.ndarray:
        """One truth value a slot from a row of bits."""
        return np.unpackbits(row.view(np.uint8), count=self.size).astype(bool)

    def with_any(self, facet: str, values: list[str]) -> np.ndarray:
        """A row of bits: the documents with any of these values."""
        chosen = [self.rows.get(facet, {}).get(value) for value in values]
        known = [row for row in chosen if row is not None]
        if not known:
            return np.zeros(self.bits.shape[1], dtype=np.uint64)
        return np.bitwise_or.reduce(self.bits[known], axis=0)

    def values_of(self, facet: str, keys: list[int]) -> dict[int, list[str]]:
        """For each of these documents, by what it is, its values of a facet."""
        slots = np.flatnonzero(np.isin(self.object_ids, keys))
        found: dict[int, list[str]] = {int(key): [] for key in self.object_ids[slots]}
        for value, place in self.rows[facet].items():
            for slot in slots[self.mask(self.bits[place])[slots]]:
                found[int(self.object_ids[slot])].append(value)
        return found

    def counts(self, row: np.ndarray) -> np.ndarray:
        """For each row of bits, how many of these documents it has."""
        return np.bitwise_count(self.bits & row).sum(axis=1, dtype=np.int64)

    def counts_of(self, facet: str, row: np.ndarray) -> dict[str, int]:
        """For each value of one facet, how many of these documents have it."""
        values = self.rows[facet]
        if not values:
            return {}
        found = np.bitwise_count(self.bits[list(values.values())] & row).sum(axis=1, dtype=np.int64)
        return dict(zip(values, found.tolist(), strict=True))


def _packed(mask: np.ndarray, n_words: int) -> np.ndarray:
    bits = np.zeros(n_words * WORD // 8, dtype=np.uint8)
    packed = np.packbits(mask)
    bits[: len(packed)] = packed
    return bits.view(np.uint64)


_kept: dict[str, Snapshot] = {}
_locks = {kind: Lock() for kind in DocumentKind.values}
_being_read: set[str] = set()


def snapshot(kind: str) -> Snapshot:
    """The documents of a kind as the index has them now: what an edit changed is read again, and no more."""
    token = CatalogueVersion.current()
    kept = _kept.get(kind)
    if kept is not None and kept.token == token:
        return kept
    with _locks[kind]:
        _kept[kind] = _brought_up_to_date(kind, _kept.get(kind))
        return _kept[kind]


def read_ahead() -> None:
    """Begin to read every kind, apart from whoever asks first: a large index takes seconds, once a process."""
    for kind in DocumentKind.values:
        _in_background(kind)


def _brought_up_to_date(kind: str, kept: Snapshot | None) -> Snapshot:
    if kept is None:
        return _read(kind)
    token, changed = CatalogueVersion.changed_since(kept.token)
    if token and changed is not None:
        return _patched(kept, token, changed) if changed else kept
    if len(kept.by_title) <= MOST_READ_WHILE_WAITING:
        return _read(kind)
    if kind not in _being_read:
        _being_read.add(kind)
        _in_background(kind)
    return kept


def _in_background(kind: str) -> None:
    Thread(target=_read_apart, args=[kind], name=f"search-index-{kind}", daemon=True).start()


def _read_apart(kind: str) -> None:
    with closing(connection):
        try:
            if kind not in _kept:
                snapshot(kind)
                return
            read = _read(kind)
            with _locks[kind]:
                _kept[kind] = read
        except DatabaseError:
            # The tables are not there yet, or the database is away: whoever asks next reads it, or is told so.
            return
        finally:
            _being_read.discard(kind)


def _documents(kind: str, interventions: Iterable[int] | None = None) -> list[tuple]:
    found = SearchDocument.objects.filter(kind=kind)
    if interventions is not None:
        found = found.filter(intervention_id__in=list(interventions))
    return list(found.values_list("pk", "object_id", "intervention_id", "is_public", "title", "facets").order_by("pk"))


def _words(kind: str, *, after: int = 0) -> list[tuple[int, str, str, int]]:
    found = SearchWord.objects.filter(kind=kind, pk__gt=after).order_by("pk")
    return list(found.values_list("pk", "word", "stem", "n_documents"))


def _read(kind: str) -> Snapshot:
    # The token first: what changes in between is then read once more, never missed.
    token = CatalogueVersion.current()
    words = _words(kind)
    empty = Snapshot(
        token=token,
        kind=kind,
        titles=[],
        object_ids=np.zeros(0, dtype=np.int64),
        document_ids=np.zeros(0, dtype=np.int64),
        intervention_ids=np.zeros(0, dtype=np.int64),
        is_public=np.zeros(0, dtype=bool),
        rows={name: {} for name in SHOWN[kind]},
        bits=np.zeros((0, 0), dtype=np.uint64),
        labels={},
        vocabulary=Vocabulary((), n_documents=0),
        by_title=np.zeros(0, dtype=np.int64),
        by_document=np.zeros(0, dtype=np.int64),
    )
    return _with_documents(empty, _documents(kind), words, gone=np.zeros(0, dtype=np.int64))


def _patched(kept: Snapshot, token: str, changed: frozenset[int]) -> Snapshot:
    gone = np.flatnonzero(np.isin(kept.intervention_ids, list(changed)))
    words = _words(kept.kind, after=kept.vocabulary.last_key)
    return _with_documents(replace(kept, token=token), _documents(kept.kind, changed), words, gone=gone)


def _with_documents(kept: Snapshot, fresh: list[tuple], words: list[tuple], *, gone: np.ndarray) -> Snapshot:
    """The snapshot with these documents, in free slots and new ones, and without those in the slots that are gone."""
    staying = kept.by_title[~np.isin(kept.by_title, gone)]
    free = np.setdiff1d(np.arange(kept.size), staying)[: len(fresh)]
    slots = np.concatenate([free, np.arange(kept.size, kept.size + len(fresh) - len(free))])
    size = kept.size + len(fresh) - len(free)
    emptied = np.union1d(gone, free)
    columns: dict[str, Any] = {
        "document_ids": _set(kept.document_ids, size, emptied, GONE, slots, [row[0] for row in fresh]),
        "object_ids": _set(kept.object_ids, size, emptied, GONE, slots, [row[1] for row in fresh]),
        "intervention_ids": _set(kept.intervention_ids, size, emptied, GONE, slots, [row[2] for row in fresh]),
        "is_public": _set(kept.is_public, size, emptied, False, slots, [row[3] for row in fresh]),
    }
    titles = [*kept.titles, *[""] * (size - kept.size)]
    for slot, row in zip(slots.tolist(), fresh, strict=True):
        titles[slot] = row[4]
    rows, bits = _bits(kept, fresh, slots, emptied, size)
    return replace(
        kept,
        **columns,
        titles=titles,
        rows=rows,
        bits=bits,
        labels={name: labels_of(name) for name in SHOWN[kept.kind]},
        vocabulary=kept.vocabulary.with_words(words, n_documents=len(staying) + len(fresh)),
        by_title=_in_order(staying, slots, titles, columns["object_ids"]),
        by_document=np.argsort(columns["document_ids"]),
        orders={},
    )


def _set(column: np.ndarray, size: int, emptied: np.ndarray, empty: int, slots: np.ndarray, put: list) -> np.ndarray:
    """A longer copy of a column with some slots emptied, then some set."""
    longer = np.concatenate([column, np.full(size - len(column), empty, dtype=column.dtype)])
    longer[emptied] = empty
    longer[slots] = put
    return longer


def _bits(
    kept: Snapshot, fresh: list[tuple], slots: np.ndarray, emptied: np.ndarray, size: int
) -> tuple[dict[str, dict[str, int]], np.ndarray]:
    """The rows of bits without what stood in the emptied slots, and with the facets of the documents put there."""
    rows = {name: dict(values) for name, values in kept.rows.items()}
    members: dict[int, list[int]] = {}
    n_rows = len(kept.bits)
    for slot, document in zip(slots.tolist(), fresh, strict=True):
        for name, values in rows.items():
            for value in document[5].get(name, ()):
                place = values.setdefault(value, n_rows)
                n_rows += place == n_rows
                members.setdefault(place, []).append(slot)
    n_words = -(-size // WORD)
    bits = np.zeros((n_rows, n_words), dtype=np.uint64)
    bits[: len(kept.bits), : kept.bits.shape[1]] = kept.bits
    staying = np.ones(size, dtype=bool)
    staying[emptied] = False
    if len(emptied):
        bits &= _packed(staying, n_words)
    for place, in_it in members.items():
        mask = np.zeros(size, dtype=bool)
        mask[in_it] = True
        bits[place] |= _packed(mask, n_words)
    return rows, bits


def _in_order(staying: np.ndarray, slots: np.ndarray, titles: list[str], object_ids: np.ndarray) -> np.ndarray:
    """The slots by title; of one title, by what they hold."""

    def place(slot: int) -> tuple[str, int]:
        return titles[slot].casefold(), int(object_ids[slot])

    fresh = sorted(slots.tolist(), key=place)
    if not len(staying):
        return np.array(fresh, dtype=np.int64)
    ordered = staying.tolist()
    return np.insert(staying, [bisect(ordered, place(slot), key=place) for slot in fresh], fresh)

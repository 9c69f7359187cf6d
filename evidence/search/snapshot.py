"""Which documents have which facets, in memory as rows of bits, so that every count of a page is one pass over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from evidence.search.engines import Term
from evidence.search.facets import SHOWN, labels_of
from evidence.search.models import SearchDocument, SearchState, SearchWord
from evidence.search.spelling import Vocabulary


@dataclass(frozen=True)
class Snapshot:
    """The documents of one kind in the order of their titles; bit i of a row is document i."""

    token: str
    kind: str
    object_ids: np.ndarray
    document_ids: np.ndarray
    is_public: np.ndarray
    rows: dict[str, dict[str, int]]
    bits: np.ndarray
    labels: dict[str, dict[str, str]]
    vocabulary: Vocabulary
    by_document: np.ndarray
    orders: dict[tuple[Term, ...], tuple[np.ndarray, bool]] = field(default_factory=dict)
    """What was found lately, by what was asked: the same words with other filters or on the next page are free."""

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self.object_ids)

    def packed(self, positions: np.ndarray) -> np.ndarray:
        """A row of bits with these positions set."""
        mask = np.zeros(self.size, dtype=bool)
        mask[positions] = True
        return np.packbits(mask)

    def positions(self, row: np.ndarray) -> np.ndarray:
        """The positions set in a row of bits."""
        return np.flatnonzero(np.unpackbits(row, count=self.size))

    def with_any(self, facet: str, values: list[str]) -> np.ndarray:
        """A row of bits: the documents with any of these values."""
        chosen = [self.rows.get(facet, {}).get(value) for value in values]
        known = [row for row in chosen if row is not None]
        if not known:
            return np.zeros(self.bits.shape[1], dtype=np.uint8)
        return np.bitwise_or.reduce(self.bits[known], axis=0)

    def counts(self, facet: str, row: np.ndarray) -> dict[str, int]:
        """For each value of a facet, how many of these documents have it."""
        values = self.rows.get(facet, {})
        if not values:
            return {}
        found = np.bitwise_count(self.bits[list(values.values())] & row).sum(axis=1)
        return dict(zip(values, found.tolist(), strict=True))


_kept: dict[str, Snapshot] = {}
_lock = Lock()


def current_token() -> str:
    """The token of the index as it is now; empty where nothing was ever indexed."""
    return SearchState.objects.filter(pk=1).values_list("token", flat=True).first() or ""


def snapshot(kind: str) -> Snapshot:
    """The documents of a kind as the index has them now, read again only when it has changed."""
    token = current_token()
    kept = _kept.get(kind)
    if kept is not None and kept.token == token:
        return kept
    with _lock:
        kept = _kept.get(kind)
        if kept is None or kept.token != token:
            _kept[kind] = _read(kind, token)
    return _kept[kind]


def _read(kind: str, token: str) -> Snapshot:
    documents = list(
        SearchDocument.objects.filter(kind=kind)
        .order_by("title", "pk")
        .values_list("pk", "object_id", "is_public", "facets")
    )
    rows: dict[str, dict[str, int]] = {name: {} for name in SHOWN[kind]}
    members: list[list[int]] = []
    for position, (_, _, _, facets) in enumerate(documents):
        for name in rows:
            for value in facets.get(name, ()):
                place = rows[name].setdefault(value, len(members))
                if place == len(members):
                    members.append([])
                members[place].append(position)
    bits = np.zeros((len(members), (len(documents) + 7) // 8), dtype=np.uint8)
    for place, positions in enumerate(members):
        mask = np.zeros(len(documents), dtype=bool)
        mask[positions] = True
        bits[place] = np.packbits(mask)
    words = SearchWord.objects.filter(kind=kind).values_list("word", "stem", "n_documents")
    return Snapshot(
        token=token,
        kind=kind,
        object_ids=np.array([each[1] for each in documents], dtype=np.int64),
        document_ids=np.array([each[0] for each in documents], dtype=np.int64),
        is_public=np.array([each[2] for each in documents], dtype=bool),
        rows=rows,
        bits=bits,
        labels={name: labels_of(name) for name in SHOWN[kind]},
        vocabulary=Vocabulary(words, n_documents=len(documents)),
        by_document=np.argsort(np.array([each[0] for each in documents], dtype=np.int64)),
    )

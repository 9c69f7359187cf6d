"""Keeping the search index as the catalogue is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db import transaction

from evidence.catalogue.models import CatalogueVersion, Intervention
from evidence.places.kinds import read_places
from evidence.search.documents import Content, documents_of, interventions_to_index
from evidence.search.engines import Text, engine
from evidence.search.models import SearchDocument, SearchWord
from evidence.search.stemming import stem
from evidence.search.words import search_words, stems

BATCH = 500
ASKED_AT_ONCE = 10_000


@transaction.atomic
def rebuild_index() -> int:
    """How many documents the index holds, after forgetting everything and reading the catalogue again."""
    engine().create()
    engine().clear()
    SearchDocument.objects.all().delete()
    SearchWord.objects.all().delete()
    CatalogueVersion.renew()
    return _index(Intervention.objects.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def reindex(intervention_ids: Iterable[int]) -> int:
    """How many documents were indexed again: those of these interventions, their studies and their estimates."""
    ids = list(intervention_ids)
    old: dict[str, list[int]] = defaultdict(list)
    for kind, pk in SearchDocument.objects.filter(intervention_id__in=ids).values_list("kind", "pk"):
        old[kind].append(pk)
    for kind, keys in old.items():
        engine().remove(kind, keys)
    SearchDocument.objects.filter(intervention_id__in=ids).delete()
    return _index(ids)


def _index(ids: Iterable[int]) -> int:
    places, keys, total = read_places(), list(ids), 0
    words = _Words()
    for start in range(0, len(keys), BATCH):
        contents = list(documents_of(interventions_to_index(keys[start : start + BATCH]), places))
        _store(contents)
        for content in contents:
            words.count(content)
        total += len(contents)
    words.store()
    return total


def _store(contents: list[Content]) -> None:
    documents = SearchDocument.objects.bulk_create(
        SearchDocument(
            kind=content.kind,
            object_id=content.object_id,
            intervention_id=content.intervention_id,
            title=content.heading[:400],
            is_public=content.is_public,
            facets=content.facets,
        )
        for content in contents
    )
    texts: dict[str, list[Text]] = defaultdict(list)
    for document, content in zip(documents, contents, strict=True):
        texts[content.kind].append(Text(document.pk, stems(content.title), stems(content.topics), stems(content.body)))
    for kind, each in texts.items():
        engine().put(kind, each)


class _Words:
    """The words of public documents, and how many documents have each stem."""

    def __init__(self) -> None:
        self.words: dict[str, set[str]] = defaultdict(set)
        self.documents: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, content: Content) -> None:
        """Count the words of one document; a draft's words are not offered to anyone."""
        if not content.is_public:
            return
        parts = (*content.title, *content.topics, *content.body)
        words = {word for part in parts if part for word in search_words(part)}
        self.words[content.kind] |= words
        self.documents[content.kind].update({stem(word) for word in words})

    def store(self) -> None:
        """Keep the new ones: a word seen before keeps its count, which `rebuild_index` makes exact again."""
        for kind, words in self.words.items():
            counts = self.documents[kind]
            new = [
                SearchWord(kind=kind, word=word, stem=stem(word), n_documents=counts[stem(word)])
                for word in sorted(words - self._known(kind, sorted(words)))
            ]
            SearchWord.objects.bulk_create(new, batch_size=1000)

    def _known(self, kind: str, words: list[str]) -> set[str]:
        """Which of these words are kept already."""
        found: set[str] = set()
        for start in range(0, len(words), ASKED_AT_ONCE):
            asked = words[start : start + ASKED_AT_ONCE]
            found |= set(SearchWord.objects.filter(kind=kind, word__in=asked).values_list("word", flat=True))
        return found


def follow_catalogue(*, intervention_ids: frozenset[int] | None, **_: object) -> None:
    """Index again what changed in the catalogue, in the same transaction."""
    if intervention_ids is None:
        rebuild_index()
    else:
        reindex(intervention_ids)

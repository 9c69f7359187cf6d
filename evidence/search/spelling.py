"""What was typed into terms to look for: phrases into meanings, typing errors into words, beginnings of words."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evidence.search.engines import Term, rarity
from evidence.search.stemming import stem
from evidence.search.words import STOP_WORDS, tokens

MOST_TERMS = 12
LONGEST_PHRASE = 7
SHORTEST_TO_CORRECT = 5


@dataclass(frozen=True)
class Reading:
    """What was typed, as it was understood."""

    terms: tuple[Term, ...]
    corrections: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


@cache
def synonyms() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Phrase to stems that mean the same."""
    entries = tomllib.loads((Path(__file__).parent / "synonyms.toml").read_text(encoding="utf-8"))["synonym"]
    return {
        tuple(tokens(phrase)): tuple(dict.fromkeys(stem(word) for means in entry["means"] for word in tokens(means)))
        for entry in entries
        for phrase in entry["says"]
    }


class Vocabulary:
    """The words that documents of a kind use, for telling typing errors from words."""

    def __init__(self, words: Iterable[tuple[int, str, str, int]], *, n_documents: int) -> None:
        self.n_documents = n_documents
        self.last_key = 0
        self.counts: dict[str, int] = {}
        self.common: dict[str, tuple[int, str]] = {}
        self.by_trigram: dict[str, list[str]] = {}
        self._add(words)

    def with_words(self, words: Iterable[tuple[int, str, str, int]], *, n_documents: int) -> Vocabulary:
        """These words and some more, as another vocabulary: who reads this one is not disturbed."""
        more = Vocabulary((), n_documents=n_documents)
        more.last_key = self.last_key
        more.counts, more.common, more.by_trigram = {**self.counts}, {**self.common}, {**self.by_trigram}
        more._add(words)
        return more

    def _add(self, words: Iterable[tuple[int, str, str, int]]) -> None:
        added: dict[str, list[str]] = defaultdict(list)
        for key, word, its_stem, count in words:
            self.last_key = max(key, self.last_key)
            self.counts[its_stem] = max(count, self.counts.get(its_stem, 0))
            self.common[word] = (count, its_stem)
            for each in _trigrams(word):
                added[each].append(word)
        for each, its_words in added.items():
            self.by_trigram[each] = [*self.by_trigram.get(each, ()), *its_words]

    def read(self, text: str) -> Reading:
        """The terms to look for; words that no document has are corrected where one is near, else left out."""
        words = tokens(text)
        terms: list[Term] = []
        corrections: list[tuple[str, str]] = []
        ignored: list[str] = []
        place = 0
        while place < len(words) and len(terms) < MOST_TERMS:
            length, meanings = _phrase_at(words, place)
            if length:
                known = tuple(each for each in meanings if each in self.counts)
                if known:
                    terms.append(self._term(known))
                place += length
                continue
            word, is_last = words[place], place == len(words) - 1
            place += 1
            if word in STOP_WORDS:
                continue
            term, corrected = self._term_for(word, is_last=is_last)
            if corrected:
                corrections.append((word, corrected))
            if term:
                terms.append(term)
            else:
                ignored.append(word)
        return Reading(tuple(dict.fromkeys(terms)), tuple(corrections), tuple(ignored))

    def _term_for(self, word: str, *, is_last: bool) -> tuple[Term | None, str]:
        its_stem = stem(word)
        if its_stem in self.counts:
            return self._term((its_stem,)), ""
        begun = [each for each in self.counts if each.startswith(word)] if len(word) >= 3 else []
        if begun and (is_last or len(word) >= 4):
            return Term((word,), is_prefix=True, rarity=max(self._rarity(each) for each in begun)), ""
        near = self.nearest(word)
        if near:
            return self._term((self.common[near][1],)), near
        return None, ""

    def _term(self, stems: tuple[str, ...]) -> Term:
        return Term(stems, rarity=min(self._rarity(each) for each in stems))

    def _rarity(self, its_stem: str) -> float:
        return rarity(self.counts.get(its_stem, 0), self.n_documents)

    def nearest(self, word: str) -> str:
        """The known word that was most likely meant: fewest slips, then most used; empty where none is near."""
        if len(word) < SHORTEST_TO_CORRECT or not word.isalpha():
            return ""
        shared: dict[str, int] = defaultdict(int)
        for each in _trigrams(word):
            for candidate in self.by_trigram.get(each, ()):
                shared[candidate] += 1
        most = 1 if len(word) < 8 else 2
        likely = sorted(shared, key=lambda candidate: (-shared[candidate], candidate))[:60]
        found = [
            (slips, -self.common[candidate][0], candidate)
            for candidate in likely
            if abs(len(candidate) - len(word)) <= most and (slips := slips_between(word, candidate)) <= most
        ]
        return min(found)[2] if found else ""


def _phrase_at(words: list[str], place: int) -> tuple[int, tuple[str, ...]]:
    known = synonyms()
    for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
        meanings = known.get(tuple(words[place : place + length]))
        if meanings:
            return length, meanings
    return 0, ()


def _trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[place : place + 3] for place in range(len(padded) - 2)}


def slips_between(first: str, second: str) -> int:
    """How many letters were dropped, added, changed or swapped with their neighbour between two words."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]

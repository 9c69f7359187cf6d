"""Text into search words: small letters, no accents, one spelling, stems; kept and asked for in the same way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from evidence.search.stemming import stem

LONGEST_WORD = 40
STOP_WORDS = frozenset({
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "between", "both", "but", "by", "can", "could", "did", "do", "does", "doing", "during",
    "each", "effect", "effective", "effects", "evidence", "for", "from", "get", "getting", "had", "has", "have",
    "having", "her", "him", "his", "how", "i", "if", "in", "intervention", "interventions", "into", "is", "it",
    "its", "like", "may", "me", "more", "most", "my", "no", "not", "of", "off", "on", "once", "only", "or",
    "other", "our", "out", "over", "own", "programme", "programmes", "project", "projects", "same", "scheme",
    "schemes", "she", "should", "show", "shown", "so", "some", "such", "than", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "up", "us", "very", "was",
    "way", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will", "with",
    "work", "works", "would", "you", "your",
})  # fmt: skip
_TOKEN = re.compile(r"[a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_AMERICAN = re.compile(r"iz(e|es|ed|er|ers|ing|ation|ations)$")
_APOSTROPHES = re.compile(r"['’`]")


def printable(text: str) -> str:
    """A text without the control characters that neither a feed nor a page can show."""
    return _CONTROL.sub("", text)


def tokens(text: str) -> list[str]:
    """Every word of a text in order, in small letters, without accents or apostrophes, with British -ise."""
    plain = unicodedata.normalize("NFKD", text.replace("\x00", " ")).encode("ascii", "ignore").decode().lower()
    found = _TOKEN.findall(_APOSTROPHES.sub("", plain))
    return [_AMERICAN.sub(r"is\1", word[:LONGEST_WORD]) if len(word) > 5 else word[:LONGEST_WORD] for word in found]


def search_words(text: str) -> list[str]:
    """The words of a text that searching goes by, unstemmed."""
    return [word for word in tokens(text) if word not in STOP_WORDS]


def stems(texts: Iterable[str]) -> str:
    """The stems of some texts as one string, for the search table."""
    return " ".join(stem(word) for text in texts if text for word in search_words(text))

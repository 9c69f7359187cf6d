"""Porter's stemmer (1980), for English: words to stems, so that "evaluated" finds "evaluation"."""

from __future__ import annotations

from functools import lru_cache

VOWELS = "aeiou"

STEP_2 = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"),
    ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"),
    ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"),
)  # fmt: skip
STEP_3 = (
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", ""),
)  # fmt: skip
STEP_4 = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "sion", "tion", "ou", "ism",
    "ate", "iti", "ous", "ive", "ize",
)  # fmt: skip


def _is_consonant(word: str, place: int) -> bool:
    if word[place] in VOWELS:
        return False
    return word[place] != "y" or place == 0 or not _is_consonant(word, place - 1)


def _measure(stem: str) -> int:
    """How many times a vowel run is followed by a consonant run."""
    runs = "".join("c" if _is_consonant(stem, place) else "v" for place in range(len(stem)))
    return sum(runs[place : place + 2] == "vc" for place in range(len(runs) - 1))


def _has_vowel(stem: str) -> bool:
    return any(not _is_consonant(stem, place) for place in range(len(stem)))


def _ends_double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _is_consonant(word, len(word) - 1)


def _ends_cvc(word: str) -> bool:
    if len(word) < 3 or word[-1] in "wxy":
        return False
    last = len(word) - 1
    return _is_consonant(word, last) and not _is_consonant(word, last - 1) and _is_consonant(word, last - 2)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a lower-case word; words of two letters or with digits are left as they are."""
    if len(word) <= 2 or not word.isalpha() or not word.isascii():
        return word
    return _step_5(_step_4(_longest(_longest(_step_1c(_step_1b(_step_1a(word))), STEP_2), STEP_3)))


def _step_1a(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word if word.endswith("ss") or not word.endswith("s") else word[:-1]


def _step_1b(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        if word.endswith(suffix) and _has_vowel(word[: -len(suffix)]):
            return _tidied(word[: -len(suffix)])
    return word


def _tidied(word: str) -> str:
    if word.endswith(("at", "bl", "iz")):
        return f"{word}e"
    if _ends_double(word) and word[-1] not in "lsz":
        return word[:-1]
    return f"{word}e" if _measure(word) == 1 and _ends_cvc(word) else word


def _step_1c(word: str) -> str:
    # As in Porter's later version: "employ" keeps its y and so meets "employment".
    if word.endswith("y") and len(word) > 2 and _is_consonant(word, len(word) - 2) and _has_vowel(word[:-1]):
        return f"{word[:-1]}i"
    return word


def _longest(word: str, rules: tuple[tuple[str, str], ...]) -> str:
    for suffix, put in sorted(rules, key=lambda rule: -len(rule[0])):
        if word.endswith(suffix):
            kept = word[: -len(suffix)]
            return kept + put if _measure(kept) > 0 else word
    return word


def _step_4(word: str) -> str:
    for suffix in sorted(STEP_4, key=len, reverse=True):
        if word.endswith(suffix):
            cut = 3 if suffix in {"sion", "tion"} else len(suffix)
            return word[:-cut] if _measure(word[:-cut]) > 1 else word
    return word


def _step_5(word: str) -> str:
    if word.endswith("e"):
        kept = word[:-1]
        if _measure(kept) > 1 or (_measure(kept) == 1 and not _ends_cvc(kept)):
            word = kept
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word

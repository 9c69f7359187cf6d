"""Ticking some of many names on a page that works without script: found by words, a page at a time, ticks kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PER_PAGE = 40
MOST_TICKED_AT_ONCE = 300


@dataclass(frozen=True)
class Option:
    """One thing to tick: what is sent, and what is read."""

    value: str
    label: str


@dataclass(frozen=True)
class Picker:
    """The options of one page that are not ticked yet: `first` to `last` of `n_found`, of `n_all` in all."""

    shown: tuple[Option, ...]
    words: str
    page: int
    n_pages: int
    n_found: int
    n_all: int

    @property
    def first(self) -> int:
        """The place of the first one shown."""
        return (self.page - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        """The place of the last one shown."""
        return self.first + len(self.shown) - 1

    @property
    def earlier(self) -> int:
        """The page before; 0 where this is the first."""
        return self.page - 1

    @property
    def later(self) -> int:
        """The page after; 0 where this is the last."""
        return self.page + 1 if self.page < self.n_pages else 0

    @property
    def may_tick_all(self) -> bool:
        """Whether all that were found may be ticked at once."""
        return bool(self.words) and 1 < self.n_found <= MOST_TICKED_AT_ONCE


def picker_of(options: Sequence[Option], ticked: Collection[str], asked: Mapping[str, Any]) -> Picker:
    """The page of options that was asked for: `find` holds words of a name, `go` or `at` the number of the page."""
    words = " ".join(str(asked.get("find", "")).split())
    found = found_by(options, ticked, words)
    n_pages = max(1, -(-len(found) // PER_PAGE))
    is_new_search = words != " ".join(str(asked.get("found_for", words)).split())
    wanted = str(asked.get("go") or asked.get("at") or "1")
    page = 1 if is_new_search or not wanted.isdecimal() else min(max(int(wanted[:6]), 1), n_pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Picker(tuple(shown), words, page, n_pages, len(found), len(options))


def found_by(options: Sequence[Option], ticked: Collection[str], words: str) -> list[Option]:
    """The options not ticked whose label or value has every word."""
    parts = words.casefold().split()
    return [
        each
        for each in options
        if each.value not in ticked and all(part in f"{each.label} {each.value}".casefold() for part in parts)
    ]


def ticked_with_found(options: Sequence[Option], ticked: Sequence[str], asked: Mapping[str, Any]) -> tuple[str, ...]:
    """What is ticked, with all that the words find where that was asked for."""
    if "tick_found" not in asked:
        return tuple(ticked)
    words = str(asked.get("find", ""))
    return (*ticked, *(each.value for each in found_by(options, ticked, words)[:MOST_TICKED_AT_ONCE]))

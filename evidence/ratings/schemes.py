"""Rating schemes as versioned data: what each level means, and the rules by which one is proposed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "schemes"
STUDY, INTERVENTION = "study", "intervention"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a scheme. Levels of a scheme run from weakest to strongest."""

    value: str
    label: str
    statement: str


@dataclass(frozen=True)
class Rule:
    """Proposes `value` (empty: cannot be rated) for `reason` where every condition holds."""

    value: str
    reason: str
    when: Mapping[str, Any]

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether every condition holds; a fact that is not known satisfies none."""
        return all(_satisfied(condition, facts.get(name)) for name, condition in self.when.items())


@dataclass(frozen=True)
class Scheme:
    """A rating scheme. `is_provisional` until its wording has been checked against the source."""

    key: str
    name: str
    short_name: str
    version: str
    rates: str
    source: str
    source_url: str
    is_provisional: bool
    levels: tuple[Level, ...]
    rules: tuple[Rule, ...]
    domains: tuple[str, ...] = ()

    def level(self, value: str) -> Level | None:
        """The level with this value; null where there is none, as for what could not be rated."""
        return next((level for level in self.levels if level.value == value), None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What software proposes, and why; an empty value says that the scheme cannot be applied."""

    scheme: str
    version: str
    value: str
    reason: str


@cache
def schemes() -> tuple[Scheme, ...]:
    """Every scheme, in the order of their names."""
    return tuple(sorted((_read(path) for path in FOLDER.glob("*.toml")), key=lambda scheme: scheme.name))


def scheme(key: str) -> Scheme:
    """The scheme with this key. Raises `KeyError`."""
    return {each.key: each for each in schemes()}[key]


def propose(rating: Scheme, facts: Mapping[str, Any]) -> Proposal:
    """The first rule that holds; every scheme ends with one that always does, or leaves the case unrated."""
    for rule in rating.rules:
        if rule.holds(facts):
            return Proposal(rating.key, rating.version, rule.value, rule.reason)
    return Proposal(rating.key, rating.version, "", "The recorded facts fit no rule of the scheme.")


def _satisfied(condition: Any, fact: Any) -> bool:
    if isinstance(condition, Mapping):
        return fact is not None and fact >= condition["at_least"]
    if isinstance(condition, list):
        return fact in condition
    return fact is condition


def _read(path: Path) -> Scheme:
    stated = tomllib.loads(path.read_text())
    levels = tuple(Level(**level) for level in stated.pop("levels"))
    rules = tuple(Rule(**rule) for rule in stated.pop("rules"))
    return Scheme(levels=levels, rules=rules, **{**stated, "domains": tuple(stated.get("domains", ()))})

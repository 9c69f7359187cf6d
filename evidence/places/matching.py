"""Names and codes of places, of any vintage, matched to the places known: how each was matched, and what was not.

`authority_history.csv` lists districts and the authorities that ended, with what became of them;
`dfe_numbers.csv` the Department for Education's numbers of authorities. Both are facts from the
Office for National Statistics' register of geographic codes and the Department's published
statistics (Open Government Licence v3.0).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from evidence.places.models import Place, PlaceChange, PlaceKind

FOLDER = Path(__file__).parent
CLOSE = 0.88
"""How alike two names must be for one to be offered for the other."""

HOW: Mapping[str, str] = {
    "code": "by its code",
    "former_code": "by a former code of the same area",
    "name": "by its name",
    "former_name": "by its name, which the same area had before",
    "dfe_number": "by the Department for Education's number",
    "small_area": "a small area or ward, by its code",
    "ended": "an authority that ended; its area became part of another or was split",
    "district": "a district within a county",
    "larger": "an area larger than an authority",
    "close": "no match; a name is close",
    "none": "no match",
}


@dataclass(frozen=True)
class Former:
    """A district, a larger area, or an authority that ended: what became of it."""

    code: str
    name: str
    kind: str
    year: int | None
    became: tuple[str, ...]
    within: str


@dataclass(frozen=True)
class Match:
    """One name or code as written, the place it is, and how that was told. `code` is null where there is none."""

    written: str
    code: str | None
    name: str
    how: str
    note: str = ""
    offers: tuple[tuple[str, str], ...] = ()

    @property
    def is_place(self) -> bool:
        """Whether it is one area, now or formerly, that can be followed over time."""
        return self.how not in ("larger", "close", "none")


@dataclass(frozen=True)
class Gazetteer:
    """Every code and every name that is known, ready to be looked up."""

    names: Mapping[str, str]
    by_name: Mapping[str, str]
    former: Mapping[str, Former]
    former_by_name: Mapping[str, Former]
    larger: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)


@cache
def _history() -> tuple[Former, ...]:
    with (FOLDER / "authority_history.csv").open(newline="", encoding="utf-8") as file:
        return tuple(
            Former(
                row["code"],
                row["name"],
                row["kind"],
                int(row["year"]) if row["year"] else None,
                tuple(row["became"].split()),
                row["within"],
            )
            for row in csv.DictReader(file)
        )


@cache
def _numbers() -> dict[str, str]:
    with (FOLDER / "dfe_numbers.csv").open(newline="", encoding="utf-8") as file:
        return {row["number"]: row["code"] for row in csv.DictReader(file)}


def gazetteer() -> Gazetteer:
    """The catalogue's places and their history. One query for the places, one for their former codes."""
    places = list(Place.objects.prefetch_related("changes"))
    levels = (PlaceKind.LOWER_TIER, PlaceKind.UPPER_TIER)
    # Upper-tier authorities last: where a district has the same name, the name means the authority.
    authorities = sorted(
        (place for place in places if place.kind in levels and place.is_current),
        key=lambda place: levels.index(PlaceKind(place.kind)),
    )
    names = {place.code: place.name for place in authorities}
    former = {item.code: item for item in _history() if item.code}
    for change in _changes(authorities):
        former.setdefault(change.code, change)
    larger = {place.code: place.name for place in places if place.kind not in levels}
    larger |= {item.code: item.name for item in _history() if item.kind == "aggregate"}
    by_name = {folded(name): code for code, name in names.items()}
    former_by_name = {folded(item.name): item for item in _history() if folded(item.name) not in by_name}
    return Gazetteer(names, by_name, former, former_by_name, larger, _numbers())


def _changes(authorities: Iterable[Place]) -> Iterable[Former]:
    """What became of each former code of these authorities, as loaded."""
    found: dict[str, list[tuple[str, PlaceChange]]] = {}
    for place in authorities:
        for change in place.changes.all():
            if change.previous_code != place.code:
                found.setdefault(change.previous_code, []).append((place.code, change))
    for code, changes in found.items():
        change, names = changes[0][1], [change.previous_name for _, change in changes if change.previous_name]
        became = tuple(place_code for place_code, _ in changes)
        yield Former(code, names[0] if names else change.place.name, change.kind, change.year, became, "")


_WORDS = re.compile(
    r"\b(metropolitan|borough|district|city|county|unitary|council|councils|authority|local|of|the|royal|"
    r"london borough|cc|bc|mbc|dc|la|ua)\b"
)


def folded(name: str) -> str:
    """A name without what is written one way here and another there: case, order, "&", "Council", "City of"."""
    text = name.lower().replace("&", " and ").replace("st.", "st ").replace("saint ", "st ")
    head, comma, tail = text.partition(",")
    if comma and re.fullmatch(r"\s*(city|county|borough|royal borough|isle) of\s*", tail):
        text = head
    plain = re.sub(r"[^a-z0-9 ]+", " ", text)
    if " ".join(plain.split()) == "city of london":
        return "city of london"
    return " ".join(_WORDS.sub(" ", plain).split()) or " ".join(plain.split())


def match_places(written: Iterable[str], known: Gazetteer | None = None) -> list[Match]:
    """What each name or code is, in the order given."""
    known = known or gazetteer()
    return [match_place(str(text), known) for text in written]


def match_place(written: str, known: Gazetteer) -> Match:
    """What one name or code is."""
    text = " ".join(written.split())
    code = text.upper()
    if code in known.names:
        return Match(written, code, known.names[code], "code")
    if code in known.former:
        return _as_former(written, known.former[code], known, "former_code")
    if code in known.larger:
        return Match(written, None, known.larger[code], "larger")
    if re.fullmatch(r"\d{3}", text) and text in known.numbers:
        return _by_number(written, known.numbers[text], known)
    name = folded(text)
    if name in known.by_name:
        own = known.by_name[name]
        return Match(written, own, known.names[own], "name")
    if name in known.former_by_name:
        return _as_former(written, known.former_by_name[name], known, "former_name")
    if name in {folded(larger) for larger in known.larger.values()}:
        return Match(written, None, text, "larger")
    return _nearest(written, name, known)


def _by_number(written: str, code: str, known: Gazetteer) -> Match:
    if code in known.names:
        return Match(written, code, known.names[code], "dfe_number")
    found = known.former.get(code)
    return _as_former(written, found, known, "dfe_number") if found else Match(written, None, "", "none")


def _as_former(written: str, item: Former, known: Gazetteer, how: str) -> Match:
    """A former code of the same area is that area now; a merged or split one stays itself, with a note."""
    if item.kind == "recoded" and item.became and item.became[0] in known.names:
        now = item.became[0]
        return Match(written, now, known.names[now], how, f"{item.code} until {item.year}" if item.year else "")
    if item.kind == "district":
        county = known.names.get(item.within, "")
        return Match(written, item.code, item.name, "district", f"within {county}" if county else "")
    if item.kind == "aggregate":
        return Match(written, None, item.name, "larger")
    names = " and ".join(
        known.names.get(code) or (known.former[code].name if code in known.former else code) for code in item.became
    )
    verb = "was split into" if len(item.became) > 1 else "became part of"
    return Match(written, item.code or None, item.name, "ended", f"in {item.year} it {verb} {names}")


def _nearest(written: str, name: str, known: Gazetteer) -> Match:
    words = set(name.split())
    close = [each for each in known.by_name if words and words <= set(each.split())][:3]
    close += [each for each in get_close_matches(name, known.by_name, n=3, cutoff=0.6) if each not in close]
    offers = tuple((known.by_name[each], known.names[known.by_name[each]]) for each in close)
    best = get_close_matches(name, known.by_name, n=1, cutoff=CLOSE)
    return Match(written, None, "", "close" if best else "none", offers=offers)

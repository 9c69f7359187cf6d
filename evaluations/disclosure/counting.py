"""Every count that a result shows or gives away, and how they hang together, as linked tables.

Only relations that hold in the true numbers are stated: a reader who assumes another is misled, not helped.
Counts of the same people are one count, wherever they stand, so that they are hidden together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from evaluations.disclosure.tables import Count, Sum, Tables

Place = tuple[str | int, ...]
"""Where a number stands in a result: part, row, name."""

CELL_COUNTS = ("n_treated_units", "n_units", "n_control_units")
COUNTS = (*CELL_COUNTS, "n_obs", "n_clusters")
LISTS = ("estimates", "att_gt", "event_study", "by_cohort", "by_period", "rings", "distance_curve")
COSTS = {"units": 200.0, "treated": 150.0, "rows_used": 40.0, "clusters": 40.0, "rows_read": 5.0}


@dataclass(frozen=True)
class Counted:
    """The linked tables of a result, and which count is printed at each place."""

    tables: Tables
    printed: Mapping[Place, str]


@dataclass
class _Book:
    """Counts, relations and places, as they are found."""

    counts: dict[str, Count] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    printed: dict[Place, str] = field(default_factory=dict)

    def value(self, key: str) -> int | None:
        return self.counts[key].value if key in self.counts else None

    def add(self, key: str, value: int, *, per: int = 1, place: Place | None = None) -> str:
        """The key under which a count is kept: one of the same name and value is the same count."""
        name, again = key, 2
        while self.value(name) not in (None, value):
            name, again = f"{key} ({again})", again + 1
        if name not in self.counts:
            cost = COSTS.get(key, 1.0 + math.log1p(value))
            self.counts[name] = Count(name, value, per=per, cost=cost, is_shown=place is not None)
        elif place is not None and not self.counts[name].is_shown:
            known = self.counts[name]
            self.counts[name] = Count(name, value, per=known.per, cost=known.cost)
        if place is not None:
            self.printed[place] = name
        return name

    def tie(self, whole: str, parts: Iterable[str], rest: str) -> None:
        """State that the parts make up the whole, with what they leave over or exceed it by."""
        parts = list(dict.fromkeys(parts))
        gap = self.counts[whole].value - sum(self.counts[part].value for part in parts)
        terms = [(whole, 1), *((part, -1) for part in parts)]
        if gap:
            left = self.add(rest, abs(gap), per=self.counts[whole].per)
            terms.append((left, -1 if gap > 0 else 1))
        if len(terms) > 1 and not (len(parts) == 1 and parts[0] == whole):
            self.sums.append(Sum(tuple(terms)))

    def multiple(self, many: str, one: str) -> None:
        """State that one count is so many times another, where it is."""
        large, small = self.counts[many].value, self.counts[one].value
        if many != one and small and large % small == 0:
            self.sums.append(Sum(((many, 1), (one, -(large // small)))))


def counted(result: Mapping[str, Any]) -> Counted:
    """The counts of a result before anything is hidden."""
    book = _Book()
    _estimates(book, result.get("estimates", []))
    _cohorts(book, result)
    _group_times(book, result.get("att_gt", []))
    _event_times(book, result.get("event_study", []))
    _rings(book, result.get("rings", []))
    _points(book, result.get("distance_curve", []))
    _waterfall(book, result.get("sample") or {}, rows_per_unit(result))
    return Counted(Tables(tuple(book.counts.values()), tuple(book.sums)), book.printed)


def people_in_cells(result: Mapping[str, Any], times: int) -> Counted:
    """The numbers of people in a result of aggregate rows, where each is counted up to `times` times."""
    book = _Book()
    parts: list[str] = []
    for place, row in enumerate(result.get("estimates", [])):
        if row.get("n_obs") is not None:
            group = row.get("subgroup")
            label = "people" if group is None else f"people in {group}"
            key = book.add(label, row["n_obs"], per=times, place=("estimates", place, "n_obs"))
            parts += [] if group is None else [key]
    rings = [
        book.add(
            f"people in ring {row['inner_km']} to {row['outer_km']}",
            row["n_obs"],
            per=times,
            place=("rings", place, "n_obs"),
        )
        for place, row in enumerate(result.get("rings", []))
        if row.get("n_obs") is not None
    ]
    for found, rest in ((parts, "people in no subgroup"), (rings, "people in no ring")):
        if found and "people" in book.counts:
            book.tie("people", found, rest)
    return Counted(Tables(tuple(book.counts.values()), tuple(book.sums)), book.printed)


def rows_per_unit(result: Mapping[str, Any]) -> int:
    """The most rows that may belong to one unit, as far as the headline tells: at least one."""
    headline = (result.get("estimates") or [{}])[0]
    rows, units = headline.get("n_obs"), headline.get("n_units")
    return max(math.ceil(rows / units), 1) if rows and units else 1


def _estimates(book: _Book, rows: Sequence[Mapping[str, Any]]) -> None:
    names = {"n_units": "units", "n_treated_units": "treated", "n_obs": "rows_used", "n_clusters": "clusters"}
    groups: dict[Any, dict[str, str]] = {}
    for place, row in enumerate(rows):
        group = row.get("subgroup")
        per = _per(row)
        keys = groups.setdefault(group, {})
        for name, word in names.items():
            if row.get(name) is not None:
                label = word if group is None else f"{word} in {group}"
                each = per if name == "n_obs" else 1
                keys.setdefault(word, book.add(label, row[name], per=each, place=("estimates", place, name)))
                book.add(label, row[name], per=each, place=("estimates", place, name))
    for group, keys in groups.items():
        within = "" if group is None else f" in {group}"
        if "units" in keys and "treated" in keys:
            book.tie(keys["units"], [keys["treated"]], f"untreated{within}")
        if "rows_used" in keys and "units" in keys:
            book.multiple(keys["rows_used"], keys["units"])
        if "clusters" in keys and "units" in keys:
            book.multiple(keys["units"], keys["clusters"])
    parts = [keys for group, keys in groups.items() if group is not None]
    for word in names.values():
        whole = groups.get(None, {}).get(word)
        found = [keys[word] for keys in parts if word in keys]
        if whole is not None and found and word != "clusters":
            book.tie(whole, found, f"{word} in no subgroup")


def _per(row: Mapping[str, Any]) -> int:
    rows, units = row.get("n_obs"), row.get("n_units")
    return max(math.ceil(rows / units), 1) if rows and units else 1


def _cohort(label: Any) -> str:
    return "never treated" if label is None else f"cohort {label}"


def _cohorts(book: _Book, result: Mapping[str, Any]) -> None:
    listed = (result.get("sample") or {}).get("cohorts", [])
    keys = {
        each["cohort"]: book.add(_cohort(each["cohort"]), each["n_units"], place=("cohorts", place, "n_units"))
        for place, each in enumerate(listed)
    }
    for place, row in enumerate(result.get("by_cohort", [])):
        if row.get("n_treated_units") is not None:
            key = book.add(
                _cohort(row["cohort"]), row["n_treated_units"], place=("by_cohort", place, "n_treated_units")
            )
            keys.setdefault(row["cohort"], key)
            if key != keys[row["cohort"]]:
                book.tie(keys[row["cohort"]], [key], f"{key}, the rest")
    treated = [key for label, key in keys.items() if label is not None]
    if treated and "treated" in book.counts:
        book.tie("treated", treated, "treated in no cohort")
    if None in keys and "units" in book.counts:
        book.tie("units", keys.values(), "units in no cohort")


def _group_times(book: _Book, rows: Sequence[Mapping[str, Any]]) -> None:
    for place, row in enumerate(rows):
        cohort, treated, control = _cohort(row["cohort"]), row.get("n_treated_units"), row.get("n_control_units")
        if treated is not None:
            key = book.add(cohort, treated, place=("att_gt", place, "n_treated_units"))
            if key != cohort and cohort in book.counts:
                book.tie(cohort, [key], f"{key}, the rest")
        if control is not None:
            at = ("att_gt", place, "n_control_units")
            waiting = _not_yet(book, rows, row["period"])
            if book.value("never treated") == control:
                book.add("never treated", control, place=at)
            else:
                key = book.add(f"compared with in {row['period']}", control, place=at)
                _tie_controls(book, key, waiting)


def _not_yet(book: _Book, rows: Sequence[Mapping[str, Any]], period: Any) -> list[str]:
    """The groups not treated by a period, as far as labels can be put in order."""
    labels = {row["cohort"] for row in rows}
    try:
        later = sorted(label for label in labels if label > period)
    except TypeError:
        later = []
    return [key for key in ("never treated", *map(_cohort, later)) if key in book.counts]


def _tie_controls(book: _Book, key: str, waiting: Sequence[str]) -> None:
    total = sum(book.counts[each].value for each in waiting)
    if waiting and total == book.counts[key].value:
        book.tie(key, waiting, "none")
    elif "units" in book.counts:
        book.tie("units", [key], f"not {key}")


def _event_times(book: _Book, rows: Sequence[Mapping[str, Any]]) -> None:
    keys: list[str] = []
    known = {book.value("treated"): "treated"}
    for place in sorted(range(len(rows)), key=lambda place: rows[place]["event_time"]):
        value = rows[place].get("n_treated_units")
        if value is not None:
            label = known.setdefault(value, f"treated and seen at event time {rows[place]['event_time']}")
            keys.append(book.add(label, value, place=("event_study", place, "n_treated_units")))
    cohorts = [key for key in book.counts if key.startswith("cohort ") and "," not in key and "(" not in key]
    for key in dict.fromkeys(keys):
        same = _run_of(book, cohorts, book.counts[key].value)
        if key != "treated" and same:
            book.tie(key, same, "none")
        elif key != "treated" and "treated" in book.counts:
            book.tie("treated", [key], f"not {key}")
    for one, other in pairwise(keys):
        small, large = sorted((one, other), key=lambda key: book.counts[key].value)
        if small != large:
            book.tie(large, [small], f"{large} but not {small}")


def _run_of(book: _Book, keys: Sequence[str], value: int) -> list[str]:
    """The first or the last cohorts that together are `value`, as those long or soon enough treated are."""
    for ordered in (keys, keys[::-1]):
        total = 0
        for n, key in enumerate(ordered, start=1):
            total += book.counts[key].value
            if total == value:
                return list(ordered[:n])
    return []


def _rings(book: _Book, rows: Sequence[Mapping[str, Any]]) -> None:
    units, seen = [], []
    for place, row in enumerate(rows):
        label = f"ring {row['inner_km']} to {row['outer_km']}"
        if row.get("n_units") is not None:
            units.append(book.add(f"units in {label}", row["n_units"], place=("rings", place, "n_units")))
        if row.get("n_obs") is not None:
            key = book.add(f"rows in {label}", row["n_obs"], per=_per(row), place=("rings", place, "n_obs"))
            seen.append(key)
            if row.get("n_units") is not None:
                book.multiple(key, units[-1])
    for whole, parts in (("units", units), ("rows_used", seen)):
        if parts and whole in book.counts:
            book.tie(whole, parts, f"{whole} in no ring")


def _points(book: _Book, rows: Sequence[Mapping[str, Any]]) -> None:
    known: dict[int, str] = {}
    for place, row in enumerate(rows):
        if row.get("n_units") is not None:
            label = known.setdefault(row["n_units"], f"units near {row['distance_km']} km")
            book.add(label, row["n_units"], place=("distance_curve", place, "n_units"))
    if known and "units" in book.counts:
        book.tie("units", known.values(), "units behind no point")


def _waterfall(book: _Book, sample: Mapping[str, Any], per: int) -> None:
    keys = {
        name: book.add(name, sample[name], per=per, place=("sample", 0, name))
        for name in ("rows_used", "rows_read")
        if sample.get(name) is not None
    }
    lost = []
    for place, each in enumerate(sample.get("dropped", [])):
        rows, units = each.get("rows"), each.get("units")
        if not rows:
            continue
        behind = math.ceil(rows / units) if units else per
        key = book.add(f"rows lost: {each['reason']}", rows, per=behind, place=("dropped", place, "rows"))
        lost.append(key)
        if units:
            people = book.add(f"units lost: {each['reason']}", units, place=("dropped", place, "units"))
            book.multiple(key, people)
    if "rows_read" in keys and "rows_used" in keys:
        book.tie(keys["rows_read"], [keys["rows_used"], *lost], "rows lost for no stated reason")

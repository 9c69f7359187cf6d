"""Puts the code and name of each place beside a table's own, and says what could not be placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from evaluations.datasets.building import LIKELY_PERIODS, LIKELY_UNITS, likely_column
from evaluations.datasets.gazetteer import Gazetteer as Codes
from evaluations.datasets.gazetteer import packed
from evaluations.datasets.ingest_columns import MISSING, coded
from evaluations.datasets.ingest_parquet import line_of
from evaluations.datasets.ingest_raw import Problems
from evaluations.stats.issues import Issue
from evaluations.stats.table import Coded
from evidence.places.matching import HOW, Gazetteer, Match, match_place

PLACE_CODE, PLACE_NAME = "place_code", "place_name"
LOOKED_AT = 40
"""Values by which it is told whether the rest is worth looking at: what is no place takes long to compare."""
MOST_PLACES = 1_000
"""Different values above which a column is not looked at for places as a file is taken in."""
HOLDS_PLACES = 0.8
"""Share of its values that are places, from which a column is held to name places."""
LEAVE = "leave"
"""The choice to leave out the rows of a place that could not be matched."""


@dataclass(frozen=True)
class Placed:
    """A table with its places' codes and names, how each was told, and what was left out."""

    data: pa.Table
    matches: tuple[Match, ...]
    counts: dict[str, int]
    notes: tuple[str, ...]


def matches_in(
    data: pa.Table, column: str, known: Gazetteer, chosen: Mapping[str, str], small_areas: Codes | None = None
) -> list[Match]:
    """What each distinct value of the column is; `chosen` maps values to the codes that a person chose.

    `small_areas` are the codes of small areas or wards that were loaded, by which a value may be one.
    """
    labels = [str(label) for label in coded(data[column], missing=("",)).labels]
    is_small = np.zeros(len(labels), bool)
    if small_areas is not None and len(small_areas) and labels:
        is_small = small_areas.find(packed(pa.array(labels, pa.string()))) >= 0
    found = []
    for label, small in zip(labels, is_small, strict=True):
        code = label.strip().upper()
        is_known = code in known.names or code in known.former
        match = Match(label, code, code, "small_area") if small and not is_known else match_place(label, known)
        code = chosen.get(label, "")
        if not match.is_place and code in known.names:
            match = Match(label, code, known.names[code], "name", "chosen by hand")
        found.append(match)
    return found


def with_places(
    data: pa.Table,
    *,
    column: str,
    period: str | None,
    known: Gazetteer,
    chosen: Mapping[str, str] | None = None,
    small_areas: Codes | None = None,
) -> Placed:
    """The table with `place_code` and `place_name`; rows without a place are left out and counted.

    An area whose code or name changed is one place throughout. One that was merged or split stays
    itself until it ends: its series is not joined to its successors'. Raises `BadInput` where one
    place appears under two names in one period, or nothing is matched.
    """
    values = coded(data[column], missing=("",))
    matches = matches_in(data, column, known, chosen or {}, small_areas)
    problems = Problems()
    for name in (PLACE_CODE, PLACE_NAME):
        if name in data.column_names:
            cure = "Take it out, or use it as the unit."
            problems.add("column_there", f"The table has a column {name} already.", cure, column=name)
    _check_twice(data, period, values, matches, problems, column=column)
    if not any(match.is_place and match.code for match in matches):
        cure = "Choose the column that holds the names or codes of places."
        problems.add("nothing_matched", f"No value of {column} is a place that is known.", cure, column=column)
    problems.stop_if_any()
    codes = [match.code if match.is_place else None for match in matches]
    names = [match.name for match in matches]
    has_code = np.array([code is not None for code in codes] + [False])
    keep = has_code[values.codes]
    kept = data.filter(pa.array(keep))
    at = values.codes[keep]
    kept = kept.append_column(PLACE_CODE, pa.array([codes[place] for place in at], pa.string()))
    kept = kept.append_column(PLACE_NAME, pa.array([names[place] for place in at], pa.string()))
    counts = dict(Counter(match.how for match in matches))
    return Placed(kept, tuple(matches), counts, _notes(matches, int(np.count_nonzero(~keep))))


def places_twice(data: pa.Table, known: Callable[[], Gazetteer]) -> list[Issue]:
    """A problem for each place that stands under two names in one period, in every column that holds places.

    A column holds places where it is called as such columns are and nearly all its values are places.
    """
    problems = Problems()
    known = cache(known)
    period = likely_column(data.column_names, LIKELY_PERIODS)
    likely = {_plain(name) for name in LIKELY_PLACES}
    columns = [name for name in data.column_names if _plain(name) in likely and pa.types.is_string(data[name].type)]
    for column in columns if period else []:
        values = coded(data[column], missing=("",))
        if not 1 < len(values.labels) <= MOST_PLACES:
            continue
        first = [match_place(str(label), known()) for label in values.labels[:LOOKED_AT]]
        if sum(match.is_place for match in first) < HOLDS_PLACES * len(first):
            continue
        matches = matches_in(data, column, known(), {})
        if sum(match.is_place and bool(match.code) for match in matches) >= HOLDS_PLACES * len(matches):
            _check_twice(data, period, values, matches, problems, column=column)
    return list(problems.found())


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _check_twice(
    data: pa.Table, period: str | None, values: Coded, matches: list[Match], problems: Problems, *, column: str
) -> None:
    """Note places that stand under two names in one period."""
    of_place: dict[str, list[int]] = {}
    for position, match in enumerate(matches):
        if match.is_place and match.code:
            of_place.setdefault(match.code, []).append(position)
    periods = coded(data[period]) if period else None
    for code, positions in of_place.items():
        if len(positions) < 2:
            continue
        rows = [np.flatnonzero(values.codes == position) for position in positions]
        when = [set(periods.codes[each].tolist()) - {MISSING} if periods else {0} for each in rows]
        if any(when[i] & when[j] for i in range(len(when)) for j in range(i)):
            written = " and ".join(f"“{matches[position].written}”" for position in positions)
            lines = sorted(line_of(data, int(each[0])) for each in rows)
            problems.add(
                "place_twice",
                f"{written} are one place, {matches[positions[0]].name} ({code}), and both have values for one period: "
                f"see rows {' and '.join(str(line) for line in lines)}.",
                "Keep one of them in each period.",
                row=lines[1],
                column=column,
            )


def _notes(matches: list[Match], left_out: int) -> tuple[str, ...]:
    notes = []
    ended = [match for match in matches if match.how == "ended" and match.code]
    if ended:
        listed = "; ".join(f"{match.name} ({match.note})" for match in ended[:10]) + (" ..." if len(ended) > 10 else "")
        what = "1 place ended and is" if len(ended) == 1 else f"{len(ended)} places ended and are"
        notes.append(f"{what} not joined to what became of it: {listed}.")
    unplaced = [match.written for match in matches if not (match.is_place and match.code)]
    if unplaced:
        listed = ", ".join(unplaced[:20]) + (" ..." if len(unplaced) > 20 else "")
        rows = f"{left_out:,} row{'s' * (left_out != 1)}"
        notes.append(f"{rows} left out, about what is no single authority: {listed}.")
    return tuple(notes)


def summary(matches: tuple[Match, ...] | list[Match]) -> list[tuple[str, int]]:
    """How many values were told each way, in words."""
    counts = Counter(match.how for match in matches)
    return [(HOW[how], counts[how]) for how in HOW if counts[how]]


LIKELY_PLACES = (
    "la_code", "gss_code", "area_code", "lad_code", "ladcd", "areacd", "new_la_code", "code", "authority code",
    "local authority code", "local authority", "la_name", "authority", "area", "area name", "la", *LIKELY_UNITS,
)  # fmt: skip

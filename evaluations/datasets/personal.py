"""Finds columns about identifiable people, by header and by value. Reports the column, never a value."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluations.datasets.identifiers import (
    CURE_OF_NUMBERS,
    CURES,
    HEADERS,
    KINDS,
    TEN_DIGITS,
    WHAT,
    Kind,
    is_nhs_number,
    is_telephone,
    is_uln,
)
from evaluations.datasets.ingest_periods import PARSERS
from evaluations.datasets.ingest_raw import RawTable
from evaluations.stats.issues import Issue

NAMES_OF_PREMISES = frozenset({"name", "address", "postcode"})
"""What a list of sites may hold: they are buildings."""
LOOKED_AT = 200_000
"""Distinct values of a column that are looked at one by one; the forms of identifiers are searched in all."""
MARKS = frozenset({"0", "1", "y", "n", "yes", "no", "true", "false", "t", "f"})
NOT_PEOPLE = re.compile(
    r"(?i)\b(school|academy|college|university|primary|secondary|nursery|infant|junior|high|grammar|centre|center|hub|"
    r"street|road|lane|avenue|park|hill|ward|council|borough|city|county|north|south|east|west|st|saint|trust|hospital|"
    r"surgery|upon|and|the|of|house|church|group|ltd|limited|plc|cluster|region|area|district|programme|team)\b"
)
EVENTS = re.compile(
    r"(?i)\b(date|day|event|events|start|started|end|ended|open|opened|close|closed|visit|exam|test|enrol|enrolment|"
    r"review|inspection|inspected|admission|admitted|appointment|attended|referral|referred|first|last|created|"
    r"updated|launch|launched|completed|assessed|assessment|period|time|month|week|published|survey|measured)\b"
)
"""Words in a header that say a date is of something that happened, not of a birth."""


def personal_columns(raw: RawTable, *, is_sites: bool = False) -> dict[str, str]:
    """Column to the kind of identifier it appears to hold, for the columns that appear to hold one."""
    found: dict[str, str] = {}
    for name in raw.data.column_names:
        kind = _kind_in_header(name) or _kind_of_column(name, raw.data[name], is_sites)
        if kind is not None and not (is_sites and kind in NAMES_OF_PREMISES):
            found[name] = kind
    return found


def personal_issues(raw: RawTable, *, is_sites: bool = False, allowed: Iterable[str] = ()) -> list[Issue]:
    """A problem for each column about identifiable people, but for the kinds `allowed`."""
    issues = []
    for name, kind in personal_columns(raw, is_sites=is_sites).items():
        if kind in allowed:
            continue
        position = raw.data.column_names.index(name) + 1
        shown = f"Column {position}" if _kind_in_header(name) else f"Column {name}"
        issues.append(
            Issue(
                "personal_data",
                f"{shown} appears to hold {WHAT[kind]}. Uplift does not take in what identifies people.",
                CURES.get(kind, CURE_OF_NUMBERS),
                column=f"column {position}" if _kind_in_header(name) else name,
            )
        )
    return issues


def _kind_in_header(name: str) -> str | None:
    """The kind of identifier that the header itself is, as in a file without a header row."""
    return next((kind.code for kind in KINDS if _matches(kind, name) and kind.code != "address"), None)


def _matches(kind: Kind, text: str) -> bool:
    return any(kind.is_valid is None or kind.is_valid(match[0]) for match in re.finditer(kind.pattern, text))


def _kind_of_column(name: str, column: pa.ChunkedArray, is_sites: bool) -> str | None:
    texts = _texts(column)
    stated = _kind_by_header(name)
    if stated is not None and not _harmless(texts, stated):
        return stated
    return _kind_by_value(texts) or _judged(name, column, texts)


def _kind_by_header(name: str) -> str | None:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words = re.sub(r"[^a-z0-9]+", " ", spaced.lower().replace("'s", "")).strip()
    for kind, headers in HEADERS.items():
        if words in headers or words.replace(" ", "") in headers:
            return kind
    return None


def _harmless(texts: pa.Array, stated: str) -> bool:
    """Whether values under such a header are only marks, small counts, or (for births) years."""
    sample = [str(text).strip().lower() for text in texts[:LOOKED_AT].to_pylist()]
    if all(text in MARKS for text in sample) or all(re.fullmatch(r"-?\d{1,4}(\.\d+)?", text) for text in sample):
        return True
    return stated == "date_of_birth" and not any(_date_of(text) for text in sample[:1000])


def _texts(column: pa.ChunkedArray) -> pa.Array:
    """The distinct values of a column, as text; of numbers only those as long as an identifier."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        values = pc.drop_null(pc.unique(column)).to_numpy(zero_copy_only=False)
        values = values[np.isfinite(values) & (values == np.rint(values))] if values.dtype.kind == "f" else values
        return pa.array([str(int(value)) for value in values[:LOOKED_AT]], pa.string())
    distinct = pc.drop_null(pc.unique(column))
    texts = distinct if pa.types.is_string(distinct.type) else pc.cast(distinct, pa.string())
    texts = pc.utf8_trim_whitespace(texts)
    if pc.all(pc.match_substring_regex(texts, r"^[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?$")).as_py():
        return texts.filter(pc.match_substring_regex(texts, r"^[0-9]{9,}$"))
    return texts.filter(pc.not_equal(texts, ""))


def _kind_by_value(texts: pa.Array) -> str | None:
    """The kind whose form some value has. Where there is a check digit, half of those of the form must pass it."""
    for kind in KINDS:
        candidates = texts.filter(pc.match_substring_regex(texts, kind.pattern)).to_pylist()[:LOOKED_AT]
        if not candidates:
            continue
        passed = sum(_matches(kind, text) for text in candidates)
        if passed and passed >= len(candidates) / 2 and _enough(kind, passed, len(texts)):
            return kind.code
    return None


def _enough(kind: Kind, passed: int, distinct: int) -> bool:
    """Addresses and postcodes look like some codes: one alone in a long column is not enough."""
    return kind.code not in ("address", "postcode") or passed >= min(3, distinct)


def _judged(name: str, column: pa.ChunkedArray, texts: pa.Array) -> str | None:
    """The kind that the column as a whole appears to hold, where single values cannot tell."""
    sample = texts[:LOOKED_AT].to_pylist()
    if not sample:
        return None
    tens = [text for text in sample if re.fullmatch(TEN_DIGITS, text)]
    if len(tens) >= 0.5 * len(sample):
        for kind, check in (("nhs_number", is_nhs_number), ("uln", is_uln)):
            if sum(map(check, tens)) >= 0.8 * len(tens):
                return kind
        if sum(text.startswith("7") and is_telephone(f"0{text}") for text in tens) >= 0.9 * len(tens) and len(tens) > 2:
            return "telephone"
    if _are_names(sample):
        return "name"
    if not EVENTS.search(re.sub(r"[_\W]+", " ", name)) and _are_births(column, sample):
        return "date_of_birth"
    return None


@cache
def given_names() -> frozenset[str]:
    """Common given names in the United Kingdom, lower case."""
    return frozenset((Path(__file__).parent / "given_names.txt").read_text(encoding="utf-8").split())


def _are_names(sample: list[str]) -> bool:
    """Whether a third of the values are a given name with a surname, or most are a given name alone."""
    full = [text for text in sample if _is_full_name(text)]
    if len(full) >= max(2, len(sample) / 3) or len(full) == len(sample):
        return True
    alone = sum(text.lower() in given_names() for text in sample)
    return len(sample) >= 5 and alone >= 0.7 * len(sample)


def _is_full_name(text: str) -> bool:
    if NOT_PEOPLE.search(text) or not re.fullmatch(r"[^\W\d_]+[.]?([ ,]+[^\W\d_][\w'’.-]*){1,3}", text):
        return False
    words = [word.strip(".").lower() for word in re.split(r"[ ,]+", text) if word]
    titles = {"mr", "mrs", "ms", "miss", "dr", "master", "prof"}
    if words[0] in titles:
        return True
    return words[0] in given_names() or ("," in text and words[1] in given_names())


def _date_of(text: str) -> datetime.date | None:
    for kind in ("date", "date_day_first", "date_month_first"):
        if (ordinal := PARSERS[kind](text[:10] if kind == "date" else text)) is not None:
            return datetime.date.fromordinal(ordinal)
    return None


def _are_births(column: pa.ChunkedArray, sample: list[str]) -> bool:
    """Whether a column of full dates is spread as birthdays are: over many years, on any day, nearly each its own."""
    if len(sample) < 12 or len(sample) < 0.5 * (len(column) - column.null_count) ** 0.5:
        return False
    dates = [_date_of(text) for text in sample[:2000]]
    days = [day for day in dates if day is not None]
    if len(days) < 0.9 * len(dates):
        return False
    n = len(days)
    span = (max(days) - min(days)).days / 365.25
    first_days = sum(day.day == 1 for day in days)
    weekend = sum(day.weekday() >= 5 for day in days)
    any_day = first_days <= n / 30 + 3 * (n / 30) ** 0.5 and weekend > max(0.0, n * 2 / 7 - 2.5 * (n * 10 / 49) ** 0.5)
    return span >= 12 and any_day

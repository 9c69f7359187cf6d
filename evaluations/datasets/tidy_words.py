"""The signs that published tables use, and what they stand for."""

from __future__ import annotations

import re

SYMBOLS: dict[str, str] = {
    "c": "suppressed to protect people",
    "s": "suppressed",
    "supp": "suppressed",
    "suppressed": "suppressed",
    "*": "suppressed",
    "**": "suppressed",
    "x": "not available",
    ":": "not available",
    "..": "not available",
    "...": "not available",
    "n/a": "not available",
    "na": "not available",
    "nd": "no data",
    "no data": "no data",
    "not available": "not available",
    "z": "not applicable",
    ".": "not applicable",
    "not applicable": "not applicable",
    "-": "nil or too small to show",
    "–": "nil or too small to show",
    "—": "nil or too small to show",
    "low": "too small to show",
    "k": "too small to show",
    "~": "too small to show",
    "<5": "too small to show",
    "<10": "too small to show",
    "u": "too uncertain to show",
    "!": "too uncertain to show",
    "w": "withheld",
    "#": "not shown",
    "missing": "missing",
    "unknown": "unknown",
}
"""What stands in a cell of numbers in place of one, lower case, with or without square or round brackets."""

MARKS = re.compile(r"\s*(\[[a-z0-9]{1,3}\]|\((?:[a-z]|\d{1,2})\)|[*†‡§]+|[¹²³⁴⁵⁶⁷⁸⁹⁰]+)$", re.IGNORECASE)
"""Marks that refer to a footnote, at the end of a name or a number."""
MARKED_NUMBER = re.compile(r"(?:\s*\[[eprbfu]\]|\s+[eprbf]|\s*[*†‡§]|\s*[¹²³⁴⁵⁶⁷⁸⁹])$", re.IGNORECASE)
"""Marks after a number: estimated, provisional, revised, break in series, forecast, uncertain."""

NUMBER = re.compile(
    r"\(?(?P<sign>[-−–+])?\s?(?P<pound>[£$€])?\s?(?P<digits>\d{1,3}(?:[, \u00a0\u202f]\d{3})+|\d+)?(?P<rest>\.\d+)?"
    r"\s?(?P<percent>%|per cent|percent)?\)?",
    re.IGNORECASE,
)

TOTALS = re.compile(
    r"(?i)^(grand |sub[- ]?)?totals?\b.*|^all( (schools|areas|pupils|authorities|local authorities|wards|children|"
    r"providers|people|districts|regions))?$|^(overall|average|mean|median|sum|national|national average)$|"
    r"^(england|wales|scotland|northern ireland|great britain|united kingdom|uk|gb|england and wales|"
    r"england average|england total)$"
)
REGIONS = re.compile(
    r"(?i)^(north east|north west|yorkshire and (the )?humber|east midlands|west midlands|east of england|east|london|"
    r"inner london|outer london|south east|south west)( \(?(region|england)\)?)?$"
)


def missing_kind(text: str) -> str | None:
    """What a sign in place of a number stands for; null where it is none."""
    plain = text.strip().lower()
    bare = plain[1:-1].strip() if len(plain) > 2 and plain[0] in "[(" and plain[-1] in "])" else plain
    return SYMBOLS.get(plain) or SYMBOLS.get(bare)


def number_of(text: str) -> tuple[float, set[str]] | None:
    """The number that a text shows, and what was taken off: thousands, percent, currency, mark; null if none."""
    plain, done = text.strip(), set()
    if MARKED_NUMBER.search(plain) and re.search(r"\d", plain):
        plain, done = MARKED_NUMBER.sub("", plain), {"mark"}
    match = NUMBER.fullmatch(plain)
    if match is None or not (match["digits"] or match["rest"]):
        return None
    if plain.startswith("(") != plain.endswith(")"):
        return None
    digits = re.sub(r"\D", "", match["digits"] or "")
    done |= {"thousands"} if match["digits"] and len(digits) < len(match["digits"]) else set()
    done |= {"percent"} if match["percent"] else set()
    done |= {"currency"} if match["pound"] else set()
    value = float(f"{digits or '0'}{match['rest'] or ''}")
    negative = match["sign"] in ("-", "−", "–") or plain.startswith("(")
    return (-value if negative else value), done


def without_marks(text: str) -> str:
    """A name without the marks that refer to footnotes."""
    while (shorter := MARKS.sub("", text)) and shorter != text:
        text = shorter
    return text

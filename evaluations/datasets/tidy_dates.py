"""Dates written as text, such as "1st September 2016", "1-Sep-16" or 01/09/2016: the day comes first, as in Britain."""

from __future__ import annotations

import datetime
import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "sept",
)  # fmt: skip
WORDED = re.compile(r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)?[ /-]([a-z]+)\.?,?[ /-]'?(\d{4}|\d{2})", re.IGNORECASE)
MONTH_FIRST = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.IGNORECASE)
NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: 00:00(?::00)?)?")
MOSTLY = 0.8
"""Share of a column's texts that are dates, from which the others are problems."""


def date_of(text: str) -> datetime.date | None:
    """The day that a text names; null where it names none. ISO dates are left to those who read them."""
    plain = " ".join(text.split())
    if match := WORDED.fullmatch(plain):
        day, month, year = match[1], _month(match[2]), match[3]
    elif match := MONTH_FIRST.fullmatch(plain):
        day, month, year = match[2], _month(match[1]), match[3]
    elif match := NUMERIC.fullmatch(plain):
        day, month, year = match[1], int(match[2]), match[3]
    else:
        return None
    try:
        return datetime.date(_year(year), month, int(day))
    except ValueError:
        return None


def _month(word: str) -> int:
    """The month's number; 0 where the word is no month."""
    known = word.lower() in FULL or word.lower() in MONTHS
    return MONTHS.index(word[:3].lower()) + 1 if known else 0


def _year(digits: str) -> int:
    """Two digits are of this century up to 49, else of the last."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 50 else 1900)

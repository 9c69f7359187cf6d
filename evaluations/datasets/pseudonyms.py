"""Opaque ids from identifiers: the same person, the same secret, the same id, whoever holds the file.

The id is "p" and the first 120 bits, in base 32, of HMAC-SHA256 under the shared secret of the text
"uplift-pseudonym-1", the kind of identity and its parts in normal form, with U+001F between them.
Without the secret an id can neither be traced back nor made for a guessed person.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluations.datasets.identifiers import is_nhs_number, is_uln, is_upn
from evaluations.datasets.ingest_periods import PARSERS

CONSTRUCTION = "uplift-pseudonym-1"
SEPARATOR = "\x1f"
LEAST_SECRET = 32
"""Signs that a secret must have at least."""
LEAST_DIFFERENT = 8
ID_BYTES = 15
BLANK, NOT_VALID = "blank", "not valid"
OTHER_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


class WeakSecret(ValueError):
    """The secret could be guessed; the message says why."""


def key_of(secret: str) -> bytes:
    """The key that a secret gives: its text without spaces at the ends, in Unicode's composed form, as UTF-8.

    Raises `WeakSecret` where it is shorter than 32 signs or has fewer than 8 different ones.
    """
    plain = unicodedata.normalize("NFC", secret).strip()
    if len(plain) < LEAST_SECRET:
        raise WeakSecret(f"The secret has {len(plain)} signs; it needs {LEAST_SECRET} or more.")
    if len(set(plain)) < LEAST_DIFFERENT:
        raise WeakSecret(f"The secret repeats {len(set(plain))} signs; it needs {LEAST_DIFFERENT} different ones.")
    return plain.encode()


def fingerprint(key: bytes) -> str:
    """Six signs by which two holders can tell over the telephone that they have one secret. They give nothing away."""
    return hmac.new(key, b"uplift-fingerprint-1", hashlib.sha256).hexdigest()[:6]


def plain_name(text: str) -> str:
    """A name without capitals, accents, spaces, hyphens and other signs: "Zoë O'Hara-Smith" is "zoeoharasmith"."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(OTHER_LETTERS)
    return "".join(sign for sign in letters if sign.isalpha())


def plain_date(text: str) -> str | None:
    """A full date as 2009-08-31, read day first; null where it is none."""
    import datetime

    text = re.sub(r"[ T]00:00(:00(\.0+)?)?$", "", text.strip())
    for kind in ("date", "date_day_first"):
        if (ordinal := PARSERS[kind](text)) is not None:
            return datetime.date.fromordinal(ordinal).isoformat()
    return None


def plain_number(text: str) -> str:
    """A number of a person without spaces, hyphens, capitals, and the ".0" of a spreadsheet."""
    return re.sub(r"[\s-]", "", re.sub(r"\.0+$", "", text.strip())).upper()


def _checked(check: Callable[[str], bool]) -> Callable[[str], str | None]:
    def plain(text: str) -> str | None:
        number = plain_number(text)
        return number if check(number) else None

    return plain


PLAIN: dict[str, Callable[[str], str | None]] = {
    "nhs_number": _checked(is_nhs_number),
    "uln": _checked(is_uln),
    "upn": _checked(is_upn),
    "number": plain_number,
    "given_name": plain_name,
    "family_name": plain_name,
    "born": plain_date,
}
"""The normal form of each part of an identity; null where it is not valid."""


@dataclass(frozen=True)
class Identity:
    """What a person is told by: parts, each with the column that holds it."""

    parts: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold it."""
        return tuple(column for _, column in self.parts)

    @property
    def kind(self) -> str:
        """What it is made of, as it enters the text."""
        return "+".join(part for part, _ in self.parts)


def identity_in_words(identity: Identity) -> str:
    """The parts, for a report."""
    return ", ".join(part.replace("_", " ") for part, _ in identity.parts)


def text_of(identity: Identity, values: Sequence[str]) -> tuple[str, str]:
    """The text that an id is made of and an empty reason, or an empty text and why there is none."""
    if any(not value.strip() for value in values):
        return "", BLANK
    plain = [PLAIN[part](value) for (part, _), value in zip(identity.parts, values, strict=True)]
    if any(not each for each in plain):
        return "", NOT_VALID
    return SEPARATOR.join([CONSTRUCTION, identity.kind, *(each or "" for each in plain)]), ""


def opaque_id(text: str, key: bytes) -> str:
    """The id of a text under a key: 25 signs, the first a letter, so that no spreadsheet takes it for a number."""
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return "p" + base64.b32encode(digest[:ID_BYTES]).decode().lower()

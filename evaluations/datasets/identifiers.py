"""What identifiers of people look like, by form and by check digit. Nothing here keeps or shows a value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

NHS_WEIGHTS = ULN_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2)
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""Check letters of a unique pupil number, by remainder modulo 23; I, O and S are not used."""

EMAIL = r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
NATIONAL_INSURANCE = (
    r"\b[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]"
    r" ?-?\d{2} ?-?\d{2} ?-?\d{2} ?-?[A-Da-d]\b"
)
NATIONAL_INSURANCE_NEVER = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
UPN = r"\b[A-HJ-NP-RT-Za-hj-np-rt-z]\d{11}[\dA-HJ-NP-RT-Za-hj-np-rt-z]\b"
TEN_DIGITS = r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b"
TELEPHONE = (
    r"(?:^|[^\d.\w])(?:(\+|00)44[ ()0-]{0,5}\d[\d ()-]{7,12}\d\b|07\d{3}[ -]?\d{3}[ -]?\d{3}\b|"
    r"0(1\d|2\d|3\d)\d{0,2}\)?[ -]?\d{3,4}[ -]?\d{3,4}\b)"
)
POSTCODE = r"\b([A-Za-z]{1,2}\d[A-Za-z\d]?) ?(\d[ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2})\b"
ADDRESS = (
    r"(?i)\b(flat|apartment|apt|unit)? ?\d+[a-z]?,? +([a-z'.-]+ +){1,4}"
    r"(street|st|road|rd|avenue|ave|lane|ln|close|drive|way|court|crescent|gardens|grove|terrace|square|mews|walk|"
    r"hill|rise|place|row|parade|view)\b"
)


def is_nhs_number(text: str) -> bool:
    """Whether ten digits carry the check digit of an NHS number."""
    digits = _digits(text, 10)
    if not digits or len(set(digits)) == 1:
        return False
    check = 11 - sum(a * b for a, b in zip(digits, NHS_WEIGHTS, strict=False)) % 11
    return (0 if check == 11 else check) == digits[9]


def is_uln(text: str) -> bool:
    """Whether ten digits carry the check digit of a unique learner number."""
    digits = _digits(text, 10)
    if not digits or digits[0] == 0 or len(set(digits)) == 1:
        return False
    remainder = sum(a * b for a, b in zip(digits, ULN_WEIGHTS, strict=False)) % 11
    return remainder != 0 and 10 - remainder == digits[9]


def is_upn(text: str) -> bool:
    """Whether a letter and twelve characters carry the check letter of a unique pupil number."""
    text = text.strip().upper()
    if not re.fullmatch(UPN, text):
        return False
    last = int(text[12]) if text[12].isdigit() else UPN_LETTERS.find(text[12])
    if last < 0:
        return False
    digits = [int(sign) for sign in text[1:12]] + [last]
    return UPN_LETTERS[sum(place * digit for place, digit in enumerate(digits, start=2)) % 23] == text[0]


def is_national_insurance(text: str) -> bool:
    """Whether the text has the form of a National Insurance number with a prefix that is in use."""
    plain = re.sub(r"[ -]", "", text).upper()
    return bool(re.fullmatch(NATIONAL_INSURANCE, plain)) and plain[:2] not in NATIONAL_INSURANCE_NEVER


def is_telephone(text: str) -> bool:
    """Whether the text is a telephone number of the United Kingdom, in full."""
    digits = re.sub(r"\D", "", text)
    digits = re.sub(r"^(00)?44(?=[1-9])", "0", digits.replace("440", "44", 1) if digits.startswith("440") else digits)
    return digits.startswith("0") and len(digits) in (10, 11) and digits[1] in "12357" and len(set(digits)) > 3


def _digits(text: str, count: int) -> list[int]:
    plain = re.sub(r"[ -]", "", text.strip())
    return [int(sign) for sign in plain] if len(plain) == count and plain.isdigit() else []


@dataclass(frozen=True)
class Kind:
    """One kind of identifier: what it is called, its form, and its check where there is one."""

    code: str
    what: str
    pattern: str
    is_valid: Callable[[str], bool] | None = None


KINDS = (
    Kind("email", "e-mail addresses", EMAIL),
    Kind("national_insurance", "National Insurance numbers", NATIONAL_INSURANCE, is_national_insurance),
    Kind("upn", "unique pupil numbers (UPN)", UPN, is_upn),
    Kind("telephone", "telephone numbers", TELEPHONE, is_telephone),
    Kind("address", "street addresses", ADDRESS),
    Kind("postcode", "full postcodes", POSTCODE),
)
"""What is looked for inside any text. Ten-digit numbers, names and dates of birth are judged over a whole column."""

HEADERS: dict[str, tuple[str, ...]] = {
    "name": (
        "first name", "firstname", "forename", "forenames", "given name", "given names", "last name", "lastname",
        "surname", "family name", "full name", "fullname", "middle name", "middle names", "preferred name",
        "known as", "pupil name", "student name", "child name", "childs name", "learner name", "person name",
        "patient name", "client name", "participant name", "applicant name", "parent name", "mother name",
        "father name", "carer name", "guardian name", "contact name", "respondent name", "maiden name",
        "legal forename", "legal surname", "candidate name", "apprentice name", "employee name", "customer name",
        "service user name", "fname", "lname", "name of child", "name of pupil", "name of student",
    ),
    "email": ("email", "e mail", "email address", "e mail address", "mail address", "contact email", "parent email"),
    "telephone": (
        "telephone", "telephone number", "telephone no", "phone", "phone number", "phone no", "mobile",
        "mobile number", "mobile no", "mobile phone", "home phone", "tel", "tel no", "contact number", "landline",
    ),
    "address": (
        "address", "home address", "full address", "postal address", "street address", "address 1", "address 2",
        "address line 1", "address line 2", "address line 3", "addr", "addr1", "addr2", "address1", "address2",
        "house number", "house name", "street", "street name", "residential address", "correspondence address",
    ),
    "date_of_birth": (
        "dob", "date of birth", "birth date", "birthdate", "dateofbirth", "birthday", "child dob", "pupil dob",
        "born on", "date born", "d o b", "day of birth", "student dob", "learner dob", "patient dob",
    ),
    "national_insurance": (
        "ni number", "nino", "ni no", "national insurance", "national insurance number", "national insurance no",
        "ninumber", "nin",
    ),
    "upn": ("upn", "unique pupil number", "pupil number", "former upn", "unique pupil no"),
    "uln": ("uln", "unique learner number", "learner number", "unique learner no"),
    "nhs_number": ("nhs number", "nhs no", "nhsnumber", "nhs", "nhs num", "nhs number of child"),
}  # fmt: skip
"""Headers that name an identifier, lower case, words apart. A column so named is refused unless it holds only a few
small numbers or yes and no, as a count or a mark would."""

WHAT: dict[str, str] = {
    "name": "names of people",
    "date_of_birth": "full dates of birth",
    "uln": "unique learner numbers (ULN)",
    "nhs_number": "NHS numbers",
} | {kind.code: kind.what for kind in KINDS}

CURES: dict[str, str] = {
    "name": "Remove the column. Keep a reference of your own that means nothing to anyone else.",
    "email": "Remove the column.",
    "telephone": "Remove the column.",
    "address": "Remove the column. Keep the local authority, or a code of the small area (LSOA or data zone).",
    "date_of_birth": "Replace it by the year or the academic year of birth, or by age in years.",
    "postcode": "Replace it by the district (the part before the space) or by the small area's code. Where it is only "
    "needed for distances, say so when you upload: it is then dropped before anything is stored.",
}
CURE_OF_NUMBERS = "Replace it by a reference of your own, from which nobody but you can find the person."

"""Columns about identifiable people are refused by header and by value; ordinary columns are not."""

from __future__ import annotations

import datetime
import io

import numpy as np
import pandas as pd
import pytest

from evaluations.datasets.identifiers import UPN_LETTERS, is_nhs_number, is_uln, is_upn
from evaluations.datasets.ingest import read_table
from evaluations.datasets.personal import given_names, personal_columns, personal_issues

SURNAMES = [
    "Okafor",
    "Smith",
    "Patel",
    "Jones",
    "Kowalski",
    "Begum",
    "Evans",
    "O'Neill",
    "Ahmed",
    "MacDonald",
    "Taylor",
    "Nguyen",
    "Brown",
    "Singh",
    "Wright",
]
AREAS = ["Leeds", "St Helens", "Milton Keynes", "Isle of Wight", "Kingston upon Hull, City of", "Kerry"]
SCHOOLS = ["Charlotte Sharman Primary School", "St Thomas More College", "Grace Academy Solihull"]
STREETS = [
    "High Street",
    "Station Road",
    "Church Lane",
    "Park Avenue",
    "Mill Close",
    "Victoria Terrace",
    "Elm Grove",
    "The Drive",
]


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def upn(random: np.random.Generator) -> str:
    digits = random.integers(0, 10, 12)
    return UPN_LETTERS[int((digits * np.arange(2, 14)).sum()) % 23] + "".join(map(str, digits))


def ten_digits(random: np.random.Generator, check) -> str:
    while True:
        text = str(random.integers(1_000_000_000, 9_999_999_999))
        if check(text):
            return text


def make(kind: str, random: np.random.Generator) -> str:
    name = str(random.choice(sorted(given_names()))).title()
    surname = str(random.choice(SURNAMES))
    match kind:
        case "name":
            return f"{name} {surname}"
        case "name, surname first":
            return f"{surname}, {name}"
        case "email":
            return f"{name}.{surname.replace(chr(39), '')}{random.integers(99)}@mail.example.org".lower()
        case "telephone":
            number = f"7{random.integers(100_000_000, 999_999_999)}"
            return str(random.choice([f"0{number}", f"+44 {number}", f"0{number[:4]} {number[4:]}", "0161 496 0123"]))
        case "landline":
            return f"(0{random.integers(1204, 1999)}) {random.integers(200000, 999999)}"
        case "address":
            return f"{random.integers(1, 200)} {random.choice(STREETS)}"
        case "date_of_birth":
            return str(datetime.date(1960, 1, 1) + datetime.timedelta(days=int(random.integers(0, 16_000))))
        case "national_insurance":
            prefix, digits = random.choice(list("ABCEHJ"), 2), random.integers(0, 10, 6)
            return "".join([*prefix, *map(str, digits), str(random.choice(list("ABCD")))])
        case "upn":
            return upn(random)
        case "uln":
            return ten_digits(random, is_uln)
        case "nhs_number":
            number = ten_digits(random, is_nhs_number)
            return f"{number[:3]} {number[3:6]} {number[6:]}" if random.random() < 0.5 else number
        case "postcode":
            area, unit = random.choice(["M", "SW", "LS", "B", "NE"]), random.choice(list("ABDEJLNP"), 2)
            return f"{area}{random.integers(1, 20)} {random.integers(1, 9)}{''.join(unit)}"
    raise AssertionError(kind)


KINDS = [
    "name", "name, surname first", "email", "telephone", "landline", "address", "date_of_birth", "national_insurance",
    "upn", "uln", "nhs_number", "postcode",
]  # fmt: skip
TOLD = {"name, surname first": "name", "landline": "telephone"}


def table(columns: dict[str, list]) -> object:
    return read_table(io.BytesIO(pd.DataFrame(columns).to_csv(index=False).encode()))


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_planted_identifiers_under_a_neutral_header_are_refused_each_time(kind):
    for seed in range(50):
        random = rng(seed)
        n = int(random.integers(20, 60))
        columns = {
            "site": [f"S{i % 7}" for i in range(n)],
            "ref2": [make(kind, random) for _ in range(n)],
            "y": random.normal(size=n).tolist(),
        }
        assert personal_columns(table(columns)) == {"ref2": TOLD.get(kind, kind)}, (kind, seed)


@pytest.mark.parametrize("kind", ["email", "telephone", "national_insurance", "upn"])
def test_one_identifier_in_a_thousand_notes_is_enough(kind):
    for seed in range(50):
        random = rng(seed)
        notes = ["seen twice"] * 1000
        notes[int(random.integers(1000))] = f"rang {make(kind, random)} on Monday"
        assert list(personal_columns(table({"note": notes, "y": list(range(1000))}))) == ["note"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("First name", "x"), ("SURNAME", "x"), ("pupil_name", "x"), ("Email Address", "x"), ("Mobile No.", "x"),
        ("DOB", "2015-03-04"), ("dateOfBirth", "04/03/2015"), ("NI Number", "x"), ("UPN", "hash1"), ("uln", "abc"),
        ("NHS_Number", "n1"), ("Address Line 1", "x"), ("Child's name", "x"), ("birth_date", "2015-03-04"),
    ],
)  # fmt: skip
def test_a_header_that_names_an_identifier_is_enough(header, value):
    assert list(personal_columns(table({header: [value] * 3, "y": [1, 2, 3]}))) == [header]


def test_the_report_names_the_column_and_no_value():
    random = rng()
    columns = {"who": [make("name", random) for _ in range(30)], "contact": [make("email", random) for _ in range(30)]}
    issues = personal_issues(table(columns))
    assert [issue.column for issue in issues] == ["who", "contact"]
    said = " ".join(issue.message + issue.hint for issue in issues)
    assert not any(value in said for values in columns.values() for value in values)


def test_a_file_without_a_header_row_does_not_show_its_first_values():
    issues = personal_issues(table({"jo@example.org": ["sam@example.org"], "y": [1]}))
    assert "example.org" not in str(issues) and issues[0].column == "column 1"


def test_names_and_postcodes_of_sites_are_not_about_people():
    columns = {
        "name": ["Sarah Jones Centre", "Hub"],
        "postcode": ["M14 5AB", "LS1 4DY"],
        "address": ["1 High Street", "2 Park Lane"],
    }
    assert personal_columns(table(columns), is_sites=True) == {}


def look_alikes() -> list[tuple[str, list]]:
    random = rng(3)
    n = 40
    days = [datetime.date(2012, 9, 3) + datetime.timedelta(days=int(d)) for d in random.integers(0, 4300, n)]
    rows: list[tuple[str, list]] = []
    for i in range(10):
        rows += [
            ("school_code", random.integers(100_000, 150_000, n).tolist()),
            ("lsoa_code", [f"E01{v:06d}" for v in random.integers(1, 33_000, n)]),
            ("la_name", random.choice(AREAS, n).tolist()),
            ("school_name", random.choice(SCHOOLS, n).tolist()),
            ("event_date", [str(day) for day in days]),
            ("opened", [day.strftime("%d/%m/%Y") for day in days]),
            ("pupils", random.integers(0, 4000, n).tolist()),
            ("spend_gbp", random.integers(1_000_000_000, 9_999_999_999, n).tolist()),
            ("ukprn", random.integers(10_000_000, 10_099_999, n).tolist()),
            ("uprn", random.integers(100_000_000_000, 200_000_000_000, n).tolist()),
            ("name", random.choice(["Northumberland", "Kent", "Surrey", "Devon"], n).tolist()),
            ("emails_sent", random.integers(0, 50, n).tolist()),
            ("phone_calls", random.integers(0, 50, n).tolist()),
            ("postcode_district", [f"M{v}" for v in random.integers(1, 40, n)]),
            ("course_code", [f"{random.choice(list('ABC'))}{v}" for v in random.integers(100, 999, n)]),
            ("birth_year", random.integers(1990, 2010, n).tolist()),
            ("dob", random.integers(1990, 2010, n).tolist()),
            ("period", [f"{v}/{(v + 1) % 100:02d}" for v in random.integers(2001, 2020, n)]),
            ("pupil_ref", [f"P{v:08d}" for v in random.integers(0, 10**8, n)]),
            ("unit", random.integers(*((10**9, 10**10 - 1) if i % 2 else (1, 999)), n).tolist()),
        ]  # fmt: skip
    return rows


def test_two_hundred_ordinary_columns_are_not_refused():
    columns = look_alikes()
    assert len(columns) == 200
    refused = [
        name for name, values in columns if personal_columns(table({name: values, "y": list(range(len(values)))}))
    ]
    assert refused == []


@pytest.mark.parametrize("number", ["9434765919", "4505577104", "943 476 5919"])
def test_check_digits_of_nhs_numbers(number):
    assert is_nhs_number(number) and not is_nhs_number(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_check_letter_of_a_upn():
    assert is_upn("H801200001001") and not is_upn("A801200001001")


def test_each_ten_digit_number_is_at_most_one_kind():
    random = rng()
    for text in map(str, random.integers(1_000_000_000, 9_999_999_999, 2000)):
        assert not (is_uln(text) and is_nhs_number(text))

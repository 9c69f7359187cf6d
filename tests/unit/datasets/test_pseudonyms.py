"""Opaque ids: the construction by hand, one person one id however written, and nothing of a person in what is said."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command

from evaluations.datasets.pseudonymising import pseudonymise
from evaluations.datasets.pseudonyms import Identity, WeakSecret, key_of, opaque_id, plain_date, plain_name, text_of
from evaluations.stats.issues import BadInput

SECRET = "seven oaks, nine rivers, one long bridge"
ROOT = Path(__file__).resolve().parents[3]
WHO = Identity((("given_name", "First"), ("family_name", "Last"), ("born", "DOB")))
NHS = "943 476 5919"  # passes the check digit; of nobody


def test_the_id_is_the_stated_construction():
    message = b"uplift-pseudonym-1\x1fnhs_number\x1f9434765919"
    digest = hmac.new(SECRET.encode(), message, hashlib.sha256).digest()
    expected = "p" + base64.b32encode(digest[:15]).decode().lower()
    text, reason = text_of(Identity((("nhs_number", "n"),)), [NHS])
    assert reason == "" and opaque_id(text, key_of(SECRET)) == expected and len(expected) == 25


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Zoë", "O'Hara-Smith", "31/08/2009"), (" ZOE ", "ohara smith", "2009-08-31")),
        (("José María", "Nuñez", "1.2.2010"), ("JOSE-MARIA", "NUNEZ", "2010-02-01 00:00:00")),
        (("Søren", "Weiß", "01/02/2010"), ("soren", "WEISS", "2010-02-01")),
    ],
)
def test_one_person_has_one_text_however_written(one, other):
    assert text_of(WHO, one) == text_of(WHO, other) != ("", "blank")


def test_other_people_and_other_kinds_of_identity_have_other_texts():
    assert text_of(WHO, ("Ann", "Abel", "2010-02-01")) != text_of(WHO, ("Ann", "Abel", "2010-02-02"))
    assert text_of(Identity((("number", "n"),)), ["9434765919"]) != text_of(Identity((("nhs_number", "n"),)), [NHS])


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [("nhs_number", "943 476 5918", "not valid"), ("uln", "1234567890", "not valid"), ("born", "soon", "not valid"),
     ("number", "  ", "blank"), ("given_name", "--", "not valid")],
)  # fmt: skip
def test_what_is_blank_or_not_valid_has_no_id(part, value, reason):
    assert text_of(Identity(((part, "x"),)), [value]) == ("", reason)


@pytest.mark.parametrize("secret", ["short", "aaaaaaaabbbbbbbbccccccccdddddddd", ""])
def test_a_secret_that_could_be_guessed_is_refused(secret):
    with pytest.raises(WeakSecret):
        key_of(secret)


def test_names_and_dates_in_normal_form():
    assert plain_name("Łukasz d'Arc-Müller 2nd") == "lukaszdarcmullernd"
    assert plain_date("1 Feb 2010") in (None, "2010-02-01") and plain_date("02/01/2010") == "2010-01-02"


def written(path: Path, *rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def read(path: Path) -> list[dict]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


HEAD = ["First", "Last", "DOB", "E-mail", "hub", "start"]
ROWS = [
    ["Zoë", "O'Hara", "31/08/2009", "z@example.org", "North", "2021"],
    ["Ben", "Okoro", "01/02/2008", "b@example.org", "South", "2022"],
    ["ZOE", "ohara", "2009-08-31", "z@example.org", "South", "2022"],
    ["", "Nobody", "01/02/2008", "n@example.org", "South", "2022"],
]


def test_the_same_rows_come_out_without_a_person_in_them(tmp_path):
    source = written(tmp_path / "in.csv", HEAD, *ROWS)
    report = pseudonymise(source, tmp_path / "out.csv", identity=WHO, key=key_of(SECRET))
    rows = read(tmp_path / "out.csv")
    assert [(row["hub"], row["start"]) for row in rows] == [(row[4], row[5]) for row in ROWS]
    assert list(rows[0]) == ["opaque_id", "hub", "start"]
    assert rows[0]["opaque_id"] == rows[2]["opaque_id"] != rows[1]["opaque_id"] and rows[3]["opaque_id"] == ""
    said = report.to_json()
    assert said["rows"] == 4 and said["different_ids"] == 2 and said["collisions"] == 0
    assert said["rows_without_id"] == {"blank": 1} and said["first_rows_without_id"] == {"blank": [5]}
    assert said["ids_spelt_in_more_than_one_way"] == 1 and said["first_rows_spelt_differently"] == [[2, 4]]
    everything = json.dumps(said) + (tmp_path / "out.csv").read_text()
    assert not any(word in everything for word in ("Zoë", "Okoro", "OHara", "O'Hara", "example.org", "2009"))


def test_two_holders_with_one_secret_have_the_same_ids_from_csv_and_from_a_workbook(tmp_path):
    written(tmp_path / "college.csv", HEAD, *ROWS[:2])
    book = openpyxl.Workbook()
    book.active.append(["Surname", "Forename", "Born", "result"])
    book.active.append(["O’HARA", "zoe", datetime(2009, 8, 31), 5])
    book.save(tmp_path / "charity.xlsx")
    theirs = Identity((("given_name", "Forename"), ("family_name", "Surname"), ("born", "Born")))
    key = key_of(SECRET)
    pseudonymise(tmp_path / "college.csv", tmp_path / "a.csv", identity=WHO, key=key)
    pseudonymise(tmp_path / "charity.xlsx", tmp_path / "b.xlsx", identity=theirs, key=key)
    header, row = openpyxl.load_workbook(tmp_path / "b.xlsx").active.iter_rows(values_only=True)
    assert header == ("opaque_id", "result") and row == (read(tmp_path / "a.csv")[0]["opaque_id"], 5)
    pseudonymise(tmp_path / "college.csv", tmp_path / "c.csv", identity=WHO, key=key_of(SECRET + "!"))
    assert read(tmp_path / "c.csv")[0]["opaque_id"] != row[0]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["First", "Last", "hub"], ["A", "B", "x"]], "column_missing"),
        ([["First", "Last", "DOB", "hub", "hub"], ["A", "B", "1/2/2010", "x", "y"]], "header_repeated"),
        ([["First", "Last", "DOB", "opaque_id"], ["A", "B", "1/2/2010", "x"]], "column_there"),
    ],
)
def test_nothing_is_written_where_anything_is_wrong(tmp_path, rows, code):
    source = written(tmp_path / "in.csv", *rows)
    with pytest.raises(BadInput) as refused:
        pseudonymise(source, tmp_path / "out.csv", identity=WHO, key=key_of(SECRET))
    assert refused.value.issues[0].code == code and files_in(tmp_path) == ["in.csv"]


def test_a_file_in_another_encoding_leaves_nothing_behind(tmp_path):
    (tmp_path / "in.csv").write_bytes("First,Last,DOB\nZo\xeb,A,1/2/2010\n".encode("cp1252"))
    with pytest.raises(BadInput, match="UTF-8"):
        pseudonymise(tmp_path / "in.csv", tmp_path / "out.csv", identity=WHO, key=key_of(SECRET))
    assert files_in(tmp_path) == ["in.csv"]


def test_the_command_runs_without_a_database_and_takes_no_secret_as_argument(tmp_path):
    source = written(tmp_path / "in.csv", ["NHS", "hub"], [NHS, "North"], ["1", "South"])
    (tmp_path / "secret").write_text(SECRET + "\n")
    command = [sys.executable, str(ROOT / "manage.py"), "pseudonymise", str(source), str(tmp_path / "out.csv")]
    environment = {"PATH": os.environ["PATH"], "UPLIFT_HOME": str(tmp_path / "home")}
    options = ["--nhs-number", "NHS", "--secret-file", str(tmp_path / "secret")]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["id_made_of"] == "nhs_number" and said["rows_without_id"] == {"not valid": 1}
    assert SECRET not in ran.stdout + ran.stderr and "9434765919" not in ran.stdout + ran.stderr
    assert not list((tmp_path / "home").glob("**/*.sqlite3"))
    refused = subprocess.run([*command, "--secret", SECRET], capture_output=True, text=True, env=environment)
    assert refused.returncode == 2


def test_a_new_secret_is_strong_kept_to_its_owner_and_never_overwritten(tmp_path, capsys):
    path = tmp_path / "secret"
    call_command("pseudonymise", "--new-secret", str(path))
    assert len(key_of(path.read_text())) == 64 and path.stat().st_mode & 0o077 == 0
    assert path.read_text().strip() not in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        call_command("pseudonymise", "--new-secret", str(path))
    assert left.value.code == 2

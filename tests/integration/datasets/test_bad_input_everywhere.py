"""Bad input gives the same problems through function, command line, page and API, and stores nothing."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from evaluations.datasets.ingest import load_table
from evaluations.datasets.models import Dataset
from evaluations.stats.issues import BadInput
from evaluations.stats.spec import parse_spec
from evaluations.workspaces.models import LawfulBasis
from tests.workspace_records import make_evaluation, make_organisation, make_user

pytestmark = pytest.mark.django_db

COLUMNS = {"unit": "area", "period": "year", "outcome": "rate", "first_treated": "start"}
SPEC = {"columns": COLUMNS, "options": {"sensitivity": []}}
UNITS = [("a", ""), ("b", "2019"), ("c", "")]
ROWS = [f"{area},{year},{50 + i},{start}" for i, (area, start) in enumerate(UNITS) for year in range(2017, 2021)]


def text(*rows: str, header: str = "area,year,rate,start") -> bytes:
    return "\n".join([header, *ROWS, *rows, ""]).encode()


# What is wrong with the file itself: refused when it is uploaded.
FILES = {
    "wrong encoding": (text("Môn,2017,1,").decode().encode("cp1252"), {"encoding_wrong"}),
    "ragged rows": (text("d,2017,1", "e,2017,1,,9"), {"row_ragged"}),
    "0 rows": (b"area,year,rate,start\n", {"no_rows"}),
    "text in numbers": (text("d,2017,ten,", "d,2018,n/k,"), {"not_a_number"}),
    "a formula": (text("=cmd|' /C calc'!A0,2017,1,", 'd,2017,"=1+1",'), {"formula_cell"}),
    "no table, 200 MB": (b"\x93\x00\xff" * (70 << 20), {"not_a_table"}),
    "several at once": (
        text("d,2017", "d,2018,ten,", "@SUM(A1),2019,1,"),
        {"row_ragged", "not_a_number", "formula_cell"},
    ),
}
# What is wrong for the design: refused when it is planned or run.
DESIGNS = {
    "missing columns": (text(header="area,yaer,rate,strat"), {"column_missing"}),
    "repeated unit and period": (text("a,2017,9,", "b,2018,9,2019"), {"unit_period_repeated"}),
    "first_treated varying": (text("d,2017,1,2018", "d,2018,1,2019"), {"first_treated_varies"}),
    "a code for never": (text("d,2017,1,9999", "d,2018,1,9999"), {"never_treated_code"}),
}


def through_the_function(content: bytes) -> list[dict]:
    with pytest.raises(BadInput) as caught:
        load_table(io.BytesIO(content), parse_spec(SPEC))
    return [issue.to_json() for issue in caught.value.issues]


def through_the_command(content: bytes, folder: Path) -> tuple[int, str]:
    (folder / "data.csv").write_bytes(content)
    (folder / "spec.json").write_text(json.dumps(SPEC))
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("analyse", str(folder / "data.csv"), "--spec", str(folder / "spec.json"), stdout=out, stderr=err)
    return left.value.code, out.getvalue() + err.getvalue()


@pytest.fixture
def analyst():
    return make_user("analyst")


@pytest.fixture
def evaluation(analyst):
    return make_evaluation(owner=make_organisation(analyst=analyst), by=analyst)


@pytest.mark.parametrize("case", [*FILES, *DESIGNS])
def test_the_function_and_the_command_line_tell_everything(case, tmp_path, capfd):
    content, codes = (FILES | DESIGNS)[case]
    issues = through_the_function(content)
    assert {issue["code"] for issue in issues} == codes and all(issue["hint"] for issue in issues)
    code, said = through_the_command(content, tmp_path)
    captured = capfd.readouterr()
    said += captured.out + captured.err
    assert code == 2 and "Traceback" not in said
    for issue in issues:
        assert issue["message"] in said or json.dumps(issue["message"])[1:-1] in said


@pytest.mark.parametrize("case", FILES)
def test_the_page_and_the_api_tell_everything_and_nothing_is_stored(case, client, analyst, evaluation):
    content, codes = FILES[case]
    before = kept()
    client.force_login(analyst)
    api = APIClient()
    api.force_authenticate(analyst)

    def file() -> SimpleUploadedFile:
        return SimpleUploadedFile("data.csv", content)

    stated = {"kind": "outcomes", "lawful_basis": LawfulBasis.NOT_PERSONAL, "file": file()}
    page = client.post(reverse("dataset-upload", args=[evaluation.pk]), stated)
    assert page.status_code == 200 and {issue.code for issue in page.context["issues"]} == codes
    assert all(issue.hint for issue in page.context["issues"])
    answer = api.post("/api/v1/datasets/", {"evaluation": evaluation.pk, "file": file()}, format="multipart")
    assert answer.status_code == 400 and {issue["code"] for issue in answer.json()["issues"]} == codes
    assert [issue["message"] for issue in answer.json()["issues"]] == [
        issue.message for issue in page.context["issues"]
    ]
    assert not Dataset.objects.exists() and kept() == before


def kept() -> list[str]:
    try:
        folders = default_storage.listdir("datasets")[0]
    except FileNotFoundError:
        return []
    return sorted(name for folder in folders for name in default_storage.listdir(f"datasets/{folder}")[1])


def test_random_bytes_never_raise_anything_but_words():
    for size in (1, 7, 100, 5000):
        for _ in range(20):
            through_the_function(os.urandom(size))

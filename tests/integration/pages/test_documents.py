"""Pages that show what docs/ says."""

import csv
import html
import json
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db

DOCS = Path(settings.BASE_DIR) / "docs"


def test_the_methods_page_is_the_methods_document(client):
    page = client.get("/methods/")
    assert page.status_code == 200
    headings = [line[3:] for line in (DOCS / "methods.md").read_text().splitlines() if line.startswith("## ")]
    text = page.content.decode()
    assert headings
    assert all(heading.split("`")[0].split("'")[0].strip() in text for heading in headings)


def test_the_validation_page_counts_every_committed_comparison(client):
    groups = json.loads((DOCS / "validation" / "references.json").read_text())
    n = sum(len(test["comparisons"]) for group in groups for test in group["tests"])
    assert f"{n:,} numbers compared" in client.get("/validation/").content.decode()


def test_every_committed_comparison_is_within_its_tolerance():
    groups = json.loads((DOCS / "validation" / "references.json").read_text())
    worst = [
        (test["says"], row)
        for group in groups
        for test in group["tests"]
        for row in test["comparisons"]
        if abs(row[0] - row[1]) > row[2]
    ]
    assert worst == []


def test_the_validation_page_lists_what_is_not_compared_with_the_reasons_of_the_golden_tests(client):
    listed = json.loads((DOCS / "validation" / "not_compared.json").read_text())
    with (DOCS.parent / "tests" / "golden" / "not_compared.csv").open(newline="") as file:
        assert listed == list(csv.DictReader(file))
    page = html.unescape(client.get("/validation/").content.decode())
    assert all(row["reason"] in page for row in listed)

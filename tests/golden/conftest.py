"""What golden tests share: the printed reference rows, and a record of what they compared, for the register."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator

import pytest

from benchmarks.validation import recorder

Row = dict[str, str]


@pytest.fixture(autouse=True)
def _comparisons_are_recorded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Record what the test compares, for workers beside this one too: each writes down what it has run."""
    before = len(recorder.RECORD)
    with recorder.recording(request.node):
        yield
    worker = getattr(request.config, "workerinput", None)
    if worker is not None:
        mine = tmp_path_factory.getbasetemp().parent / f"golden-{worker['workerid']}.jsonl"
        rows = [row for _, row in recorder.RECORD[before:]]
        with mine.open("a") as file:
            file.write(json.dumps({"test": request.node.nodeid, "rows": rows}) + "\n")


@pytest.fixture(scope="session")
def reference_rows(shared_data) -> list[Row]:
    """The rows of EXPECTED.csv: numbers of papers, textbooks and reference software."""
    with (shared_data / "reference" / "EXPECTED.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def expected(reference_rows) -> Callable[[str, str, str], tuple[float, float]]:
    """Data set, start of the specification and quantity to the printed value and its tolerance."""

    def find(dataset: str, specification: str, quantity: str) -> tuple[float, float]:
        found = [
            row
            for row in reference_rows
            if row["dataset"] == dataset
            and row["spec in words"].startswith(specification)
            and row["quantity"] == quantity
        ]
        assert len(found) == 1, [row["spec in words"] for row in found]
        return float(found[0]["value"]), float(found[0]["tolerance"])

    return find


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The register comes last: it asks what the others compared."""
    items.sort(key=lambda item: item.path.name == "test_register.py" and item.path.parent.name == "golden")

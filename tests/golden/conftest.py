"""What golden tests share: the printed reference rows, and a record of what they compared, for the register."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator

import pytest

from benchmarks.validation import recorder

Row = dict[str, str]


@pytest.fixture(autouse=True)
def _comparisons_are_recorded(request: pytest.FixtureRequest) -> Iterator[None]:
    with recorder.recording(request.node):
        yield


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

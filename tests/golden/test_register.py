"""Every reference number is compared by a golden test, within its tolerance, or listed with a reason."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from benchmarks.validation import recorder

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KINDS = {"published", "published_recomputed", "reference_software"}
REGISTER = "tests/golden/test_register.py"
WAIT_S = 120
SAME = 1e-12
SLACK = 1 + 1e-9

RANDOM_WITHIN_10_PERCENT = {"synthdid_prop99/se_placebo", "fix|sdid_se2000"}
"""Placebo errors of random draws; the cases say so in their source."""


@dataclass(frozen=True)
class Compared:
    """A comparison that a golden test made: the file it stands in, its words, and the two numbers."""

    file: str
    words: str
    expected: float
    ours: float


@dataclass(frozen=True)
class Wanted:
    """A reference number, and how far ours may be from it. A test that compares it must name its `data`."""

    name: str
    data: str
    value: float
    tolerance: float


@pytest.fixture(scope="module")
def compared(request, tmp_path_factory) -> list[Compared]:
    """What the golden tests compared in this session, or, where it did not run them all, in one of their own."""
    mine = [item for item in request.session.items if item.path.is_relative_to(HERE)]
    is_whole = {item.path for item in mine} == set(HERE.rglob("test_*.py")) and not request.config.option.keyword
    if is_whole:
        files = {item.nodeid: str(item.path.relative_to(ROOT)) for item in mine}
        others = {test for test, file in files.items() if file != REGISTER}
        has_workers = hasattr(request.config, "workerinput")
        found = _of_workers(tmp_path_factory.getbasetemp().parent, others) if has_workers else recorder.RECORD
        if found is not None:
            return [_compared(files[test], expected, ours) for test, (expected, ours, _) in found]
    target = tmp_path_factory.mktemp("register") / "compared.json"
    command = [sys.executable, "-m", "pytest", "tests/golden", "-p", "benchmarks.validation.recorder"]
    command += ["-p", "no:cacheprovider", "--record", str(target), "--deselect", "tests/golden/test_register.py"]
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-2000:]
    groups = json.loads(target.read_text())
    return [
        _compared(group["file"], expected, ours)
        for group in groups
        for test in group["tests"]
        for expected, ours, _ in test["comparisons"]
    ]


def _of_workers(folder: Path, tests: set[str]) -> list[tuple[str, list[float]]] | None:
    """What workers side by side compared, once they have run all tests; null where they do not in time.

    The register comes last in every worker's list, so whatever is left is being run already.
    """
    for _ in range(WAIT_S):
        lines = [line for path in folder.glob("golden-*.jsonl") for line in path.read_text().splitlines(keepends=True)]
        done = [json.loads(line) for line in lines if line.endswith("\n")]
        if tests <= {each["test"] for each in done}:
            return [(each["test"], row) for each in done for row in each["rows"]]
        time.sleep(1)
    return None


def _compared(file: str, expected: float, ours: float) -> Compared:
    return Compared(file, (ROOT / file).read_text(), expected, ours)


@pytest.fixture(scope="module")
def wanted(shared_data) -> list[Wanted]:
    """Every number of the cases, and every printed row of a kind that counts."""
    found = []
    for case in json.loads((shared_data / "oracle" / "cases.json").read_text()):
        for place, value in _numbers(case["expected"]):
            name = case["id"] + place
            tolerance = case["tol"] * max(1.0, abs(value))
            if name in RANDOM_WITHIN_10_PERCENT:
                assert "random: within 10 %" in case["source"]
                tolerance = 0.1 * abs(value)
            found.append(Wanted(f"case {name}", "", value, tolerance))
    with (shared_data / "reference" / "EXPECTED.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] in KINDS:
                name = f"row {row['dataset']}/{row['spec in words']}/{row['quantity']}"
                found.append(Wanted(name, row["dataset"], float(row["value"]), float(row["tolerance"])))
    return found


def _numbers(value: object, place: str = "") -> Iterator[tuple[str, float]]:
    """Every number in nested lists and objects, with where it stands; lists of lists are one place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _numbers(inner, f"{place}/{number}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, float(value)


@pytest.fixture(scope="module")
def listed() -> list[tuple[str, str]]:
    """Patterns of names, and why no test compares what they match."""
    with (HERE / "not_compared.csv").open(newline="") as file:
        return [(row["pattern"], row["reason"]) for row in csv.DictReader(file)]


def is_compared(number: Wanted, compared: list[Compared]) -> bool:
    """A golden test that names the data expected this number (or, where signs differ, its mirror) and was near it."""
    return any(
        abs(abs(item.expected) - abs(number.value)) <= SAME * max(1.0, abs(number.value))
        and abs(item.ours - item.expected) <= number.tolerance * SLACK + SAME
        and number.data in item.words
        for item in compared
    )


@pytest.fixture(scope="module")
def left_out(wanted, compared) -> list[str]:
    """The names of the numbers that no golden test compares."""
    by_size: dict[int, list[Compared]] = {}
    for item in compared:
        for key in {int(abs(item.expected) * 1e4 + step) for step in (-0.5, 0.5)}:
            by_size.setdefault(key, []).append(item)
    return [n.name for n in wanted if not is_compared(n, by_size.get(int(abs(n.value) * 1e4), []))]


def test_every_reference_number_is_compared_or_listed_with_a_reason(left_out, listed):
    unaccounted = [name for name in left_out if not any(fnmatchcase(name, pattern) for pattern, _ in listed)]
    assert unaccounted == []


def test_nothing_is_listed_that_is_compared_or_no_longer_there(left_out, listed):
    stale = [pattern for pattern, _ in listed if not any(fnmatchcase(name, pattern) for name in left_out)]
    assert stale == []


def test_every_listing_gives_its_reason(listed):
    assert [pattern for pattern, reason in listed if len(reason) < 20] == []


def test_a_number_that_no_test_expects_or_that_ours_misses_is_not_compared():
    near = Compared("tests/golden/test_x.py", "kielmc.csv", 0.5, 0.5004)
    assert is_compared(Wanted("row", "kielmc", 0.5, 0.0005), [near])
    assert not is_compared(Wanted("row", "kielmc", 0.5, 0.0003), [near])
    assert not is_compared(Wanted("row", "ezunem", 0.5, 0.0005), [near])
    assert not is_compared(Wanted("row", "kielmc", 0.5001, 0.0005), [near])

"""A record of every comparison the golden tests make with a reference number, and a pytest plug-in that writes it.

    python -m pytest tests/golden -p benchmarks.validation.recorder --record FILE

So the validation page shows what the tests assert, and nothing that they do not; and the register
of the golden tests can say which reference numbers no test compares.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.python_api import ApproxScalar

RECORD: list[tuple[str, list[float]]] = []
"""Test, and the expected number, ours and the tolerance."""

_current: list[pytest.Item] = []
_compare = ApproxScalar.__eq__


@contextmanager
def recording(item: pytest.Item) -> Iterator[None]:
    """Listen to every scalar comparison while the test runs; those of lists and arrays are made of them."""
    _current.append(item)
    ApproxScalar.__eq__ = _compare_and_record  # type: ignore[method-assign]
    try:
        yield
    finally:
        _current.pop()
        ApproxScalar.__eq__ = _compare  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write."""
    parser.addoption("--record", help="write every comparison with a reference number to this file")


def _compare_and_record(self: ApproxScalar, actual: Any) -> bool:
    agrees = _compare(self, actual)
    if _current and agrees and _is_number(actual) and _is_number(self.expected):
        RECORD.append((_current[-1].nodeid, [float(self.expected), float(actual), float(self.tolerance)]))
    return agrees


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Group by file and test, with what each says of itself, and write."""
    target = session.config.getoption("--record")
    if not target:
        return
    by_test: dict[str, list[list[float]]] = {}
    for test, row in RECORD:
        by_test.setdefault(test, []).append(row)
    groups: dict[str, dict[str, Any]] = {}
    for item in session.items:
        rows = by_test.get(item.nodeid)
        if rows:
            file = item.nodeid.split("::")[0]
            about = inspect.getdoc(inspect.getmodule(item.obj)) or file  # type: ignore[attr-defined]
            group = groups.setdefault(file, {"file": file, "about": about.split("\n\n")[0], "tests": []})
            group["tests"].append({"says": _in_words(item.name), "comparisons": rows})
    Path(target).write_text(json.dumps(list(groups.values()), indent=1, allow_nan=False) + "\n")


def _in_words(name: str) -> str:
    """A test's name as the sentence it is, with the case it was run on."""
    sentence, _, case = name.partition("[")
    words = sentence.removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:] + (f": {case.rstrip(']')}" if case else "")

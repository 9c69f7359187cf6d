"""Small files in memory, and the shortest way from one to a table or its problems."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from evaluations.datasets.ingest import load_table
from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.spec import Spec, parse_spec
from evaluations.stats.table import Table

PANEL_COLUMNS = {"unit": "school", "period": "year", "outcome": "score", "first_treated": "start"}


def panel_spec(estimator: str = "callaway_santanna", *, options: dict | None = None, **columns: object) -> Spec:
    return parse_spec({"estimator": estimator, "columns": {**PANEL_COLUMNS, **columns}, "options": options or {}})


def panel_text(rows: list[str] | None = None) -> str:
    rows = rows or ["a,2018,1.5,", "a,2019,2.5,", "b,2018,1,2019", "b,2019,4,2019"]
    return "school,year,score,start\n" + "\n".join(rows) + "\n"


def table_from(content: str | bytes, spec: Spec) -> Table:
    return load_table(io.BytesIO(content.encode() if isinstance(content, str) else content), spec)


def problems_of(content: str | bytes, spec: Spec) -> list[Issue]:
    with pytest.raises(BadInput) as caught:
        table_from(content, spec)
    return list(caught.value.issues)


@pytest.fixture
def spec() -> Spec:
    return panel_spec()


Reader = Callable[[str], Table]

"""A join of participation with outcomes on an opaque id, with its match report, beside DuckDB's bare join."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.contest import Contender, Contest


def files(n_participation: int, n_outcomes: int) -> tuple[pa.Table, pa.Table]:
    """Participation with one row an id, and outcomes in five periods of as many ids as that takes; 80 % are in both."""
    rng = np.random.default_rng(5)
    n_ids = n_outcomes // 5
    numbers = rng.permutation(4 * n_participation)
    known = [f"p{number:024d}" for number in numbers[:n_participation]]
    shared = min(int(0.8 * n_participation), n_ids)
    seen = [
        *known[:shared],
        *(f"p{number:024d}" for number in numbers[n_participation : n_participation + n_ids - shared]),
    ]
    participation = pa.table(
        {
            "opaque_id": known,
            "group": rng.choice(["treated", "comparison"], n_participation),
            "age": rng.normal(18, 2, n_participation),
            "start": rng.integers(2018, 2021, n_participation),
        }
    )
    outcomes = pa.table(
        {
            "opaque_id": np.repeat(np.array(seen, dtype=object), 5),
            "year": np.tile(np.arange(2017, 2022), n_ids),
            "earnings": rng.normal(15_000, 4_000, 5 * n_ids),
            "region": rng.choice(["North", "South", "East"], 5 * n_ids),
        }
    )
    order = rng.permutation(outcomes.num_rows)
    return participation, outcomes.take(pa.array(order))


def uplift(n_participation: int, n_outcomes: int) -> Callable[[], Any]:
    """Ours: ids checked, rows joined, the match report with its tests."""
    from evaluations.datasets.join_report import match_report
    from evaluations.datasets.joining import Choices, Side, joined_table, match_ids

    left, right = files(n_participation, n_outcomes)

    def work() -> list[float]:
        participation, outcomes = Side("Participation", left, "opaque_id"), Side("Outcomes", right, "opaque_id")
        matched = match_ids(participation, outcomes, Choices())
        report = match_report(participation, outcomes, matched, people=False)
        data = joined_table(participation, outcomes, matched, Choices())
        return [float(data.num_rows), float(report["sides"][0]["counts"]["matched"])]

    return work


def duckdb_join(n_participation: int, n_outcomes: int) -> Callable[[], Any]:
    """DuckDB joining the rows, without a check or a report."""
    import duckdb

    left, right = files(n_participation, n_outcomes)

    def work() -> list[float]:
        connection = duckdb.connect()
        connection.execute("SET threads = 2")
        connection.register("participation", left)
        connection.register("outcomes", right)
        table = connection.execute("SELECT * FROM outcomes LEFT JOIN participation USING (opaque_id)").to_arrow_table()
        return [float(table.num_rows)]

    return work


CONTESTS = (
    Contest(
        "join of 1,000,000 and 200,000 rows",
        "under 20 s and 2 GB",
        (
            Contender("uplift", "benchmarks.engine.joins:uplift"),
            Contender("DuckDB, the join alone", "benchmarks.engine.joins:duckdb_join"),
        ),
        {"n_participation": 200_000, "n_outcomes": 1_000_000},
        repeats=3,
    ),
)

"""Staggered effects from a Parquet file too large to hold, beside a scan of its columns by DuckDB."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.contest import Contender, Contest
from benchmarks.engine.staggered import panel
from evaluations.stats.registry import ignore_progress
from evaluations.stats.spec import parse_spec

UNITS_AT_A_TIME = 100_000
COLUMNS = {name: name for name in ("unit", "period", "outcome", "first_treated")}


def file_of(n_units: int) -> Path:
    """The panel as a Parquet file in row groups of a million rows; made once, kept among temporary files."""
    path = Path(tempfile.gettempdir()) / "uplift-benchmarks" / f"panel-{n_units}.parquet"
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    growing = path.with_suffix(".part")
    writer = None
    for start in range(0, n_units, UNITS_AT_A_TIME):
        frame = panel(min(UNITS_AT_A_TIME, n_units - start), seed=start)
        first = frame["first_treated"].to_numpy(np.int32)
        part = pa.table(
            {
                "unit": frame["unit"].to_numpy() + start,
                "period": frame["period"].to_numpy(np.int32),
                "outcome": frame["outcome"].to_numpy(),
                "first_treated": pa.array(first, mask=first == 0),
            }
        )
        writer = writer or pq.ParquetWriter(growing, part.schema)
        writer.write_table(part, row_group_size=1_000_000)
    if writer:
        writer.close()
    growing.rename(path)
    return path


def uplift(n_units: int) -> Callable[[], list[float]]:
    """Ours: every group-time effect with its covariance, the averages, tests and bands."""
    from evaluations.runs.streaming import streamed_result

    path, spec = file_of(n_units), parse_spec({"columns": COLUMNS, "options": {"sensitivity": []}})

    def work() -> list[float]:
        result = streamed_result(path, spec, tick=ignore_progress)
        return [result.estimates[0].value, result.estimates[0].std_error]

    return work


def duckdb_scan(n_units: int) -> Callable[[], list[float]]:
    """DuckDB adding up the four columns."""
    import duckdb

    path = file_of(n_units)

    def work() -> list[float]:
        connection = duckdb.connect()
        connection.execute("SET threads = 2")
        sums = ", ".join(f"sum({name})" for name in COLUMNS)
        row = connection.execute(f"SELECT {sums} FROM read_parquet(?)", [str(path)]).fetchone()
        return [float(value) for value in row]

    return work


CONTENDERS = (
    Contender("uplift", "benchmarks.engine.large_file:uplift"),
    Contender("DuckDB, sums of the columns", "benchmarks.engine.large_file:duckdb_scan"),
)
CONTESTS = (
    Contest("large file, 10,000,000 rows", "within 2 times the scan", CONTENDERS, {"n_units": 1_000_000}),
    Contest(
        "large file, 100,000,000 rows",
        "within 2 times the scan, under 1.5 GB",
        CONTENDERS,
        {"n_units": 10_000_000},
        repeats=3,
        is_long=True,
    ),
)

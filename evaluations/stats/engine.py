"""The one way in: a checked table and a design, to a result or a refusal."""

from __future__ import annotations

from evaluations.stats.assessment import assess
from evaluations.stats.issues import NotEstimable
from evaluations.stats.registry import Tick, estimator, ignore_progress, runs_of
from evaluations.stats.results import Result, Sample, refused
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table

ENGINE_VERSION = "0.1.0"


def analyse(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The result of `spec` on `table`. A question the data cannot answer gives a refused result."""
    try:
        result = estimator(spec)(table, spec, tick=tick)
        tick("Checking the result", 0.9)
        return assess(table, spec, result, runs_of(spec.method))
    except NotEstimable as reason:
        return refused(reason, Sample(table.rows_read, table.n_rows, table.dropped))

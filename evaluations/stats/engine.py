"""The one way in: a checked table and a design, to a result or a refusal."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from evaluations.stats.assessment import assess, assess_alone
from evaluations.stats.callaway_santanna.streamed import PanelMoments, result_of_moments
from evaluations.stats.issues import NotEstimable
from evaluations.stats.registry import Tick, estimator, ignore_progress, runs_of
from evaluations.stats.results import Result, Sample, refused
from evaluations.stats.spec import Spec
from evaluations.stats.subgroups import units_within_subgroups, with_subgroups
from evaluations.stats.table import Table

ENGINE_VERSION = "0.1.0"


def analyse(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The result of `spec` on `table`. A question the data cannot answer gives a refused result."""
    try:
        with one_thread_for_products():
            result = estimated(table, spec, tick=tick)
            tick("Checking the result", 0.9)
            return assess(units_within_subgroups(table), spec, result, runs_of(spec.method))
    except NotEstimable as reason:
        return refused(reason, Sample(table.rows_read, table.n_rows, table.dropped))


def analyse_moments(found: PanelMoments, labels: Table, spec: Spec, *, rows_read: int) -> Result:
    """The result on a whole panel of which only the cohorts' moments are there (see `streamed`)."""
    try:
        with one_thread_for_products():
            result = result_of_moments(found, labels, spec, rows_read=rows_read)
            return assess_alone(spec, result, n_rows=rows_read)
    except NotEstimable as reason:
        return refused(reason, Sample(rows_read, rows_read))


def estimated(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The estimates alone, subgroups included. Raises `NotEstimable`."""
    run, table = estimator(spec), units_within_subgroups(table)
    with one_thread_for_products():
        result = run(table, spec, tick=tick)
        return with_subgroups(result, table, lambda part: run(part, spec, tick=ignore_progress))


def one_thread_for_products() -> threadpool_limits:
    """A context in which a matrix product runs on one thread: its digits may depend on how many share it.

    Estimators run blocks on several threads instead, which changes no digit.
    """
    return threadpool_limits(limits=1, user_api="blas")

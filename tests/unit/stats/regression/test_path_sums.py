"""Sums by start: they add up over blocks, and give the regression that the rows give."""

import numpy as np
import pytest

from evaluations.stats.panel import panel_from_table
from evaluations.stats.regression.errors import Clusters, clustered_errors
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.regression.path_sums import path_of, path_sums
from evaluations.stats.regression.paths import event_time_paths, fit_paths
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table

N_UNITS, N_PERIODS = 60, 7


def table(*, weighted: bool, clustered: bool, level: float = 0.0) -> Table:
    rng = np.random.default_rng(8)
    unit, period = np.repeat(np.arange(N_UNITS), N_PERIODS), np.tile(np.arange(N_PERIODS), N_UNITS)
    starts = rng.choice([2, 4, 5, NEVER_TREATED], N_UNITS).astype(np.int32)
    codes = np.where(starts == NEVER_TREATED, -1, np.searchsorted([2, 4, 5], starts)).astype(np.int32)
    outcome = rng.normal(size=N_UNITS)[unit] * 10 + rng.normal(size=len(unit)) + (period >= starts[unit]) + level
    return Table(
        outcome=outcome,
        rows_read=len(unit),
        unit=Coded(unit.astype(np.int32), tuple(range(N_UNITS))),
        period=Coded(period.astype(np.int32), tuple(range(N_PERIODS))),
        cohorts=Cohorts(starts[unit], codes[unit], (2, 4, 5)),
        weight=rng.uniform(0.5, 3, N_UNITS)[unit] if weighted else None,
        cluster=Coded((unit // 4).astype(np.int32), tuple(range(15))) if clustered else None,
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clustered", [False, True])
def test_sums_give_the_fit_and_errors_of_the_rows(weighted, clustered):
    data = table(weighted=weighted, clustered=clustered)
    paths = event_time_paths(N_PERIODS, np.array([-4, -3, -2, 0, 1, 2, 3, 4]))
    by_sums = fit_paths(panel_from_table(data), paths)
    x = paths[path_of(data.cohorts.starts, N_PERIODS), data.period.codes]
    effects = [Effect(data.unit.codes, N_UNITS), Effect(data.period.codes, N_PERIODS)]
    by_rows = fit(data.outcome, x, effects, weights=data.weight)
    groups = data.cluster or data.unit
    errors = clustered_errors(by_rows, Clusters(groups.codes, groups.n_labels))
    assert by_sums.kept.tolist() == by_rows.kept.tolist()
    assert by_sums.coefficients == pytest.approx(by_rows.coefficients, abs=1e-11)
    assert by_sums.errors.covariance == pytest.approx(errors.covariance, rel=1e-9, abs=1e-14)
    if clustered:
        assert by_sums.errors.influence == pytest.approx(errors.influence, abs=1e-11)


def test_sums_of_parts_add_up_to_the_sums_of_the_whole():
    panel = panel_from_table(table(weighted=True, clustered=False))
    centre = np.zeros(N_PERIODS)
    whole = path_sums(panel, centre)
    parts = [path_sums(panel.keep(slice(start, start + 20)), centre) for start in (0, 20, 40)]
    added = parts[0] + parts[1] + parts[2]
    for name in ("counts", "weights", "outcomes", "moments"):
        assert getattr(added, name) == pytest.approx(getattr(whole, name), rel=1e-12, abs=1e-12)


def test_threads_change_no_digit():
    panel = panel_from_table(table(weighted=False, clustered=False))
    one, two = path_sums(panel, np.zeros(N_PERIODS)), path_sums(panel, np.zeros(N_PERIODS), workers=2)
    assert (one.moments == two.moments).all()
    assert (one.outcomes == two.outcomes).all()


def test_a_level_a_million_times_the_noise_costs_few_digits():
    paths = event_time_paths(N_PERIODS, np.array([-2, 0, 1, 2]))
    plain = fit_paths(panel_from_table(table(weighted=False, clustered=False)), paths)
    raised = fit_paths(panel_from_table(table(weighted=False, clustered=False, level=1e6)), paths)
    assert raised.coefficients == pytest.approx(plain.coefficients, abs=1e-8)
    assert raised.errors.covariance == pytest.approx(plain.errors.covariance, rel=1e-7)


def test_outcomes_without_noise_are_left_to_the_rows():
    data = table(weighted=False, clustered=False)
    exact = Table(
        **{
            **{name: getattr(data, name) for name in ("rows_read", "unit", "period", "cohorts")},
            "outcome": data.unit.codes * 1.0 + (data.period.codes >= data.cohorts.starts),
        }
    )
    assert fit_paths(panel_from_table(exact), event_time_paths(N_PERIODS, np.arange(5))).is_rounding

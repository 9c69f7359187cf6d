"""Many coefficients on many rows by cells: the estimates and errors of a column for each coefficient."""

import numpy as np
import pytest

from evaluations.stats.engine import estimated
from evaluations.stats.regression import path_model
from tests.engine_inputs import PANEL, panel_frame, spec_of, table_of

STARTS = ([3.0] * 9 + [4.0] * 8 + [6.0] * 7 + [float("nan")] * 12) * 2


def with_holes(estimator: str, **roles):
    """A panel of 72 units by 7 periods with a seventh of its rows gone, in 36 clusters, with weights."""
    frame = panel_frame(STARTS, n_periods=7, effect=1.0, noise=1.0, seed=4)
    frame["area"], frame["weight"] = frame["unit"].rank(method="dense") // 2, 1.0 + frame["unit"].rank() % 3
    gone = np.random.default_rng(5).random(len(frame)) < 1 / 7
    spec = spec_of(estimator, PANEL | roles)
    return table_of(frame[~gone], spec), spec


def numbers(result) -> list[float]:
    found = [*result.estimates, *result.event_study, *(result.by_cohort or ())]
    return [number for each in found for number in (each.value, each.std_error, each.ci_lower)]


@pytest.mark.parametrize("estimator", ["twfe", "event_study", "sun_abraham"])
@pytest.mark.parametrize("roles", [{}, {"cluster": "area"}, {"weight": "weight"}])
def test_cells_say_what_columns_say(monkeypatch, estimator, roles):
    if "weight" in roles:
        roles = {"weight": "weight", "cluster": "area"}
    table, spec = with_holes(estimator, **roles)
    by_columns = estimated(table, spec)
    monkeypatch.setattr(path_model, "MOST_ENTRIES", 0)
    monkeypatch.setattr(path_model, "rows_model", None)
    by_cells = estimated(table, spec)
    assert numbers(by_cells) == pytest.approx(numbers(by_columns), rel=1e-9, abs=1e-11)
    assert by_cells.sample == by_columns.sample
    assert [d.statistic for d in by_cells.diagnostics] == pytest.approx(
        [d.statistic for d in by_columns.diagnostics], rel=1e-8
    )


def test_what_cells_cannot_say_is_left_to_columns(monkeypatch):
    monkeypatch.setattr(path_model, "MOST_ENTRIES", 0)
    monkeypatch.setattr(path_model, "fit_cells", None)
    table, _ = with_holes("twfe")
    for options in ({"std_errors": "classical"}, {"unit_trends": True}, {"inference": "wild"}):
        assert estimated(table, spec_of("twfe", PANEL, **options)).estimates[0].value is not None

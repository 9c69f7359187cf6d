"""The long table laid out wide, and what it refuses."""

import numpy as np
import pytest

from evaluations.stats.issues import BadInput, NotEstimable
from evaluations.stats.panel import panel_from_table
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table


def coded(codes, labels) -> Coded:
    return Coded(np.array(codes, dtype=np.int32), tuple(labels))


def table(**changes) -> Table:
    """Two units in three periods; the first is treated in the last period."""
    parts = {
        "outcome": np.array([1.0, 2.0, 3.0, 10.0, 20.0, 30.0]),
        "rows_read": 6,
        "unit": coded([0, 0, 0, 1, 1, 1], ["a", "b"]),
        "period": coded([0, 1, 2, 0, 1, 2], [2001, 2002, 2004]),
        "cohorts": Cohorts(
            np.array([2, 2, 2, *[NEVER_TREATED] * 3], np.int32), np.array([0] * 3 + [-1] * 3, np.int32), (2004,)
        ),
    }
    return Table(**{**parts, **changes})


def test_a_panel_has_a_row_for_each_unit_and_a_column_for_each_period():
    panel = panel_from_table(table())
    assert panel.outcome.tolist() == [[1, 2, 3], [10, 20, 30]]
    assert panel.starts.tolist() == [2, NEVER_TREATED]
    assert panel.is_balanced
    assert [(c.cohort, c.n_units) for c in panel.cohort_counts()] == [(2004, 1), (None, 1)]


def test_a_missing_unit_period_is_a_hole_not_a_number():
    whole = table()
    kept = np.array([0, 1, 2, 3, 5])
    short = Table(
        outcome=whole.outcome[kept],
        rows_read=6,
        unit=Coded(whole.unit.codes[kept], whole.unit.labels),
        period=Coded(whole.period.codes[kept], whole.period.labels),
    )
    panel = panel_from_table(short)
    assert np.isnan(panel.outcome[1, 1])
    assert panel.n_rows == 5
    assert not panel.is_balanced


def test_rows_in_another_order_give_the_same_panel():
    whole, order = table(), np.array([5, 0, 3, 2, 4, 1])
    shuffled = Table(
        outcome=whole.outcome[order],
        rows_read=6,
        unit=Coded(whole.unit.codes[order], whole.unit.labels),
        period=Coded(whole.period.codes[order], whole.period.labels),
        cohorts=Cohorts(whole.cohorts.starts[order], whole.cohorts.codes[order], whole.cohorts.labels),
    )
    first, second = panel_from_table(whole), panel_from_table(shuffled)
    assert (first.outcome == second.outcome).all()
    assert (first.starts == second.starts).all()


def test_covariates_are_kept_once_for_a_unit_where_they_never_change():
    constant = np.array([[1.0], [1], [1], [2], [2], [2]])
    varying = np.arange(6.0)[:, None]
    assert panel_from_table(table(covariates=constant)).covariates.tolist() == [[1], [2]]
    panel = panel_from_table(table(covariates=varying))
    assert panel.covariates_vary
    assert panel.covariates_at(1).tolist() == [[1], [4]]


def test_clusters_are_the_units_unless_a_column_says_otherwise():
    assert panel_from_table(table()).n_clusters == 2
    panel = panel_from_table(table(cluster=coded([0] * 6, ["north"])))
    assert panel.n_clusters == 1
    assert panel.is_clustered_above_unit


def test_units_of_weight_zero_are_dropped_and_counted():
    panel = panel_from_table(table(weight=np.array([1.0, 1, 1, 0, 0, 0])))
    assert panel.n_units == 1
    assert [(d.reason, d.rows, d.units) for d in panel.dropped] == [("weight_zero", 3, 1)]


def test_a_unit_twice_in_a_period_is_bad_input():
    with pytest.raises(BadInput) as caught:
        panel_from_table(table(period=coded([0, 0, 2, 0, 1, 2], [2001, 2002, 2004])))
    assert caught.value.issues[0].code == "unit_period_repeated"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weight": np.array([1.0, 2, 1, 1, 1, 1])}, "weight_varies"),
        (
            {
                "cohorts": Cohorts(
                    np.array([1, 2, 2, 9, 9, 9], np.int32), np.array([0, 1, 1, -1, -1, -1], np.int32), (2002, 2004)
                )
            },
            "first_treated_varies",
        ),
    ],
)
def test_what_must_be_constant_within_a_unit_is_checked(changes, code):
    with pytest.raises(BadInput) as caught:
        panel_from_table(table(**changes))
    assert caught.value.issues[0].code == code


def test_a_unit_that_moves_between_clusters_is_refused():
    with pytest.raises(NotEstimable) as caught:
        panel_from_table(table(cluster=coded([0, 1, 0, 1, 1, 1], ["north", "south"])))
    assert caught.value.code == "cluster_varies"


def test_no_rows_and_one_period_are_refused():
    empty = Table(outcome=np.zeros(0), rows_read=0, unit=coded([], []), period=coded([], []))
    with pytest.raises(NotEstimable, match="no rows"):
        panel_from_table(empty)
    one = Table(outcome=np.ones(2), rows_read=2, unit=coded([0, 1], "ab"), period=coded([0, 0], [2001]))
    with pytest.raises(NotEstimable) as caught:
        panel_from_table(one)
    assert caught.value.code == "one_period"

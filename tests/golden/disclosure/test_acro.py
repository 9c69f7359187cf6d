"""The same small cells and the same models as `acro`, whose answers were typed in from a run of it.

Origin: acro 1.0.2 with pandas 2.3.3 and statsmodels 0.15.0 in an environment of its own, its default configuration
(safe_threshold 10, zeros_are_disclosive true, safe_dof_threshold 10) with suppression on. Tables: `ACRO.crosstab` of
one row for each person; 1 where it put NaN. Models: `ACRO.ols` of n rows on a constant and k columns, and its
MinimumDoFCheck.
"""

import pytest

from evaluations.disclosure.policy import PRESET
from evaluations.disclosure.results import residual_df
from evaluations.disclosure.tables import Count

TABLES = [
    ([[3, 12], [9, 10], [11, 40]], [[1, 0], [1, 0], [0, 0]]),
    ([[0, 25, 14], [9, 10, 11], [120, 1, 63]], [[1, 0, 0], [1, 0, 0], [0, 1, 0]]),
    (
        [[34, 8, 19], [12, 15, 10], [41, 9, 30], [5, 22, 13]],
        [[0, 1, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]],
    ),
]
MODELS = [(13, 2, 10, True), (13, 1, 11, True), (12, 1, 10, True), (11, 1, 9, False), (20, 9, 10, True)]


@pytest.mark.parametrize(("counts", "suppressed"), TABLES)
def test_the_cells_that_are_small_are_those_acro_suppresses(counts, suppressed):
    found = [[int(Count("cell", value).is_small(PRESET)) for value in row] for row in counts]
    assert found == suppressed


@pytest.mark.parametrize(("n", "k", "df", "passes"), MODELS)
def test_a_model_acro_refuses_for_its_degrees_of_freedom_does_not_leave(n, k, df, passes):
    assert (df >= PRESET.min_residual_df) is passes
    counted = residual_df({"n_obs": n, "n_units": n}, covariates=k)
    assert counted <= df  # counted low: a constant, two groups, two times, then the covariates
    assert passes or counted < PRESET.min_residual_df

"""Printed rows of reference software and of Card and Krueger (1994), tables 3 and 4, through the engine."""

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.regression.errors import classical_errors
from evaluations.stats.regression.least_squares import fit

MPDTA = {"unit": "countyreal", "period": "year", "outcome": "lemp", "first_treated": "first.treat"}
BASE_DID = {"unit": "id", "period": "period", "outcome": "y", "covariates": ["x1"]}
STATES = {"PA": 0, "NJ": 1}


def assert_printed(ours: float, printed: tuple[float, float]) -> None:
    value, tolerance = printed
    assert ours == pytest.approx(value, abs=tolerance)


@pytest.fixture
def stores(shared_data) -> pd.DataFrame:
    """A row for each restaurant, with its full-time equivalent employment before (FTE) and after (FTE2)."""
    return pd.read_csv(shared_data / "reference" / "card_krueger.csv")


def mean_and_error(column: pd.Series) -> tuple[float, float]:
    """A mean is the regression on a constant; its error is the classical one."""
    known = column.dropna().to_numpy(float)
    found = fit(known, np.ones((len(known), 1)), [])
    return float(found.coefficients[0]), float(np.sqrt(classical_errors(found).covariance[0, 0]))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("wave", "column"), [("before", "FTE"), ("after", "FTE2")])
def test_mean_employment_is_card_and_kruegers_table_3(stores, expected, state, wave, column):
    mean, error = mean_and_error(stores[column][STATES[state] == stores.STATE])
    assert_printed(mean, expected("card_krueger", "FTE = full-time", f"{state} {wave} mean"))
    assert_printed(error, expected("card_krueger", "FTE = full-time", f"{state} {wave} mean SE"))


@pytest.mark.parametrize("state", STATES)
def test_mean_changes_are_card_and_kruegers_table_3(stores, expected, state):
    change = (stores.FTE2 - stores.FTE)[STATES[state] == stores.STATE]
    mean, error = mean_and_error(change)
    specification = "balanced sample" if state == "NJ" else "balanced"
    assert_printed(mean, expected("card_krueger", specification, f"{state} change"))
    assert_printed(error, expected("card_krueger", "balanced", f"{state} change SE"))


@pytest.fixture
def changes(stores) -> pd.DataFrame:
    """The sample of table 4: employment and starting wage in both waves; stores closed for good employ nobody."""
    closed = stores.STATUS2 == 3
    stores = stores.assign(FTE2=stores.FTE2.where(~closed, 0.0))
    kept = stores.FTE.notna() & stores.FTE2.notna() & stores.WAGE_ST.notna() & (stores.WAGE_ST2.notna() | closed)
    stores = stores[kept]
    short = (stores.STATE == 1) & (stores.WAGE_ST < 5.05)
    gap = np.where(short, (5.05 - stores.WAGE_ST) / stores.WAGE_ST, 0.0)
    chains = {f"chain_{kind}": (kind == stores.CHAIN).astype(float) for kind in (2, 3, 4)}
    return stores.assign(change=stores.FTE2 - stores.FTE, gap=gap, **chains)


def test_changes_in_employment_are_card_and_kruegers_table_4(changes, analysed, expected):
    columns = {"outcome": "change", "treated": "STATE"}
    controls = {"covariates": ["chain_2", "chain_3", "chain_4", "CO_OWNED"]}
    plain = analysed(changes, "twfe", columns, std_errors="classical").estimates[0]
    adjusted = analysed(changes, "twfe", {**columns, **controls}, std_errors="classical").estimates[0]
    by_gap = analysed(changes, "twfe", {**columns, "treated": "gap"}, std_errors="classical").estimates[0]
    for found, specification, name in (
        (plain, "OLS change in FTE ~ NJ", "NJ"),
        (adjusted, "+ 3 chain dummies", "NJ"),
        (by_gap, "OLS change in FTE ~ initial wage gap", "gap"),
    ):
        assert_printed(found.value, expected("card_krueger", specification, f"{name} coef"))
        assert_printed(found.std_error, expected("card_krueger", specification, f"{name} SE"))
    assert_printed(plain.n_obs, expected("card_krueger", "OLS change in FTE ~ NJ", "n"))


def test_two_way_effects_on_the_counties_are_the_printed_ones(reference_frame, analysed, expected):
    found = analysed(reference_frame("reference/mpdta.csv"), "twfe", MPDTA).estimates[0]
    assert_printed(found.value, expected("mpdta", "TWFE lemp ~ post", "TWFE"))
    assert_printed(found.std_error, expected("mpdta", "TWFE lemp ~ post", "SE"))


def test_the_event_study_of_fixests_walkthrough_is_the_printed_one(reference_frame, analysed, expected):
    frame = reference_frame("reference/base_did.csv")
    frame["first_treated"] = np.where(frame.treat == 1, 6, np.nan)
    study = analysed(frame, "event_study", {**BASE_DID, "first_treated": "first_treated"}).event_study
    assert len(study) == 9
    for effect in study:
        name = f"period::{effect.event_time + 6}:treat"
        assert_printed(effect.value, expected("base_did", "y ~ x1 + i(period", name))
        assert_printed(effect.std_error, expected("base_did", "y ~ x1 + i(period", f"SE {name}"))


def test_the_two_way_regression_of_fixests_data_is_the_printed_one(reference_frame, analysed, expected):
    frame = reference_frame("reference/base_did.csv")
    found = analysed(frame, "twfe", {**BASE_DID, "treated": "treat", "post": "post"}).estimates[0]
    assert_printed(found.value, expected("base_did", "TWFE y ~ x1 + treat:post", "coef"))
    assert_printed(found.std_error, expected("base_did", "TWFE y ~ x1 + treat:post", "SE"))

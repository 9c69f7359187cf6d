"""Sun-Abraham against R fixest 0.14.2, imputation against R didimputation, and the fully interacted regression."""

import csv

import numpy as np
import pandas as pd
import pytest

from evaluations.datasets.ingest import load_table
from evaluations.stats import imputation
from evaluations.stats.panel import panel_from_table
from evaluations.stats.regression.errors import classical_errors
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.regression.paths import cell_paths, fit_paths
from evaluations.stats.spec import parse_spec
from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table

EXACT = 1e-8  # the tolerance the reference states
MPDTA = {"unit": "countyreal", "period": "year", "outcome": "lemp", "first_treated": "first.treat"}
STAGGERED = {"unit": "id", "period": "year", "outcome": "y", "first_treated": "year_treated", "covariates": ["x1"]}
TIMES_1_96 = 1.96  # R didimputation multiplies its errors by 1.96, not by the normal quantile


def values(effects):
    return [effect.value for effect in effects]


def errors(effects):
    return [effect.std_error for effect in effects]


def test_sun_abraham_agrees_with_fixest_on_mpdta(reference_frame, cases, analysed):
    result = analysed(reference_frame("oracle/mpdta.csv"), "sun_abraham", MPDTA)
    expected, overall = cases["sunab_mpdta"]["expected"], cases["sunab_mpdta_att"]["expected"]
    assert [f"year::{e.event_time}" for e in result.event_study] == expected["names"]
    assert values(result.event_study) == pytest.approx(expected["coef"], abs=EXACT)
    assert errors(result.event_study) == pytest.approx(expected["se"], abs=EXACT)
    assert result.estimates[0].value == pytest.approx(overall["coef"], abs=EXACT)
    assert result.estimates[0].std_error == pytest.approx(overall["se"], abs=EXACT)


def test_sun_abraham_with_a_covariate_agrees_with_fixest(reference_frame, cases, analysed):
    result = analysed(reference_frame("oracle/base_stagg.csv"), "sun_abraham", STAGGERED, std_errors="classical")
    expected, overall = cases["sunab_stagg"]["expected"], cases["sunab_stagg_att"]["expected"]
    assert values(result.event_study) == pytest.approx(expected["coef"][1:], abs=EXACT)
    assert errors(result.event_study) == pytest.approx(expected["se"][1:], abs=EXACT)
    assert result.estimates[0].value == pytest.approx(overall["coef"][1], abs=EXACT)
    assert result.estimates[0].std_error == pytest.approx(overall["se"][1], abs=EXACT)


def test_the_covariates_own_coefficient_agrees_with_fixest(reference_frame, cases):
    """Results give the effects of treatment only; the covariate's coefficient is from the same regression."""
    frame = reference_frame("oracle/base_stagg.csv")
    times = [(g, t) for g in sorted(frame.year_treated.dropna().unique()) for t in range(1, 11) if t != g - 1]
    cells = [(frame.year_treated == g) & (frame.year == t) for g, t in times]
    effects = [Effect(coded(column).codes, column.nunique()) for column in (frame.id, frame.year)]
    found = fit(frame.y.to_numpy(), np.column_stack([frame.x1, *cells]).astype(float), effects)
    error = np.sqrt(classical_errors(found).covariance[0, 0])
    for case in ("sunab_stagg", "sunab_stagg_att"):
        assert found.coefficients[0] == pytest.approx(cases[case]["expected"]["coef"][0], abs=EXACT)
        assert error == pytest.approx(cases[case]["expected"]["se"][0], abs=EXACT)


def test_sun_abraham_agrees_with_every_published_row(reference_frame, shared_data, analysed):
    frame = reference_frame("reference/base_stagg.csv")
    clustered = analysed(frame, "sun_abraham", STAGGERED)
    classical = analysed(frame, "sun_abraham", STAGGERED, std_errors="classical")
    found = {
        "ATT": clustered.estimates[0].value,
        "SE ATT": clustered.estimates[0].std_error,
        "SE ATT iid": classical.estimates[0].std_error,
    }
    for effect in clustered.event_study:
        found[f"year::{effect.event_time}"] = effect.value
        found[f"SE year::{effect.event_time}"] = effect.std_error
    with (shared_data / "reference" / "EXPECTED.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == "base_stagg"]
    published = [row for row in rows if row["spec in words"].startswith("Sun-Abraham")]
    assert len(published) == 29
    for row in published:
        assert found[row["quantity"]] == pytest.approx(float(row["value"]), abs=float(row["tolerance"])), row[
            "quantity"
        ]


def test_imputation_agrees_with_didimputation(reference_frame, cases, analysed):
    result = analysed(reference_frame("oracle/mpdta.csv"), "imputation", MPDTA)
    expected = cases["fix|bjs_mpdta"]["expected"]
    headline = result.estimates[0]
    assert headline.value == pytest.approx(expected["estimate"], abs=EXACT)
    assert headline.std_error == pytest.approx(expected["std.error"], abs=EXACT)
    reach = TIMES_1_96 * headline.std_error
    assert headline.value - reach == pytest.approx(expected["conf.low"], abs=EXACT)
    assert headline.value + reach == pytest.approx(expected["conf.high"], abs=EXACT)


def test_imputation_by_event_time_agrees_with_didimputation(reference_frame, cases, analysed):
    expected = cases["fix|bjs_mpdta_es"]["expected"]
    result = analysed(reference_frame("oracle/mpdta.csv"), "imputation", MPDTA)
    after = [effect for effect in result.event_study if effect.event_time >= 0]
    assert [str(effect.event_time) for effect in after] == expected["term"]
    assert values(after) == pytest.approx(expected["estimate"], abs=EXACT)
    assert errors(after) == pytest.approx(expected["std.error"], abs=EXACT)
    for effect, low, high in zip(after, expected["conf.low"], expected["conf.high"], strict=True):
        reach = TIMES_1_96 * effect.std_error
        assert (effect.value - reach, effect.value + reach) == pytest.approx((low, high), abs=EXACT)


@pytest.mark.parametrize(
    ("case", "file", "columns"),
    [
        ("fix|did2s_mpdta", "oracle/mpdta.csv", MPDTA),
        ("fix|did2s_stagg", "oracle/base_stagg.csv", {k: v for k, v in STAGGERED.items() if k != "covariates"}),
    ],
)
def test_two_stage_estimates_are_the_imputation_estimates(reference_frame, cases, analysed, case, file, columns):
    """Gardner's two-stage point estimate is the imputation one; its own standard error is not offered."""
    result = analysed(reference_frame(file), "imputation", columns)
    assert result.estimates[0].value == pytest.approx(cases[case]["expected"]["coef"], abs=EXACT)


def test_the_two_stage_vignettes_estimate(reference_frame):
    """Its first stage has effects of states, within which units are treated at different dates."""
    frame = reference_frame("reference/did2s_df_het.csv.gz")
    states, years = coded(frame.state), coded(frame.year)
    first = frame.g.where(frame.g > 0)
    starts = np.where(first.isna(), NEVER_TREATED, first.fillna(0) - frame.year.min()).astype(np.int32)
    labels = tuple(sorted(first.dropna().unique().tolist()))
    codes = np.where(first.isna(), -1, np.searchsorted(labels, first.fillna(labels[0]))).astype(np.int32)
    table = Table(
        frame.dep_var.to_numpy(), len(frame), unit=states, period=years, cohorts=Cohorts(starts, codes, labels)
    )
    columns = {"unit": "state", "period": "year", "outcome": "dep_var", "first_treated": "g"}
    spec = parse_spec({"estimator": "imputation", "columns": columns, "options": {"panel": False}})
    assert imputation.estimate(table, spec).estimates[0].value == pytest.approx(2.152, abs=0.0006)


def coded(column: pd.Series) -> Coded:
    codes, labels = pd.factorize(column, sort=True)
    return Coded(codes.astype(np.int32), tuple(labels.tolist()))


def test_the_fully_interacted_regression_agrees_with_fixest(reference_frame, cases, tmp_path):
    """Every cohort in every treated period has its own coefficient (Wooldridge's extended two-way regression)."""
    expected, simple = cases["fix|etwfe_mpdta"]["expected"], cases["fix|etwfe_mpdta_simple"]["expected"]
    reference_frame("oracle/mpdta.csv").to_csv(tmp_path / "mpdta.csv", index=False)
    panel = panel_from_table(load_table(tmp_path / "mpdta.csv", parse_spec({"estimator": "twfe", "columns": MPDTA})))
    cells = [(g, t) for g in (1, 3, 4) for t in range(g, 5)]
    names = [f"cell::{2003 + g}_{2003 + t}" for g, t in cells]
    starts, periods = np.array(cells).T
    found = fit_paths(panel, cell_paths(5, starts, periods))
    assert names == expected["names"]
    assert found.coefficients == pytest.approx(expected["coef"], abs=EXACT)
    assert found.errors.covariance == pytest.approx(np.array(expected["vcov"]), abs=EXACT)
    assert np.sqrt(np.diag(found.errors.covariance)) == pytest.approx(expected["se"], abs=EXACT)
    weights = found.sums.weights[starts] / found.sums.weights[starts].sum()
    assert weights @ found.coefficients == pytest.approx(simple["att"], abs=EXACT)
    assert np.sqrt(weights @ found.errors.covariance @ weights) == pytest.approx(simple["se"], abs=EXACT)

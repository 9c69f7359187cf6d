"""Two-way fixed effects and event studies against R fixest 0.14.2 and clubSandwich 0.5.8, and published tables."""

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.regression.errors import Clusters, classical_errors, clustered_errors, hc1_errors
from evaluations.stats.regression.few_clusters import bias_reduced_errors
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.uncertainty import two_sided_p

EXACT = 1e-8  # the tolerance the reference states
MPDTA = {"unit": "countyreal", "period": "year", "outcome": "lemp", "first_treated": "first.treat"}
BASE_DID = {"unit": "id", "period": "period", "outcome": "y", "treated": "treat", "post": "post"}
CASTLE = {"unit": "sid", "period": "year", "outcome": "l_homicide", "treated": "post"}
LPOP_BY_YEAR = ["lpop_2003", "lpop_2004", "lpop_2005", "lpop_2006"]


@pytest.fixture
def mpdta(reference_frame):
    frame = reference_frame("oracle/mpdta.csv")
    for year in (2003, 2004, 2005, 2006):
        frame[f"lpop_{year}"] = frame.lpop * (frame.year == year)
    return frame.assign(state=frame.countyreal // 1000, population=np.exp(frame.lpop))


def levels(column: pd.Series) -> tuple[np.ndarray, int]:
    codes, labels = pd.factorize(column, sort=True)
    return codes.astype(np.int32), len(labels)


def effect(column: pd.Series) -> Effect:
    return Effect(*levels(column))


def assert_headline(result, expected, position=0):
    headline = result.estimates[0]
    assert headline.value == pytest.approx(np.atleast_1d(expected["coef"])[position], abs=EXACT)
    assert headline.std_error == pytest.approx(np.atleast_1d(expected["se"])[position], abs=EXACT)
    if "p" in expected:
        assert headline.p_value == pytest.approx(np.atleast_1d(expected["p"])[position], abs=EXACT)
    if "n" in expected:
        assert headline.n_obs == pytest.approx(expected["n"], abs=0)


@pytest.mark.parametrize(
    ("case", "columns", "options"),
    [
        ("twfe_mpdta_cl", {}, {}),
        ("twfe_mpdta_iid", {}, {"std_errors": "classical"}),
        ("twfe_mpdta_hc1", {}, {"std_errors": "hc1"}),
        ("twfe_mpdta_statecl", {"cluster": "state"}, {}),
        ("twfe_mpdta_w", {"weight": "population"}, {}),
        ("twfe_mpdta_lpopyear", {"covariates": LPOP_BY_YEAR}, {}),
    ],
)
def test_mpdta_agrees_with_fixest(mpdta, cases, analysed, case, columns, options):
    assert_headline(analysed(mpdta, "twfe", {**MPDTA, **columns}, **options), cases[case]["expected"])


def test_every_coefficient_agrees_with_fixest_with_covariates_by_year(mpdta, cases):
    expected = cases["twfe_mpdta_lpopyear"]["expected"]
    treated = (mpdta.year >= mpdta["first.treat"]).astype(float)
    columns = np.column_stack([treated, mpdta[LPOP_BY_YEAR]])
    found = fit(mpdta.lemp.to_numpy(), columns, [effect(mpdta.countyreal), effect(mpdta.year)])
    errors = clustered_errors(found, Clusters(*levels(mpdta.countyreal)))
    assert_every_coefficient(found, errors, expected)


def test_errors_without_small_sample_factors_agree_with_fixest(mpdta, cases):
    expected = cases["twfe_mpdta_nossc"]["expected"]
    treated = (mpdta.year >= mpdta["first.treat"]).to_numpy(float)[:, None]
    found = fit(mpdta.lemp.to_numpy(), treated, [effect(mpdta.countyreal), effect(mpdta.year)])
    clusters = Clusters(*levels(mpdta.countyreal))
    error = np.sqrt(clustered_errors(found, clusters, small_sample=False).covariance[0, 0])
    assert error == pytest.approx(expected["se"], abs=EXACT)
    assert two_sided_p(found.coefficients[0] / error, 499) == pytest.approx(expected["p"], abs=EXACT)
    assert found.coefficients[0] == pytest.approx(expected["coef"], abs=EXACT)
    assert found.n_obs == pytest.approx(expected["n"], abs=0)


def test_a_column_of_treatment_agrees_with_fixest_on_the_castle_panel(reference_frame, cases, analysed):
    frame = reference_frame("oracle/bacon_castle.csv")
    assert_headline(analysed(frame, "twfe", CASTLE), cases["twfe_castle"]["expected"])
    assert analysed(frame, "twfe", CASTLE).estimates[0].value == pytest.approx(
        cases["bacon_castle_twfe"]["expected"], abs=EXACT
    )


def test_treated_times_post_agrees_with_fixest(reference_frame, cases, analysed):
    frame = reference_frame("oracle/base_did.csv")
    assert_headline(analysed(frame, "twfe", BASE_DID), cases["fix|did_fe_base_did"]["expected"])
    with_x1 = analysed(frame, "twfe", {**BASE_DID, "covariates": ["x1"]})
    expected = cases["did_base_did"]["expected"]  # names the untreated group's coefficient: the sign is the other's
    assert with_x1.estimates[0].value == pytest.approx(-expected["coef"][0], abs=EXACT)
    assert with_x1.estimates[0].std_error == pytest.approx(expected["se"][0], abs=EXACT)


@pytest.mark.parametrize("kind", ["cl", "hc1", "iid"])
def test_the_pooled_regression_agrees_with_fixest(reference_frame, cases, kind):
    frame = reference_frame("oracle/base_did.csv")
    expected = cases[f"did2x2_base_did_{kind}"]["expected"]
    found = fit(frame.y.to_numpy(), _two_by_two(frame), [])
    errors = {
        "cl": lambda: clustered_errors(found, Clusters(*levels(frame.id))),
        "hc1": lambda: hc1_errors(found),
        "iid": lambda: classical_errors(found),
    }[kind]()
    assert_every_coefficient(found, errors, expected)


def _two_by_two(frame: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(frame)), frame.treat, frame.post, frame.treat * frame.post]).astype(float)


def assert_every_coefficient(found, errors, expected):
    std_errors = np.sqrt(np.diag(errors.covariance))
    assert found.coefficients == pytest.approx(expected["coef"], abs=EXACT)
    assert std_errors == pytest.approx(expected["se"], abs=EXACT)
    rows = zip(found.coefficients, std_errors, np.eye(len(std_errors)), strict=True)
    p_values = [two_sided_p(value / error, errors.df(row)) for value, error, row in rows]
    assert p_values == pytest.approx(expected["p"], abs=EXACT)
    assert found.n_obs == pytest.approx(expected["n"], abs=0)


@pytest.mark.parametrize(
    ("case", "kind", "factor"),
    [
        ("CR0", "cr0", 1.0),
        ("CR1", "cr0", 108 / 107),
        ("CR1S", "cr0", 108 / 107 * 1079 / 1076),
        ("CR2", "cr2", 1.0),
        ("CR3", "cr3", 1.0),
    ],
)
def test_errors_and_degrees_of_freedom_agree_with_clubsandwich(reference_frame, cases, case, kind, factor):
    frame = reference_frame("oracle/base_did.csv")
    expected = cases[f"club_base_did_{case}"]["expected"]
    found = fit(frame.y.to_numpy(), _two_by_two(frame), [])
    errors = bias_reduced_errors(found, Clusters(*levels(frame.id)), kind=kind)
    std_errors = np.sqrt(factor * np.diag(errors.covariance))
    df = [errors.df(row) for row in np.eye(4)]
    assert std_errors == pytest.approx(expected["se"], abs=EXACT)
    assert df == pytest.approx(expected["df"], abs=EXACT)
    p_values = [two_sided_p(b / e, d) for b, e, d in zip(found.coefficients, std_errors, df, strict=True)]
    assert p_values == pytest.approx(expected["p"], abs=EXACT)
    assert found.coefficients == pytest.approx(expected["coef"], abs=EXACT)


@pytest.mark.parametrize(
    ("data", "case", "kind"),
    [("base_did", "club_base_did_fe", "cr2"), ("castle", "club_castle", "cr2"), ("castle", "club_castle", "cr0")],
)
def test_absorbed_effects_do_not_change_bias_reduced_errors(reference_frame, cases, data, case, kind):
    found, clusters = _with_effects(reference_frame, data)
    errors = bias_reduced_errors(found, clusters, kind=kind)
    error = float(np.sqrt(errors.covariance[0, 0]))
    assert error == pytest.approx(cases[f"{case}_{kind.upper()}"]["expected"]["se"], abs=EXACT)
    if kind == "cr2":
        expected = cases[f"{case}_CR2df"]["expected"]
        df = errors.df(np.ones(1))
        assert df == pytest.approx(expected["df"], abs=1e-7)
        assert two_sided_p(found.coefficients[0] / error, df) == pytest.approx(expected["p"], abs=EXACT)


@pytest.mark.parametrize(("data", "case"), [("base_did", "club_base_did_fe_CR1S"), ("castle", "club_castle_CR1S")])
def test_counting_every_effect_gives_clubsandwichs_cr1s(reference_frame, cases, data, case):
    found, clusters = _with_effects(reference_frame, data)
    n, g = found.n_obs, clusters.n_clusters
    k = 1 + g + found.effects[1].n_levels - 1
    factor = g / (g - 1) * (n - 1) / (n - k)
    error = np.sqrt(factor * bias_reduced_errors(found, clusters, kind="cr0").covariance[0, 0])
    assert error == pytest.approx(cases[case]["expected"]["se"], abs=EXACT)


def _with_effects(reference_frame, data):
    if data == "castle":
        frame = reference_frame("oracle/bacon_castle.csv")
        unit, period, outcome, treated = frame.sid, frame.year, frame.l_homicide, frame.post
    else:
        frame = reference_frame("oracle/base_did.csv")
        unit, period, outcome, treated = frame.id, frame.period, frame.y, frame.treat * frame.post
    found = fit(outcome.to_numpy(), treated.to_numpy(float)[:, None], [effect(unit), effect(period)])
    return found, Clusters(*levels(unit))


def test_event_study_covariance_and_test_of_leads_agree_with_fixest(mpdta, cases, analysed):
    expected = cases["es_mpdta"]["expected"]
    result = analysed(mpdta, "event_study", MPDTA)
    assert [effect.event_time for effect in result.event_study] == [-4, -3, -2, 0, 1, 2, 3]
    assert [effect.value for effect in result.event_study] == pytest.approx(expected["coef"], abs=EXACT)
    assert [effect.std_error for effect in result.event_study] == pytest.approx(expected["se"], abs=EXACT)
    assert [effect.p_value for effect in result.event_study] == pytest.approx(expected["p"], abs=EXACT)
    assert result.covariance == pytest.approx(np.array(expected["vcov"]), abs=EXACT)
    leads = next(item for item in result.diagnostics if item.code == "pretrend_joint")
    assert leads.statistic == pytest.approx(expected["wald"]["stat"], abs=EXACT)
    assert leads.p_value == pytest.approx(expected["wald"]["p"], abs=EXACT)
    assert leads.df == pytest.approx((expected["wald"]["df1"], expected["wald"]["df2"]), abs=0)
    assert result.estimates[0].n_obs == pytest.approx(expected["n"], abs=0)


def test_event_study_with_a_covariate_agrees_with_fixest(reference_frame, cases, analysed):
    frame = reference_frame("oracle/base_did.csv")
    frame["first_treated"] = np.where(frame.treat == 1, 6, np.nan)
    columns = {"unit": "id", "period": "period", "outcome": "y", "first_treated": "first_treated", "covariates": ["x1"]}
    expected = cases["es_base_did"]["expected"]
    result = analysed(frame, "event_study", columns)
    assert [effect.value for effect in result.event_study] == pytest.approx(expected["coef"][1:], abs=EXACT)
    assert [effect.std_error for effect in result.event_study] == pytest.approx(expected["se"][1:], abs=EXACT)
    assert [effect.p_value for effect in result.event_study] == pytest.approx(expected["p"][1:], abs=EXACT)


def test_the_covariates_own_coefficient_agrees_with_fixest(reference_frame, cases):
    """Results give the effects of treatment only; the covariate's coefficient is from the same regression."""
    frame = reference_frame("oracle/base_did.csv")
    units, periods, clusters = effect(frame.id), effect(frame.period), Clusters(*levels(frame.id))
    difference = np.column_stack([-frame.treat * frame.post, frame.x1]).astype(float)
    found = fit(frame.y.to_numpy(), difference, [units, periods])
    assert_every_coefficient(found, clustered_errors(found, clusters), cases["did_base_did"]["expected"])
    times = [frame.treat * (frame.period == period) for period in range(1, 11) if period != 5]
    found = fit(frame.y.to_numpy(), np.column_stack([frame.x1, *times]).astype(float), [units, periods])
    assert_every_coefficient(found, clustered_errors(found, clusters), cases["es_base_did"]["expected"])


def test_the_sums_and_the_rows_agree(mpdta, analysed):
    """The same regression by sums over blocks and row by row (the weight of 1 changes nothing but the way)."""
    by_sums = analysed(mpdta, "event_study", {**MPDTA, "cluster": "state"})
    by_rows = analysed(mpdta.assign(zero=0.0), "event_study", {**MPDTA, "cluster": "state", "covariates": ["zero"]})
    assert by_rows.covariance == pytest.approx(by_sums.covariance, rel=1e-9)
    assert [e.value for e in by_rows.event_study] == pytest.approx([e.value for e in by_sums.event_study], rel=1e-9)

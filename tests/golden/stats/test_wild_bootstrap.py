"""The wild cluster bootstrap against R fwildclusterboot 0.14.3, and Conley errors against R fixest 0.14.2.

The reference draws 99,999 times; both its p-values and ours are random, so they agree within four
Monte-Carlo errors of their difference, and no worse than the tolerance the reference states.
"""

import csv

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.regression.conley import conley_errors
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.uncertainty import two_sided_p

DRAWS = 99_999
VOTE = {"outcome": "proposition_vote", "treated": "treatment", "cluster": "group_id1"}
IDEOLOGY = {**VOTE, "covariates": ["log_income", "ideology1"]}
NAMES = {"rademacher": "rademacher", "webb": "webb", "mammen": "mammen", "norm": "normal"}


def within(p_value: float, stated: float) -> float:
    """Four standard errors of the difference of two such shares, or the tolerance stated if that is less."""
    return min(4 * np.sqrt(2 * max(p_value, 1 / DRAWS) / DRAWS), stated)


def assert_agrees(headline, case):
    expected = case["expected"]
    assert headline.value / headline.std_error == pytest.approx(expected["t"], abs=1e-8)
    assert headline.p_value == pytest.approx(expected["p"], abs=within(expected["p"], case["tol"]))
    if expected.get("ci"):
        assert (headline.ci_lower, headline.ci_upper) == pytest.approx(expected["ci"], abs=case["tol"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["11", "31"])
def test_voters_agree_with_fwildclusterboot(reference_frame, cases, analysed, name, kind):
    """Kinds 11 and 31 treat residuals differently; p-values of the plain kind are within the tolerance of both."""
    frame = reference_frame("oracle/voters2.csv")
    columns = {**IDEOLOGY, "fixed_effects": ["Q1_immigration"]}
    result = analysed(frame, "twfe", columns, inference="wild", wild_weights=NAMES[name], draws=DRAWS)
    case = cases[f"wcb_voters|{name}|{kind}"]
    assert result.estimates[0].p_value == pytest.approx(case["expected"]["p"], abs=case["tol"])
    assert result.estimates[0].n_clusters == pytest.approx(case["expected"]["G"], abs=0)
    assert result.estimates[0].n_obs == pytest.approx(case["expected"]["N"], abs=0)
    if kind == "11":
        assert_agrees(result.estimates[0], case)


@pytest.mark.parametrize(
    ("case", "cluster", "weights", "draws"),
    [
        ("fix|wcb_few8_num", "few", "rademacher", 9_999),
        ("fix|wcb_few8_webb", "few", "webb", DRAWS),
        ("fix|wcb_g40_webb", "group_id1", "webb", DRAWS),
        ("fix|wcb_g40_rad", "group_id1", "rademacher", DRAWS),
    ],
)
def test_few_and_many_clusters_agree_with_fwildclusterboot(
    reference_frame, cases, analysed, case, cluster, weights, draws
):
    frame = reference_frame("oracle/voters2.csv")
    result = analysed(
        frame, "twfe", {**IDEOLOGY, "cluster": cluster}, inference="wild", wild_weights=weights, draws=draws
    )
    if case == "fix|wcb_few8_num":  # 256 sign patterns, every one used
        assert result.estimates[0].p_value == cases[case]["expected"]["p"] == 2 / 256
    assert_agrees(result.estimates[0], cases[case] | {"tol": cases[case].get("tol", 1e-8)})


def test_the_readmes_voters_example(reference_frame, shared_data, analysed):
    frame = reference_frame("reference/voters.csv")
    columns = {**VOTE, "covariates": ["log_income"], "fixed_effects": ["Q1_immigration", "Q2_defense"]}
    headline = analysed(frame, "twfe", columns, inference="wild", wild_weights="rademacher", draws=9_999).estimates[0]
    found = {
        "coef": headline.value,
        "t (CRV1, small-sample)": headline.value / headline.std_error,
        "WCR p-value": headline.p_value,
        "CI low": headline.ci_lower,
        "CI high": headline.ci_upper,
    }
    with (shared_data / "reference" / "EXPECTED.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == "voters"]
    assert len(rows) == 5
    for row in rows:
        assert found[row["quantity"]] == pytest.approx(float(row["value"]), abs=float(row["tolerance"]))


DISTANCES = {"spherical": 6376.0, "triangular": 111 * 180 / np.pi}
"""fixest's radius on the sphere, and the radius whose degree is the 111 km of its flat distance."""


@pytest.mark.parametrize("km", [50, 100])
@pytest.mark.parametrize("distance", DISTANCES)
def test_conley_errors_agree_with_fixest(reference_frame, cases, km, distance):
    frame = reference_frame("oracle/quakes.csv")
    case = cases[f"conley_quakes_{km}_{distance}"]
    found = _quakes(frame)
    errors = conley_errors(
        found, frame.lat.to_numpy(), frame.long.to_numpy(), cutoff_km=km, earth_radius_km=DISTANCES[distance]
    )
    assert_every_coefficient(found, errors, case)


def assert_every_coefficient(found, errors, case):
    expected, std_errors = case["expected"], np.sqrt(np.diag(errors.covariance))
    assert found.coefficients == pytest.approx(expected["coef"], rel=1e-9)
    assert std_errors == pytest.approx(expected["se"], abs=case["tol"])
    statistics = zip(found.coefficients / std_errors, np.eye(2), strict=True)
    assert [two_sided_p(t, errors.df(row)) for t, row in statistics] == pytest.approx(expected["p"], rel=0.01)
    assert found.n_obs == pytest.approx(expected["n"], abs=0)


def test_conley_errors_without_small_sample_factor_agree_with_fixest(reference_frame, cases):
    frame = reference_frame("oracle/quakes.csv")
    case = cases["conley_quakes_100_spherical_nossc"]
    errors = conley_errors(
        _quakes(frame), frame.lat.to_numpy(), frame.long.to_numpy(), cutoff_km=100, small_sample=False
    )
    assert_every_coefficient(_quakes(frame), errors, case)


def _quakes(frame: pd.DataFrame):
    return fit(frame.depth.to_numpy(float), np.column_stack([np.ones(len(frame)), frame.mag]), [])


def test_the_plain_spelling_of_conley_errors_agrees_too(reference_frame, cases, analysed):
    frame = reference_frame("oracle/quakes.csv")
    frame["long"] = np.where(frame.long > 180, frame.long - 360, frame.long)
    columns = {"outcome": "depth", "treated": "mag", "latitude": "lat", "longitude": "long"}
    headline = analysed(frame, "twfe", columns, std_errors="conley", conley_km=100).estimates[0]
    case = cases["conley_quakes_100_spherical"]
    assert headline.std_error == pytest.approx(case["expected"]["se"][1], abs=case["tol"])
    assert headline.p_value == pytest.approx(case["expected"]["p"][1], rel=0.01)

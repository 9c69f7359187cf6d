"""Synthetic difference-in-differences against R synthdid 0.0.9 and the published table, on Proposition 99."""

import csv

import numpy as np
import pytest

from evaluations.stats.synthetic.adoption import Adoption, Adoptions, placebo_assignments

EXACT = 1e-6  # the tolerance the reference states
RANDOM = 0.10  # placebo errors from random draws agree within 10 %
COLUMNS = {"unit": "State", "period": "Year", "outcome": "PacksPerCapita", "first_treated": "first_treated"}


@pytest.fixture
def prop99(reference_frame):
    frame = reference_frame("oracle/prop99.csv")
    frame["first_treated"] = np.where(frame.State == "California", 1989, np.nan)
    return frame


@pytest.fixture
def california(prop99):
    wide = prop99.pivot(index="State", columns="Year", values="PacksPerCapita")
    row = wide.index.get_loc("California")
    cohort = Adoption(19, np.array([row]), np.ones(1), np.arange(31), 19)
    return Adoptions(wide.to_numpy(), np.delete(np.arange(39), row), (cohort,))


def test_the_estimate_agrees_with_synthdid(prop99, cases, analysed):
    expected = cases["synthdid_prop99"]["expected"]
    headline = analysed(prop99, "synthetic_did", COLUMNS).estimates[0]
    assert headline.value == pytest.approx(expected["sdid"], abs=EXACT)
    assert headline.std_error == pytest.approx(expected["se_placebo"], rel=RANDOM)
    assert headline.std_error == pytest.approx(cases["fix|sdid_se2000"]["expected"], rel=RANDOM)


def test_the_weights_agree_with_synthdid(california, cases):
    expected = cases["synthdid_prop99_w"]["expected"]
    _, (solution,) = california.estimate()
    assert solution.unit_weights[0] == pytest.approx(expected["omega"], abs=EXACT)
    assert solution.period_weights[0] == pytest.approx(expected["lambda"], abs=EXACT)


@pytest.mark.parametrize("kind", ["sdid", "sc", "did"])
def test_synthetic_control_and_plain_differences_agree_with_synthdid(california, cases, kind):
    found, _ = california.estimate(kind=kind)
    assert found.overall[0] == pytest.approx(cases["synthdid_prop99"]["expected"][kind], abs=EXACT)


def test_one_treated_unit_has_no_jackknife_error(prop99, cases, analysed):
    assert cases["synthdid_prop99"]["expected"]["se_jack"] is None
    result = analysed(prop99, "synthetic_did", COLUMNS, inference="jackknife")
    assert result.estimates[0].std_error is None
    assert result.estimates[0].value == pytest.approx(-15.6038, abs=1e-4)
    assert "no_standard_error" in {item.code for item in result.diagnostics}


def test_the_papers_table_is_met(california, shared_data):
    with (shared_data / "reference" / "EXPECTED.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] == "california_prop99"]
    orders = np.array(list(placebo_assignments(california, 999, np.random.default_rng(1))))
    assert len(orders) == 38  # one treated unit: every control in turn, so the error is not random
    for row in rows:
        kind = row["spec in words"].split()[0].lower()
        if row["quantity"].startswith("SE"):
            found = california.placebos(orders, kind=kind).overall.std()
        else:
            found = california.estimate(kind=kind)[0].overall[0]
        assert found == pytest.approx(float(row["value"]), abs=float(row["tolerance"])), row["quantity"]
    assert len(rows) == 7

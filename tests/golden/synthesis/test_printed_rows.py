"""Meta-analyses as R metafor 3.8-1 prints them, row by row."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from evidence.synthesis.random_effects import AS_METAFOR, pool
from evidence.synthesis.small_studies import egger_random_effects, trim_and_fill

as_printed = partial(pool, stopping=AS_METAFOR)


def assert_rows(reference_rows, dataset: str, specification: str, found: dict[str, float]) -> None:
    """Every row of the specification, and no other quantity."""
    rows = {
        row["quantity"]: row
        for row in reference_rows
        if row["dataset"] == dataset and row["spec in words"] == specification
    }
    assert set(rows) == set(found)
    for name, row in rows.items():
        assert found[name] == pytest.approx(float(row["value"]), abs=float(row["tolerance"])), name


@pytest.fixture
def bcg(shared_data) -> pd.DataFrame:
    """The trials of dat.bcg, with their log risk ratios."""
    return pd.read_csv(shared_data / "oracle" / "bcg.csv")


def test_random_effects_of_the_vaccine_trials(bcg, reference_rows):
    ours = as_printed(bcg.yi.to_numpy(), bcg.vi.to_numpy(), test="z")
    head = ours.coefficients[0]
    found = {"estimate": head.value, "SE": head.std_error, "tau2": ours.tau2, "I2": ours.i2, "Q": ours.q}
    found |= {"CI low": head.ci_lower, "CI high": head.ci_upper}
    found |= {"PI low": ours.prediction_lower, "PI high": ours.prediction_upper}
    assert_rows(reference_rows, "dat.bcg", "log risk ratio, random effects REML", found)


@pytest.mark.parametrize(
    ("method", "specification"),
    [
        ("DL", "log RR, DerSimonian-Laird"),
        ("FE", "log RR, fixed (common) effect"),
        ("PM", "log RR, Paule-Mandel"),
        ("ML", "log RR, ML"),
    ],
)
def test_other_estimators_of_the_vaccine_trials(bcg, reference_rows, method, specification):
    ours = as_printed(bcg.yi.to_numpy(), bcg.vi.to_numpy(), tau2_method=method, test="z")
    found = {"estimate": ours.value, "SE": ours.std_error, "tau2": ours.tau2, "I2": ours.i2}
    asked = {row["quantity"] for row in reference_rows if row["spec in words"] == specification}
    assert_rows(reference_rows, "dat.bcg", specification, {name: found[name] for name in asked})


def test_the_knapp_hartung_interval_of_the_vaccine_trials(bcg, reference_rows):
    head = as_printed(bcg.yi.to_numpy(), bcg.vi.to_numpy(), test="knha").coefficients[0]
    found = {"SE": head.std_error, "CI low": head.ci_lower, "CI high": head.ci_upper}
    assert_rows(reference_rows, "dat.bcg", 'REML + Knapp-Hartung (test="knha"), t df=12', found)


def test_meta_regressions_of_the_vaccine_trials(bcg, reference_rows):
    effects, variances = bcg.yi.to_numpy(), bcg.vi.to_numpy()
    by_latitude = as_printed(effects, variances, moderators=bcg[["ablat"]].to_numpy(float), test="z")
    intercept, latitude = by_latitude.coefficients
    found = {"intercept": intercept.value, "ablat": latitude.value, "SE ablat": latitude.std_error}
    found["tau2"] = by_latitude.tau2
    assert_rows(reference_rows, "dat.bcg", "meta-regression on absolute latitude, REML", found)
    both = as_printed(effects, variances, moderators=bcg[["ablat", "year"]].to_numpy(float), test="z")
    found = {"tau2": both.tau2}
    for name, item in zip(("intercept", "ablat", "year"), both.coefficients, strict=True):
        found |= {name: item.value, f"SE {name}": item.std_error}
    assert_rows(reference_rows, "dat.bcg", "meta-regression ablat + year, REML", found)


def test_small_study_checks_of_the_vaccine_trials(bcg, reference_rows):
    effects, variances = bcg.yi.to_numpy(), bcg.vi.to_numpy()
    egger = egger_random_effects(effects, variances, stopping=AS_METAFOR)
    specification = "Egger-type regression test (regtest, RE model, predictor sei)"
    assert_rows(reference_rows, "dat.bcg", specification, {"z": egger.statistic})
    filled = trim_and_fill(effects, variances, stopping=AS_METAFOR).filled
    specification = "trim and fill (REML): k0=1 (right side)"
    assert_rows(reference_rows, "dat.bcg", specification, {"filled estimate": filled.value})


def test_the_interval_of_writing_to_learn(shared_data, reference_rows):
    frame = pd.read_csv(shared_data / "reference" / "dat.bangertdrowns2004.csv")
    ours = as_printed(frame.yi.to_numpy(), frame.vi.to_numpy(), test="z")
    head = ours.coefficients[0]
    found = {"estimate": head.value, "SE": head.std_error, "tau2": ours.tau2, "I2": ours.i2, "Q": ours.q}
    found |= {"CI low": head.ci_lower, "CI high": head.ci_upper}
    assert_rows(reference_rows, "dat.bangertdrowns2004", "SMD writing-to-learn, REML", found)
    assert np.isfinite(list(found.values())).all()

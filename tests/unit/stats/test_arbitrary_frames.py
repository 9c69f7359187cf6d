"""Arbitrary frames: each gives a result that satisfies the invariants, a refusal or every problem of the input."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.stats.issues import BadInput
from tests.engine_inputs import PANEL, analysed
from tests.unit.stats.invariants import check_result

NUMBERS = st.one_of(
    st.floats(-10, 10, allow_nan=False, width=32),
    st.floats(-1e6, 1e6, allow_nan=False, width=32),
    st.sampled_from([0.0, 1.0, 2.0, 1e-9, 1e9]),
)
STARTS = [None, None, None, None, 1, 2, 3, 3, 3, 4, 4, 9]
FEW = {"max_examples": 150, "deadline": None, "derandomize": True}


@st.composite
def panels(draw: st.DrawFn) -> pd.DataFrame:
    """Up to ten units in up to five periods, some unit-periods missing, any outcomes, weights and covariates."""
    n_units, n_periods = draw(st.integers(1, 16)), draw(st.sampled_from([1, 2, 3, 4, 4, 5, 5]))
    starts = draw(st.lists(st.sampled_from(STARTS), min_size=n_units, max_size=n_units))
    flat, holes = draw(st.integers(0, 19)) == 0, draw(st.sampled_from([0, 0, 1]))
    rows = []
    for unit, first in enumerate(starts):
        weight, x, area = draw(st.sampled_from([0.0, 1.0, 1.0, 2.5])), draw(NUMBERS), draw(st.integers(0, 11))
        for period in range(1, n_periods + 1):
            if holes and draw(st.integers(0, 9)) == 0:
                continue
            outcome = 3.0 if flat else draw(NUMBERS)
            outcome = float("nan") if holes and draw(st.integers(0, 9)) == 0 else outcome
            rows.append((unit, period, outcome, first, weight, x, draw(NUMBERS), area, draw(st.integers(0, 1))))
    names = ["unit", "period", "outcome", "first_treated", "w", "x", "z", "area", "flag"]
    return pd.DataFrame(rows, columns=names).astype({"first_treated": float})


OPTIONS = st.fixed_dictionaries(
    {
        "control_group": st.sampled_from(["never_treated", "not_yet_treated"]),
        "estimation": st.sampled_from(["dr", "reg", "ipw"]),
        "base_period": st.sampled_from(["varying", "universal"]),
        "anticipation": st.sampled_from([0, 0, 1, 3]),
        "unbalanced": st.sampled_from(["pairs", "balanced", "cross_sections"]),
        "panel": st.booleans(),
        "inference": st.sampled_from(["analytic", "analytic", "bootstrap"]),
    }
)
EXTRAS = st.fixed_dictionaries(
    {
        "covariates": st.sampled_from([[], ["x"], ["x", "z"], ["x", "x_again"]]),
        "weight": st.sampled_from([None, "w"]),
        "cluster": st.sampled_from([None, "area"]),
    }
)


def answered(frame: pd.DataFrame, estimator: str, columns: dict, options: dict) -> None:
    if frame.empty:
        return
    before = frame.copy()
    try:
        result = analysed(frame.assign(x_again=frame["x"] * 2), estimator, columns, draws=19, **options)
    except BadInput as problem:
        assert problem.issues
        return
    check_result(result)
    pd.testing.assert_frame_equal(frame, before)


@settings(**FEW)
@given(panels(), OPTIONS, EXTRAS)
def test_group_time_effects_of_any_panel(frame, options, extras):
    answered(frame, "callaway_santanna", {**PANEL, **extras}, options)


@settings(**FEW)
@given(
    panels(),
    st.sampled_from([None, "unit"]),
    EXTRAS,
    st.sampled_from([None, "flag"]),
    st.fixed_dictionaries(
        {
            "estimation": st.sampled_from(["dr", "reg", "ipw", "linear"]),
            "std_errors": st.sampled_from(["auto", "classical", "hc1", "cluster", "cr2", "cr3"]),
            "panel": st.booleans(),
        }
    ),
)
def test_two_by_two_of_any_panel(frame, unit, extras, third, options):
    frame = frame.assign(treated=(frame["first_treated"] < 4).astype(int), post=(frame["period"] >= 3).astype(int))
    columns = {"unit": unit, "outcome": "outcome", "treated": "treated", "post": "post", "third_difference": third}
    answered(frame, "did_2x2", {**columns, **extras}, options)


@settings(**FEW)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), NUMBERS, st.integers(0, 30), st.floats(0, 50)), max_size=12
    ),
    st.sampled_from(["auto", "classical", "hc1"]),
    st.booleans(),
)
def test_two_by_two_of_any_aggregate_cells(rows, std_errors, has_spread):
    frame = pd.DataFrame(rows, columns=["treated", "post", "mean", "n", "sd"])
    columns = {"outcome": "mean", "treated": "treated", "post": "post", "n": "n", "sd": "sd" if has_spread else None}
    answered(frame.assign(x=0.0), "did_2x2", columns, {"std_errors": std_errors})


def test_an_empty_frame_is_bad_input_or_refused():
    frame = pd.DataFrame({name: np.zeros(0) for name in ("unit", "period", "outcome", "first_treated")})
    try:
        check_result(analysed(frame, "callaway_santanna", PANEL))
    except BadInput as problem:
        assert problem.issues

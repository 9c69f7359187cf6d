"""Arbitrary frames through the regression estimators: a result that holds together, a refusal, or problems."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.stats.test_arbitrary_frames import EXTRAS, PANEL, answered, panels

FEW = {"max_examples": 40, "deadline": None, "derandomize": True}
ERRORS = ["auto", "auto", "classical", "hc1", "cluster", "cr2", "cr3"]
OPTIONS = st.fixed_dictionaries(
    {
        "control_group": st.sampled_from(["never_treated", "not_yet_treated"]),
        "anticipation": st.sampled_from([0, 0, 1, 3]),
        "panel": st.booleans(),
        "unit_trends": st.sampled_from([False, False, True]),
        "std_errors": st.sampled_from(ERRORS),
        "inference": st.sampled_from(["analytic", "analytic", "wild", "randomisation"]),
        "wild_weights": st.sampled_from(["webb", "rademacher", "mammen", "normal"]),
    }
)


@pytest.mark.parametrize("estimator", ["twfe", "event_study", "sun_abraham", "imputation"])
@settings(**FEW)
@given(frame=panels(), options=OPTIONS, extras=EXTRAS, effects=st.sampled_from([[], ["flag"]]))
def test_any_panel(estimator, frame, options, extras, effects):
    answered(frame, estimator, {**PANEL, **extras, "fixed_effects": effects}, options)


@settings(**FEW)
@given(
    frame=panels(),
    extras=EXTRAS,
    inference=st.sampled_from(["analytic", "placebo", "jackknife", "randomisation"]),
    anticipation=st.sampled_from([0, 1]),
)
def test_any_panel_by_synthetic_differences(frame, extras, inference, anticipation):
    options = {"inference": inference, "anticipation": anticipation}
    answered(frame, "synthetic_did", {**PANEL, **extras, "cluster": None}, options)


@settings(**FEW)
@given(
    frame=panels(),
    extras=EXTRAS,
    roles=st.fixed_dictionaries(
        {
            "unit": st.sampled_from([None, "unit"]),
            "period": st.sampled_from([None, "period"]),
            "treated": st.sampled_from(["flag", "z", "area"]),
            "post": st.sampled_from([None, "after"]),
        }
    ),
    options=OPTIONS,
)
def test_any_column_of_treatment(frame, extras, roles, options):
    frame = frame.assign(after=(frame["period"] >= 3).astype(int)) if len(frame) else frame
    if roles["post"]:
        roles = {**roles, "treated": "flag"}
    answered(frame, "twfe", {"outcome": "outcome", **roles, **extras}, options)


@settings(**FEW)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(-1e3, 1e3), st.integers(0, 30), st.floats(0, 50)),
        max_size=12,
        unique_by=lambda row: row[:2],
    ),
    st.sampled_from(ERRORS),
    st.booleans(),
)
def test_any_aggregate_cells(rows, std_errors, has_spread):
    frame = pd.DataFrame(rows, columns=["unit", "period", "mean", "n", "sd"]).assign(x=0.0)
    frame["treated"] = ((frame["unit"] > 1) & (frame["period"] > 1)).astype(int)
    columns = {"unit": "unit", "period": "period", "outcome": "mean", "treated": "treated", "n": "n"}
    answered(frame, "twfe", {**columns, "sd": "sd" if has_spread else None}, {"std_errors": std_errors})

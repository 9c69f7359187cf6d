"""Arbitrary frames through whole analyses: subgroups, placebos, bounds, standing and all, by every estimator."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluations.stats.engine import analyse
from evaluations.stats.issues import BadInput
from tests.engine_inputs import PANEL, spec_of, table_of
from tests.unit.stats.invariants import check_result
from tests.unit.stats.regression.test_arbitrary_frames_by_regression import OPTIONS as REGRESSION
from tests.unit.stats.test_arbitrary_frames import EXTRAS, panels
from tests.unit.stats.test_arbitrary_frames import OPTIONS as GROUP_TIME

TWO_BY_TWO = st.fixed_dictionaries(
    {
        "estimation": st.sampled_from(["dr", "reg", "ipw", "linear"]),
        "std_errors": st.sampled_from(["auto", "classical", "hc1", "cluster", "cr2", "cr3"]),
        "inference": st.sampled_from(["analytic", "wild", "randomisation"]),
        "panel": st.booleans(),
    }
)
SYNTHETIC = st.fixed_dictionaries(
    {
        "inference": st.sampled_from(["analytic", "placebo", "jackknife", "randomisation"]),
        "anticipation": st.sampled_from([0, 1]),
    }
)
OPTIONS = {
    "did_2x2": TWO_BY_TWO,
    "twfe": REGRESSION,
    "event_study": REGRESSION,
    "callaway_santanna": GROUP_TIME,
    "sun_abraham": REGRESSION,
    "imputation": REGRESSION,
    "synthetic_did": SYNTHETIC,
}


@pytest.mark.parametrize("estimator", list(OPTIONS))
def test_any_panel_is_answered_whole_or_refused(estimator, full):
    @settings(max_examples=300 if full else 6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        panels(),
        OPTIONS[estimator],
        EXTRAS,
        st.sampled_from([None, "flag", "area"]),
        st.sampled_from([(), ("placebo",)]),
    )
    def whole(frame, options, extras, subgroup, placebo_outcomes):
        if frame.empty:
            return
        frame = frame.assign(x_again=frame["x"] * 2, placebo=frame["z"] - frame["x"])
        columns = {**roles(estimator, frame), **extras, "subgroup": subgroup, "placebo_outcomes": placebo_outcomes}
        if estimator == "synthetic_did" or subgroup == extras["cluster"]:
            columns["cluster"] = None
        try:
            spec = spec_of(estimator, columns, draws=19, **options)
            result = analyse(table_of(frame, spec), spec)
        except BadInput as problem:
            assert problem.issues
            return
        check_result(result)
        for said in result.diagnostics:
            assert said.code
            assert said.reading.endswith((".", "?"))
            assert said.p_value is None or 0 <= said.p_value <= 1

    whole()


def roles(estimator, frame) -> dict:
    """The columns that play the estimator's roles; those of the 2x2 comparison are made."""
    if estimator != "did_2x2":
        return PANEL
    frame["treated"] = (frame["first_treated"] < 4).astype(int)
    frame["post"] = (frame["period"] >= 3).astype(int)
    return {"unit": "unit", "period": "period", "outcome": "outcome", "treated": "treated", "post": "post"}

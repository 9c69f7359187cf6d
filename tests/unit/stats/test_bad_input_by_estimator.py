"""What goes wrong in real files, through every estimator: answered the same, counted and said, or refused in words."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaluations.datasets.ingest import RawTable, typed_table
from evaluations.stats.engine import estimated
from evaluations.stats.issues import BadInput, NotEstimable
from evaluations.stats.results import Result
from evaluations.stats.spec import parse_spec
from tests.engine_inputs import PANEL, panel_frame
from tests.unit.stats.invariants import check_result

NEVER = float("nan")
STARTS = [*[3.0] * 12, *[5.0] * 12, *[NEVER] * 30]
NEAR = {"unit": "unit", "period": "period", "outcome": "outcome", "distance_km": "km"}
DESIGNS = {
    "did_2x2": ("did", {"unit": "unit", "outcome": "outcome", "treated": "treated", "post": "post"}),
    "twfe": ("did", PANEL),
    "event_study": ("did", PANEL),
    "callaway_santanna": ("did", PANEL),
    "sun_abraham": ("did", PANEL),
    "imputation": ("did", PANEL),
    "synthetic_did": ("did", PANEL),
    "ring_did": ("proximity", {**NEAR, "post": "post"}),
    "ring_did, many dates": ("proximity", {**NEAR, "first_treated": "first_treated"}),
    "access_did": ("proximity", {**NEAR, "first_treated": "first_treated"}),
    "distance_curve": ("proximity", {**NEAR, "post": "post"}),
}
BY_DATE = [name for name, (_, columns) in DESIGNS.items() if "first_treated" in columns]
ABSORBING = ["twfe", "event_study", "sun_abraham", "imputation", "synthetic_did"]
"""Estimators that leave out a covariate that others account for, and say so; the others refuse."""
every_design = pytest.mark.parametrize("design", DESIGNS)


def frame_of(starts: list[float] | None = None) -> pd.DataFrame:
    frame = panel_frame(starts or STARTS, n_periods=6, effect=1.0, noise=1.0)
    unit, period = frame["unit"], frame["period"]
    return frame.assign(
        km=5 * ((unit * 0.37) % 1),
        z=np.cos(unit * period),
        treated=frame["first_treated"].notna().astype(int),
        post=(period >= 4).astype(int),
    )


def answer(design: str, frame: pd.DataFrame, **columns) -> Result | str:
    """The result, or the code of its refusal or of the file's first problem."""
    method, roles = DESIGNS[design]
    spec = {"method": method, "estimator": design.split(",")[0], "columns": {**roles, **columns}}
    try:
        read = parse_spec({**spec, "options": {"draws": 30}, "proximity": {"edges_km": [0, 1, 2.5, 5]}})
        data = pa.Table.from_pandas(frame, preserve_index=False)
        return estimated(typed_table(RawTable(data, tuple(data.column_names)), read), read)
    except NotEstimable as reason:
        assert reason.message
        assert reason.hint
        return reason.code
    except BadInput as problem:
        return problem.issues[0].code


def numbers(result: Result) -> list:
    """Every estimate, event time and ring with its error."""
    rows = [*result.estimates, *result.event_study, *result.rings]
    return [number for row in rows for number in (row.value, row.std_error, row.ci_lower)]


def assert_same(one: Result, other: Result) -> None:
    assert len(numbers(one)) == len(numbers(other))
    for mine, theirs in zip(numbers(one), numbers(other), strict=True):
        assert mine == (None if theirs is None else pytest.approx(theirs, rel=1e-9, abs=1e-10))


def dropped(result: Result) -> dict[str, int]:
    return {item.reason: item.rows for item in result.sample.dropped}


@every_design
@pytest.mark.parametrize(
    "labels",
    [
        [202010, 202011, 202012, 202101, 202102, 202103],
        ["2017/18", "2018/19", "2019/20", "2020/21", "2021/22", "2022/23"],
    ],
    ids=["months", "school years"],
)
def test_labels_of_periods_are_positions_and_come_back_as_they_were(design, labels):
    frame, names = frame_of(), dict(enumerate(labels, start=1))
    named = frame.assign(period=frame["period"].map(names), first_treated=frame["first_treated"].map(names))
    result = answer(design, named)
    assert_same(result, answer(design, frame))
    assert {row.cohort for row in result.by_cohort} <= {labels[2], labels[4]}
    assert {row.period for row in result.by_period} <= set(labels)


@every_design
def test_a_period_missing_for_everyone_makes_its_neighbours_next_to_each_other(design):
    frame = frame_of()
    without = frame[frame["period"] != 4]
    moved = {1: 1, 2: 2, 3: 3, 5: 4, 6: 5}
    closed = without.assign(period=without["period"].map(moved), first_treated=without["first_treated"].map(moved))
    result = answer(design, without)
    assert_same(result, answer(design, closed))
    assert result.sample.rows_read - sum(dropped(result).values()) == result.sample.rows_used


@every_design
def test_a_unit_without_a_middle_period_is_used_or_counted(design):
    frame = frame_of()
    result = answer(design, frame.drop(index=frame[(frame["unit"] == 2) & (frame["period"] == 4)].index))
    check_result(result)
    assert result.sample.rows_read == 323
    assert result.sample.rows_read - sum(dropped(result).values()) == result.sample.rows_used


@pytest.mark.parametrize("design", BY_DATE)
def test_units_always_treated_are_counted_and_change_no_other_number(design):
    frame = frame_of()
    always = frame_of([1.0, 1.0]).assign(unit=lambda added: added["unit"] + 900, outcome=25_900.0, km=1.3)
    result = answer(design, pd.concat([frame, always]))
    assert dropped(result)["always_treated"] == 12
    assert_same(result, answer(design, frame))


@every_design
def test_a_cohort_of_one_has_a_value_and_an_error_or_the_reason_for_none(design):
    frame = frame_of([3.0, *[5.0] * 23, *[NEVER] * 30])
    if design == "did_2x2":
        frame = frame.assign(treated=(frame["unit"] == 0).astype(int))
    result = answer(design, frame)
    check_result(result)
    if result.estimates[0].std_error is None:
        assert {"no_error_for_lone_units", "no_standard_error"} & {item.code for item in result.diagnostics}


@every_design
def test_covariates_that_say_the_same_are_left_out_with_a_note_or_refused(design):
    frame = frame_of().assign(twice=lambda f: 2 * f["z"], constant=1.0)
    same = answer(design, frame, covariates=["z", "twice"])
    constant = answer(design, frame, covariates=["constant"])
    if design not in ABSORBING:
        assert same == constant == "covariates_collinear"
        return
    assert_same(same, answer(design, frame, covariates=["z"]))
    assert_same(constant, answer(design, frame))
    assert any("twice" in note for note in same.sample.notes)
    assert any("constant" in note for note in constant.sample.notes)


@pytest.mark.parametrize("design", ["did_2x2", *BY_DATE])
def test_a_covariate_that_is_the_treatment_takes_no_part_of_its_place(design):
    frame = frame_of()
    is_treated = (frame["period"] >= frame["first_treated"]).astype(float)
    frame["same"] = frame["treated"] * frame["post"] * 1.0 if design == "did_2x2" else is_treated
    result = answer(design, frame, covariates=["same"])
    if design in ("imputation", "synthetic_did"):
        assert_same(result, answer(design, frame))
        assert any("same" in note for note in result.sample.notes), "it never varies among untreated rows"
        return
    assert result in ("covariates_collinear", "treatment_not_identified")


@every_design
def test_an_outcome_that_never_varies_is_refused(design):
    assert answer(design, frame_of().assign(outcome=3.0)) == "outcome_constant"


@every_design
def test_a_unit_of_weight_zero_is_counted_and_as_not_there(design):
    frame = frame_of().assign(w=lambda f: (f["unit"] != 2) * 1.0)
    result = answer(design, frame, weight="w")
    assert dropped(result)["weight_zero"] == 6
    assert_same(result, answer(design, frame[frame["unit"] != 2], weight="w"))
    assert answer(design, frame.assign(w=0.0), weight="w") == "no_rows_left"

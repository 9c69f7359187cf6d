"""Callaway and Sant'Anna's estimator against R `did` 2.5.1 with DRDID 1.2.3, on the county panel mpdta."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluations.stats.results import Result
from tests.engine_inputs import analysed

COLUMNS = {"unit": "countyreal", "period": "year", "outcome": "lemp", "first_treated": "first_treated"}
CONTROLS = {"nevertreated": "never_treated", "notyettreated": "not_yet_treated"}
CONFIGURATIONS = [
    f"cs_mpdta|{method}|{control}|{covariate}|{base}"
    for method in ("dr", "reg", "ipw")
    for control in CONTROLS
    for covariate in ("none", "lpop")
    for base in ("varying", "universal")
]


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> dict[str, dict]:
    return {case["id"]: case for case in json.loads((shared_data / "oracle" / "cases.json").read_text())}


def frame_of(shared_data: Path, name: str) -> pd.DataFrame:
    """The panel as the contract asks: an empty cell, not 0, where a county was never treated."""
    frame = pd.read_csv(shared_data / "oracle" / name).rename(
        columns={"first.treat": "first_treated", "first_treat": "first_treated"}
    )
    return frame.assign(first_treated=frame["first_treated"].where(frame["first_treated"] > 0))


def agree(result: Result, case: dict) -> None:
    """Every number of the case, within its tolerance."""
    expected, tolerance = case["expected"], {"abs": case["tol"], "rel": 0}
    cells = {(int(cell.cohort), int(cell.period)): cell for cell in result.att_gt}
    assert len(cells) == len(expected["group"])
    for group, time, att, error in zip(*(expected[key] for key in ("group", "time", "att", "se")), strict=True):
        cell = cells[group, time]
        assert cell.value == pytest.approx(att, **tolerance)
        assert cell.std_error == (None if error is None else pytest.approx(error, **tolerance))
    names = {"simple": "att", "dynamic": "att_event_time", "group.1": "att_cohort", "calendar": "att_calendar"}
    estimates = {estimate.name: estimate for estimate in result.estimates}
    for theirs, ours in names.items():
        assert estimates[ours].value == pytest.approx(expected[theirs]["att"], **tolerance)
        assert estimates[ours].std_error == pytest.approx(expected[theirs]["se"], **tolerance)
    for part, key, theirs in (
        (result.event_study, "event_time", "dynamic"),
        (result.by_cohort, "cohort", "group.1"),
        (result.by_period, "period", "calendar"),
    ):
        found = {getattr(row, key): row for row in part}
        for place, att, error in zip(*(expected[theirs][name] for name in ("egt", "att_egt", "se_egt")), strict=True):
            assert found[place].value == pytest.approx(att, **tolerance)
            assert found[place].std_error == (None if error is None else pytest.approx(error, **tolerance))
    test = next(item for item in result.diagnostics if item.code == "pretrend_joint")
    assert test.statistic == pytest.approx(expected["W"][0][0], abs=1e-6)
    assert estimates["att"].n_units == pytest.approx(expected["n"], abs=0)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_configuration_gives_the_reference_numbers(shared_data, cases, name):
    _, method, control, covariate, base = name.split("|")
    result = analysed(
        frame_of(shared_data, "mpdta.csv"),
        "callaway_santanna",
        {**COLUMNS, "covariates": [] if covariate == "none" else [covariate]},
        estimation=method,
        control_group=CONTROLS[control],
        base_period=base,
    )
    agree(result, cases[name])


def test_the_joint_pretest_is_the_published_one(shared_data):
    result = analysed(frame_of(shared_data, "mpdta.csv"), "callaway_santanna", COLUMNS)
    test = next(item for item in result.diagnostics if item.code == "pretrend_joint")
    assert (test.df, test.p_value) == (5, pytest.approx(0.16812, abs=5e-6))  # R did's printed p-value
    assert test.p_value == pytest.approx(stats.chi2.sf(test.statistic, 5))


@pytest.mark.parametrize(
    ("name", "columns", "options"),
    [
        ("cs_mpdta_antic1", {}, {"anticipation": 1}),
        ("cs_mpdta_weights", {"weight": "w"}, {}),
        ("cs_mpdta_cluster", {"cluster": "cl"}, {}),
        ("cs_mpdta_unbal_drop", {}, {"unbalanced": "balanced"}),
        *(
            (
                f"cs_mpdta_unbal_allow{suffix}|{method}",
                covariates,
                {"unbalanced": "cross_sections", "estimation": method},
            )
            for method in ("dr", "reg", "ipw")
            for suffix, covariates in (("", {}), ("_lpop", {"covariates": ["lpop"]}))
        ),
    ],
)
def test_anticipation_weights_clusters_and_both_policies_for_holes(shared_data, cases, name, columns, options):
    frame = frame_of(shared_data, cases[name]["data"])
    agree(analysed(frame, "callaway_santanna", {**COLUMNS, **columns}, **options), cases[name])


@pytest.mark.parametrize("method", ["dr", "reg", "ipw"])
@pytest.mark.parametrize("covariate", ["none", "lpop"])
def test_repeated_cross_sections_give_the_reference_numbers(shared_data, cases, method, covariate):
    columns = {key: name for key, name in COLUMNS.items() if key != "unit"}
    columns["covariates"] = [] if covariate == "none" else [covariate]
    result = analysed(frame_of(shared_data, "mpdta.csv"), "callaway_santanna", columns, panel=False, estimation=method)
    agree(result, cases[f"cs_mpdta_rc|{method}|{covariate}"])


def test_clusters_are_counted_as_the_reference_counts_them(shared_data, cases):
    frame = frame_of(shared_data, "mpdta.csv")
    frame["state"] = frame["countyreal"] // 1000
    result = analysed(frame, "callaway_santanna", {**COLUMNS, "cluster": "state"})
    assert result.estimates[0].n_clusters == pytest.approx(cases["cs_mpdta_ncl"]["expected"], abs=0)


@pytest.mark.parametrize(
    ("cohort", "period", "value", "error"),
    [
        (2004, 2004, -0.014845206354081486, 0.025814546351433442),
        (2006, 2005, 0.01620564134610257, 0.027673579704742008),
        (2007, 2007, -0.0016318321088348818, 0.020673434636719806),
    ],
)
def test_available_pairs_give_the_numbers_of_diff_diff(shared_data, cohort, period, value, error):
    """diff-diff 3.13.0, `CallawaySantAnna().fit(...)` on the same file, group_time_effects."""
    result = analysed(frame_of(shared_data, "mpdta_unbal.csv"), "callaway_santanna", COLUMNS)
    cell = next(row for row in result.att_gt if (row.cohort, row.period) == (cohort, period))
    assert cell.value == pytest.approx(value, abs=1e-12)
    assert cell.std_error == pytest.approx(error, abs=1e-12)
    assert any(item.code == "unbalanced_panel" for item in result.diagnostics)


def published(shared_data: Path) -> pd.DataFrame:
    rows = pd.read_csv(shared_data / "reference" / "EXPECTED.csv")
    mine = rows["dataset"].eq("mpdta") & rows["spec in words"].str.startswith("CS ")
    return rows[mine & rows["kind"].isin(["published", "published_recomputed", "reference_software"])]


def test_every_published_number_on_this_panel_is_reached(shared_data):
    result = analysed(frame_of(shared_data, "mpdta.csv"), "callaway_santanna", COLUMNS, estimation="reg")
    ours = {}
    for cell in result.att_gt:
        ours[f"ATT({cell.cohort},{cell.period})"], ours[f"SE({cell.cohort},{cell.period})"] = cell.value, cell.std_error
    for row in result.event_study:
        ours[f"ES({row.event_time})"], ours[f"ES SE({row.event_time})"] = row.value, row.std_error
    for row in result.by_cohort:
        ours[f"group {row.cohort}"], ours[f"group SE {row.cohort}"] = row.value, row.std_error
    overall = {estimate.name: estimate for estimate in result.estimates}
    words = {"simple": "att", "dynamic": "att_event_time", "group overall": "att_cohort"}
    rows = published(shared_data)
    assert len(rows) == 50
    for row in rows.itertuples():
        value = ours.get(row.quantity)
        if value is None:
            name = next(ours_name for word, ours_name in words.items() if word in row._2)
            value = overall[name].std_error if row.quantity == "SE" else overall[name].value
        assert value == pytest.approx(row.value, abs=row.tolerance), row


def test_the_band_has_the_gaussian_limits_critical_value(shared_data):
    """METHODS section 3: 2.66 for the event study of this panel."""
    result = analysed(frame_of(shared_data, "mpdta.csv"), "callaway_santanna", COLUMNS)
    row = result.event_study[0]
    assert (row.band_upper - row.value) / row.std_error == pytest.approx(2.66, abs=0.06)
    assert np.isfinite(row.band_lower)


@pytest.mark.parametrize("covariates", [[], ["lpop"]])
def test_steps_between_leads_add_up_to_the_long_differences(shared_data, covariates):
    """The bounds need every lead from one reference: the same from either base, with its covariance."""
    frame = frame_of(shared_data, "mpdta.csv")
    found = [
        analysed(frame, "callaway_santanna", {**COLUMNS, "covariates": covariates}, base_period=base).long_differences
        for base in ("varying", "universal")
    ]
    assert found[0].event_times.tolist() == [-4, -3, -2, 0, 1, 2, 3]
    np.testing.assert_allclose(found[0].values, found[1].values, atol=1e-12)
    np.testing.assert_allclose(found[0].covariance, found[1].covariance, atol=1e-12)

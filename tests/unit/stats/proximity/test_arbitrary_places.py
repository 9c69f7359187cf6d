"""Arbitrary people and places: each gives a result that satisfies the invariants, a refusal or a problem."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.stats.engine import analyse
from evaluations.stats.issues import BadInput
from evaluations.stats.spec import parse_spec
from tests.proximity_tables import sites, table
from tests.unit.stats.invariants import check_result, check_row

FEW = {"max_examples": 120, "deadline": None, "derandomize": True}
OUTCOMES = st.one_of(st.floats(-10, 10, allow_nan=False, width=32), st.sampled_from([0.0, 1.0, 1e-9, 1e6]))
DISTANCES = st.sampled_from([0.0, 0.3, 0.5, 0.99, 1.0, 1.7, 2.0, 2.5, 3.0, 4.9, 5.0, 20.0])
NAMES = {"outcome": "y", "unit": "u", "period": "t", "post": "p", "distance_km": "d", "first_treated": "f"}


@st.composite
def people(draw):
    """Up to thirty units in up to four periods at any distance, opened to any date; sometimes not followed."""
    n_units, n_periods = draw(st.integers(1, 30)), draw(st.sampled_from([1, 2, 3, 4]))
    columns = {name: [] for name in ("outcome", "unit", "period", "post", "distance_km", "first_treated", "born")}
    opens_post = draw(st.integers(1, 4))
    for unit in range(n_units):
        distance, first = draw(DISTANCES), draw(st.sampled_from([np.nan, 1.0, 2.0, 3.0, 4.0]))
        for period in range(1, n_periods + 1):
            columns["outcome"].append(draw(OUTCOMES))
            columns["unit"].append(unit)
            columns["period"].append(period)
            columns["post"].append(float(period >= opens_post))
            columns["distance_km"].append(distance)
            columns["first_treated"].append(first if first <= n_periods else np.nan)
            columns["born"].append(float(draw(st.integers(1, 6))))
    made = {name: np.array(column) for name, column in columns.items()}
    for role in draw(st.sets(st.sampled_from(["unit", "post", "first_treated"]))):
        made.pop(role)
    made.pop("born" if draw(st.booleans()) else "period")
    if draw(st.integers(0, 3)) == 0:
        made["weight"] = made["distance_km"] % 2
    if draw(st.integers(0, 3)) == 0:
        made["covariates"] = made["outcome"] * made["distance_km"]
    return made


OPTIONS = st.fixed_dictionaries(
    {
        "control_group": st.sampled_from(["never_treated", "not_yet_treated"]),
        "estimation": st.sampled_from(["dr", "linear"]),
        "panel": st.booleans(),
        "std_errors": st.sampled_from(["auto", "auto", "hc1", "classical", "cluster", "cr2", "conley"]),
        "conley_km": st.sampled_from([None, 1.0]),
        "inference": st.sampled_from(["analytic", "analytic", "analytic", "wild"]),
    }
)
PROXIMITY = st.fixed_dictionaries(
    {
        "edges_km": st.sampled_from([[0, 1, 2.5, 5], [0, 5], [1, 2, 3], [0, 0.5, 1, 5]]),
        "radius_km": st.sampled_from([0.1, 1.0, 2.5, 30.0]),
        "donut_km": st.sampled_from([None, 0.0, 0.6]),
        "exposure_ages": st.sampled_from([None, [0, 1], [0, 4]]),
    }
)


def answered(estimator, columns, options, proximity):
    placed = columns.keys() & {"latitude"}
    named = {role: name for role, name in NAMES.items() if role in columns} | ({"latitude": "a"} if placed else {})
    if "born" in columns:
        named["born"] = "b"
    if not set(named) & {"post", "period", "born"}:
        return
    try:
        spec = parse_spec(
            {
                "method": "proximity",
                "estimator": estimator,
                "columns": named,
                "options": options | {"draws": 19, "sensitivity": []},
                "proximity": proximity,
            }
        )
        if "period" not in columns:
            columns = {name: column for name, column in columns.items() if name != "first_treated"}
        result = analyse(table(**columns), spec)
    except BadInput as problem:
        assert problem.issues
        return
    check_result(result)
    for part in ("rings", "distance_curve"):
        for row in result.to_json().get(part, []):
            check_row(row)


@settings(**FEW)
@given(people(), OPTIONS, PROXIMITY)
def test_rings_around_anything(columns, options, proximity):
    answered("ring_did", columns, options, proximity)


@settings(**FEW)
@given(people(), OPTIONS, PROXIMITY)
def test_access_to_anything_by_date(columns, options, proximity):
    answered("access_did", columns, options, proximity)


@settings(**FEW)
@given(people(), OPTIONS, PROXIMITY)
def test_a_curve_over_anything(columns, options, proximity):
    many = {name: np.concatenate([column] * 4) for name, column in columns.items()}
    if "unit" in many:
        many["unit"] = np.concatenate([columns["unit"] + 100 * i for i in range(4)])
    answered("distance_curve", many, options, proximity)


@settings(**FEW)
@given(people(), OPTIONS, PROXIMITY, st.lists(st.sampled_from([-np.inf, 1.0, 2.0, 3.0, 9.0, np.nan]), max_size=3))
def test_access_to_any_sites(columns, options, proximity, opened):
    n = len(columns["outcome"])
    placed = {name: column for name, column in columns.items() if name not in ("first_treated", "distance_km")}
    placed |= {"latitude": 53 + columns["distance_km"] / 111.3, "longitude": np.full(n, -2.0)}
    if opened:
        placed["sites"] = sites(53 + np.arange(len(opened)), [-2.0] * len(opened), opened)
    for estimator in ("access_did", "ring_did"):
        answered(estimator, placed, options, proximity)

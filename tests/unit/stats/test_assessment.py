"""What surrounds a result: power of its pre-test, bounds and standing."""

from dataclasses import replace

import numpy as np
import pytest

from evaluations.stats import assessment
from evaluations.stats.assessment import first_effect
from evaluations.stats.results import Diagnostic, Dropped, Estimate, EventTimeEffect, LongDifferences, Result, Sample
from evaluations.stats.spec import parse_spec
from evaluations.stats.table import Table

COLUMNS = {"outcome": "y", "unit": "unit", "period": "year", "first_treated": "start"}
SPEC = parse_spec({"columns": COLUMNS})


def assess(spec, result: Result) -> Result:
    """The assessment of a result on an empty table: no check that looks at the data has anything to say."""
    nothing = Table(np.zeros(0), 0)
    return assessment.assess(nothing, spec, result, {spec.estimator: lambda table, spec: result})


def clear_result(**changes) -> Result:
    headline = Estimate("att", "the effect", 1.0, 0.1, 0.8, 1.2, p_value=0.0, n_clusters=100)
    times = np.array([-4, -3, -2, 0, 1])
    covariance = 0.0025 * (np.eye(5) + 1)
    whole = Result(
        estimates=(headline,),
        event_study=tuple(EventTimeEffect(int(t), float(v)) for t, v in zip(times, [0, 0, 0, 1, 1], strict=True)),
        diagnostics=(Diagnostic("pretrend_joint", "...", 1.0, 3, 0.6),),
        sample=Sample(1000, 1000),
        long_differences=LongDifferences(times, np.array([0.01, -0.02, 0.01, 1.0, 1.0]), covariance),
    )
    return replace(whole, **changes)


def test_a_clean_result_supports_a_causal_reading():
    assert assess(SPEC, clear_result()).standing.level == "supports"


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({"diagnostics": (Diagnostic("pretrend_joint", "", 9.0, 3, 0.01),)}, "does_not_support", "moving apart"),
        ({"diagnostics": (Diagnostic("pretrend_joint", "", 5.0, 3, 0.10),)}, "caution", "signs"),
        ({"diagnostics": ()}, "caution", "too few periods"),
        ({"estimates": (Estimate("att", "", 1.0, 0.1, n_clusters=8),)}, "does_not_support", "no interval"),
        ({"estimates": (Estimate("att", "", 1.0, 0.1, 0.8, 1.2, n_clusters=20),)}, "caution", "20 clusters"),
        ({"sample": Sample(1000, 700, (Dropped("outcome_missing", 300),))}, "caution", "30%"),
    ],
)
def test_each_fault_lowers_the_standing_and_says_why(changes, level, words):
    found = assess(SPEC, clear_result(**changes)).standing
    assert found.level == level
    assert any(words in reason for reason in found.reasons)


def test_forbidden_comparisons_lower_the_standing():
    mixed = clear_result().with_diagnostics(Diagnostic("forbidden_comparisons", "", 0.4))
    assert assess(SPEC, mixed).standing.level == "does_not_support"


def test_bounds_are_wider_for_a_larger_break_and_hold_the_first_effect():
    found = [item for item in assess(SPEC, clear_result()).sensitivity if item.kind == "relative_magnitudes"]
    assert [item.bound for item in found] == [0, 0.5, 1, 1.5, 2]
    lengths = [item.ci_upper - item.ci_lower for item in found]
    assert lengths == sorted(lengths)
    assert all(item.ci_lower < 1.0 < item.ci_upper for item in found)


def test_an_empty_list_asks_for_no_bounds():
    without = parse_spec({"columns": COLUMNS, "options": {"sensitivity": []}})
    assert assess(without, clear_result()).sensitivity == ()


def test_leads_before_a_gap_do_not_enter_the_bounds():
    times = np.array([-5, -3, -2, 0])
    path = LongDifferences(times, np.array([9.0, 0.0, 0.0, 1.0]), 0.01 * np.eye(4))
    assert first_effect(path).n_leads == 2


def test_the_same_seed_gives_the_same_digits():
    assert assess(SPEC, clear_result()).to_json() == assess(SPEC, clear_result()).to_json()

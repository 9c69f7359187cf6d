"""Words that count: every check of the engine is known here, and what is not known does not leave."""

import ast
from pathlib import Path

import pytest

from evaluations.disclosure.policy import PRESET
from evaluations.disclosure.readings import COUNTING, PLAIN, SILENT, UNKNOWN_READING, coarse, told_check

ENGINE = Path(__file__).parents[3] / "evaluations" / "stats"
NEUTRAL = {"leave_one_cohort_out", "leave_one_cluster_out", "stability"}
"""Checks that name a single unit or cohort and the least and greatest value: they lose their reading."""


def codes_stated() -> dict[str, bool]:
    """Every code that the engine writes out for a check, and whether its reading is put together from numbers."""
    found: dict[str, bool] = {}
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Diagnostic" and node.args):
                continue
            code = node.args[0]
            if isinstance(code, ast.Constant):
                is_put_together = len(node.args) > 1 and isinstance(node.args[1], ast.JoinedStr)
                found[code.value] = found.get(code.value, False) or is_put_together
    return found


def test_every_check_of_the_engine_is_known():
    stated = codes_stated()
    assert len(stated) > 25
    assert set(stated) - PLAIN - COUNTING - SILENT == set()


def test_readings_kept_as_they_are_have_no_count_in_them():
    put_together = {code for code, is_put_together in codes_stated().items() if is_put_together}
    told_apart = {"placebo_time", "placebo_outcome", "composition_change", "spillover_next_ring", "no_standard_error"}
    assert (put_together & PLAIN) - told_apart == set()  # these name a lead, a column, a distance or a reason


def test_no_check_is_in_two_lists():
    assert PLAIN & COUNTING == PLAIN & SILENT == COUNTING & SILENT == set()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("There are 8 clusters. Below 10 an error", "There are fewer than 10 clusters. Below 10 an error"),
        ("With 12,341 rows, the checks", "With about 12,340 rows, the checks"),
        ("rests on 23 clusters; with fewer than 40", "rests on about 25 clusters; with fewer than 40"),
        ("5.3% of unit-periods", "about 5% of unit-periods"),
        ("1.2 % of the units", "under 5 % of the units"),
        ("97.9% of rows", "over 95% of rows"),
        ("differ by 8.33 points", "differ by about 10 points"),
        ("In 2014 there were 3.", "In 2014 there were fewer than 10."),
        ("those 0 to 1.5 km away", "those 0 to 1.5 km away"),
    ],
)
def test_counts_in_words_become_coarse(words, told):
    assert coarse(words, PRESET) == told


def test_a_counting_check_loses_its_statistic_and_details():
    check = {"code": "movers", "reading": "7 units moved.", "statistic": 7, "p_value": None, "details": {"n": 7}}
    found = told_check(check, PRESET)
    assert "7" not in str(found) and found["reading"] == "fewer than 10 units moved."


def test_a_plain_check_keeps_its_numbers_but_not_what_counts_clusters():
    check = {"code": "pretrend_joint", "reading": "r", "statistic": 1.5, "df": [3.0, 46.0], "p_value": 0.123456}
    found = told_check(check | {"details": {"wald": 4.5, "unit_weights": {"A17": 0.5}}}, PRESET)
    assert (found["df"], found["p_value"], found["details"]) == (3.0, 0.1235, {"wald": 4.5})


def test_a_check_that_is_not_known_says_only_that_it_was_made():
    found = told_check({"code": "brand_new", "reading": "7 of them.", "statistic": 7, "details": {"n": 7}}, PRESET)
    assert found["reading"] == UNKNOWN_READING and "7" not in str(found)

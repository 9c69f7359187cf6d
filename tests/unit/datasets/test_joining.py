"""Two files joined on an id: which rows belong together, which ids are in doubt, and who is lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency, ttest_ind

from evaluations.datasets.join_report import match_report, report_in_words
from evaluations.datasets.joining import Choices, Side, joined_table, match_ids
from evaluations.stats.issues import BadInput
from evaluations.stats.linkage import check_category, check_number


def side(what: str, **columns) -> Side:
    return Side(what, pa.table(columns), "id")


def both(left: dict, right: dict) -> tuple[Side, Side]:
    return side("Participation", **left), side("Outcomes", **right)


def rows(left: dict, right: dict, kind: str = "outcomes", **choices) -> list[dict]:
    participation, outcomes = both(left, right)
    chosen = Choices(kind, **choices)
    return joined_table(participation, outcomes, match_ids(participation, outcomes, chosen), chosen).to_pylist()


def codes_of(left: dict, right: dict, **choices) -> dict[str, list]:
    with pytest.raises(BadInput) as refused:
        match_ids(*both(left, right), Choices(**choices))
    assert all(issue.hint for issue in refused.value.issues)
    found: dict[str, list] = {}
    for issue in refused.value.issues:
        found.setdefault(issue.code, []).append(issue.row)
    return found


TOOK_PART = {"id": ["b", "a", "c"], "start": [2020, 2019, 2021]}
EARNED = {"id": ["a", "d", "a", "b", None], "year": [1, 1, 2, 1, 1], "pay": [1.0, 2.0, 3.0, 4.0, 5.0]}


def test_every_outcome_is_kept_in_its_order_with_its_participation():
    found = rows(TOOK_PART, EARNED)
    assert [(row["id"], row["pay"], row["start"], row["in_participation"]) for row in found] == [
        ("a", 1.0, 2019, 1), ("d", 2.0, None, 0), ("a", 3.0, 2019, 1), ("b", 4.0, 2020, 1), (None, 5.0, None, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        ("both", ["a", "a", "b"]),
        ("participation", ["a", "a", "b", "c"]),
        ("all", ["a", "d", "a", "b", None, "c"]),
    ],
)
def test_the_other_ways_to_join_keep_the_rows_they_say(kind, ids):
    assert [row["id"] for row in rows(TOOK_PART, EARNED, kind)] == ids


def test_ids_may_repeat_in_participation_where_outcomes_have_one_row_each():
    found = rows({"id": ["a", "a", "b"], "term": [1, 2, 1]}, {"id": ["b", "a"], "score": [5, 6]})
    assert [(row["id"], row["term"]) for row in found] == [("b", 1), ("a", 1), ("a", 2)]


def test_a_column_of_both_files_keeps_both():
    (row,) = rows({"id": ["a"], "region": ["North"]}, {"id": ["a"], "region": ["South"]})
    assert (row["region"], row["region_participation"]) == ("South", "North")


def test_ids_that_repeat_on_both_sides_are_refused_with_their_rows():
    found = codes_of({"id": ["a", "b", "a"]}, {"id": ["a", "a", "b"]})
    assert found == {"id_repeats_on_both_sides": [2, 4]}


def test_capitals_and_spaces_are_a_problem_until_they_are_ignored():
    left, right = {"id": ["ab1", "AB2 "]}, {"id": ["ab1", "ab2"]}
    assert codes_of(left, right) == {"ids_differ_in_case": [3]}
    assert len(rows(left, right, "both", ignore_case=True)) == 2


def test_zeros_that_a_spreadsheet_took_off_are_a_problem_until_they_are_put_back():
    left, right = {"id": pa.array([7, 12345])}, {"id": ["000007", "012345"]}
    assert codes_of(left, right) == {"ids_lost_zeros": [2, 3]}
    assert len(rows(left, right, "both", digits=6)) == 2


def test_ids_that_become_one_by_ignoring_capitals_are_refused():
    found = codes_of({"id": ["a1", "A1", "b"]}, {"id": ["a1", "b"]}, ignore_case=True)
    assert found["ids_alike"] == [2, 3]


@pytest.mark.parametrize("ids", [pa.array([1.234567e17, 5.0]), ["1.23457E+11", "5"]])
def test_ids_that_a_spreadsheet_rounded_are_refused(ids):
    assert codes_of({"id": ids}, {"id": ["5", "6"]}) == {"id_rounded": [2]}


@pytest.mark.parametrize("ids", [["x", "y"], pa.array([None, None], pa.string())])
def test_nothing_in_common_is_refused(ids):
    assert "no_ids_matched" in codes_of({"id": ids}, {"id": ["a", "b"]})


def test_input_is_unchanged_and_row_order_changes_nothing_else():
    participation, outcomes = both(TOOK_PART, EARNED)
    turned = Side("Participation", participation.data.take([2, 0, 1]), "id")
    first = joined_table(participation, outcomes, match_ids(participation, outcomes, Choices()), Choices())
    second = joined_table(turned, outcomes, match_ids(turned, outcomes, Choices()), Choices())
    assert first.equals(second) and participation.data.to_pydict() == TOOK_PART


def biased(n: int = 400) -> tuple[Side, Side]:
    """Those eligible for free meals are found half the time, others always; the lost are younger."""
    rng = np.random.default_rng(3)
    meals = rng.random(n) < 0.5
    found = ~meals | (rng.random(n) < 0.5)
    ids = [f"p{number}" for number in range(n)]
    ages = np.where(found, 18.0, 16.0) + rng.normal(0, 1, n)
    treated = np.tile([1, 0], n // 2)
    left = {"id": ids, "free_meals": np.where(meals, "yes", "no").tolist(), "age": ages, "treated": treated}
    kept = [each for each, is_in in zip(ids, found, strict=True) if is_in]
    return both(left, {"id": kept * 2, "year": [1] * len(kept) + [2] * len(kept)})


def test_the_report_counts_ids_and_tests_what_the_lost_have_in_common():
    participation, outcomes = biased()
    report = match_report(participation, outcomes, match_ids(participation, outcomes, Choices()), people=False)
    side = report["sides"][0]
    lost = side["counts"]["unmatched"]
    meals = next(each for each in side["categories"] if each["column"] == "free_meals")
    treated = next(each for each in side["categories"] if each["column"] == "treated")
    assert side["counts"]["ids"] == 400 and report["sides"][1]["counts"]["unmatched"] == 0
    assert {group["label"]: group["n"] - group["matched"] for group in meals["groups"]} == {"yes": lost, "no": 0}
    assert meals["is_likely_bias"] and not treated["is_likely_bias"]
    assert report["sides"][1]["categories"][0]["of"] == "rows"
    assert side["attrition"]["overall"] == pytest.approx(100 * lost / 400)
    words = " ".join(report_in_words(report))
    assert "by free_meals: " in words and "100 % where it is no" in words and "age: the mean is 15" in words
    assert "Those not found differ" in words


def test_counts_about_few_people_are_hidden_and_others_rounded():
    left = {"id": [f"p{i}" for i in range(100)], "who": ["rare"] * 12 + ["some"] * 40 + ["most"] * 48}
    found = [f"p{i}" for i in range(100) if i % 2]
    participation, outcomes = both(left, {"id": found})
    report = match_report(participation, outcomes, match_ids(participation, outcomes, Choices()), people=True)
    most, *hidden = report["sides"][0]["categories"][0]["groups"]
    assert [group["n"] for group in hidden] == [None, None]  # the second, so that the first is no difference
    assert "rare" not in str(report) and "some" not in str(report)
    assert most == {"label": "most", "n": 50, "matched": 25, "rate": 0.5}


def test_the_tests_agree_with_scipy():
    rng = np.random.default_rng(1)
    codes, matched, values = rng.integers(0, 3, 300), rng.random(300) < 0.6, rng.normal(size=300)
    check = check_category("x", ["a", "b", "c"], codes, matched)
    table = [[np.sum((codes == k) & matched), np.sum((codes == k) & ~matched)] for k in range(3)]
    expected = chi2_contingency(table, correction=False)
    assert check.statistic == pytest.approx(expected.statistic) and check.p_value == pytest.approx(expected.pvalue)
    number = check_number("x", values, matched)
    welch = ttest_ind(values[~matched], values[matched], equal_var=False)
    assert number.p_value == pytest.approx(welch.pvalue, rel=0.02)  # normal for t with some 250 degrees of freedom

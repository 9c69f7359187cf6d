"""Linked tables of counts: no small one can be placed too narrowly by anyone who uses all that is shown together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluations.disclosure.policy import PRESET, Policy
from evaluations.disclosure.tables import (
    PRIMARY,
    SECONDARY,
    Count,
    Sum,
    Tables,
    hidden_counts,
    reader_range,
    rounded,
    shown_range,
)

EXACT = Policy(round_to=1)


def crossed(rows: list[list[int]], *, policy=PRESET) -> Tables:
    """A table of counts with both its margins and its total."""
    cells = np.array(rows)
    counts = [Count(f"r{i}c{j}", int(cells[i, j])) for i in range(cells.shape[0]) for j in range(cells.shape[1])]
    counts += [Count(f"r{i}", int(total), cost=3) for i, total in enumerate(cells.sum(1))]
    counts += [Count(f"c{j}", int(total), cost=3) for j, total in enumerate(cells.sum(0))]
    counts.append(Count("all", int(cells.sum()), cost=10))
    n_rows, n_columns = cells.shape
    sums = [Sum(((f"r{i}", 1), *((f"r{i}c{j}", -1) for j in range(n_columns)))) for i in range(n_rows)]
    sums += [Sum(((f"c{j}", 1), *((f"r{i}c{j}", -1) for i in range(n_rows)))) for j in range(n_columns)]
    sums.append(Sum((("all", 1), *((f"r{i}", -1) for i in range(n_rows)))))
    return Tables(tuple(counts), tuple(sums))


def hidden(tables, policy=PRESET):
    return {each.key: each.why for each in hidden_counts(tables, policy)}


def test_a_table_without_small_counts_is_shown_whole():
    assert hidden(crossed([[20, 30], [40, 50]])) == {}


def test_one_small_cell_of_a_table_with_exact_margins_takes_three_others_with_it():
    found = hidden(crossed([[3, 40, 50], [60, 70, 80], [90, 100, 110]]), EXACT)
    assert found["r0c0"] == PRIMARY
    assert list(found.values()).count(SECONDARY) >= 3
    assert "all" not in found


def test_the_range_by_hand_of_a_cell_whose_row_alone_is_shown():
    tables = Tables((Count("a", 3), Count("b", 40), Count("t", 43)), (Sum((("t", 1), ("a", -1), ("b", -1))),))
    assert reader_range(tables, EXACT, {"a"}, "a") == pytest.approx((2.0, 4.0))  # 42.5 to 43.5 less 39.5 to 40.5
    assert reader_range(tables, PRESET, {"a"}, "a") == pytest.approx((0.0, 10.0))  # 45 and 40, each 2.5 either way
    assert reader_range(tables, PRESET, {"a", "b"}, "a") == pytest.approx((0.0, 47.5))


def test_a_complement_that_is_not_printed_is_protected_too():
    counts = (Count("all", 102), Count("treated", 100), Count("untreated", 2, is_shown=False))
    tables = Tables(counts, (Sum((("all", 1), ("treated", -1), ("untreated", -1))),))
    found = hidden(tables)
    assert set(found.values()) == {SECONDARY} and set(found) <= {"all", "treated"} and found


def test_a_complement_of_nobody_needs_no_protection():
    counts = (Count("all", 104), Count("treated", 104), Count("untreated", 0, is_shown=False))
    assert hidden(Tables(counts, (Sum((("all", 1), ("treated", -1), ("untreated", -1))),))) == {}


def test_a_count_of_nobody_that_would_be_printed_is_hidden():
    assert hidden(Tables((Count("a", 0),))) == {"a": PRIMARY}


def test_rows_of_few_people_are_small_however_many_rows_they_are():
    assert hidden(Tables((Count("rows", 54, per=6),))) == {"rows": PRIMARY}
    assert hidden(Tables((Count("rows", 60, per=6),))) == {}


def test_everything_is_hidden_where_no_choice_would_protect():
    counts = (Count("a", 3), Count("b", 40, is_known=True), Count("t", 43, is_known=True))
    found = hidden(Tables(counts, (Sum((("t", 1), ("a", -1), ("b", -1))),)))
    assert set(found) == {"a", "b", "t"}


def test_counts_are_rounded_to_the_nearest_base_and_never_below_the_threshold():
    assert [rounded(Count("n", value), PRESET) for value in (10, 12, 13, 97, 98)] == [10, 10, 15, 95, 100]
    assert rounded(Count("rows", 1003, per=2), PRESET) == 1000


@given(st.integers(10, 10_000), st.integers(1, 12))
def test_what_is_shown_can_stand_for_the_true_count(value, per):
    count = Count("n", value * per, per=per)
    low, high = shown_range(count, PRESET)
    assert low <= count.value <= high


@settings(max_examples=40)
@given(st.data())
def test_no_small_cell_of_a_random_table_can_be_placed_within_the_threshold(data):
    n_rows, n_columns = data.draw(st.integers(2, 4)), data.draw(st.integers(2, 4))
    cell = st.one_of(st.integers(0, 9), st.integers(10, 300))
    tables = crossed([[data.draw(cell) for _ in range(n_columns)] for _ in range(n_rows)])
    policy = data.draw(st.sampled_from([PRESET, EXACT, Policy(min_count=20, round_to=10)]))
    found = hidden(tables, policy)
    for count in tables.counts:
        assert not (count.is_small(policy) and count.is_shown) or count.key in found
    if len(found) == len(tables.counts):
        return
    for count in tables.counts:
        if count.is_small(policy):
            low, high = reader_range(tables, policy, found, count.key)
            assert low - 1e-6 <= count.value <= high + 1e-6
            assert high - low >= policy.min_count - 1e-6

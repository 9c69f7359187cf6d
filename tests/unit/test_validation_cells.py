"""The simulations of `make validate` go on where they were stopped, and keep what has not changed."""

import pytest

from benchmarks.validation import coverage, sources

DRAWS = 3
CELLS = [coverage.Cell("no_effect", "twfe"), coverage.Cell("one_date", "twfe")]


@pytest.fixture
def few_cells(monkeypatch):
    monkeypatch.setattr(coverage, "cells", lambda: iter(CELLS))


def rows_of(known=()):
    return list(coverage.simulate(DRAWS, known=known, workers=1))


def test_rows_come_after_each_cell_in_the_order_of_the_page(few_cells):
    steps = rows_of()
    assert [len(rows) for rows in steps] == [0, 1, 2]
    assert [row["world"] for row in steps[-1]] == ["no_effect", "one_date"]


def test_a_cell_that_would_not_change_is_kept_and_another_is_run(few_cells):
    first, second = rows_of()[-1]
    marked = {**first, "coverage": 0.123}
    steps = rows_of([marked])
    assert steps[0] == [marked]
    assert steps[-1] == [marked, second]


def test_other_draws_sources_or_designs_make_another_digest(monkeypatch):
    cell = CELLS[0]
    digests = {coverage.digest(cell, DRAWS), coverage.digest(cell, DRAWS + 1), coverage.digest(CELLS[1], DRAWS)}
    digests.add(coverage.digest(coverage.Cell("no_effect", "twfe", (("std_errors", "cr2"),)), DRAWS))
    monkeypatch.setattr(coverage, "sources_digest", lambda *_: "other sources")
    digests.add(coverage.digest(cell, DRAWS))
    assert len(digests) == 5


def test_every_cell_has_its_own_digest_and_seed():
    every = list(coverage.cells())
    assert len({coverage.digest(cell, DRAWS) for cell in every}) == len(every)
    assert len({f"{cell.world}|{cell.label}" for cell in every}) == len(every)


def test_a_cell_rests_on_what_its_estimator_imports_and_not_on_words():
    rings = set(sources._imported("evaluations.stats.proximity.ring_did"))
    assert "evaluations.stats.proximity.rings" in rings
    assert not any("proximity" in name for name in sources._imported("evaluations.stats.twfe"))
    assert "cohort" in sources._code("evaluations.stats.twfe")
    assert "Two-way fixed effects" not in sources._code("evaluations.stats.twfe").split("ESTIMAND")[0]


def test_cells_of_one_design_are_judged_by_the_same_panels_as_when_alone():
    cells = [coverage.Cell("no_effect", "event_study"), coverage.Cell("no_effect", "event_study", judges="band")]
    assert coverage.behaviours(cells, DRAWS) == [coverage.behaviour(cell, DRAWS) for cell in cells]

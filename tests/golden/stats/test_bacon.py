"""Goodman-Bacon against R bacondecomp 0.1.3 on the castle-doctrine panel."""

import json

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.diagnostics.bacon import CohortMeans, decompose, forbidden_share
from evaluations.stats.table import NEVER_TREATED

EXACT = 1e-8  # the tolerance the reference states


@pytest.fixture
def castle(shared_data):
    frame = pd.read_csv(shared_data / "oracle" / "bacon_castle.csv")
    outcome = frame.pivot(index="state", columns="year", values="l_homicide")
    first = frame[frame.post == 1].groupby("state").year.min()
    years = list(outcome.columns)
    starts = [years.index(first[state]) if state in first else NEVER_TREATED for state in outcome.index]
    return years, decompose(CohortMeans.of_panel(outcome.to_numpy(), np.array(starts, dtype=np.int32)))


def test_every_comparison_agrees_with_bacondecomp(castle, shared_data):
    years, comparisons = castle
    cases = json.loads((shared_data / "oracle" / "cases.json").read_text())
    expected = next(case["expected"] for case in cases if case["id"] == "bacon_castle")
    ours = {
        (years[item.treated], None if item.control == NEVER_TREATED else years[item.control]): item
        for item in comparisons
    }
    assert len(ours) == len(expected["treated"]) == 25
    for treated, control, value, weight in zip(
        expected["treated"], expected["untreated"], expected["estimate"], expected["weight"], strict=True
    ):
        assert ours[treated, control].value == pytest.approx(value, abs=EXACT)
        assert ours[treated, control].weight == pytest.approx(weight, abs=EXACT)


def test_the_comparisons_average_to_the_two_way_estimate(castle):
    _, comparisons = castle
    assert sum(item.value * item.weight for item in comparisons) == pytest.approx(0.0818116169306458, abs=EXACT)


def test_forbidden_comparisons_carry_their_published_weight(castle):
    _, comparisons = castle
    assert forbidden_share(comparisons) == pytest.approx(0.03190, abs=5e-6)

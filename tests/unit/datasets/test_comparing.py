"""Areas are proposed by what happened before, never by what came after."""

from __future__ import annotations

import numpy as np
import pytest

from evaluations.datasets.comparing import Area, advice, propose
from evaluations.stats.issues import BadInput

YEARS = np.arange(10)


def area(code: str, level: float, slope: float, *, wobble: float = 0.0, **more) -> Area:
    values = level + slope * YEARS + wobble * np.sin(3 * YEARS)
    return Area(code, f"Area {code}", values, more.pop("context", {}), **more)


OWN = area("T", 50, 1.0)


def test_the_likest_earlier_path_comes_first():
    others = [area("far", 50, -1.0), area("like", 48, 1.0, wobble=0.1), area("wobbly", 50, 1.0, wobble=3)]
    found = propose([OWN, *others], {"T"}, 6)
    assert [each.code for each in found.candidates] == ["like", "far", "wobbly"] or found.candidates[0].code == "like"
    assert (found.n_before, found.n_after) == (6, 4)


def test_what_came_after_the_start_changes_nothing():
    others = [area("a", 50, 0.5), area("b", 52, 1.2), area("c", 40, 0.9, wobble=1)]
    before = propose([OWN, *others], {"T"}, 6)
    changed = [
        Area(each.code, each.name, np.where(YEARS >= 6, each.values * 9 + 7, each.values), {}) for each in others
    ]
    assert propose([OWN, *changed], {"T"}, 6).candidates == before.candidates


def test_context_decides_between_equal_paths():
    own = area("T", 50, 1.0, context={"deprivation": 30.0})
    others = [
        area(code, 49, 1.0, wobble=0.5, context={"deprivation": value})
        for code, value in (("x", 5.0), ("y", 29.0), ("z", 60.0))
    ]
    assert propose([own, *others], {"T"}, 6).candidates[0].code == "y"


def test_areas_left_out_are_named_with_the_reason():
    gap = area("gap", 50, 1.0)
    gap.values[3] = np.nan
    found = propose([OWN, area("a", 50, 1), gap, area("end", 50, 1, left_out="ended")], {"T"}, 6)
    assert found.left_out == {"figures missing in some period": ("Area gap",), "ended": ("Area end",)}
    assert [each.code for each in found.candidates] == ["a"]


def test_no_more_are_proposed_than_asked_for():
    others = [area(str(number), 50, 1.0, wobble=number / 10) for number in range(60)]
    found = propose([OWN, *others], {"T"}, 6)
    assert len(found.proposed) == 40 and len(found.candidates) == 60


@pytest.mark.parametrize(
    ("start", "treated", "code"),
    [(1, {"T"}, "too_few_before"), (6, {"nobody"}, "area_not_in_series"), (10, {"T"}, "none_after")],
)
def test_too_little_to_go_by_is_said(start, treated, code):
    with pytest.raises(BadInput) as caught:
        propose([OWN, area("a", 50, 1)], treated, start)
    assert caught.value.issues[0].code == code


def test_how_many_were_treated_decides_the_advice():
    assert "synthetic" in advice(1, 40) and "placebo" in advice(1, 40)
    assert "randomisation" in advice(3, 40) and "clustered" in advice(20, 40)


def test_areas_quieter_than_ones_own_are_not_preferred_to_those_that_jump_as_much():
    rng = np.random.default_rng(7)

    def noisy(code: str, size: float) -> Area:
        return Area(code, code, 50 + rng.normal(0, size, len(YEARS)), {})

    others = [noisy(f"quiet{number}", 0.1) for number in range(30)] + [noisy(f"alike{n}", 2.0) for n in range(30)]
    found = propose([noisy("T", 2.0), *others], {"T"}, 8, most=20)
    assert sum(code.startswith("alike") for code in found.proposed) >= 18

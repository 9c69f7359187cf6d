"""The table of what inference each estimator has: what it says is what happens, and nothing is passed over."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluations.stats.engine import estimated
from evaluations.stats.issues import NotEstimable
from evaluations.stats.spec import parse_spec
from tests.engine_inputs import PANEL, analysed, panel_frame
from tests.proximity_tables import table

NEVER = float("nan")
METHODS = Path(__file__).resolve().parents[3] / "docs" / "methods.md"


def offered() -> list[tuple[str, str, bool]]:
    """Every cell of the table: row, inference, and whether it is there."""
    text = METHODS.read_text().split("## Inference, by estimator")[1].split("\n## ")[0]
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    return [(row[0], kind, said == "yes") for row in rows for kind, said in zip(head[1:], row[1:], strict=True)]


def refusal_of(row: str, inference: str) -> str | None:
    """The code with which the row's estimator refuses the inference; null where it answers."""
    estimator = re.match("`(.*?)`", row)[1]
    options = {"inference": inference, "draws": 99}
    if estimator in ("ring_did", "access_did"):
        return places(estimator, "many" in row or estimator == "access_did", options)
    frame = panel_frame([3.0] * 12 + [NEVER] * 14, n_periods=5, noise=1.0)
    columns = PANEL
    if estimator == "did_2x2":
        frame["treated"], frame["post"] = frame["first_treated"].notna().astype(int), (frame["period"] >= 3).astype(int)
        frame["x"] = np.sin(frame["unit"])
        columns = {"unit": "unit", "outcome": "outcome", "treated": "treated", "post": "post"}
        columns |= {"covariates": ["x"]} if "`dr`" in row else {}
    result = analysed(frame, estimator, columns, **options)
    return result.refusal.code if result.refusal else None


def places(estimator: str, is_staggered: bool, options: dict) -> str | None:
    rng = np.random.default_rng(1)
    n, n_periods = 120, 4
    period, distance = np.tile(np.arange(1, n_periods + 1), n), np.repeat(rng.uniform(0, 5, n), n_periods)
    columns = {"outcome": rng.normal(size=len(period)), "unit": np.repeat(np.arange(n), n_periods), "period": period}
    if is_staggered:
        first = rng.choice([2.0, 3.0, NEVER] if estimator == "access_did" else [2.0, 3.0], n)
        columns |= {"first_treated": np.repeat(first, n_periods)}
    else:
        columns |= {"post": (period >= 3).astype(float)}
    columns |= {"distance_km": distance}
    spec = {"method": "proximity", "estimator": estimator, "columns": {role: role for role in columns}}
    try:
        estimated(table(**columns), parse_spec({**spec, "options": options, "proximity": {"edges_km": [0, 1, 2.5, 5]}}))
    except NotEstimable as reason:
        return reason.code
    return None


@pytest.mark.parametrize(("row", "inference", "is_offered"), offered())
def test_each_inference_is_had_or_refused_as_the_page_of_methods_says(row, inference, is_offered):
    assert refusal_of(row, inference) == (None if is_offered else "inference_not_available")


@pytest.mark.parametrize("estimator", ["did_2x2", "callaway_santanna", "imputation", "synthetic_did"])
def test_unit_trends_are_refused_by_estimators_that_do_not_take_them_out(estimator):
    frame = panel_frame([3.0] * 12 + [NEVER] * 14, n_periods=5, noise=1.0)
    frame = frame.assign(treated=frame["first_treated"].notna().astype(int), post=(frame["period"] >= 3).astype(int))
    columns = PANEL
    if estimator == "did_2x2":
        columns = {"unit": "unit", "outcome": "outcome", "treated": "treated", "post": "post"}
    assert analysed(frame, estimator, columns, unit_trends=True).refusal.code == "unit_trends_not_available"


def two_periods(n_treated: int, n_controls: int) -> tuple[pd.DataFrame, dict]:
    """Units before and after, the treated with an effect of 2."""
    frame = panel_frame([2.0] * n_treated + [NEVER] * n_controls, n_periods=2, effect=2.0, noise=1.0)
    frame = frame.assign(treated=frame["first_treated"].notna().astype(int), post=(frame["period"] == 2).astype(int))
    return frame, {"unit": "unit", "outcome": "outcome", "treated": "treated", "post": "post"}


def test_randomisation_of_two_by_two_is_the_share_of_assignments_as_far_from_zero():
    frame, columns = two_periods(3, 5)
    change = frame.pivot(index="unit", columns="period", values="outcome").diff(axis=1)[2].to_numpy()
    actual = change[:3].mean() - change[3:].mean()
    ways = [change[list(w)].mean() - np.delete(change, list(w)).mean() for w in combinations(range(8), 3)]
    result = analysed(frame, "did_2x2", columns, inference="randomisation")
    assert result.estimates[0].value == pytest.approx(actual)
    assert result.estimates[0].p_value == pytest.approx(np.mean(np.abs(ways) >= abs(actual) - 1e-9))
    codes = [item.code for item in result.diagnostics]
    assert "randomisation" in codes
    assert not {"few_clusters", "few_treated_clusters"} & set(codes), "few clusters take nothing from it"


def test_randomisation_of_two_by_two_is_that_of_two_way_fixed_effects():
    frame, columns = two_periods(6, 14)
    by_means = analysed(frame, "did_2x2", columns, inference="randomisation", draws=199).estimates[0]
    two_way = analysed(frame, "twfe", {**columns, "period": "period"}, inference="randomisation", draws=199).estimates[
        0
    ]
    assert by_means.p_value == two_way.p_value
    assert (by_means.ci_lower, by_means.ci_upper) == pytest.approx((two_way.ci_lower, two_way.ci_upper), rel=0.01)

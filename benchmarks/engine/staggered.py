"""Callaway and Sant'Anna: from a data frame to all averages, beside diff-diff and csdid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.contest import Contender, Contest
from evaluations.datasets.ingest import RawTable, typed_table
from evaluations.stats.engine import estimated
from evaluations.stats.spec import Spec, parse_spec

COHORTS, SHARES = (3, 5, 7, 9, 0), (0.15, 0.15, 0.15, 0.15, 0.4)


def panel(n_units: int, n_periods: int = 10, n_covariates: int = 0, seed: int = 0) -> pd.DataFrame:
    """A balanced panel: four cohorts and units never treated (first_treated 0), effect 1, trends drifting with x."""
    rng = np.random.default_rng(seed)
    first = rng.choice(COHORTS, size=n_units, p=SHARES)
    x = rng.normal(size=(n_units, n_covariates))
    period = np.arange(1, n_periods + 1)
    outcome = rng.normal(size=(n_units, 1)) + rng.normal(size=(n_units, n_periods)) + 0.1 * period
    if n_covariates:
        outcome += 0.02 * x.sum(axis=1, keepdims=True) * period
    outcome += (first[:, None] > 0) & (period >= first[:, None])
    columns = {f"x{place}": np.repeat(x[:, place], n_periods) for place in range(n_covariates)}
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(n_units), n_periods),
            "period": np.tile(period, n_units),
            "outcome": outcome.ravel(),
            "first_treated": np.repeat(first, n_periods),
            **columns,
        }
    )


def covariates_of(frame: pd.DataFrame) -> list[str]:
    """The covariates' names."""
    return [name for name in frame if name.startswith("x")]


def spec_for(frame: pd.DataFrame, **options: Any) -> Spec:
    """The design on the frame's own names."""
    columns = {name: name for name in ("unit", "period", "outcome", "first_treated")}
    columns |= {"covariates": covariates_of(frame)}
    return parse_spec({"estimator": "callaway_santanna", "columns": columns, "options": options})


def uplift(**arguments: Any) -> Callable[[], list[float]]:
    """Ours, from the data frame: checks of the input, group-time effects, four averages, tests, and bands.

    Bands come from their Gaussian limit or, with `draws`, from the multiplier bootstrap, as the peer's do.
    """
    draws = arguments.pop("draws", 0)
    options = {"inference": "bootstrap", "draws": draws} if draws else {}
    frame = panel(**arguments)
    frame["first_treated"] = frame["first_treated"].where(frame["first_treated"] > 0).astype(float)
    spec = spec_for(frame, **options)

    def work() -> list[float]:
        data = pa.Table.from_pandas(frame, preserve_index=False)
        result = estimated(typed_table(RawTable(data, tuple(data.column_names)), spec), spec)
        return [result.estimates[0].value, result.estimates[0].std_error]

    return work


def diff_diff(**arguments: Any) -> Callable[[], list[float]]:
    """diff-diff, from the data frame, with the same averages; its bands come from `draws` of its bootstrap."""
    from diff_diff import CallawaySantAnna

    draws = arguments.pop("draws", 0)
    frame = panel(**arguments)
    model = CallawaySantAnna(estimation_method="dr", n_bootstrap=draws, seed=1)
    columns = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treat": "first_treated"}
    covariates = covariates_of(frame) or None

    def work() -> list[float]:
        found = model.fit(frame, covariates=covariates, aggregate="all", **columns)
        return [float(found.overall_att), float(found.overall_se)]

    return work


def diff_diff_simple(**arguments: Any) -> Callable[[], list[float]]:
    """diff-diff with nothing but group-time effects and their overall average."""
    from diff_diff import CallawaySantAnna

    frame = panel(**arguments)
    columns = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treat": "first_treated"}
    covariates = covariates_of(frame) or None

    def work() -> list[float]:
        found = CallawaySantAnna(estimation_method="dr").fit(frame, covariates=covariates, **columns)
        return [float(found.overall_att), float(found.overall_se)]

    return work


OURS = Contender("uplift", "benchmarks.engine.staggered:uplift")
PEERS = (
    Contender("diff-diff, all averages", "benchmarks.engine.staggered:diff_diff"),
    Contender("diff-diff, overall only", "benchmarks.engine.staggered:diff_diff_simple"),
)
CONTESTS = (
    Contest(
        "staggered, dr, 3 covariates, 100,000 units x 10",
        "at least 3 times as fast as diff-diff with less memory",
        (OURS, *PEERS),
        {"n_units": 100_000, "n_covariates": 3},
    ),
    Contest(
        "staggered, dr, 3 covariates, 100,000 x 10, bands from 999 multiplier draws",
        "at least 5 times as fast as diff-diff",
        (OURS, PEERS[0]),
        {"n_units": 100_000, "n_covariates": 3, "draws": 999},
        repeats=3,
    ),
    Contest(
        "staggered, no covariates, 1,000,000 x 10",
        "at most 1 s",
        (OURS, *PEERS),
        {"n_units": 1_000_000},
        repeats=3,
        is_long=True,
    ),
    Contest(
        "staggered, dr, 3 covariates, 1,000,000 x 10",
        "at least 4 times as fast as diff-diff, under 2.5 GB",
        (OURS, *PEERS),
        {"n_units": 1_000_000, "n_covariates": 3},
        repeats=3,
        is_long=True,
    ),
)

"""Frames and designs for tests of the engine: the same way in as a file takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluations.datasets.ingest import RawTable, typed_table
from evaluations.stats.engine import estimated
from evaluations.stats.issues import NotEstimable
from evaluations.stats.results import Result, refused
from evaluations.stats.spec import Spec, parse_spec
from evaluations.stats.table import Table


def spec_of(estimator: str, columns: Mapping[str, Any], **options: Any) -> Spec:
    """A difference-in-differences design."""
    return parse_spec({"method": "did", "estimator": estimator, "columns": dict(columns), "options": options})


def table_of(frame: pd.DataFrame, spec: Spec) -> Table:
    """The frame as the checked table that the design asks for."""
    data = pa.Table.from_pandas(frame, preserve_index=False)
    return typed_table(RawTable(data, tuple(data.column_names)), spec)


def analysed(frame: pd.DataFrame, estimator: str, columns: Mapping[str, Any], **options: Any) -> Result:
    """The estimator's result of a design on a frame, or its refusal; without what is said about it afterwards."""
    spec = spec_of(estimator, columns, **options)
    try:
        return estimated(table_of(frame, spec), spec)
    except NotEstimable as reason:
        return refused(reason)


PANEL = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}


def panel_frame(
    starts: list[float], *, n_periods: int, effect: float = 0.0, noise: float = 0.0, seed: int = 1
) -> pd.DataFrame:
    """A panel in parallel trends: unit and period effects, and `effect` from each unit's start (NaN: never)."""
    rng = np.random.default_rng(seed)
    n = len(starts)
    unit, period = np.repeat(np.arange(n), n_periods), np.tile(np.arange(1, n_periods + 1), n)
    first = np.repeat(np.array(starts, dtype=float), n_periods)
    shocks = rng.normal(size=n_periods)[period - 1] + rng.normal(size=n)[unit]
    outcome = shocks + effect * (period >= first) + noise * rng.normal(size=n * n_periods)
    return pd.DataFrame({"unit": unit, "period": period, "outcome": outcome, "first_treated": first})

"""Two-way fixed effects, event studies and the wild bootstrap, beside pyfixest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.contest import Contender, Contest
from benchmarks.engine.staggered import panel
from evaluations.datasets.ingest import RawTable, typed_table
from evaluations.stats.engine import estimated
from evaluations.stats.spec import Spec, parse_spec
from evaluations.stats.table import Table

ROLES = {name: name for name in ("unit", "period", "outcome", "first_treated")}


def _frame(n_units: int) -> pd.DataFrame:
    frame = panel(n_units)
    frame["first_treated"] = frame["first_treated"].where(frame["first_treated"] > 0).astype(float)
    return frame


def _table(frame: pd.DataFrame, spec: Spec) -> Table:
    data = pa.Table.from_pandas(frame, preserve_index=False)
    return typed_table(RawTable(data, tuple(data.column_names)), spec)


def _answer(table: Table, spec: Spec) -> list[float | None]:
    headline = estimated(table, spec).estimates[0]
    return [headline.value, headline.std_error]


def from_frame(n_units: int, estimator: str) -> Callable[[], list[float | None]]:
    """Ours from the data frame: every check of the input, then the estimate."""
    frame, spec = _frame(n_units), parse_spec({"estimator": estimator, "columns": ROLES})
    return lambda: _answer(_table(frame, spec), spec)


def from_table(n_units: int, estimator: str) -> Callable[[], list[float | None]]:
    """Ours from the checked table, as when one file is analysed many times."""
    frame, spec = _frame(n_units), parse_spec({"estimator": estimator, "columns": ROLES})
    table = _table(frame, spec)
    del frame
    return lambda: _answer(table, spec)


def pyfixest(n_units: int, estimator: str) -> Callable[[], list[float]]:
    """pyfixest's feols on the same data frame."""
    import pyfixest

    frame = panel(n_units)
    treated = frame["first_treated"] > 0
    if estimator == "twfe":
        frame["x"] = (treated & (frame["period"] >= frame["first_treated"])).astype(float)
        formula, average = "outcome ~ x | unit + period", lambda names: names == ["x"]
    else:
        frame["x"] = np.where(treated, frame["period"] - frame["first_treated"], -1)
        formula, average = "outcome ~ i(x, ref=-1) | unit + period", None

    def work() -> list[float]:
        found = pyfixest.feols(formula, frame, vcov={"CRV1": "unit"})
        values = found.coef()
        if average is None:
            after = [name for name in values.index if float(name.split("::")[-1].rstrip("]")) >= 0]
            return [float(values[after].mean())]
        return [float(values.iloc[0]), float(found.se().iloc[0])]

    return work


def with_holes(n_units: int, n_periods: int, n_cohorts: int, estimator: str) -> Callable[[], list[float | None]]:
    """Ours on a panel of many cohorts with a tenth of its rows gone, from the checked table."""
    rng = np.random.default_rng(6)
    first = rng.choice(np.append(np.arange(2, n_cohorts + 2), 0), n_units)
    unit, period = np.repeat(np.arange(n_units), n_periods), np.tile(np.arange(1, n_periods + 1), n_units)
    starts = np.repeat(first, n_periods)
    outcome = rng.normal(size=n_units)[unit] + rng.normal(size=len(unit)) + ((starts > 0) & (period >= starts))
    frame = pd.DataFrame({"unit": unit, "period": period, "outcome": outcome})
    frame["first_treated"] = np.where(starts > 0, starts, np.nan)
    spec = parse_spec({"estimator": estimator, "columns": ROLES})
    table = _table(frame[rng.random(len(frame)) > 0.1], spec)
    return lambda: _answer(table, spec)


def voters(n_rows: int, n_clusters: int, seed: int = 3) -> pd.DataFrame:
    """Rows in clusters that share shocks, treated by cluster, with one covariate."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), n_rows // n_clusters)
    treated = (cluster % 2).astype(float)
    x = rng.normal(size=len(cluster))
    outcome = 0.1 * treated + 0.3 * x + rng.normal(size=n_clusters)[cluster] + rng.normal(size=len(cluster))
    return pd.DataFrame({"outcome": outcome, "treated": treated, "x": x, "cluster": cluster})


def wild(n_rows: int, n_clusters: int, draws: int) -> Callable[[], list[float | None]]:
    """Ours: the fit and the bootstrap's p-value and inverted interval, from the checked table."""
    columns = {"outcome": "outcome", "treated": "treated", "covariates": ["x"], "cluster": "cluster"}
    options: dict[str, Any] = {"inference": "wild", "wild_weights": "rademacher", "draws": draws}
    spec = parse_spec({"estimator": "twfe", "columns": columns, "options": options})
    table = _table(voters(n_rows, n_clusters), spec)

    def work() -> list[float | None]:
        headline = estimated(table, spec).estimates[0]
        return [headline.value, headline.p_value, headline.ci_lower, headline.ci_upper]

    return work


def pyfixest_wild(n_rows: int, n_clusters: int, draws: int) -> Callable[[], list[float]]:
    """pyfixest's fit and its wild bootstrap's p-value, without an interval."""
    import pyfixest

    frame = voters(n_rows, n_clusters)

    def work() -> list[float]:
        found = pyfixest.feols("outcome ~ treated + x", frame, vcov={"CRV1": "cluster"})
        tested = found.wildboottest(param="treated", reps=draws, cluster="cluster", seed=1)
        return [float(found.coef()["treated"]), float(tested["Pr(>|t|)"])]

    return work


HERE = "benchmarks.engine.fixed_effects"
OURS = (
    Contender("uplift, from the table", f"{HERE}:from_table"),
    Contender("uplift, from the frame", f"{HERE}:from_frame"),
)
PYFIXEST = Contender("pyfixest", f"{HERE}:pyfixest")
CONTESTS = (
    Contest(
        "twfe, unit and period effects, clustered, 10,000,000 rows",
        "at most 0.4 s and 1.5 GB; at least 10 times as fast as pyfixest on a third of its memory",
        (*OURS, PYFIXEST),
        {"n_units": 1_000_000, "estimator": "twfe"},
        repeats=3,
        is_long=True,
    ),
    Contest(
        "event study, clustered, 10,000,000 rows",
        "at most 0.7 s; at least 12 times as fast as pyfixest",
        (*OURS, PYFIXEST),
        {"n_units": 1_000_000, "estimator": "event_study"},
        repeats=3,
        is_long=True,
    ),
    *(
        Contest(
            f"{estimator}, 20 cohorts x 21 periods with holes, 1,000,000 rows",
            "under 2 GB",
            (Contender("uplift", f"{HERE}:with_holes"),),
            {"n_units": 53_000, "n_periods": 21, "n_cohorts": 20, "estimator": estimator},
            repeats=3,
        )
        for estimator in ("event_study", "sun_abraham")
    ),
    Contest(
        "wild bootstrap, 9,999 draws, 40 clusters, 1,000,000 rows",
        "at most 0.23 s; at least 3 times as fast as pyfixest",
        (
            Contender("uplift, with interval", f"{HERE}:wild"),
            Contender("pyfixest, no interval", f"{HERE}:pyfixest_wild"),
        ),
        {"n_rows": 1_000_000, "n_clusters": 40, "draws": 9_999},
    ),
)

"""How many units the data treat, and the design and inference that so many lead to, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.datasets.comparing import FEW_TREATED, advice
from evaluations.datasets.models import Dataset, DatasetState
from evaluations.datasets.queries import local_table

MOST_ROWS_COUNTED = 2_000_000
RANDOMISED = ("imputation", "twfe", "event_study", "sun_abraham", "synthetic_did")
"""Designs that randomisation inference is available for, the one that is advised first."""
INFERENCE_OF_ONE = {
    "placebo": ("synthetic_did",),
    "jackknife": ("synthetic_did",),
    "randomisation": (*RANDOMISED, "did_2x2"),
}
"""Kinds of inference that only these designs have."""
LEAST_COMPARED = 2


@dataclass(frozen=True)
class Counted:
    """Units treated at some time, and never."""

    n_treated: int
    n_compared: int

    @property
    def is_few(self) -> bool:
        """Whether errors that rest on how treated units differ among themselves cannot be trusted."""
        return 1 <= self.n_treated <= FEW_TREATED and self.n_compared >= LEAST_COMPARED

    @property
    def estimator(self) -> str:
        """The design that so few treated units lead to."""
        return "synthetic_did" if self.n_treated == 1 else RANDOMISED[0]

    @property
    def why(self) -> str:
        """The reason in words; empty where the units are not few."""
        return advice(self.n_treated, self.n_compared, what="unit") if self.is_few else ""

    def inference_for(self, estimator: str) -> str:
        """The inference that suits so few with this design; analytic where it has none made for them."""
        if self.n_treated == 1 and estimator == "synthetic_did":
            return "placebo"
        return "randomisation" if estimator in RANDOMISED else "analytic"


def counted_in(dataset: Dataset | None, columns: Mapping[str, Any]) -> Counted | None:
    """How many units these columns treat; null where they do not say, or units are people, whom a page never counts."""
    unit, start = columns.get("unit"), columns.get("first_treated")
    if dataset is None or not unit or not start or dataset.state != DatasetState.READY:
        return None
    if dataset.evaluation.units_are_people or (dataset.rows_stored or 0) > MOST_ROWS_COUNTED:
        return None
    if not {unit, start} <= {column["name"] for column in dataset.columns}:
        return None
    import pyarrow.parquet as pq

    with local_table(dataset) as path:
        table = pq.read_table(path, columns=[unit, start])
    started = table.group_by(unit).aggregate([(start, "count")])[f"{start}_count"].to_pylist()
    n_treated = sum(count > 0 for count in started)
    return Counted(n_treated, len(started) - n_treated)


def suited_inference(options: Mapping[str, Any], estimator: str, counted: Counted | None) -> dict[str, Any]:
    """The options once the design is this one: inference that it lacks gives way to what suits it."""
    now = options.get("inference", "analytic")
    if counted is not None and counted.is_few:
        return {**options, "inference": counted.inference_for(estimator)}
    return {**options, "inference": now if estimator in INFERENCE_OF_ONE.get(now, (estimator,)) else "analytic"}

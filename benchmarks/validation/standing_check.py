"""How the rule of standing behaves: how often it lets a biased result through, and stops a sound one."""

from __future__ import annotations

import zlib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.validation.worlds import STAGGERED, World, constant
from evaluations.stats.assessment import judged
from evaluations.stats.registry import estimator, runs_of
from evaluations.stats.results import Result
from evaluations.stats.spec import Spec, parse_spec
from evaluations.stats.standing import RULE_VERSION

DRAWS = 200
DRIFTS = (0.0, 0.05, 0.1, 0.2, 0.4)
SIZES = {"40 units": 1, "160 units": 4}
COLUMNS = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}


@dataclass(frozen=True)
class RuleBehaviour:
    """Shares of draws at each level, for one true drift of treated units (in standard deviations a period)."""

    estimator: str
    units: str
    drift: float
    bias: float
    draws: int
    supports: float
    caution: float
    does_not_support: float
    rule_version: int = RULE_VERSION


def check(draws: int = DRAWS, *, workers: int = 2) -> list[RuleBehaviour]:
    """The rule's behaviour for each estimator, size and drift."""
    jobs = [
        (name, units, drift) for name in ("callaway_santanna", "event_study") for units in SIZES for drift in DRIFTS
    ]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(_behaviour, draws=draws), jobs))


def _behaviour(job: tuple[str, str, float], draws: int) -> RuleBehaviour:
    name, units, drift = job
    cohorts = {start: size * SIZES[units] * 2 // 3 for start, size in STAGGERED.items()}
    world = replace(World("drift", "", cohorts, effect=constant), drift=drift)
    spec = parse_spec({"estimator": name, "columns": COLUMNS, "options": {"sensitivity": []}})
    seeds = np.random.SeedSequence(zlib.crc32(f"{name}|{units}|{drift}".encode())).spawn(draws)
    results = [_judged(world, spec, np.random.default_rng(seed)) for seed in seeds]
    levels = Counter(result.standing.level for result in results if result.standing)
    values = [result.estimates[0].value or 0.0 for result in results]
    return RuleBehaviour(
        name,
        units,
        drift,
        float(np.mean(values)) - world.truth(),
        draws,
        **{level: levels[level] / draws for level in ("supports", "caution", "does_not_support")},
    )


def _judged(world: World, spec: Spec, rng: np.random.Generator) -> Result:
    table = world.draw(rng)
    return judged(table, spec, estimator(spec)(table, spec), runs_of("did"))


def as_json(found: list[RuleBehaviour]) -> list[dict[str, Any]]:
    """The behaviours as plain data."""
    return [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(item).items()}
        for item in found
    ]

"""How often intervals hold the truth, and how often tests reject it, in simulated panels."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.validation.proximity_worlds import PROXIMITY_WORLDS, NearWorld
from benchmarks.validation.worlds import WORLDS, World
from evaluations.stats.issues import NotEstimable
from evaluations.stats.registry import MODULES, estimator
from evaluations.stats.results import Result
from evaluations.stats.spec import Spec, parse_spec

DRAWS = 2_000
CHUNKS = 8
PANEL = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}
TWO_BY_TWO = {"unit": "unit", "period": "period", "outcome": "outcome", "treated": "treated", "post": "post"}
NAIVE = "twfe"


@dataclass(frozen=True)
class Cell:
    """One estimator in one world. `is_band` asks whether the band holds the whole path of effects."""

    world: str
    estimator: str
    options: tuple[tuple[str, Any], ...] = ()
    is_band: bool = False

    @property
    def label(self) -> str:
        """The estimator with what was chosen for it."""
        chosen = ", ".join(f"{key} {value}" for key, value in self.options if key not in ("draws", "seed"))
        what = " (band)" if self.is_band else ""
        return f"{self.estimator}{what}" + (f", {chosen}" if chosen else "")

    def spec(self) -> Spec:
        """The design of the cell."""
        if self.world in PROXIMITY_WORLDS:
            return PROXIMITY_WORLDS[self.world].spec(dict(self.options))
        columns = TWO_BY_TWO if self.estimator == "did_2x2" else PANEL
        options = {"sensitivity": [], **dict(self.options)}
        return parse_spec({"estimator": self.estimator, "columns": columns, "options": options})


@dataclass(frozen=True)
class Behaviour:
    """What a cell did: shares of draws, the bias, and the errors claimed beside those seen."""

    world: str
    words: str
    label: str
    n_clusters: int
    draws: int
    refused: int
    coverage: float | None
    rejects_truth: float | None
    bias: float | None
    mean_std_error: float | None
    sd_of_estimates: float | None
    is_expected_to_hold: bool


def cells() -> Iterator[Cell]:
    """Every cell of the page, for the estimators that the register has."""
    staggered = ("no_effect", "constant", "growing", "persistent")
    for world in staggered:
        yield Cell(world, "callaway_santanna")
        yield Cell(world, "callaway_santanna", (("control_group", "not_yet_treated"),))
        yield Cell(world, "callaway_santanna", is_band=True)
        yield Cell(world, "sun_abraham")
        yield Cell(world, "imputation")
        yield Cell(world, NAIVE)
    for world in ("one_date", "one_date_none", "one_date_persistent"):
        for name in ("did_2x2", "twfe", "event_study"):
            yield Cell(world, name)
    few = (("inference", "wild"), ("draws", 399))
    for world in ("twelve_clusters", "eight_clusters"):
        yield Cell(world, "twfe", few)
        yield Cell(world, "did_2x2", few)
        yield Cell(world, "twfe", (("inference", "randomisation"), ("draws", 399)))
    yield Cell("twelve_clusters", "twfe", (("std_errors", "cr2"),))
    yield Cell("twelve_clusters", "did_2x2", (("std_errors", "cr2"),))
    yield Cell("five_treated", "synthetic_did", (("inference", "placebo"), ("draws", 100)))
    yield Cell("five_treated", "callaway_santanna")
    for near in PROXIMITY_WORLDS.values():
        yield Cell(near.name, near.estimator)
        if near.curve is not None:
            yield Cell(near.name, near.estimator, is_band=True)


def is_expected_to_hold(cell: Cell) -> bool:
    """False for the naive regression where effects differ: it is there to show what goes wrong."""
    if cell.world in PROXIMITY_WORLDS:
        return PROXIMITY_WORLDS[cell.world].is_sound
    return not (cell.estimator == NAIVE and cell.world == "growing")


def simulate(draws: int = DRAWS, *, workers: int = 2) -> list[Behaviour]:
    """Every cell's behaviour over `draws` panels, from fixed seeds."""
    known = [cell for cell in cells() if (cell.spec().method, cell.estimator) in MODULES]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(behaviour, draws=draws), known))


def behaviour(cell: Cell, draws: int = DRAWS) -> Behaviour:
    """One cell's behaviour. Its seed follows from its name, so cells can be run alone."""
    world, spec = {**WORLDS, **PROXIMITY_WORLDS}[cell.world], cell.spec()
    seeds = np.random.SeedSequence(zlib.crc32(f"{cell.world}|{cell.label}".encode())).spawn(draws)
    answers = [_answer(cell, world, spec, np.random.default_rng(seed)) for seed in seeds]
    given = [answer for answer in answers if answer is not None]
    holds = [answer[0] for answer in given if answer[0] is not None]
    rejects = [answer[1] for answer in given if answer[1] is not None]
    values = np.array([answer[2] for answer in given])
    errors = [answer[3] for answer in given if answer[3] is not None]
    return Behaviour(
        world=cell.world,
        words=world.words,
        label=cell.label,
        n_clusters=world.n_units,
        draws=draws,
        refused=draws - len(given),
        coverage=float(np.mean(holds)) if holds else None,
        rejects_truth=float(np.mean(rejects)) if rejects and world.truth() == 0 else None,
        bias=None if cell.is_band or not len(values) else float(values.mean() - world.truth()),
        mean_std_error=float(np.mean(errors)) if errors else None,
        sd_of_estimates=None if cell.is_band or not len(values) else float(values.std()),
        is_expected_to_hold=is_expected_to_hold(cell),
    )


Answer = tuple[bool | None, bool | None, float, float | None]


def _answer(cell: Cell, world: World | NearWorld, spec: Spec, rng: np.random.Generator) -> Answer | None:
    """Whether the interval holds the truth, the test rejects it, the value and its error; null where refused."""
    try:
        result = estimator(spec)(world.draw(rng), spec)
    except NotEstimable:
        return None
    if cell.is_band:
        return _band_holds(result, world), None, 0.0, None
    headline = result.estimates[0]
    truth = world.truth()
    lower, upper = headline.ci_lower, headline.ci_upper
    holds = None if lower is None or upper is None else bool(lower <= truth <= upper)
    rejects = None if headline.p_value is None else headline.p_value < 1 - spec.options.level
    return holds, rejects, float(headline.value or 0.0), headline.std_error


def _band_holds(result: Result, world: World | NearWorld) -> bool:
    if isinstance(world, NearWorld):
        return world.band_holds(result)
    truth = world.path()
    rows = [row for row in result.event_study if row.band_lower is not None and row.band_upper is not None]
    return all((row.band_lower or 0.0) <= truth.get(row.event_time, 0.0) <= (row.band_upper or 0.0) for row in rows)


def as_json(found: list[Behaviour]) -> list[dict[str, Any]]:
    """The behaviours as plain data, rounded to what the draws can tell."""
    return [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(item).items()}
        for item in found
    ]

"""How often intervals hold the truth, and how often tests reject it, in simulated panels."""

from __future__ import annotations

import hashlib
import inspect
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.validation import proximity_worlds, sampled_worlds
from benchmarks.validation import worlds as panel_worlds
from benchmarks.validation.proximity_worlds import PROXIMITY_WORLDS, NearWorld
from benchmarks.validation.sampled_worlds import SAMPLED_WORLDS
from benchmarks.validation.sources import sources_digest
from benchmarks.validation.worlds import World
from evaluations.stats.assessment import first_effect
from evaluations.stats.diagnostics.honest_did import relative_magnitudes, smoothness
from evaluations.stats.issues import NotEstimable
from evaluations.stats.registry import MODULES, estimator
from evaluations.stats.results import Result
from evaluations.stats.spec import Spec, parse_spec

DRAWS = 2_000
PANEL = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}
TWO_BY_TWO = {"unit": "unit", "period": "period", "outcome": "outcome", "treated": "treated", "post": "post"}
NAIVE = "twfe"
WORLDS = {**panel_worlds.WORLDS, **SAMPLED_WORLDS}
SLOW = {"callaway_santanna": 1, "access_did": 1, "synthetic_did": 2}


WORDS = {
    "interval": "",
    "band": " (band)",
    "relative_magnitudes": " (set, breaks as large as before)",
    "smoothness": " (set, a straight drift)",
    "pretrend": " (test of earlier trends)",
}
"""What of a result is judged. Sets are those of HonestDiD, at the bound that the world just keeps."""
SETS = ("relative_magnitudes", "smoothness")
BOUNDS = ("evaluations.stats.assessment", "evaluations.stats.diagnostics.honest_did")


@dataclass(frozen=True)
class Cell:
    """One estimator in one world, and what of its result is judged: a key of `WORDS`."""

    world: str
    estimator: str
    options: tuple[tuple[str, Any], ...] = ()
    judges: str = "interval"

    @property
    def label(self) -> str:
        """The estimator with what was chosen for it."""
        chosen = ", ".join(f"{key} {value}" for key, value in self.options if key not in ("draws", "seed"))
        return f"{self.estimator}{WORDS[self.judges]}" + (f", {chosen}" if chosen else "")

    def design(self) -> Cell:
        """The cell that judges the interval of the same results."""
        return replace(self, judges="interval")

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
    judges: str = "interval"


def cells() -> Iterator[Cell]:
    """Every cell of the page, for the estimators that the register has."""
    staggered = ("no_effect", "constant", "growing", "persistent")
    for world in staggered:
        yield Cell(world, "callaway_santanna")
        yield Cell(world, "callaway_santanna", (("control_group", "not_yet_treated"),))
        yield Cell(world, "sun_abraham")
        yield Cell(world, "imputation")
        yield Cell(world, NAIVE)
        for name in ("callaway_santanna", "sun_abraham", "imputation"):
            yield Cell(world, name, judges="band")
    for world in ("one_date", "one_date_none", "one_date_persistent"):
        for name in ("did_2x2", "twfe", "event_study"):
            yield Cell(world, name)
        yield Cell(world, "event_study", judges="band")
    yield Cell("larger", "callaway_santanna")
    yield Cell("larger", "callaway_santanna", judges="band")
    yield Cell("growing_sampled", "callaway_santanna", (("control_group", "not_yet_treated"),))
    for world in SAMPLED_WORLDS:
        yield Cell(world, "callaway_santanna")
        yield Cell(world, "callaway_santanna", judges="band")
    yield Cell("cross_sections", "callaway_santanna", (("panel", False),))
    yield Cell("holes", "callaway_santanna")
    yield Cell("holes", "imputation")
    for name in ("callaway_santanna", "sun_abraham", "event_study", "imputation"):
        yield Cell("no_effect", name, judges="pretrend")
    yield Cell("one_date_none", "event_study", judges="pretrend")
    for name in ("event_study", "callaway_santanna"):
        yield Cell("drifting", name, judges="relative_magnitudes")
        yield Cell("drifting", name, judges="smoothness")
    yield from _few_clusters()
    yield Cell("five_treated", "synthetic_did", (("inference", "placebo"), ("draws", 100)))
    yield Cell("five_treated", "synthetic_did", (("inference", "jackknife"),))
    yield Cell("five_treated", "callaway_santanna")
    for near in PROXIMITY_WORLDS.values():
        yield Cell(near.name, near.estimator)
        if near.curve is not None:
            yield Cell(near.name, near.estimator, judges="band")


def _few_clusters() -> Iterator[Cell]:
    """Inference that is meant for few clusters."""
    wild = (("inference", "wild"), ("draws", 399))
    for world in ("twelve_clusters", "eight_clusters"):
        yield Cell(world, "twfe", wild)
        yield Cell(world, "twfe", (*wild, ("wild_weights", "rademacher")))
        yield Cell(world, "did_2x2", wild)
        yield Cell(world, "twfe", (("inference", "randomisation"), ("draws", 399)))
    for kind in ("cr2", "cr3"):
        yield Cell("twelve_clusters", "twfe", (("std_errors", kind),))
    yield Cell("twelve_clusters", "did_2x2", (("std_errors", "cr2"),))


def is_expected_to_hold(cell: Cell) -> bool:
    """False for the naive regression where effects differ: it is there to show what goes wrong."""
    if cell.world in PROXIMITY_WORLDS:
        return PROXIMITY_WORLDS[cell.world].is_sound
    return not (cell.estimator == NAIVE and cell.world == "growing")


def remark(cell: Cell) -> str:
    """What a reader must know of a row that is not there to hold in 95 % of panels."""
    if not is_expected_to_hold(cell):
        return "shown because it fails"
    if (
        cell.estimator == "callaway_santanna"
        and f"{cell.world}_sampled" in SAMPLED_WORLDS
        and cell.judges == "interval"
    ):
        return "its errors allow for cohorts of other sizes, which are fixed here: wider than needed"
    return ""


Row = dict[str, Any]


def simulate(draws: int = DRAWS, *, known: Iterable[Row] = (), workers: int = 2) -> Iterator[list[Row]]:
    """Every cell's behaviour over `draws` panels, from fixed seeds: the page's rows so far, after each design.

    A row of `known` stands where its digest is that of the cell as it would be run now.
    """
    there = {row.get("digest"): row for row in known}
    wanted = {digest(cell, draws): cell for cell in cells() if (cell.spec().method, cell.estimator) in MODULES}
    found = {key: {**there[key], "remark": remark(wanted[key])} for key in wanted if key in there}
    with ProcessPoolExecutor(workers) as pool:
        by_design: dict[Cell, list[str]] = {}
        for key, cell in wanted.items():
            if key not in found:
                by_design.setdefault(cell.design(), []).append(key)
        quickest_first = sorted(by_design, key=lambda design: SLOW.get(design.estimator, 0))
        running = {
            pool.submit(behaviours, [wanted[key] for key in by_design[design]], draws): by_design[design]
            for design in quickest_first
        }
        yield [found[key] for key in wanted if key in found]
        for done in as_completed(running):
            for key, row in zip(running[done], as_json(done.result()), strict=True):
                found[key] = {**row, "remark": remark(wanted[key]), "digest": key}
            yield [found[key] for key in wanted if key in found]


def digest(cell: Cell, draws: int) -> str:
    """What a cell's row depends on: the estimator's sources, the worlds, how it is judged, the cell and the draws."""
    modules = [MODULES[cell.spec().method, cell.estimator], *(BOUNDS if cell.judges in SETS else ())]
    sampling = inspect.getsource(sampled_worlds) if cell.world in SAMPLED_WORLDS else ""
    sources = sources_digest(modules, _judging(cell.world in PROXIMITY_WORLDS) + sampling)
    return hashlib.sha256(f"{sources}|{cell}|{draws}".encode()).hexdigest()[:16]


@cache
def _judging(is_near: bool) -> str:
    """The source of what draws the worlds and judges results."""
    worlds = inspect.getsource(proximity_worlds if is_near else panel_worlds)
    parts = (behaviours, _behaviour, _judged, _band_holds, _set_holds)
    return worlds + "".join(inspect.getsource(part) for part in parts)


def behaviour(cell: Cell, draws: int = DRAWS) -> Behaviour:
    """One cell's behaviour."""
    return behaviours([cell], draws)[0]


def behaviours(judged: Sequence[Cell], draws: int = DRAWS) -> list[Behaviour]:
    """The behaviour of cells of one design, each judged by the same panels.

    The seed follows from the design's name, so that cells can be run alone.
    """
    design = judged[0].design()
    world, spec = {**WORLDS, **PROXIMITY_WORLDS}[design.world], design.spec()
    seeds = np.random.SeedSequence(zlib.crc32(f"{design.world}|{design.label}".encode())).spawn(draws)
    answers: list[list[Answer]] = [[] for _ in judged]
    for seed in seeds:
        result = _result(world, spec, np.random.default_rng(seed))
        for cell, given in zip(judged, answers, strict=True):
            given += [] if result is None else [_judged(cell, result, world, spec)]
    return [_behaviour(cell, world, given, draws) for cell, given in zip(judged, answers, strict=True)]


def _behaviour(cell: Cell, world: World | NearWorld, given: list[Answer], draws: int) -> Behaviour:
    holds = [answer[0] for answer in given if answer[0] is not None]
    rejects = [answer[1] for answer in given if answer[1] is not None]
    values = np.array([answer[2] for answer in given])
    errors = [answer[3] for answer in given if answer[3] is not None]
    is_interval = cell.judges == "interval"
    is_null = cell.judges == "pretrend" or world.truth() == 0
    return Behaviour(
        world=cell.world,
        words=world.words,
        label=cell.label,
        n_clusters=world.n_units,
        draws=draws,
        refused=draws - len(given),
        coverage=float(np.mean(holds)) if holds else None,
        rejects_truth=float(np.mean(rejects)) if rejects and is_null else None,
        bias=float(values.mean() - world.truth()) if is_interval and len(values) else None,
        mean_std_error=float(np.mean(errors)) if errors else None,
        sd_of_estimates=float(values.std()) if is_interval and len(values) else None,
        is_expected_to_hold=is_expected_to_hold(cell),
        judges=cell.judges,
    )


Answer = tuple[bool | None, bool | None, float, float | None]


def _result(world: World | NearWorld, spec: Spec, rng: np.random.Generator) -> Result | None:
    """The result on one panel; null where refused."""
    try:
        return estimator(spec)(world.draw(rng), spec)
    except NotEstimable:
        return None


def _judged(cell: Cell, result: Result, world: World | NearWorld, spec: Spec) -> Answer:
    if cell.judges == "band":
        return _band_holds(result, world), None, 0.0, None
    if cell.judges == "pretrend":
        test = next(item for item in result.diagnostics if item.code == "pretrend_joint")
        return None, None if test.p_value is None else test.p_value < 1 - spec.options.level, 0.0, None
    if cell.judges != "interval":
        return _set_holds(cell, result, world), None, 0.0, None
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


def _set_holds(cell: Cell, result: Result, world: World | NearWorld) -> bool:
    """Whether the bounds on a failure of parallel trends hold the first effect, at the failure there is."""
    first = first_effect(result.long_differences)
    if first is None:
        raise ValueError("this world has no leads to bound with")
    if cell.judges == "relative_magnitudes":
        found = relative_magnitudes(first, 1.0, rng=np.random.default_rng(1))
    else:
        found = smoothness(first, 0.0)
    return bool(found.ci_lower <= world.path()[0] <= found.ci_upper)


def as_json(found: list[Behaviour]) -> list[dict[str, Any]]:
    """The behaviours as plain data, rounded to what the draws can tell."""
    return [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(item).items()}
        for item in found
    ]

"""How often the designs find an effect where nothing happened: real areas and dates drawn at random, no programme."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.validation.worlds import panel_table
from evaluations.datasets.comparing import Area, propose
from evaluations.stats.issues import BadInput, NotEstimable
from evaluations.stats.registry import estimator
from evaluations.stats.spec import Spec, parse_spec
from evaluations.stats.table import NEVER_TREATED
from evidence.series.periods import in_time_order
from evidence.series.readers import Plain, ReadSeries, read_series

PANELS = Path(__file__).resolve().parents[3] / "shared" / "data" / "places" / "panels"
"""Where the published series are, if they are here at all."""
DRAWS = 200
LEAST_BEFORE, LEAST_AFTER = 5, 2
LEAST_AREAS = 80
LEVEL = 0.05
AUTHORITY = ("E06", "E07", "E08", "E09", "W06", "S12", "N09")
COLUMNS = {"unit": "unit", "period": "period", "outcome": "outcome", "first_treated": "first_treated"}


@dataclass(frozen=True)
class Design:
    """A design for so many treated areas, as the workspace advises it."""

    estimator: str
    n_treated: int
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """The estimator and how it judges chance."""
        how = dict(self.options).get("inference")
        return f"{self.estimator}, inference {how}" if how else f"{self.estimator}, errors clustered by area"

    def spec(self) -> Spec:
        """The design as the engine takes it."""
        options = {"sensitivity": [], **dict(self.options)}
        return parse_spec({"estimator": self.estimator, "columns": COLUMNS, "options": options})


RANDOM = (("inference", "randomisation"), ("draws", 199))
DESIGNS = (
    Design("twfe", 1, RANDOM),
    Design("twfe", 3, RANDOM),
    Design("imputation", 3, RANDOM),
    Design("callaway_santanna", 12),
    Design("imputation", 12),
    Design("twfe", 12),
    Design("synthetic_did", 1, (("inference", "placebo"),)),
)


@dataclass(frozen=True)
class Behaviour:
    """Of `draws` places and dates at which nothing happened, the share called an effect at 5 %."""

    label: str
    n_treated: int
    draws: int
    n_series: int
    refused: int
    rejects: float


@dataclass(frozen=True, eq=False)
class Grid:
    """One series: its areas' figures, shape (n_areas, n_periods), every one of them published."""

    name: str
    codes: tuple[str, ...]
    values: np.ndarray


def read_grids(folder: Path = PANELS) -> list[Grid]:
    """The series of the two files closest to our users' work, where enough areas have figures in enough years."""
    by_19 = read_series(
        folder / "level2_level3_by19_la_fsm_2005_2022.csv.gz",
        plain=Plain("gss_code", "year_age19", ("l2_by19_rate", "l3_by19_rate"), ("fsm",), "la_name"),
    )
    ons = read_series(folder / "els_uk_la_year_long.csv.gz")
    grids = [_grid(read) for read in (*by_19.series, *ons.series)]
    least = LEAST_BEFORE + LEAST_AFTER
    return [grid for grid in grids if len(grid.codes) >= LEAST_AREAS and grid.values.shape[1] >= least]


def _grid(read: ReadSeries) -> Grid:
    codes = [code for code in sorted(read.values) if code.startswith(AUTHORITY)]
    periods = in_time_order({period for code in codes for period in read.values[code]})
    rows = {code: [read.values[code].get(period) for period in periods] for code in codes}
    whole = [code for code in codes if all(value is not None for value in rows[code])]
    table = np.array([rows[code] for code in whole], dtype=float).reshape(len(whole), len(periods))
    return Grid(f"{read.name} {read.breakdown}".strip(), tuple(whole), table)


def check(draws: int = DRAWS, *, designs: tuple[Design, ...] = DESIGNS) -> Iterator[Behaviour]:
    """Each design's behaviour as it is measured, from fixed seeds. Nothing where the published series are not here."""
    grids = read_grids() if PANELS.exists() else []
    for design in designs if grids else ():
        yield behaviour(design, grids, draws)


def behaviour(design: Design, grids: list[Grid], draws: int) -> Behaviour:
    """How often one design finds an effect, each draw with the comparison areas that are proposed for it."""
    rng = np.random.default_rng(zlib.crc32(f"{design.label}|{design.n_treated}".encode()))
    spec, p_values, refused, drawn = design.spec(), [], 0, set()
    while len(p_values) + refused < draws:
        grid = grids[rng.integers(len(grids))]
        start = int(rng.integers(LEAST_BEFORE, grid.values.shape[1] - LEAST_AFTER + 1))
        treated = rng.choice(len(grid.codes), design.n_treated, replace=False)
        drawn.add(grid.name)
        p_value = _p_value(grid, start, treated, spec)
        if p_value is None:
            refused += 1
        else:
            p_values.append(p_value)
    rejects = float(np.mean(np.array(p_values) <= LEVEL)) if p_values else 0.0
    return Behaviour(design.label, design.n_treated, draws, len(drawn), refused, rejects)


def _p_value(grid: Grid, start: int, treated: np.ndarray, spec: Spec) -> float | None:
    """The p-value of what the treated areas did from `start` on; null where the design answers none."""
    areas = [Area(code, code, row, {}) for code, row in zip(grid.codes, grid.values, strict=True)]
    try:
        proposed = propose(areas, {grid.codes[place] for place in treated}, start).proposed
    except BadInput:
        return None
    compared = [grid.codes.index(code) for code in proposed]
    starts = np.array([start] * len(treated) + [NEVER_TREATED] * len(compared), dtype=np.int32)
    try:
        result = estimator(spec)(panel_table(grid.values[[*treated, *compared]], starts), spec)
    except NotEstimable:
        return None
    return result.estimates[0].p_value


def measured(draws: int, *, known: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The behaviours as plain data, after each design; those not measured yet are as they are known."""
    rows = {(row["label"], row["n_treated"]): row for row in known}
    for item in check(draws):
        rows[item.label, item.n_treated] = asdict(item) | {"rejects": round(item.rejects, 4)}
        yield [row for each in DESIGNS if (row := rows.get((each.label, each.n_treated))) is not None]

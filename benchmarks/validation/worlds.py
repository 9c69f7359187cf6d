"""Simulated panels whose truth is known, as the checked tables the engine starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Table

Effect = Callable[[int, int], float]
"""The effect on a cohort (its start) at an event time."""


def nothing(start: int, event_time: int) -> float:
    """No effect at all."""
    return 0.0


def constant(start: int, event_time: int) -> float:
    """The same effect for everyone, always."""
    return 1.0


def growing(start: int, event_time: int) -> float:
    """An effect that grows with time since treatment, and is larger for those treated early."""
    return 0.4 * (event_time + 1) * (1.5 if start <= 3 else 0.75)


@dataclass(frozen=True)
class World:
    """A panel to draw: `cohorts` is start position to number of units, null for never treated.

    Errors follow an AR(1) with correlation `serial_correlation`; `drift` is a trend a period that
    treated units have and others do not, which makes every estimate biased. `seen` is `panel`,
    `cross_sections` (other people in every period, each a row) or `holes` (a fifth of the rows missing).
    """

    name: str
    words: str
    cohorts: Mapping[int | None, int]
    n_periods: int = 8
    effect: Effect = nothing
    serial_correlation: float = 0.5
    drift: float = 0.0
    seen: str = "panel"

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return sum(self.cohorts.values())

    def starts(self) -> np.ndarray:
        """Each unit's first treated position, shape (n_units,)."""
        sizes = [(NEVER_TREATED if start is None else start, size) for start, size in self.cohorts.items()]
        return np.concatenate([np.full(size, start, dtype=np.int32) for start, size in sizes])

    def truth(self) -> float:
        """The average effect over treated units and periods."""
        cells = [
            (size, self.effect(start, period - start))
            for start, size in self.cohorts.items()
            if start is not None
            for period in range(start, self.n_periods)
        ]
        return sum(size * effect for size, effect in cells) / sum(size for size, _ in cells)

    def path(self) -> dict[int, float]:
        """Event time to the average effect then, over the cohorts seen so long after their start."""
        found: dict[int, tuple[float, int]] = {}
        for start, size in self.cohorts.items():
            for period in range(start if start is not None else self.n_periods, self.n_periods):
                total, units = found.get(period - (start or 0), (0.0, 0))
                effect = self.effect(start or 0, period - (start or 0))
                found[period - (start or 0)] = (total + size * effect, units + size)
        return {time: total / units for time, (total, units) in found.items()}

    def draw(self, rng: np.random.Generator) -> Table:
        """One panel."""
        starts, shape = self.starts(), (self.n_units, self.n_periods)
        period = np.arange(self.n_periods)
        noise = _fading_noise(rng, shape, self.serial_correlation)
        level = 0.0 if self.seen == "cross_sections" else rng.normal(size=(shape[0], 1))
        outcome = level + rng.normal(size=shape[1]) + noise
        for unit, start in enumerate(starts):
            if start < self.n_periods:
                after = period[start:]
                outcome[unit, start:] += [self.effect(int(start), int(each - start)) for each in after]
                outcome[unit] += self.drift * (period - start)
        table = panel_table(outcome, starts)
        if self.seen == "cross_sections":
            return replace(table, unit=None, outcome=table.outcome + rng.normal(size=table.n_rows))
        return table.select(rng.random(table.n_rows) >= HOLES) if self.seen == "holes" else table


def _fading_noise(rng: np.random.Generator, shape: tuple[int, int], correlation: float) -> np.ndarray:
    noise = rng.normal(size=shape)
    for period in range(1, shape[1]):
        noise[:, period] = correlation * noise[:, period - 1] + np.sqrt(1 - correlation**2) * noise[:, period]
    return noise


def panel_table(outcome: np.ndarray, starts: np.ndarray) -> Table:
    """A complete panel as a checked table, with `treated` and `post` set for those who use them."""
    n_units, n_periods = outcome.shape
    unit = np.repeat(np.arange(n_units, dtype=np.int32), n_periods)
    period = np.tile(np.arange(n_periods, dtype=np.int32), n_units)
    labels = tuple(int(start) for start in np.unique(starts) if start != NEVER_TREATED)
    codes = np.array([labels.index(int(start)) if start in labels else -1 for start in starts], dtype=np.int32)
    first = min(labels, default=n_periods)
    return Table(
        outcome=outcome.ravel(),
        rows_read=outcome.size,
        unit=Coded(unit, tuple(range(n_units))),
        period=Coded(period, tuple(range(n_periods))),
        cohorts=Cohorts(starts[unit], codes[unit], labels),
        treated=(starts[unit] < n_periods).astype(float),
        post=(period >= first).astype(float),
    )


HOLES = 0.2
STAGGERED = {2: 10, 3: 10, 5: 10, None: 30}
ONE_DATE = {4: 30, None: 30}
FEW = {4: 6, None: 6}
VERY_FEW = {4: 4, None: 4}
FEW_TREATED = {5: 5, None: 35}
LARGER = {start: 2 * size for start, size in STAGGERED.items()}

WORLDS = {
    world.name: world
    for world in (
        World("no_effect", "No effect, several opening dates", STAGGERED),
        World("constant", "One effect for all, several opening dates", STAGGERED, effect=constant),
        World("growing", "Effects that grow and differ by cohort", STAGGERED, effect=growing),
        World("persistent", "Shocks that last (correlation 0.9)", STAGGERED, effect=constant, serial_correlation=0.9),
        World("one_date", "One opening date, a constant effect", ONE_DATE, effect=constant),
        World("one_date_none", "One opening date, no effect", ONE_DATE),
        World("one_date_persistent", "One opening date, lasting shocks", ONE_DATE, serial_correlation=0.9),
        World("twelve_clusters", "Twelve clusters, six treated", FEW),
        World("eight_clusters", "Eight clusters, four treated", VERY_FEW),
        World("larger", "Effects that grow, twice the units", LARGER, effect=growing),
        World(
            "cross_sections",
            "Other people in every period",
            {start: 4 * size for start, size in STAGGERED.items()},
            effect=constant,
            serial_correlation=0.0,
            seen="cross_sections",
        ),
        World("holes", "A fifth of the rows missing", STAGGERED, effect=constant, seen="holes"),
        World("drifting", "Treated units drift away by 0.1 a period", ONE_DATE, effect=constant, drift=0.1),
        World("five_treated", "Five treated units of forty", FEW_TREATED, effect=constant),
    )
}

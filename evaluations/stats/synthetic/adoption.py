"""Synthetic difference-in-differences over one or more adoption dates, and its placebo and jackknife replicates.

With several dates, each cohort is estimated apart against units never treated and the results are
averaged, weighted by treated unit-periods (Arkhangelsky et al. 2021, appendix; Clarke et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.synthetic.weights import Design, Solution, noise_level, solve

NUMBERS_AT_ONCE = 20_000_000
"""Outcomes of controls held at once over the replicates solved together."""


@dataclass(frozen=True, eq=False)
class Adoption:
    """One cohort: its units by row, their weights (adding to 1), and the columns of outcomes it uses.

    `columns` are positions of periods, those of anticipation left out; the first `n_before` come
    before treatment. `start` is the first treated period.
    """

    start: int
    treated: np.ndarray
    treated_weights: np.ndarray
    columns: np.ndarray
    n_before: int

    @property
    def event_times(self) -> np.ndarray:
        """Event time of each column."""
        return self.columns - self.start

    @property
    def n_treated_cells(self) -> int:
        """Treated unit-periods: the cohort's weight in the average."""
        return len(self.treated) * (len(self.columns) - self.n_before)


@dataclass(frozen=True, eq=False)
class Averages:
    """What is reported: R values of the overall effect, of each event time and of each cohort."""

    overall: np.ndarray
    event_times: np.ndarray
    by_event_time: np.ndarray
    by_cohort: np.ndarray

    def stacked(self) -> np.ndarray:
        """All of them, shape (R, 1 + n_event_times + n_cohorts)."""
        return np.column_stack([self.overall, self.by_event_time, self.by_cohort])


@dataclass(frozen=True, eq=False)
class Adoptions:
    """Every cohort on one balanced panel, with the controls that serve them all."""

    outcome: np.ndarray
    controls: np.ndarray
    cohorts: tuple[Adoption, ...]

    @property
    def n_treated(self) -> int:
        """Treated units of all cohorts."""
        return sum(len(cohort.treated) for cohort in self.cohorts)

    def estimate(self, *, kind: str = "sdid") -> tuple[Averages, list[Solution]]:
        """The estimate, R = 1, and each cohort's solution."""
        solutions = [
            solve(self._design(cohort, self.controls[None], cohort.treated[None]), self.noise(cohort), kind=kind)
            for cohort in self.cohorts
        ]
        return self._averages(solutions, self._sizes(1)), solutions

    def noise(self, cohort: Adoption) -> float:
        """The controls' noise level over the cohort's periods before treatment."""
        return noise_level(self.outcome[:, cohort.columns], self.controls, cohort.n_before)

    def placebos(
        self, assignments: np.ndarray, *, kind: str = "sdid", tick: Callable[[float], None] = lambda share: None
    ) -> Averages:
        """The estimates as if controls had been treated (their algorithm 4).

        `assignments`, shape (R, n_controls), orders the controls: the first stand in for the treated
        units, cohort by cohort, and the rest are their controls.
        """
        size = max(1, NUMBERS_AT_ONCE // max(len(self.controls) * self.outcome.shape[1], 1))
        parts = []
        for start in range(0, len(assignments), size):
            some = assignments[start : start + size]
            parts.append(self._placebo_block(some, kind))
            tick(min(start + size, len(assignments)) / len(assignments))
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("overall", "by_event_time", "by_cohort")
        }
        return replace(parts[0], **joined)

    def _placebo_block(self, assignments: np.ndarray, kind: str) -> Averages:
        controls = assignments[:, self.n_treated :]
        solutions, first = [], 0
        for cohort in self.cohorts:
            treated = assignments[:, first : first + len(cohort.treated)]
            solutions.append(solve(self._design(cohort, controls, treated), self.noise(cohort), kind=kind))
            first += len(cohort.treated)
        return self._averages(solutions, self._sizes(len(assignments)))

    def jackknife(self, solutions: list[Solution]) -> Averages | None:
        """The estimates without each unit in turn, weights kept and scaled to add to 1 (their algorithm 3).

        Null where a cohort has a single unit, or a single control carries all the weight.
        """
        if any(len(cohort.treated) < 2 for cohort in self.cohorts):
            return None
        if any(solution.unit_weights.max() >= 1 for solution in solutions):
            return None
        without, sizes = [], []
        for cohort, solution in zip(self.cohorts, solutions, strict=True):
            paths, sizes_here = self._leave_one_out(cohort, solution)
            without.append(paths)
            sizes.append(sizes_here)
        return self._averages(without, np.array(sizes))

    def _leave_one_out(self, cohort: Adoption, solution: Solution) -> tuple[Solution, np.ndarray]:
        """A cohort's estimate without each unit of the panel, and its treated cells then."""
        outcome = self.outcome[:, cohort.columns]
        units = solution.unit_weights[0]
        synthetic, treated = units @ outcome[self.controls], cohort.treated_weights @ outcome[cohort.treated]
        gaps = np.repeat((treated - synthetic)[None], len(self.outcome), axis=0)
        left = 1 - units[:, None]
        gaps[self.controls] = treated - (synthetic - units[:, None] * outcome[self.controls]) / left
        share = cohort.treated_weights[:, None]
        gaps[cohort.treated] = (treated - share * outcome[cohort.treated]) / (1 - share) - synthetic
        effects = gaps - (gaps[:, : cohort.n_before] @ solution.period_weights[0])[:, None]
        sizes = np.full(len(self.outcome), float(cohort.n_treated_cells))
        sizes[cohort.treated] -= len(cohort.columns) - cohort.n_before
        after = effects[:, cohort.n_before :].mean(axis=1)
        return Solution(solution.unit_weights, solution.period_weights, effects, after), sizes

    def _design(self, cohort: Adoption, controls: np.ndarray, treated: np.ndarray) -> Design:
        weights = np.broadcast_to(cohort.treated_weights, treated.shape)
        return Design(self.outcome[:, cohort.columns], controls, treated, weights, cohort.n_before)

    def _sizes(self, n: int) -> np.ndarray:
        """Treated cells of each cohort in each of `n` replicates, shape (n_cohorts, n)."""
        return np.repeat(np.array([[float(cohort.n_treated_cells)] for cohort in self.cohorts]), n, axis=1)

    def _averages(self, solutions: list[Solution], sizes: np.ndarray) -> Averages:
        values = np.stack([solution.values for solution in solutions])
        times = np.unique(np.concatenate([cohort.event_times for cohort in self.cohorts]))
        sums, counts = np.zeros((values.shape[1], len(times))), np.zeros((values.shape[1], len(times)))
        for cohort, solution, size in zip(self.cohorts, solutions, sizes, strict=True):
            at = np.searchsorted(times, cohort.event_times)
            n_units = (size / max(len(cohort.columns) - cohort.n_before, 1))[:, None]
            sums[:, at] += solution.effects * n_units
            counts[:, at] += n_units
        return Averages((values * sizes).sum(axis=0) / sizes.sum(axis=0), times, sums / counts, values.T)


def placebo_assignments(adoptions: Adoptions, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Orders of the controls: each in turn first where one unit is treated and `draws` allow, else random."""
    controls = adoptions.controls
    if adoptions.n_treated == 1 and len(controls) <= draws:
        for place in range(len(controls)):
            yield np.concatenate([controls[place : place + 1], np.delete(controls, place)])
        return
    for _ in range(draws):
        yield rng.permutation(controls)

"""Panels whose units are sampled with their cohorts, as Callaway and Sant'Anna's errors take them to be.

Their errors allow for how many units of each cohort a sample happens to have (Callaway and Sant'Anna 2021, theorem 2).
In a world of fixed cohorts those errors are wider than needed wherever effects differ between cohorts; here not.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from benchmarks.validation.worlds import WORLDS, World
from evaluations.stats.table import Table


class SampledWorld(World):
    """A world whose `cohorts` are expected numbers: each unit's cohort is drawn with every panel."""

    def draw(self, rng: np.random.Generator) -> Table:
        """One panel."""
        sizes = rng.multinomial(self.n_units, np.array(list(self.cohorts.values())) / self.n_units)
        plain = World(**{field.name: getattr(self, field.name) for field in fields(World)})
        return replace(plain, cohorts=dict(zip(self.cohorts, (int(size) for size in sizes), strict=True))).draw(rng)


def _sampled(name: str) -> SampledWorld:
    world = {field.name: getattr(WORLDS[name], field.name) for field in fields(World)}
    words = f"{world['words']}, cohorts sampled with the units"
    return SampledWorld(**{**world, "name": f"{name}_sampled", "words": words})


SAMPLED_WORLDS = {world.name: world for world in map(_sampled, ("growing", "larger"))}

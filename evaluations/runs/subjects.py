"""What a result is about, in the words its page uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.plans.queries import unit_of_change
from evaluations.runs.examples import EXAMPLES
from evaluations.runs.models import AnalysisRun
from evaluations.stats.spec import Proximity


@dataclass(frozen=True)
class Subject:
    """The intervention and outcome as they read in a sentence; `direction` is which way is better.

    `living` says how near to its sites, where the design is about distance: the effect is then of that.
    """

    intervention: str
    outcome: str
    unit: str
    direction: str = "context"
    living: str = ""

    @property
    def cause(self) -> str:
        """What the effect is of."""
        return f"{self.living} of a site of {self.intervention}" if self.living else self.intervention

    @property
    def caveat(self) -> str:
        """What must be said of an effect of distance."""
        return " This is access, not attendance." if self.living else ""


def how_near(spec: Mapping[str, Any]) -> str:
    """How near to a site the headline of a design is about; nothing where it is not about distance."""
    if spec.get("method") != "proximity":
        return ""
    proximity = Proximity(**{key: value for key, value in (spec.get("proximity") or {}).items() if key in NEARNESS})
    edges = proximity.edges_km
    if spec.get("estimator") == "ring_did" and edges[0] > 0:
        return f"living {edges[0]:g} to {edges[1]:g} km"
    reach = edges[1] if spec.get("estimator") == "ring_did" else proximity.radius_km
    return f"living within {reach:g} km"


NEARNESS = ("radius_km", "edges_km")


def subject_of(run: AnalysisRun) -> Subject:
    """What the run is about: from the catalogue and its plan, or from the example it is."""
    evaluation = run.evaluation
    if evaluation.outcome is not None and evaluation.intervention is not None:
        outcome = evaluation.outcome
        unit, living = unit_of_change(run.plan), how_near(run.plan.spec)
        return Subject(evaluation.intervention.name, outcome.name, unit, outcome.direction, living)
    example = EXAMPLES[evaluation.example_key]
    return Subject(example.intervention, example.outcome, example.unit, example.direction)

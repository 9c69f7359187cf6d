"""What a result is about, in the words its page uses."""

from __future__ import annotations

from dataclasses import dataclass

from evaluations.plans.queries import unit_of_change
from evaluations.runs.examples import EXAMPLES
from evaluations.runs.models import AnalysisRun


@dataclass(frozen=True)
class Subject:
    """The intervention and outcome as they read in a sentence; `direction` is which way is better."""

    intervention: str
    outcome: str
    unit: str
    direction: str = "context"


def subject_of(run: AnalysisRun) -> Subject:
    """What the run is about: from the catalogue and its plan, or from the example it is."""
    evaluation = run.evaluation
    if evaluation.outcome is not None and evaluation.intervention is not None:
        outcome = evaluation.outcome
        return Subject(evaluation.intervention.name, outcome.name, unit_of_change(run.plan), outcome.direction)
    example = EXAMPLES[evaluation.example_key]
    return Subject(example.intervention, example.outcome, example.unit, example.direction)

"""What a result is about, in the words its page uses."""

from __future__ import annotations

from dataclasses import dataclass

from evaluations.runs.examples import EXAMPLES
from evaluations.workspaces.models import Evaluation


@dataclass(frozen=True)
class Subject:
    """The intervention and outcome as they read in a sentence; `direction` is which way is better."""

    intervention: str
    outcome: str
    unit: str
    direction: str = "context"


def subject_of(evaluation: Evaluation) -> Subject:
    """What the evaluation is about: from the catalogue, or from the example it is."""
    if evaluation.outcome is not None and evaluation.intervention is not None:
        outcome = evaluation.outcome
        return Subject(evaluation.intervention.name, outcome.name, outcome.unit, outcome.direction)
    example = EXAMPLES[evaluation.example_key]
    return Subject(example.intervention, example.outcome, example.unit, example.direction)

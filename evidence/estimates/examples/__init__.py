"""Worked examples of pooling, on public figures. They are badged and never enter the catalogue."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evidence.estimates.pooling import StudyEffect

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class WorkedExample:
    """Effects typed in from a publication, with where they come from and the published answer."""

    title: str
    question: str
    scale: str
    source: str
    source_url: str
    moderator: str
    published: dict[str, float]
    effects: tuple[StudyEffect, ...]


@cache
def teacher_expectancy() -> WorkedExample:
    """Nineteen studies of what teachers' expectations do to pupils' measured ability."""
    with (FOLDER / "teacher_expectancy.csv").open(newline="") as file:
        effects = tuple(
            StudyEffect(
                label=row["study"],
                study=f"{number} {row['study']}",
                value=float(row["effect"]),
                std_error=float(row["variance"]) ** 0.5,
                moderator=min(float(row["weeks_of_contact"]), 3.0),
            )
            for number, row in enumerate(csv.DictReader(file), start=1)
        )
    return WorkedExample(
        title="Teacher expectancy",
        question="Do pupils gain in measured ability when their teacher is led to expect that they will?",
        scale="standard deviations of pupils",
        source="Raudenbush (1985), Educational Psychologist 20(1)",
        source_url="https://doi.org/10.1207/s15326985ep2002_5",
        moderator="weeks that teacher and pupil had known each other, counted up to three",
        published={"value": 0.0837, "tau2": 0.0188, "q": 35.8295},
        effects=effects,
    )

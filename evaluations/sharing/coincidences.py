"""What else happened where and when a run looks, as questions its analyst answers before the result is released."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser

from evaluations.datasets.models import DatasetState
from evaluations.datasets.queries import local_table
from evaluations.runs.models import AnalysisRun
from evaluations.sharing.models import Review
from evaluations.stats.issues import Issue
from evidence.estimates.coincidences import Coincidences, what_else_happened
from evidence.places.models import Place
from evidence.series.periods import year_of

MOST_UNITS = 5_000
"""Data with more treated units than this are not of places, so their names are not looked up."""


def years_of(run: AnalysisRun) -> tuple[int, int] | None:
    """The first and last year in the run's data; else those of the intervention; None where neither is known."""
    years = [year for year in map(year_of, _labels(run, "period")) if year is not None]
    if years:
        return min(years), max(years)
    row = run.evaluation.intervention
    if row is None or row.start_year is None:
        return None
    return row.start_year, row.end_year or run.created_at.year


def places_of(run: AnalysisRun) -> list[Place]:
    """The places that the run's data count as treated, by their codes; else those of the intervention."""
    codes = _treated_units(run)
    places = Place.objects.select_related("parent", "combined_authority")
    found = list(places.filter(code__in=codes)) if 0 < len(codes) <= MOST_UNITS else []
    if found or run.evaluation.intervention is None:
        return found
    return list(run.evaluation.intervention.places.select_related("parent", "combined_authority"))


def _treated_units(run: AnalysisRun) -> list[str]:
    unit = _column(run, "unit")
    for role in ("first_treated", "treated"):
        treatment = _column(run, role)
        if unit is not None and treatment is not None:
            return sorted(
                {
                    str(each)
                    for each, treated in zip(unit.to_pylist(), treatment.to_pylist(), strict=True)
                    if each is not None and treated not in (None, 0, "", "0")
                }
            )
    return []


def _labels(run: AnalysisRun, role: str) -> list[str]:
    """The different values of the column that plays a role; none where there is no such column or no data any more."""
    column = _column(run, role)
    return [] if column is None else [str(value) for value in column.unique().to_pylist() if value is not None]


def _column(run: AnalysisRun, role: str) -> Any:
    import pyarrow.parquet as pq

    name = run.plan.spec.get("columns", {}).get(role)
    if not name or run.dataset.state != DatasetState.READY:
        return None
    with local_table(run.dataset) as path:
        if name not in pq.read_schema(path).names:
            return None
        return pq.read_table(path, columns=[name]).column(0)


def coincidences_of(run: AnalysisRun) -> Coincidences:
    """Other programmes there and then, and breaks in the outcome's series.

    Only programmes that everyone may see: the questions are published with the answers.
    """
    years, row = years_of(run), run.evaluation.intervention
    if years is None or row is None:
        return Coincidences((), ())
    return what_else_happened(
        AnonymousUser(),
        intervention=row,
        outcome=run.evaluation.outcome,
        places=places_of(run),
        from_year=years[0],
        to_year=years[1],
    )


def answers_before(run: AnalysisRun) -> dict[str, str]:
    """What was answered when a release of this evaluation was asked for before, so that nobody types it twice."""
    asked = Review.objects.filter(run__evaluation=run.evaluation_id).order_by("requested_at", "pk")
    return {each["question"]: each["answer"] for review in asked for each in review.answers}


def answered(questions: Iterable[str], answers: Mapping[str, str]) -> tuple[list[dict[str, str]], list[Issue]]:
    """Each question with its answer, and an issue for every one that has none."""
    given, issues = [], []
    for place, question in enumerate(questions):
        answer = answers.get(question, "").strip()
        if answer:
            given.append({"question": question, "answer": answer})
        else:
            issues.append(
                Issue(
                    "coincidence_unanswered",
                    f"Not answered: {question}",
                    "Answer in writing; “it could not, because …” is an answer. Answers publish with the estimate.",
                    column=f"answer_{place}",
                )
            )
    return given, issues

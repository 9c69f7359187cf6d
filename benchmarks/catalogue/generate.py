"""A catalogue of any size, invented: beside the starter's groups, outcomes, places and sources."""

from __future__ import annotations

import random
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from evidence.catalogue.models import (
    Component,
    Design,
    Intervention,
    InterventionComponent,
    LifeStage,
    Outcome,
    Source,
    Status,
    Study,
    TargetGroup,
    Visibility,
)
from evidence.estimates.actions import About, Measured, PublishedOrigin, build_estimate
from evidence.estimates.models import EffectEstimate, EstimateKind
from evidence.estimates.starter.store import load_starter
from evidence.management.commands.load_catalogue import STARTER
from evidence.places.models import Place

FIRST = (
    "Bright", "New", "Better", "Stronger", "Northern", "Coastal", "Urban", "Rural", "Open", "Shared", "Early",
    "Family", "Youth", "Community", "City",
)  # fmt: skip
SECOND = (
    "Futures", "Horizons", "Pathways", "Steps", "Start", "Chances", "Skills", "Work", "Learning", "Reading",
    "Numbers", "Mentoring", "Tutoring", "Breakfast", "Apprenticeship", "Outreach", "Support", "Jobs", "Health",
    "Housing", "Childcare", "Language", "Transition", "Bridge",
)  # fmt: skip
THIRD = (
    "Programme", "Project", "Partnership", "Scheme", "Fund", "Academy", "Hub", "Network", "Offer", "Guarantee",
    "Trial", "Service",
)  # fmt: skip
SAYS = (
    "helps young people who are not in work to find a job",
    "gives small-group tuition to pupils who have fallen behind in reading",
    "offers free childcare so that parents can work more hours",
    "pays employers to take on apprentices from poor neighbourhoods",
    "sends a key worker to families with several problems at once",
    "brings universities into schools where few go on to a degree",
    "teaches spoken language to children in reception",
    "joins health care and employment support for people on sickness benefit",
    "improves attendance and behaviour in secondary schools",
    "trains adults without qualifications in basic skills",
)
BATCH = 2_000


def generate(*, n_interventions: int, n_estimates: int, seed: int = 1) -> None:
    """Fill an empty database; interventions have from one to three studies and the estimates are spread over them."""
    load_starter(STARTER)
    draw = random.Random(seed)
    with transaction.atomic():
        studies = list(_studies(draw, list(_interventions(draw, n_interventions))))
        _estimates(draw, studies, n_estimates)


def _chunks(rows: list, size: int = BATCH) -> Iterator[list]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _interventions(draw: random.Random, number: int) -> Iterator[Intervention]:
    rows = []
    for place in range(number):
        name = f"{draw.choice(FIRST)} {draw.choice(SECOND)} {draw.choice(THIRD)} {place}"
        rows.append(
            Intervention(
                code=f"G-{place}",
                slug=f"generated-{place}",
                name=name,
                kind=draw.choice(SECOND).lower(),
                summary=f"{name} {draw.choice(SAYS)}, and {draw.choice(SAYS)}.",
                mechanism=f"It {draw.choice(SAYS)}.",
                life_stage=draw.choice(LifeStage.values),
                status=draw.choice(Status.values),
                country="England",
                visibility=Visibility.PUBLIC,
                published_at=timezone.now(),
            )
        )
    groups, places = list(TargetGroup.objects.all()), list(Place.objects.all())
    for chunk in _chunks(rows):
        Intervention.objects.bulk_create(chunk)
        Intervention.target_groups.through.objects.bulk_create(
            Intervention.target_groups.through(intervention_id=row.pk, targetgroup_id=group.pk)
            for row in chunk
            for group in draw.sample(groups, draw.randint(1, 2))
        )
        Intervention.places.through.objects.bulk_create(
            Intervention.places.through(intervention_id=row.pk, place_id=place.pk)
            for row in chunk
            for place in draw.sample(places, draw.randint(1, 4))
        )
        InterventionComponent.objects.bulk_create(
            InterventionComponent(intervention=row, component=part)
            for row in chunk
            for part in draw.sample(Component.values, draw.randint(1, 3))
        )
        yield from chunk


def _studies(draw: random.Random, interventions: list[Intervention]) -> Iterator[Study]:
    groups, places = list(TargetGroup.objects.all()), list(Place.objects.all())
    rows = [
        Study(
            code=f"G-{row.pk}-{number}",
            title=f"Evaluation {number + 1} of {row.name}",
            intervention=row,
            status="published",
            design=draw.choice(Design.values),
            authors="Invented authors",
            year=draw.randint(1995, 2025),
            visibility=Visibility.PUBLIC,
            published_at=timezone.now(),
        )
        for row in interventions
        for number in range(draw.randint(1, 3))
    ]
    for chunk in _chunks(rows):
        Study.objects.bulk_create(chunk)
        Study.target_groups.through.objects.bulk_create(
            Study.target_groups.through(study_id=row.pk, targetgroup_id=draw.choice(groups).pk) for row in chunk
        )
        Study.places.through.objects.bulk_create(
            Study.places.through(study_id=row.pk, place_id=draw.choice(places).pk) for row in chunk
        )
        yield from chunk


def _estimates(draw: random.Random, studies: list[Study], number: int) -> None:
    outcomes, groups = list(Outcome.objects.all()), list(TargetGroup.objects.all())
    source = Source.objects.order_by("pk").first()
    assert source is not None
    origin = PublishedOrigin(source=source, source_location="Table 1", evidence_grade="A")
    rows = []
    for _ in range(number):
        kind = draw.choices([EstimateKind.CAUSAL, EstimateKind.DESCRIPTIVE, EstimateKind.NULL], [7, 2, 1])[0]
        outcome, value = draw.choice(outcomes), draw.gauss(1, 3)
        spread = draw.uniform(0.5, 3) if kind == EstimateKind.CAUSAL and draw.random() < 0.5 else None
        rows.append(
            build_estimate(
                study=(study := draw.choice(studies)),
                intervention=study.intervention,
                outcome=outcome,
                estimate_kind=kind,
                measured=Measured(
                    unit="percentage points",
                    direction=outcome.direction,
                    value=None if kind == EstimateKind.NULL else value,
                    std_error=spread,
                    reported_words="No effect found." if kind == EstimateKind.NULL else "",
                ),
                origin=origin,
                about=About(target_group=draw.choice(groups), follow_up_months=draw.choice([None, 6, 12, 24, 60])),
                code=None,
                visibility=Visibility.PUBLIC,
                by=None,
            )
        )
    for chunk in _chunks(rows):
        EffectEstimate.objects.bulk_create(chunk)

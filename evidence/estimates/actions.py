"""Everything that may happen to the ledger: log, publish, withdraw, supersede."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from evidence.catalogue.issues import CatalogueRefused, Issue
from evidence.catalogue.models import (
    Intervention,
    InterventionAudience,
    Outcome,
    Source,
    Study,
    StudyAudience,
    StudyStatus,
    TargetGroup,
    Visibility,
)
from evidence.catalogue.signals import tell_changed
from evidence.estimates.models import EffectEstimate, EstimateAudience, EstimateKind, Origin, Standing


@dataclass(frozen=True, kw_only=True)
class RunOrigin:
    """Where a computed estimate comes from: a run, by an opaque reference, and what is needed to repeat it."""

    run_reference: str
    term: str
    data_sha256: str
    spec_sha256: str
    engine_version: str
    seed: int
    standing: str
    plan_locked_before_outcomes: bool
    n_plans_before: int
    n_runs_before: int
    reviewer_name: str
    analyst_name: str = ""
    standing_reasons: list = field(default_factory=list)
    standing_rule_version: str = ""
    method: str = ""
    estimator: str = ""
    receipt: dict = field(default_factory=dict)
    diagnostics: list = field(default_factory=list)
    sample: dict = field(default_factory=dict)
    series: dict = field(default_factory=dict)
    differences: list = field(default_factory=list)
    answers: list = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class PublishedOrigin:
    """Where a published estimate was read: the source, the page or table, and how close to the primary text."""

    source: Source
    source_location: str
    evidence_grade: str = ""
    also_in: tuple[Source, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The number, its uncertainty and its unit; nothing is filled in for what is not known."""

    unit: str
    direction: str
    value: float | None = None
    std_error: float | None = None
    ci_lower: float | None = None
    ci_upper: float | None = None
    level: float | None = None
    p_value: float | None = None
    reported_range_low: float | None = None
    reported_range_high: float | None = None
    reported_words: str = ""
    derived_std_error: float | None = None
    derived_std_error_method: str = ""
    standard_scale: str = ""
    standard_value: float | None = None
    standard_std_error: float | None = None
    detectable_effect: float | None = None
    detectable_power: float | None = None
    n_obs: int | None = None
    n_units: int | None = None
    n_treated_units: int | None = None
    n_clusters: int | None = None
    sample_reported: str = ""
    base_level: str = ""
    estimand: str = ""


@dataclass(frozen=True, kw_only=True)
class About:
    """Whom, where and when the number is about, beyond its study and outcome."""

    outcome_detail: str = ""
    target_group: TargetGroup | None = None
    population: str = ""
    subgroup: str = ""
    place_detail: str = ""
    follow_up: str = ""
    follow_up_months: int | None = None
    comparison: str = ""
    design_detail: str = ""
    notes: str = ""


def estimate_issues(
    *, study: Study, estimate_kind: str, measured: Measured, origin: RunOrigin | PublishedOrigin, is_example: bool
) -> list[Issue]:
    """Every reason why the ledger cannot take this estimate, in words."""
    return [
        *_entry_issues(study, is_example),
        *_number_issues(estimate_kind, measured),
        *_origin_issues(estimate_kind, origin),
    ]


def _entry_issues(study: Study, is_example: bool) -> Iterable[Issue]:
    if is_example or study.is_example:
        yield Issue(
            code="example_not_evidence",
            message="Examples and simulations cannot enter the catalogue.",
            hint="Log estimates from an evaluation of a real intervention.",
        )
    if study.status == StudyStatus.NEVER_EVALUATED:
        yield Issue(
            code="study_is_a_gap",
            message="This study records that no evaluation was found, so it cannot hold an estimate.",
            hint="Record the new evaluation as a study of its own.",
        )


def _number_issues(estimate_kind: str, measured: Measured) -> Iterable[Issue]:
    if estimate_kind not in EstimateKind.values:
        yield Issue(code="estimate_kind_unknown", message=f"There is no kind of estimate called {estimate_kind!r}.")
    for name, number in asdict(measured).items():
        if isinstance(number, float) and not math.isfinite(number):
            yield Issue(code="not_a_number", message=f"{name} is not a finite number.", column=name)
    if estimate_kind == EstimateKind.CAUSAL and measured.value is None:
        yield Issue(code="effect_without_value", message="An effect needs a value.", column="value")
    if estimate_kind == EstimateKind.QUALITATIVE and measured.value is not None:
        yield Issue(code="direction_with_value", message="A finding of direction only has no value.", column="value")
    if measured.std_error is not None and measured.std_error <= 0:
        yield Issue(code="std_error_not_positive", message="A standard error is above zero.", column="std_error")
    if (measured.ci_lower is None) != (measured.ci_upper is None):
        yield Issue(code="interval_with_one_end", message="An interval has two ends.", column="ci_lower")
    if measured.ci_lower is not None and measured.level is None:
        yield Issue(code="interval_without_level", message="An interval has a level, such as 0.95.", column="level")
    yield from _range_issues(measured)
    carries = measured.std_error is not None or measured.ci_lower is not None or measured.p_value is not None
    if carries and estimate_kind not in {EstimateKind.CAUSAL, EstimateKind.NULL, EstimateKind.ASSOCIATIONAL}:
        yield Issue(
            code="uncertainty_on_what_is_not_an_estimate",
            message="Raw rates, forecasts and cost ratios carry no standard error or interval of an effect.",
            column="std_error",
        )


def _range_issues(measured: Measured) -> Iterable[Issue]:
    """What the table itself would refuse, said before it does."""
    low, high = measured.reported_range_low, measured.reported_range_high
    if measured.value is None and not measured.reported_words and low is None:
        yield Issue(code="says_nothing", message="There is no value, no range and no words.", column="value")
    if measured.value is None and (measured.std_error is not None or measured.ci_lower is not None):
        yield Issue(code="uncertainty_without_value", message="An interval is of a value.", column="value")
    if (low is None) != (high is None):
        yield Issue(code="range_with_one_end", message="A range has two ends.", column="reported_range_low")
    for lower, upper, column in (
        (low, high, "reported_range_high"),
        (measured.ci_lower, measured.ci_upper, "ci_upper"),
    ):
        if lower is not None and upper is not None and lower > upper:
            yield Issue(code="ends_out_of_order", message="The upper end is below the lower.", column=column)
    if measured.level is not None and not 0 < measured.level < 1:
        yield Issue(code="level_out_of_range", message="A level is between 0 and 1, such as 0.95.", column="level")
    if measured.p_value is not None and not 0 <= measured.p_value <= 1:
        yield Issue(code="p_value_out_of_range", message="A p-value is from 0 to 1.", column="p_value")
    if measured.derived_std_error is not None and not measured.derived_std_error_method:
        yield Issue(
            code="derived_without_method",
            message="A standard error that was worked out says how.",
            column="derived_std_error_method",
        )


def _origin_issues(estimate_kind: str, origin: RunOrigin | PublishedOrigin) -> Iterable[Issue]:
    if isinstance(origin, PublishedOrigin):
        if not origin.source_location:
            yield Issue(
                code="no_page_or_table",
                message="A published estimate names the page or table it was read in.",
                column="source_location",
            )
        return
    if origin.standing == Standing.DOES_NOT_SUPPORT and estimate_kind == EstimateKind.CAUSAL:
        yield Issue(
            code="standing_not_causal",
            message="The checks do not support a causal reading, so this is logged as an association.",
            column="estimate_kind",
        )
    if not origin.reviewer_name:
        yield Issue(code="no_reviewer", message="A computed estimate is released by a named reviewer.")


def kind_for_standing(standing: str) -> str:
    """The kind a computed estimate is logged as: causal only where its design and checks support that reading."""
    return EstimateKind.ASSOCIATIONAL if standing == Standing.DOES_NOT_SUPPORT else EstimateKind.CAUSAL


@transaction.atomic
def log_estimate(
    *,
    study: Study,
    outcome: Outcome,
    estimate_kind: str,
    measured: Measured,
    origin: RunOrigin | PublishedOrigin,
    by: Any,
    about: About | None = None,
    code: str | None = None,
    visibility: str = Visibility.DRAFT,
    organisation_ids: Iterable[int] = (),
    is_example: bool = False,
) -> EffectEstimate:
    """Append an estimate to the ledger; the same run and term twice gives the row already there.

    Raises CatalogueRefused with every problem. `by` is None only when the starter catalogue is loaded.
    """
    issues = estimate_issues(
        study=study, estimate_kind=estimate_kind, measured=measured, origin=origin, is_example=is_example
    )
    if issues:
        raise CatalogueRefused(issues)
    about = about or About()
    if isinstance(origin, RunOrigin):
        logged = EffectEstimate.objects.filter(
            run_reference=origin.run_reference, term=origin.term, subgroup=about.subgroup
        ).first()
        if logged is not None:
            return logged
    row = build_estimate(
        study=study,
        intervention=study.intervention,
        outcome=outcome,
        estimate_kind=estimate_kind,
        measured=measured,
        origin=origin,
        about=about,
        code=code,
        visibility=visibility,
        by=by,
        is_example=is_example,
    )
    row.save()
    if isinstance(origin, PublishedOrigin):
        row.also_in.set(origin.also_in)
    _name_audience(row, organisation_ids)
    tell_changed([row.intervention_id])
    return row


def build_estimate(
    *,
    study: Study,
    intervention: Intervention,
    outcome: Outcome,
    estimate_kind: str,
    measured: Measured,
    origin: RunOrigin | PublishedOrigin,
    about: About,
    code: str | None,
    visibility: str,
    by: Any,
    is_example: bool = False,
) -> EffectEstimate:
    """The row for an estimate, not yet saved."""
    fields: dict[str, Any] = {name: getattr(about, name) for name in About.__dataclass_fields__}
    fields |= {name: getattr(measured, name) for name in Measured.__dataclass_fields__}
    if isinstance(origin, RunOrigin):
        fields |= {name: getattr(origin, name) for name in RunOrigin.__dataclass_fields__}
        fields["origin"] = Origin.RUN
    else:
        fields |= {
            "origin": Origin.PUBLISHED,
            "source": origin.source,
            "source_location": origin.source_location,
            "evidence_grade": origin.evidence_grade,
        }
    return EffectEstimate(
        code=code,
        intervention=intervention,
        study=study,
        outcome=outcome,
        estimate_kind=estimate_kind,
        visibility=visibility,
        published_at=timezone.now() if visibility == Visibility.PUBLIC else None,
        logged_by=by,
        is_example=is_example,
        **fields,
    )


def _name_audience(estimate: EffectEstimate, organisation_ids: Iterable[int]) -> None:
    """Name who may see the estimate, and with it the study and intervention it cannot be read without."""
    named = sorted(set(organisation_ids))
    subjects: tuple[tuple[Any, str, Any], ...] = (
        (EstimateAudience, "estimate", estimate),
        (StudyAudience, "study", estimate.study),
        (InterventionAudience, "intervention", estimate.intervention),
    )
    for audience, subject, row in subjects:
        audience.objects.bulk_create(
            [audience(**{subject: row, "organisation_id": each}) for each in named], ignore_conflicts=True
        )


@transaction.atomic
def share_estimate(*, estimate: EffectEstimate, organisation_ids: Iterable[int], by: Any) -> EffectEstimate:
    """The estimate, now seen by these organisations too."""
    _name_audience(estimate, organisation_ids)
    tell_changed([estimate.intervention_id])
    return estimate


@transaction.atomic
def set_audience(*, estimate: EffectEstimate, organisation_ids: Iterable[int], by: Any) -> EffectEstimate:
    """The estimate, seen before it is public by exactly these organisations."""
    wanted = set(organisation_ids)
    unwanted = EstimateAudience.objects.filter(estimate=estimate).exclude(organisation_id__in=wanted)
    gone = set(unwanted.values_list("organisation_id", flat=True))
    unwanted.delete()
    _name_audience(estimate, wanted)
    _forget_audience(estimate, gone)
    return estimate


def _forget_audience(estimate: EffectEstimate, organisation_ids: set[int]) -> None:
    """End what these organisations saw of the study and intervention only because of the estimate."""
    for audience, subject in ((StudyAudience, "study"), (InterventionAudience, "intervention")):
        about = {subject: getattr(estimate, subject)}
        others = EstimateAudience.objects.filter(**{f"estimate__{name}": row for name, row in about.items()})
        kept = others.filter(organisation_id__in=organisation_ids).values_list("organisation_id", flat=True)
        left: Any = audience
        left.objects.filter(**about, organisation_id__in=organisation_ids - set(kept)).delete()


@transaction.atomic
def publish_estimate(*, estimate: EffectEstimate, by: Any) -> EffectEstimate:
    """The estimate, now public with its study and intervention; its study counts as published from now on."""
    now = timezone.now()
    changed = EffectEstimate.objects.filter(pk=estimate.pk, visibility=Visibility.DRAFT).update(
        visibility=Visibility.PUBLIC, published_at=now
    )
    if changed:
        if estimate.study.status in {StudyStatus.PLANNED, StudyStatus.UNDER_WAY, StudyStatus.COMPLETE}:
            estimate.study.status = StudyStatus.PUBLISHED
            estimate.study.save()
        for row in (estimate.study, estimate.intervention):
            if row.visibility == Visibility.DRAFT:
                row.visibility, row.published_at = Visibility.PUBLIC, now
                row.save()
    tell_changed([estimate.intervention_id])
    estimate.refresh_from_db()
    return estimate


@transaction.atomic
def withdraw_estimate(*, estimate: EffectEstimate, reason: str, by: Any) -> EffectEstimate:
    """The estimate, withdrawn: it keeps its page, which says why, and leaves every list, pool and map."""
    if not reason.strip():
        raise CatalogueRefused([Issue(code="no_reason", message="Say why the estimate is withdrawn.")])
    EffectEstimate.objects.filter(pk=estimate.pk).exclude(visibility=Visibility.WITHDRAWN).update(
        visibility=Visibility.WITHDRAWN, withdrawn_at=timezone.now(), withdrawn_by=by, withdrawn_reason=reason.strip()
    )
    tell_changed([estimate.intervention_id])
    estimate.refresh_from_db()
    return estimate


@transaction.atomic
def supersede_estimate(*, estimate: EffectEstimate, successor: EffectEstimate, reason: str, by: Any) -> EffectEstimate:
    """The estimate, with a later one named in its place; it keeps its page and points on."""
    issues = list(_succession_issues(estimate, successor, reason))
    if issues:
        raise CatalogueRefused(issues)
    EffectEstimate.objects.filter(pk=estimate.pk, superseded_by__isnull=True).update(
        superseded_by=successor,
        superseded_at=timezone.now(),
        superseded_reason=reason.strip(),
        superseded_by_person=by,
    )
    tell_changed([estimate.intervention_id])
    estimate.refresh_from_db()
    return estimate


def _succession_issues(estimate: EffectEstimate, successor: EffectEstimate, reason: str) -> Iterable[Issue]:
    if not reason.strip():
        yield Issue(code="no_reason", message="Say why the later estimate stands in place of this one.")
    if successor.intervention_id != estimate.intervention_id or successor.outcome_id != estimate.outcome_id:
        yield Issue(
            code="not_the_same_question",
            message="An estimate is superseded by one of the same intervention and outcome.",
        )
    seen: EffectEstimate | None = successor
    while seen is not None:
        if seen.pk == estimate.pk:
            yield Issue(code="goes_round", message="The later estimate is itself superseded by this one.")
            return
        seen = seen.superseded_by

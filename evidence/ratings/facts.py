"""The recorded facts from which ratings are proposed. What is not known is null, and satisfies no rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evidence.catalogue.models import Design, Direction, Intervention, Study
from evidence.estimates.models import EffectEstimate, EstimateKind, Origin

ENOUGH_CLUSTERS = 40
SHOWS_CAUSE = {
    Design.RANDOMISED,
    Design.INSTRUMENT,
    Design.DISCONTINUITY,
    Design.DID,
    Design.PROXIMITY_DID,
    Design.SYNTHETIC,
    Design.MATCHED,
}
RIGOROUS = {Design.RANDOMISED, Design.INSTRUMENT, Design.DISCONTINUITY}
WITHOUT_DATA = {Design.MODELLED, Design.APPRAISAL, Design.PROCESS, Design.NOT_STATED}


def study_facts(study: Study, estimates: Iterable[EffectEstimate]) -> dict[str, Any]:
    """Design facts of one study, from its record and its computed estimates."""
    computed = [estimate for estimate in estimates if estimate.origin == Origin.RUN]
    diagnostics = {item.get("code"): item for estimate in computed for item in estimate.diagnostics}
    standings = [estimate.standing for estimate in computed if estimate.standing]
    clusters = [estimate.n_clusters for estimate in computed if estimate.n_clusters is not None]
    pretrend = diagnostics.get("pretrend_joint") or {}
    return {
        "status": str(study.status),
        "design": str(study.design),
        "standing": _worst(standings),
        "n_pre_periods": _pre_periods(computed),
        "has_pretrend_test": pretrend.get("p_value") is not None if computed else None,
        "has_enough_clusters": min(clusters) >= ENOUGH_CLUSTERS if clusters else None,
        "has_comparator_justification": bool(study.comparator.strip()) if computed else None,
        "attrition": _level(diagnostics.get("attrition_wwc")),
        "baseline": _level(diagnostics.get("baseline_wwc")),
    }


def intervention_facts(
    intervention: Intervention, studies: Iterable[Study], estimates: Iterable[EffectEstimate]
) -> dict[str, Any]:
    """Facts about everything recorded of one intervention."""
    known = [study for study in studies if not study.is_gap]
    causal = [study for study in known if study.design in SHOWS_CAUSE]
    by_study: dict[int, list[EffectEstimate]] = {}
    for estimate in estimates:
        by_study.setdefault(estimate.study_id, []).append(estimate)
    rigorous = [by_study.get(study.pk, []) for study in known if study.design in RIGOROUS]
    months = [item.follow_up_months for items in rigorous for item in items if item.follow_up_months]
    return {
        "n_causal_studies": len(causal),
        "n_causal_teams": len({study.authors.strip() or study.publisher for study in causal}),
        "n_studies_with_data": sum(study.design not in WITHOUT_DATA for study in known),
        "has_mechanism": bool(getattr(intervention, "mechanism", "").strip()),
        "n_rigorous_improving": sum(any(map(_improves, items)) for items in rigorous),
        "n_rigorous_null": sum(any(item.estimate_kind == EstimateKind.NULL for item in items) for items in rigorous),
        "longest_follow_up_months": max(months, default=None),
    }


def _improves(estimate: EffectEstimate) -> bool:
    if estimate.estimate_kind != EstimateKind.CAUSAL or estimate.value is None:
        return False
    if estimate.direction == Direction.LOWER:
        return estimate.value < 0
    return estimate.direction == Direction.HIGHER and estimate.value > 0


def _worst(standings: list[str]) -> str | None:
    order = ("supports", "caution", "does_not_support")
    return max(standings, key=order.index, default=None)


def _pre_periods(computed: list[EffectEstimate]) -> int | None:
    """The periods before treatment that the computed event studies show, the reference included."""
    counts = [
        1 + sum(point["event_time"] < -1 for point in estimate.series.get("event_study", []))
        for estimate in computed
        if estimate.series.get("event_study")
    ]
    return min(counts, default=None)


def _level(diagnostic: dict | None) -> str | None:
    return ((diagnostic or {}).get("details") or {}).get("level")

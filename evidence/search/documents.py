"""Catalogue rows into search documents: the words to find them by and the facets to filter them by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from evidence.catalogue.models import Horizon, Intervention, Study, StudyStatus, Visibility
from evidence.estimates.models import EffectEstimate, EstimateKind
from evidence.estimates.presenters import improvement, interval_of, is_inconclusive
from evidence.places.kinds import PlaceFacets
from evidence.ratings.queries import ratings_of_studies
from evidence.search.facets import cost_band, follow_up_band
from evidence.search.models import DocumentKind

STRENGTH_SCHEME = "maryland_sms"

Facets = dict[str, set[str]]


@dataclass(frozen=True)
class Content:
    """One document: what it is, its words by weight, and its facets."""

    kind: str
    object_id: int
    intervention_id: int
    heading: str
    is_public: bool
    title: tuple[str, ...]
    topics: tuple[str, ...]
    body: tuple[str, ...]
    facets: dict[str, list[str]]


def interventions_to_index(ids: Iterable[int]) -> QuerySet[Intervention]:
    """Interventions with everything their documents, and those of their studies and estimates, are made of."""
    estimates = EffectEstimate.objects.select_related("outcome", "target_group", "source").defer(
        "diagnostics", "series", "receipt", "sample"
    )
    studies = Study.objects.select_related("source").prefetch_related("places", "target_groups")
    return Intervention.objects.filter(pk__in=list(ids)).prefetch_related(
        "places", "target_groups", "components", Prefetch("studies", studies), Prefetch("estimates", estimates)
    )


def documents_of(interventions: Iterable[Intervention], places: PlaceFacets) -> Iterable[Content]:
    """The documents of interventions, of their studies and of their estimates."""
    rows = list(interventions)
    strengths = _strengths([study for row in rows for study in row.studies.all()])
    for row in rows:
        yield from _Documents(row, places, strengths).all()


def _strengths(studies: list[Study]) -> dict[int, str]:
    rated = ratings_of_studies(studies, viewer=None)
    return {
        study: next((each.value for each in shown if each.scheme.key == STRENGTH_SCHEME), "") or "none"
        for study, shown in rated.items()
    }


class _Documents:
    """The documents of one intervention. Only public rows lend their facets and words to it."""

    def __init__(self, intervention: Intervention, places: PlaceFacets, strengths: dict[int, str]) -> None:
        self.intervention, self.places, self.strengths = intervention, places, strengths
        self.is_public = intervention.visibility == Visibility.PUBLIC
        self.studies = list(intervention.studies.all())
        self.estimates = [each for each in intervention.estimates.all() if _stands(each)]
        self.by_study: dict[int, list[EffectEstimate]] = defaultdict(list)
        for each in self.estimates:
            self.by_study[each.study_id].append(each)
        self.study_facets = {study.pk: self._study_facets(study) for study in self.studies}
        self.estimate_facets = {each.pk: estimate_facets(each) for each in self.estimates}

    def all(self) -> Iterable[Content]:
        yield self._intervention()
        for study in self.studies:
            yield self._study(study)
        for estimate in self.estimates:
            yield self._estimate(estimate)

    def _study_facets(self, study: Study) -> Facets:
        facets = self.places.of(study.places.all())
        facets |= {
            "target_group": {group.slug for group in study.target_groups.all()},
            "equality_group": {each for group in study.target_groups.all() for each in group.equality_groups},
            "design": {str(study.design)},
            "strength": {self.strengths.get(study.pk, "none")},
            "study_status": {str(study.status)},
        }
        return facets

    def _own_facets(self) -> Facets:
        row = self.intervention
        return {
            "life_stage": {str(row.life_stage)},
            "status": {str(row.status)},
            "component": {str(part.component) for part in row.components.all()},
            "cost": {cost_band(_number(row.cost_per_participant), row.cost_currency)},
        }

    def _lent_facets(self) -> Facets:
        """What the intervention lends its studies and estimates."""
        own = self._own_facets()
        return _without(own, "status") | {"intervention_status": own["status"]}

    def _intervention(self) -> Content:
        row = self.intervention
        public_studies = [study for study in self.studies if study.visibility == Visibility.PUBLIC]
        public_estimates = [each for each in self.estimates if each.visibility == Visibility.PUBLIC]
        facets = _merged(
            self._own_facets(),
            self.places.of(row.places.all()),
            {
                "target_group": {group.slug for group in row.target_groups.all()},
                "equality_group": {each for group in row.target_groups.all() for each in group.equality_groups},
                "evidence": what_is_known(public_studies, public_estimates),
            },
            *(_without(self.study_facets[study.pk], "study_status") for study in public_studies if not study.is_gap),
            *(_without(self.estimate_facets[each.pk], "estimate_kind") for each in public_estimates),
        )
        groups = row.target_groups.all()
        return Content(
            kind=DocumentKind.INTERVENTION,
            object_id=row.pk,
            intervention_id=row.pk,
            heading=row.name,
            is_public=self.is_public,
            title=(row.name, row.slug),
            topics=(
                row.kind,
                row.get_life_stage_display(),
                *(group.name for group in groups),
                *(group.definition for group in groups),
                *dict.fromkeys(each.outcome.name for each in public_estimates),
                *dict.fromkeys(each.outcome.domain for each in public_estimates),
                *(place.name for place in row.places.all()),
                *(str(part) for part in row.components.all()),
            ),
            body=(
                row.summary,
                row.mechanism,
                *row.key_facts,
                row.where,
                row.lead_body,
                row.who_might_lose_out,
                *(study.title for study in public_studies),
                *(each.outcome_detail for each in public_estimates),
                *dict.fromkeys(each.population for each in public_estimates),
            ),
            facets=_listed(facets),
        )

    def _study(self, study: Study) -> Content:
        estimates = [each for each in self.by_study[study.pk] if each.visibility == Visibility.PUBLIC]
        lent = (_without(self.estimate_facets[each.pk], "estimate_kind") for each in estimates)
        own = self._lent_facets() | {"evidence": what_is_known([study], estimates)}
        return Content(
            kind=DocumentKind.STUDY,
            object_id=study.pk,
            intervention_id=self.intervention.pk,
            heading=study.title,
            is_public=self.is_public and study.visibility == Visibility.PUBLIC,
            title=(study.title,),
            topics=(
                self.intervention.name,
                study.get_design_display(),
                *(group.name for group in study.target_groups.all()),
                *dict.fromkeys(each.outcome.name for each in estimates),
            ),
            body=(study.authors, study.publisher, study.statement, study.design_detail, study.comparator),
            facets=_listed(_merged(own, self.study_facets[study.pk], *lent)),
        )

    def _estimate(self, estimate: EffectEstimate) -> Content:
        study_facets = _without(self.study_facets[estimate.study_id], "study_status", "target_group")
        own = self._lent_facets() | {"evidence": what_is_known([], [estimate])}
        group = estimate.target_group
        return Content(
            kind=DocumentKind.ESTIMATE,
            object_id=estimate.pk,
            intervention_id=self.intervention.pk,
            heading=f"{self.intervention.name}: {estimate.outcome_detail or estimate.outcome.name}"[:400],
            is_public=self.is_public and estimate.visibility == Visibility.PUBLIC,
            title=(estimate.outcome_detail, estimate.outcome.name),
            topics=(self.intervention.name, group.name if group else "", estimate.outcome.domain, estimate.subgroup),
            body=(estimate.population, estimate.place_detail, estimate.comparison, estimate.notes),
            facets=_listed(_merged(own, study_facets, self.estimate_facets[estimate.pk])),
        )


def estimate_facets(estimate: EffectEstimate) -> Facets:
    """The facets of one estimate."""
    facets: Facets = {
        "outcome": {estimate.outcome.slug},
        "domain": {estimate.outcome.domain},
        "origin": {str(estimate.origin)},
        "estimate_kind": {str(estimate.estimate_kind)},
        "mobility": set(estimate.outcome.mobility),
        "follow_up": {follow_up_band(estimate.follow_up_months)},
    }
    if estimate.outcome.horizon in {Horizon.INTERMEDIATE, Horizon.LONG_TERM}:
        facets["mobility"].add(str(estimate.outcome.horizon))
    if estimate.target_group:
        facets["target_group"] = {estimate.target_group.slug}
        facets["equality_group"] = set(estimate.target_group.equality_groups)
    if estimate.is_effect:
        facets["direction"] = {improvement(estimate)}
        known = interval_of(estimate) is not None
        facets["certainty"] = {"unknown" if not known else "inconclusive" if is_inconclusive(estimate) else "clear"}
    return facets


def what_is_known(studies: Iterable[Study], estimates: Iterable[EffectEstimate]) -> set[str]:
    """The state of the evidence in some studies and their estimates, in the words of the facet."""
    rows, made = list(estimates), list(studies)
    known = set()
    effects = [each for each in rows if each.is_effect]
    if effects:
        known.add("effect")
    if any(interval_of(each) for each in effects):
        known.add("effect_with_interval")
    if any(each.estimate_kind == EstimateKind.NULL for each in rows):
        known.add("no_effect_found")
    if rows and not known:
        known.add("not_effects_only")
    if any(study.status in {StudyStatus.PLANNED, StudyStatus.UNDER_WAY} for study in made):
        known.add("under_way")
    if any(study.is_gap for study in made):
        known.add("never_evaluated")
    return known or ({"not_effects_only"} if made else {"nothing_recorded"})


def _stands(estimate: EffectEstimate) -> bool:
    return estimate.visibility != Visibility.WITHDRAWN and estimate.superseded_by_id is None


def _number(amount: Any) -> float | None:
    return None if amount is None else float(amount)


def _without(facets: Facets, *names: str) -> Facets:
    return {name: values for name, values in facets.items() if name not in names}


def _merged(*several: Facets) -> Facets:
    merged: Facets = defaultdict(set)
    for facets in several:
        for name, values in facets.items():
            merged[name] |= values
    return merged


def _listed(facets: Facets) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in facets.items() if values}

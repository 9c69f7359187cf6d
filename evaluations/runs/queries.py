"""What a viewer may read of runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from evaluations.disclosure.policy import policy_of
from evaluations.disclosure.releases import ALL_COUNTS, Clash, Earlier, clashes, hiding, shown_counts
from evaluations.organisations.permissions import Permission, Viewer, roles_of
from evaluations.runs.models import AnalysisRun, RunState, WithheldCounts
from evaluations.runs.same_people import are_the_same_people
from evaluations.workspaces.queries import evaluations_where


def runs_where(viewer: Viewer, permission: Permission = Permission.SEE_RESULTS) -> QuerySet[AnalysisRun]:
    """The runs on whose evaluations the viewer has `permission`."""
    found = AnalysisRun.objects.filter(evaluation__in=evaluations_where(viewer, permission))
    return found.select_related("evaluation", "plan", "dataset", "created_by", "repeats")


def rows_are_people(run: AnalysisRun) -> bool:
    """Whether the units of the run's data are people."""
    return run.dataset.units_are_people or run.evaluation.units_are_people


def cells_count_people(run: AnalysisRun) -> bool:
    """Whether the rows are of places or groups, and a column says how many people each stands for."""
    return not rows_are_people(run) and bool(run.plan.spec["columns"].get("n"))


def counts_people(run: AnalysisRun) -> bool:
    """Whether the run's answer counts people, so that disclosure control worked on it."""
    return rows_are_people(run) or cells_count_people(run)


def policy_in_words(run: AnalysisRun) -> str:
    """The policy that the run's evaluation has now, as it would be stated on the run's answer."""
    policy = policy_of(run.evaluation.disclosure_policy)
    return policy.of_cells() if cells_count_people(run) else policy.in_words()


def result_for(viewer: Viewer, run: AnalysisRun) -> dict[str, Any] | None:
    """The run's answer as this viewer may see it.

    Members of the owner see it as it is kept. To partners, who see every run, an answer about people that nearly
    repeats an earlier one loses its counts.
    """
    if run.result is None or not counts_people(run) or run.evaluation.owner_id in roles_of(viewer):
        return run.result
    before = runs_of_the_same_data(run).filter(
        Q(publications__isnull=False) | Q(evaluation=run.evaluation_id, number__lt=run.number)
    )
    return hiding(run.result, [ALL_COUNTS]) if nearly_repeated(run, before) else run.result


def runs_of_the_same_data(run: AnalysisRun) -> QuerySet[AnalysisRun]:
    """Other runs answered on the same file, in the same evaluation or of the same people, whoever owns them."""
    same = Q(evaluation=run.evaluation_id) | Q(dataset__sha256=run.dataset.sha256)
    if run.dataset.stored_sha256:
        same |= Q(dataset__stored_sha256=run.dataset.stored_sha256)
    same |= Q(pk__in=_runs_of_the_same_people(run))
    return AnalysisRun.objects.filter(same, state=RunState.DONE).exclude(pk=run.pk).distinct()


def _runs_of_the_same_people(run: AnalysisRun) -> list[int]:
    """Runs in other evaluations, something of which was released, whose unit ids are partly those of this one."""
    withheld = getattr(run, "withheld", None)
    if withheld is None or not withheld.units:
        return []
    elsewhere = WithheldCounts.objects.filter(run__publications__isnull=False).exclude(units=[])
    elsewhere = elsewhere.exclude(run__evaluation=run.evaluation_id).distinct()
    return [pk for pk, units in elsewhere.values_list("run_id", "units") if are_the_same_people(withheld.units, units)]


def nearly_repeated(run: AnalysisRun, before: Iterable[AnalysisRun]) -> list[Clash]:
    """The counts of a run that differ by too few people from those of earlier ones."""
    return clashes(
        _true_counts(run), [_earlier(each, run) for each in before], policy_of(run.evaluation.disclosure_policy)
    )


def _true_counts(run: AnalysisRun) -> dict[str, int]:
    withheld = getattr(run, "withheld", None)
    return withheld.counts if withheld is not None and withheld.counts else shown_counts(run.result or {})


def _earlier(other: AnalysisRun, run: AnalysisRun) -> Earlier:
    is_own = other.evaluation_id == run.evaluation_id
    name = f"run {other.number}" if is_own else "a result of the same data or people in another evaluation"
    withheld = getattr(other, "withheld", None)
    if withheld is not None and withheld.counts:
        return Earlier(name, withheld.counts)
    is_rounded = counts_people(other)
    return Earlier(name, shown_counts(other.result or {}), is_rounded=is_rounded)

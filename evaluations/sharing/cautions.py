"""What disclosure control cannot know about a result, said in words to whoever decides on its release."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluations.disclosure.policy import policy_of
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, may
from evaluations.runs.models import AnalysisRun
from evaluations.runs.queries import cells_count_people, counts_people, rows_are_people, runs_of_the_same_data
from evaluations.sharing.models import Publication, Review

COUNTS_PEOPLE = re.compile(
    r"(?i)(^|_)(n|count|people|persons|pupils|students|children|learners|patients|participants|cohort_size|headcount)$"
)
"""How columns are called that say how many people a row stands for."""
NUMBERED = (
    "The people in these data carry no ids by which Uplift could know them in another evaluation: the plan names no "
    "unit, or the units are numbered 1, 2, 3. Check for yourself that no other release is about nearly the same people."
)
UNCOUNTED = (
    "The rows are stated to be about places or groups, and the plan names no column with the number of people in each. "
    "So no number is hidden. Check for yourself that no group compared is of few people."
)


def cautions_for(viewer: User, review: Review) -> list[str]:
    """What the reviewer has to judge alone; for those who may release the result or asked for its release."""
    if may(viewer, Permission.RELEASE, review) or may(viewer, Permission.REQUEST_RELEASE, review):
        return list(_cautions(review.run))
    return []


def _cautions(run: AnalysisRun) -> Iterator[str]:
    if rows_are_people(run):
        withheld = getattr(run, "withheld", None)
        if withheld is None or not withheld.units:
            yield NUMBERED
    elif not cells_count_people(run):
        yield UNCOUNTED
        yield from _small_numbers(run)
    if counts_people(run):
        yield from _others_on_it(run)


def _small_numbers(run: AnalysisRun) -> Iterator[str]:
    """Columns that look like numbers of people, hold small ones and play no part in the plan."""
    least = policy_of(run.evaluation.disclosure_policy).min_count
    for column in run.dataset.columns:
        name, lowest = str(column.get("name", "")), column.get("min")
        is_small = column.get("kind") == "integer" and lowest is not None and lowest < least
        if is_small and COUNTS_PEOPLE.search(name):
            yield (
                f"Column {name} looks like a number of people, and somewhere it is under {least}. If it is, ask for a "
                "plan that names it as the number in the cell: small cells are then hidden."
            )


def _others_on_it(run: AnalysisRun) -> Iterator[str]:
    """Releases on the same intervention by the same owner in which Uplift found none of these people."""
    known = runs_of_the_same_data(run)
    others = (
        Publication.objects.filter(run__evaluation__intervention=run.evaluation.intervention_id)
        .filter(run__evaluation__owner=run.evaluation.owner_id, withdrawn_at__isnull=True)
        .exclude(run__evaluation=run.evaluation_id)
        .exclude(run__in=known)
        .select_related("run__evaluation", "run__dataset", "run__plan")
        .order_by("pk")
    )
    for each in others:
        if counts_people(each.run):
            yield (
                f"Estimate {each.estimate_id}, of “{each.run.evaluation}”, is on the same intervention, and no ids are "
                "in common. If it is about nearly the same people, let the counts of this result be hidden below."
            )

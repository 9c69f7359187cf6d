"""What a stage makes visible, and to whom: shown before the decision, kept with it after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from evaluations.sharing.models import Publication, ReleaseTo
from evaluations.workspaces.models import Evaluation, Share, ShareLevel, Stage

AT_LEVEL = {
    ShareLevel.EXISTENCE: "its title, purpose and owner",
    ShareLevel.PLAN: "its title, purpose, owner and plans, and the discussion",
    ShareLevel.RESULTS: "its plans, every run with its result and checks, and the discussion",
    ShareLevel.ROWS: "its plans, every run with its result and checks, the discussion, and the rows of data",
}


@dataclass(frozen=True)
class Visible:
    """Who comes to see what."""

    who: str
    what: str

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def becomes_visible(evaluation: Evaluation, to_stage: Stage, embargo_until: datetime | None) -> list[Visible]:
    """Exactly what each partner and everyone would see at that stage."""
    if to_stage == Stage.PRIVATE:
        return [Visible("Members of the owner only", "everything, by their roles")]
    seen = [Visible(each.organisation.name, AT_LEVEL[ShareLevel(each.level)]) for each in partners_of(evaluation)]
    if not seen and to_stage == Stage.NAMED_PARTNERS:
        seen.append(Visible("Nobody yet", "no partner has been named"))
    if to_stage == Stage.NAMED_PARTNERS:
        return seen
    released = Publication.objects.filter(run__evaluation=evaluation, withdrawn_at__isnull=True)
    if to_stage == Stage.EMBARGOED:
        when = f"Everyone, from {embargo_until:%-d %B %Y}" if embargo_until else "Everyone, when the embargo ends"
        released = released.exclude(review__release_to=ReleaseTo.NAMED_PARTNERS)
    else:
        when = "Everyone"
    return [*seen, Visible(when, _published(evaluation, [each.estimate_id for each in released]))]


def partners_of(evaluation: Evaluation) -> list[Share]:
    """What each partner is granted now, whether or not the stage lets it take effect."""
    return list(evaluation.shares.filter(ended_at__isnull=True).select_related("organisation"))


def _published(evaluation: Evaluation, estimates: list[int]) -> str:
    about = "the design in words, the checks, the sample counts, the receipt and what other plans and runs found"
    if not estimates:
        return f"the estimates that are released, with {about}; never the rows of data"
    named = ", ".join(f"estimate {each}" for each in estimates)
    return f"{named} of “{evaluation.title}”, with {about}; never the rows of data"

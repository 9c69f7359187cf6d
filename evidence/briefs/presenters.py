"""An intervention in words: what is known, how sure, what it costs, who may lose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.briefs.queries import Account
from evidence.catalogue.models import Intervention, Status
from evidence.catalogue.presenters import cost_words
from evidence.drawing.figures import Figure
from evidence.drawing.timeline import Spell, timeline_figure
from evidence.estimates.models import EstimateKind
from evidence.estimates.presenters import GroupedEstimates, grouped, improvement, interval_of

RUNNING = {Status.LIVE, Status.PILOT, Status.CHANGING}
DIRECTION_WORDS = (
    ("better", "point to an improvement"),
    ("worse", "point the wrong way"),
    ("inconclusive", "leave open both directions"),
    ("no_difference", "show no difference"),
    ("unclear", "are on outcomes where better is not clear"),
)


@dataclass(frozen=True)
class Answer:
    """The short answer on an intervention: one sentence, then what qualifies it."""

    sentence: str
    points: tuple[str, ...]


def short_answer(account: Account) -> Answer:
    """What is known of an intervention, counted but not pooled."""
    effects = [each for each in account.estimates if each.estimate_kind == EstimateKind.CAUSAL]
    return Answer(sentence=_sentence(account, len(effects)), points=tuple(_points(account, effects)))


def _sentence(account: Account, n_effects: int) -> str:
    name = account.intervention.name
    if n_effects:
        studies = len({each.study_id for each in account.estimates if each.estimate_kind == EstimateKind.CAUSAL})
        outcomes = len({each.outcome_id for each in account.estimates if each.estimate_kind == EstimateKind.CAUSAL})
        return (
            f"{_count(n_effects, 'estimated effect')} of {name} {'is' if n_effects == 1 else 'are'} recorded here, "
            f"from {_count(studies, 'study', 'studies')}, on {_count(outcomes, 'outcome')}."
        )
    if any(each.estimate_kind == EstimateKind.NULL for each in account.estimates):
        return f"Studies of {name} looked for an effect and found none; no size was given."
    if account.estimates:
        return f"No effect of {name} has been estimated in what is recorded here: the figures below are not effects."
    if account.gaps:
        return f"{name} has never been evaluated, as far as the sources here show."
    if account.made:
        return f"{name} has been studied, but no estimate was in what we read."
    return f"No evaluation of {name} is recorded here. That is not the same as never evaluated."


def _points(account: Account, effects: list) -> Iterable[str]:
    if effects:
        ways = Counter(improvement(each) for each in effects)
        parts = [f"{ways[way]} {words}" for way, words in DIRECTION_WORDS if ways[way]]
        yield f"Of these, {_listed(parts)}. Counts of directions are not a synthesis."
        without = sum(interval_of(each) is None for each in effects)
        if without:
            whole = "None carries" if without == len(effects) else f"{without} of {len(effects)} carry no"
            rest = " a standard error or interval" if without == len(effects) else " standard error or interval"
            yield f"{whole}{rest} in what was read, so they cannot be pooled and it cannot be said how sure they are."
    nulls = sum(each.estimate_kind == EstimateKind.NULL for each in account.estimates)
    if nulls and effects:
        yield f"{_count(nulls, 'finding')} of no effect. No effect found is not zero."
    others = len(account.estimates) - len(effects) - nulls
    if others:
        yield f"{_count(others, 'other figure')} below {'is' if others == 1 else 'are'} not effects, and marked so."
    if account.coming:
        yield f"{_count(len(account.coming), 'study', 'studies')} under way or planned."
    for gap in account.gaps if account.estimates else ():
        yield gap.statement


def evidence_groups(account: Account) -> tuple[GroupedEstimates, ...]:
    """The estimates in words, each group of kinds apart from the others."""
    return grouped(account.estimates)


def timeline(account: Account, *, this_year: int) -> Figure | None:
    """What came before and after, with evaluation dates against opening and closure; None where it stands alone."""
    row = account.intervention
    chain = [link.earlier for link in account.before] + [row] + [link.later for link in account.after]
    own = tuple(sorted({study.year for study in account.made if study.year}))
    if (len(chain) == 1 and not own) or not any(each.start_year for each in chain):
        return None
    spells = [
        Spell(
            label=each.name,
            start=each.start_year,
            end=each.end_year,
            is_running=each.status in RUNNING and each.end_year is None,
            evaluated=own if each.pk == row.pk else (),
        )
        for each in chain
    ]
    return timeline_figure(
        spells,
        title="Openings, closures and evaluations",
        until=this_year,
        note="Only this programme's evaluations are drawn; the others have pages of their own."
        if len(chain) > 1
        else "",
        ident="timeline",
    )


def losers_words(intervention: Intervention) -> str:
    """Who might lose out, and whether anyone measured it."""
    status = intervention.get_losers_examined_display()
    return f"{status}. {intervention.who_might_lose_out}".strip()


def fact_rows(intervention: Intervention) -> list[dict]:
    """What it is, as rows of a summary list."""
    between = " to " if intervention.ended[:1].isdigit() else "; "
    years = between.join(part for part in (intervention.started, intervention.ended) if part)
    cost_source = intervention.cost_source
    return [
        {"key": "Type", "value": intervention.kind},
        {"key": "Life stage", "value": f"{intervention.get_life_stage_display()}; ages {intervention.ages}"},
        {"key": "Status", "value": intervention.status_detail or intervention.get_status_display()},
        {"key": "Dates", "value": years},
        {"key": "What it is made of", "value": parts_words(intervention)},
        {"key": "Where", "value": intervention.where},
        {"key": "Led by", "value": intervention.lead_body},
        {
            "key": "Cost",
            "value": cost_words(intervention),
            "hint": f"Source: {cost_source.title}" if cost_source else "",
        },
        {"key": "Who might lose out", "value": losers_words(intervention)},
    ]


def parts_words(intervention: Intervention) -> str:
    """What it is made of: each part with how much of it, by whom and in which variant."""
    return "; ".join(
        str(part)
        + (f" ({part.dose})" if part.dose else "")
        + (f", by {part.staff}" if part.staff else "")
        + (f", {part.variant}" if part.variant else "")
        for part in intervention.components.all()
    )


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

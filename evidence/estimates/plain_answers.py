"""An effect said plainly: months of progress, per 100 people, pounds per extra outcome; only where that is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.drawing.numbers import number_text
from evidence.estimates.models import EffectEstimate
from evidence.estimates.presenters import interval_of, null_value

SHARE_UNITS = ("percentage point", "pp")
ATTAINMENT_DOMAINS = {"school attainment", "early development", "attainment"}
PEOPLE_SCALE = "hedges_g"

# Education Endowment Foundation, about the toolkits: the largest effect size, to two decimals, of each month.
MONTHS_UP_TO = (0.01, 0.09, 0.18, 0.26, 0.35, 0.44, 0.52, 0.61, 0.69, 0.78, 0.87, 0.95, 1.00)


@dataclass(frozen=True)
class PlainAnswer:
    """One way of saying an effect, and what it rests on."""

    text: str
    basis: str


def months_of_progress(effect_size: float) -> int | None:
    """The months of progress of a standardised effect on attainment; None beyond the published table."""
    rounded = math.copysign(math.floor(abs(effect_size) * 100 + 0.5) / 100, effect_size)
    for months, largest in enumerate(MONTHS_UP_TO):
        if abs(rounded) <= largest + 1e-9:
            return months if rounded >= 0 else -months
    return None


def plain_answers(estimate: EffectEstimate) -> list[PlainAnswer]:
    """The ways of saying this estimate plainly that its scale, kind and uncertainty allow."""
    if not estimate.is_effect or estimate.value is None:
        return []
    return [*_per_hundred(estimate), *_months(estimate), *_pounds(estimate)]


def _per_hundred(estimate: EffectEstimate) -> Iterable[PlainAnswer]:
    if not estimate.unit.startswith(SHARE_UNITS) or estimate.value is None:
        return
    interval = interval_of(estimate)
    basis = "The effect is a difference between two shares."
    if interval is None:
        yield PlainAnswer(
            f"About {_people(estimate.value)} in every 100 people; how sure this is cannot be said.", basis
        )
        return
    low, high = interval
    text = f"Between {_people(low)} and {_people(high)} in every 100 people."
    if low > 0 or high < 0:
        one_in = sorted(100 / abs(end) for end in (low, high, estimate.value))
        least, middle, most = (math.ceil(each) for each in one_in)
        text += f" One in {middle} people (between one in {least} and one in {most})."
    yield PlainAnswer(text, basis)


def _people(points: float) -> str:
    if round(points, 1) == 0:
        return "none"
    return f"{number_text(abs(points), digits=1)} {'more' if points > 0 else 'fewer'}"


def _months(estimate: EffectEstimate) -> Iterable[PlainAnswer]:
    if estimate.standard_scale != PEOPLE_SCALE or estimate.outcome.domain not in ATTAINMENT_DOMAINS:
        return
    if estimate.standard_value is None or estimate.standard_std_error is None:
        return
    reach = 1.96 * estimate.standard_std_error
    months = [months_of_progress(estimate.standard_value + step) for step in (-reach, 0, reach)]
    if None in months:
        return
    yield PlainAnswer(
        f"About {_said(months[1])} months of progress (from {_said(months[0])} to {_said(months[2])}).",
        "The Education Endowment Foundation's conversion of a standardised effect on attainment.",
    )


def _said(months: int | None) -> str:
    return number_text(float(months or 0), digits=0)


def _pounds(estimate: EffectEstimate) -> Iterable[PlainAnswer]:
    intervention = estimate.intervention
    if not estimate.unit.startswith(SHARE_UNITS) or intervention.cost_per_participant is None:
        return
    if intervention.cost_currency != "GBP" or interval_of(estimate) is None:
        return
    cost = float(intervention.cost_per_participant)
    low, high = interval_of(estimate) or (0.0, 0.0)
    basis = f"Cost per participant of £{cost:,.0f} in {intervention.cost_price_year} prices, divided by the effect."
    if low <= null_value(estimate) <= high:
        yield PlainAnswer("No cost per extra outcome can be given: the interval includes no difference.", basis)
        return
    ends = sorted(cost / (abs(end) / 100) for end in (low, high))
    middle = cost / (abs(estimate.value or 0.0) / 100)
    yield PlainAnswer(
        f"About £{middle:,.0f} for each extra outcome (between £{ends[0]:,.0f} and £{ends[1]:,.0f}).", basis
    )

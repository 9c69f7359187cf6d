"""Estimates in words: a plain sentence, then the number with its interval and unit, then where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from django.urls import reverse

from evidence.catalogue.models import Direction
from evidence.drawing.numbers import CONFIDENTIAL, MINUS, digits_for, interval_text, number_text
from evidence.estimates.models import EffectEstimate, EstimateKind, Origin, Standing

NORMAL_95 = 1.959963984540054

RATIO_WORDS = ("ratio", "times as likely")


@dataclass(frozen=True)
class KindGroup:
    """Kinds shown together on a page, and what a reader must know of them."""

    slug: str
    heading: str
    kinds: tuple[str, ...]
    reading: str


KIND_GROUPS = (
    KindGroup(
        "effects",
        "Estimated effects",
        (EstimateKind.CAUSAL,),
        "Each compares what happened with an estimate of what would have happened otherwise.",
    ),
    KindGroup(
        "nulls",
        "No effect found",
        (EstimateKind.NULL,),
        "A study looked and did not find an effect. That is not zero: a small study can miss a real one.",
    ),
    KindGroup(
        "bounds",
        "Bounds and ranges",
        (EstimateKind.BOUND, EstimateKind.RANGE),
        "Reported as a limit or a range over results; a range is not a confidence interval.",
    ),
    KindGroup(
        "directions",
        "Findings of direction only",
        (EstimateKind.QUALITATIVE,),
        "The source read gives a direction and no number.",
    ),
    KindGroup(
        "associations",
        "Associations, not shown to be effects",
        (EstimateKind.ASSOCIATIONAL,),
        "People who took part may differ from those who did not in ways the study could not remove.",
    ),
    KindGroup(
        "rates",
        "Raw rates, not effects",
        (EstimateKind.DESCRIPTIVE,),
        "What happened to those who took part. It does not say what would have happened otherwise.",
    ),
    KindGroup(
        "forecasts",
        "Forecasts, models and cost-benefit figures, not effects",
        (EstimateKind.MODELLED, EstimateKind.PROJECTION, EstimateKind.COST_BENEFIT, EstimateKind.APPRAISAL),
        "Worked out from assumptions or from other estimates; nothing here was observed as an effect.",
    ),
)


@dataclass(frozen=True)
class EstimateWords:
    """What a page says of one estimate."""

    estimate: EffectEstimate
    sentence: str
    number: str
    uncertainty: str
    origin: str
    caveats: tuple[str, ...]

    @property
    def how_sure(self) -> str:
        """The uncertainty, or why none is given."""
        if self.uncertainty:
            return self.uncertainty
        reported = {EstimateKind.NULL, EstimateKind.BOUND, EstimateKind.RANGE, EstimateKind.QUALITATIVE}
        if self.estimate.estimate_kind in reported:
            return "No interval was reported."
        return "Not an effect: no interval applies."

    @property
    def design(self) -> str:
        """How the number was reached: the study's design, or the number's own where it is not an estimate."""
        kinds = {EstimateKind.MODELLED, EstimateKind.PROJECTION, EstimateKind.COST_BENEFIT, EstimateKind.APPRAISAL}
        own = self.estimate.design_detail
        if self.estimate.estimate_kind in kinds and own:
            return own[:1].upper() + own[1:]
        return str(self.estimate.study.get_design_display())

    @property
    def href(self) -> str:
        """The estimate's own page."""
        return reverse("estimate", args=[self.estimate.pk])


@dataclass(frozen=True)
class GroupedEstimates:
    """The estimates of one group of kinds, in words."""

    group: KindGroup
    items: tuple[EstimateWords, ...]


def plain_number(value: float | None) -> str:
    """A published number as it was published: every digit, thousands separated, a true minus."""
    if value is None:
        return ""
    text = f"{abs(value):,.10g}"
    return f"{MINUS}{text}" if value < 0 else text


def is_ratio(estimate: EffectEstimate) -> bool:
    """Whether the number is a ratio, for which 1 means no difference."""
    return any(word in estimate.unit for word in RATIO_WORDS) and "per £1" not in estimate.unit


def null_value(estimate: EffectEstimate) -> float:
    """The value that would mean no difference."""
    return 1.0 if is_ratio(estimate) else 0.0


def interval_of(estimate: EffectEstimate) -> tuple[float, float] | None:
    """The interval as reported or computed; else 95 % from the published standard error; else None."""
    if estimate.ci_lower is not None and estimate.ci_upper is not None:
        return estimate.ci_lower, estimate.ci_upper
    if estimate.std_error is None or estimate.value is None or estimate.origin == Origin.RUN:
        return None
    reach = NORMAL_95 * estimate.std_error
    return estimate.value - reach, estimate.value + reach


def is_inconclusive(estimate: EffectEstimate) -> bool:
    """Whether the interval leaves open both directions."""
    interval = interval_of(estimate)
    return interval is not None and interval[0] <= null_value(estimate) <= interval[1]


def improvement(estimate: EffectEstimate) -> str:
    """better, worse, no_difference, inconclusive or unclear: which way an effect points, where it points anywhere."""
    if not estimate.is_effect or estimate.value is None:
        return "unclear"
    if is_inconclusive(estimate):
        return "inconclusive"
    difference = estimate.value - null_value(estimate)
    if difference == 0:
        return "no_difference"
    if estimate.direction not in {Direction.HIGHER, Direction.LOWER}:
        return "unclear"
    return "better" if (difference > 0) == (estimate.direction == Direction.HIGHER) else "worse"


def value_text(estimate: EffectEstimate, value: float | None) -> str:
    """A number of this estimate: as published, or rounded by its uncertainty where it was computed."""
    if estimate.origin == Origin.PUBLISHED:
        return plain_number(value)
    return number_text(value, digits=digits_for(estimate.value, estimate.std_error))


def words_for(estimate: EffectEstimate) -> EstimateWords:
    """The estimate in words."""
    return EstimateWords(
        estimate=estimate,
        sentence=_sentence(estimate),
        number=_number(estimate),
        uncertainty=_uncertainty(estimate),
        origin=_origin(estimate),
        caveats=tuple(_caveats(estimate)),
    )


def grouped(estimates: Iterable[EffectEstimate]) -> tuple[GroupedEstimates, ...]:
    """Estimates by group of kinds, in the order a reader needs them; empty groups are left out."""
    rows = list(estimates)
    groups = (
        GroupedEstimates(group, tuple(words_for(row) for row in rows if row.estimate_kind in group.kinds))
        for group in KIND_GROUPS
    )
    return tuple(each for each in groups if each.items)


def _subject(estimate: EffectEstimate) -> str:
    name = estimate.outcome_detail or estimate.outcome.name
    who = f", {estimate.subgroup}" if estimate.subgroup else ""
    return f"{name}{who}"


def _sentence(estimate: EffectEstimate) -> str:
    subject = _subject(estimate)
    kind = estimate.estimate_kind
    if kind == EstimateKind.CAUSAL:
        return _effect_sentence(estimate, subject)
    if estimate.value is None:
        return f"{subject}: {_lowered(estimate.reported_words)}"
    label = {
        EstimateKind.ASSOCIATIONAL: "an association of",
        EstimateKind.DESCRIPTIVE: "a raw rate of",
        EstimateKind.MODELLED: "a modelled figure of",
        EstimateKind.PROJECTION: "a forecast of",
        EstimateKind.COST_BENEFIT: "a cost-benefit figure of",
        EstimateKind.APPRAISAL: "an appraised figure of",
    }.get(EstimateKind(kind), "reported as")
    return f"{subject}: {label} {_amount(estimate, estimate.value)}."


def _effect_sentence(estimate: EffectEstimate, subject: str) -> str:
    value = estimate.value if estimate.value is not None else 0.0
    if is_ratio(estimate):
        return f"{subject}: {value_text(estimate, value)} times as likely as without it."
    if value == 0:
        return f"{subject}: no difference between those reached and the comparison group."
    way = "higher" if value > 0 else "lower"
    if is_inconclusive(estimate):
        return (
            f"{subject}: estimated as {way} by {_amount(estimate, abs(value))}, "
            "but the interval leaves open both directions: more people would be needed to tell."
        )
    judged = {"better": ", which is better", "worse": ", which is worse"}.get(improvement(estimate), "")
    if value > 0 and estimate.unit.startswith(("additional", "extra")):
        return f"{subject}: {_amount(estimate, value)}{judged}."
    return f"{subject}: {way} by {_amount(estimate, abs(value))} than without it{judged}."


def _amount(estimate: EffectEstimate, value: float) -> str:
    text = value_text(estimate, abs(value) if estimate.unit.startswith(("£", "$")) else value)
    told = _amount_text(estimate, text)
    return f"{MINUS}{told}" if value < 0 and told[0] in "£$" else told


def _amount_text(estimate: EffectEstimate, text: str) -> str:
    """A number in words with its unit: before it where it is money, else after."""
    unit = estimate.unit
    if unit.startswith(("£", "$")):
        return f"{unit[0]}{text} {unit[1:].strip()}".strip()
    if unit.startswith("%"):
        return f"{text}{unit}"
    if text == "1":
        unit = unit.replace("percentage points", "percentage point", 1).replace("days", "day", 1)
    return f"{text} {unit}"


def _number(estimate: EffectEstimate) -> str:
    if estimate.value is None:
        if estimate.reported_range_low is not None:
            ends = plain_number(estimate.reported_range_low), plain_number(estimate.reported_range_high)
            return f"{ends[0]} to {ends[1]} {estimate.unit} (reported range, not an interval)"
        return ""
    text = f"{value_text(estimate, estimate.value)} times as likely" if is_ratio(estimate) else ""
    text = text or _amount(estimate, estimate.value)
    if estimate.reported_range_low is not None:
        ends = plain_number(estimate.reported_range_low), plain_number(estimate.reported_range_high)
        text += f"; reported range {ends[0]} to {ends[1]}, not a confidence interval"
    return text


def _uncertainty(estimate: EffectEstimate) -> str:
    if not estimate.is_effect and estimate.estimate_kind != EstimateKind.ASSOCIATIONAL:
        return ""
    interval = interval_of(estimate)
    if interval is None:
        if estimate.origin == Origin.RUN:
            return "No interval can be given: the checks say why."
        return "No standard error or interval in what was read, so it cannot be said how sure this is."
    digits = digits_for(estimate.value, estimate.std_error, *interval)
    level = 100 * (estimate.level or 0.95)
    text = f"{level:g}% interval {interval_text(*interval, digits=digits)}"
    if estimate.ci_lower is None:
        text += " (worked out here from the published standard error)"
    return text


def _origin(estimate: EffectEstimate) -> str:
    if estimate.origin == Origin.RUN:
        return "Computed with Uplift; the receipt is on its page."
    source = estimate.source
    year = f", {source.published}" if source and source.published else ""
    return f"Published: {source}{year} ({_lowered(estimate.source_location)})."


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _caveats(estimate: EffectEstimate) -> Iterable[str]:
    if estimate.standing == Standing.CAUTION:
        yield "Its design and checks support a causal reading with caution."
    if estimate.standing == Standing.DOES_NOT_SUPPORT:
        yield "Its design and checks do not support a causal reading."
    if estimate.is_effect and is_inconclusive(estimate) and estimate.detectable_effect is not None:
        power = 100 * (estimate.detectable_power or 0.8)
        amount = _amount(estimate, estimate.detectable_effect)
        yield f"The smallest effect this could have detected is {amount} ({power:g}% power)."
    elif (smallest := _detectable(estimate)) is not None:
        amount = _amount_text(estimate, number_text(smallest, digits=digits_for(smallest)))
        yield f"The smallest effect this could have detected is about {amount} (80% power, from its interval)."
    elif estimate.estimate_kind == EstimateKind.NULL:
        yield "What it could have detected is not in what was read."
    if estimate.derived_std_error is not None:
        yield (
            f"A standard error of {plain_number(estimate.derived_std_error)} was worked out by us, not published: "
            f"{_lowered(estimate.derived_std_error_method)} It is never pooled."
        )
    if estimate.direction == Direction.LOWER_AMBIGUOUS:
        yield "Lower is not always better for this outcome: earlier identification can be good."
    if estimate.evidence_grade in {"C", "D"}:
        yield "Read at second hand: check the primary source before use."


def _detectable(estimate: EffectEstimate) -> float | None:
    """What an inconclusive difference could have detected: 2.8 standard errors (Bloom 1995); None for what is not."""
    interval = interval_of(estimate)
    if interval is None or not estimate.is_effect or is_ratio(estimate) or not is_inconclusive(estimate):
        return None
    quantile = NormalDist().inv_cdf(0.5 + (estimate.level or 0.95) / 2)
    std_error = (interval[1] - interval[0]) / (2 * quantile)
    return std_error * (NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8))


def receipt_rows(estimate: EffectEstimate) -> list[dict]:
    """What is needed to check or repeat the estimate, as rows of a summary list."""
    if estimate.origin == Origin.RUN:
        return _run_receipt(estimate)
    source = estimate.source
    rows = [
        {"key": "Source", "value": source.citation if source else "", "href": source.url if source else ""},
        {"key": "Page or table", "value": estimate.source_location},
        {"key": "How close we read", "value": _grade_words(estimate.evidence_grade)},
    ]
    also = [each.title for each in estimate.also_in.all()]
    if also:
        rows.append({"key": "Also reported in", "value": "; ".join(also)})
    return rows


def _run_receipt(estimate: EffectEstimate) -> list[dict]:
    locked = estimate.plan_locked_before_outcomes
    return [
        {"key": "Data (SHA-256)", "value": estimate.data_sha256},
        {"key": "Plan (SHA-256)", "value": estimate.spec_sha256},
        {"key": "Engine version", "value": estimate.engine_version},
        {"key": "Seed", "value": str(estimate.seed)},
        {"key": "Estimator", "value": estimate.estimator},
        {
            "key": "Plan locked before the outcomes were uploaded",
            "value": "Yes" if locked else "No: the outcomes could have been seen first",
        },
        {"key": "Plans made before this one", "value": str(estimate.n_plans_before)},
        {"key": "Runs made before this one", "value": str(estimate.n_runs_before)},
        {"key": "Analyst", "value": estimate.analyst_name},
        {"key": "Released by", "value": estimate.reviewer_name},
        {"key": "Run", "value": estimate.run_reference},
    ]


def _grade_words(grade: str) -> str:
    return {
        "A": "Primary text or table",
        "B": "Abstract or publisher’s page",
        "C": "Press report",
        "D": "Vendor’s or advocate’s page",
    }.get(grade, "Not recorded")


def _counts_text(estimate: EffectEstimate) -> str:
    """The counts of a computed estimate, with a neutral sign where disclosure control took one away."""
    hidden = (estimate.sample.get("disclosure") or {}).get("hidden_counts", [])
    names = {"n_obs": "observations", "n_units": "units", "n_treated_units": "treated units", "n_clusters": "clusters"}
    counts = {words: CONFIDENTIAL if name in hidden else getattr(estimate, name) for name, words in names.items()}
    shown = {words: count if isinstance(count, str) else f"{count:,}" for words, count in counts.items() if count}
    return ", ".join(f"{count} {words}" for words, count in shown.items())


def sample_rows(estimate: EffectEstimate) -> list[dict]:
    """Whom and what the estimate is about, as rows of a summary list."""
    computed = _counts_text(estimate)
    rows = [
        {"key": "Outcome", "value": estimate.outcome.name, "href": reverse("outcome", args=[estimate.outcome.slug])},
        {"key": "As measured", "value": estimate.outcome_detail},
        {"key": "People or places", "value": estimate.population},
        {"key": "Compared with", "value": estimate.comparison},
        {"key": "Level without it", "value": estimate.base_level},
        {"key": "Sample", "value": computed or estimate.sample_reported},
        {"key": "Where", "value": estimate.place_detail},
        {"key": "Follow-up", "value": estimate.follow_up},
        {"key": "Design", "value": estimate.design_detail},
        {"key": "What is estimated", "value": estimate.estimand},
    ]
    return [row for row in rows if row["value"]]

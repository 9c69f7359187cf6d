"""The stated rule that says whether a result supports a causal reading.

The rule looks only at the design and the diagnostics, never at the size or sign of the effect (but
for asking whether a trend too small to be noticed could account for it). Change a threshold and
`RULE_VERSION` goes up; every stored result keeps the version that judged it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evaluations.stats.results import Diagnostic, Result, Standing
from evaluations.stats.spec import Spec

RULE_VERSION = 2

SUPPORTS, CAUTION, DOES_NOT_SUPPORT = "supports", "caution", "does_not_support"
ORDER = (SUPPORTS, CAUTION, DOES_NOT_SUPPORT)

PRETREND_FAILS_BELOW = 0.05
PRETREND_DOUBTED_BELOW = 0.15
FEW_CLUSTERS = 40
FORBIDDEN_SHARE_DOUBTED = 0.01
FORBIDDEN_SHARE_FAILS = 0.25
DROPPED_SHARE_DOUBTED = 0.20
PLACEBO_DOUBTED_BELOW = 0.05
UNNOTICED_SHARE_DOUBTED = 0.5
COMPOSITION_DOUBTED_BELOW = 0.05

Finding = tuple[str, str]
"""A level and the reason for it."""


def standing(spec: Spec, result: Result) -> Standing:
    """The level that the worst finding gives, with every reason at that level or next to it."""
    findings = [finding for rule in RULES for finding in rule(spec, result)]
    level = max((level for level, _ in findings), key=ORDER.index, default=SUPPORTS)
    reasons = [reason for found, reason in findings if found != SUPPORTS] or [
        reason for found, reason in findings if found == SUPPORTS
    ]
    return Standing(level, tuple(reasons), RULE_VERSION)


def _diagnostic(result: Result, code: str) -> Diagnostic | None:
    return next((item for item in result.diagnostics if item.code == code), None)


def _uncertainty(spec: Spec, result: Result) -> Iterator[Finding]:
    headline = result.estimates[0]
    if headline.ci_lower is None:
        yield DOES_NOT_SUPPORT, "There is no interval that could be trusted, so chance cannot be ruled out."
    elif headline.n_clusters is not None and headline.n_clusters < FEW_CLUSTERS:
        yield (
            CAUTION,
            f"The interval rests on {headline.n_clusters} clusters; with fewer than {FEW_CLUSTERS} it can mislead.",
        )


def _trends(spec: Spec, result: Result) -> Iterator[Finding]:
    test = _diagnostic(result, "pretrend_joint")
    if spec.estimator == "synthetic_did":
        return
    if test is None or test.p_value is None:
        yield _one_placebo_date(result)
    elif test.p_value < PRETREND_FAILS_BELOW:
        yield DOES_NOT_SUPPORT, "Treated and comparison units were already moving apart before treatment."
    elif test.p_value < PRETREND_DOUBTED_BELOW:
        yield CAUTION, "There are signs that treated and comparison units were moving apart before treatment."
    else:
        yield SUPPORTS, "The test of earlier trends found no sign that the groups were moving apart."


def _one_placebo_date(result: Result) -> Finding:
    """What is left where no joint test was made: a single date at which nothing had happened yet."""
    placebo = _diagnostic(result, "placebo_time")
    if placebo is None or placebo.p_value is None:
        return CAUTION, "There are too few periods before treatment to check that trends were parallel."
    if placebo.p_value < PRETREND_FAILS_BELOW:
        return DOES_NOT_SUPPORT, "Treated and comparison units were already moving apart before treatment."
    return CAUTION, "Earlier trends were checked at one placebo date only, not by a joint test of every earlier period."


def _unnoticed_trend(spec: Spec, result: Result) -> Iterator[Finding]:
    power = _diagnostic(result, "pretrend_power")
    headline = result.estimates[0]
    details = power.details if power and power.details else {}
    drift = details.get("bias_at_half_power")
    if drift is not None and headline.value is not None and headline.ci_lower is not None:
        clear_of_zero = not headline.ci_lower <= 0 <= (headline.ci_upper or 0)
        if clear_of_zero and abs(drift) >= UNNOTICED_SHARE_DOUBTED * abs(headline.value):
            yield CAUTION, "A trend that the test would have missed half the time could account for half of the effect."


def _forbidden(spec: Spec, result: Result) -> Iterator[Finding]:
    share = _diagnostic(result, "forbidden_comparisons")
    if share is None or share.statistic is None:
        return
    words = f"{share.statistic:.0%} of the estimate compares units with others that were already treated."
    if share.statistic >= FORBIDDEN_SHARE_FAILS:
        yield DOES_NOT_SUPPORT, words
    elif share.statistic > FORBIDDEN_SHARE_DOUBTED:
        yield CAUTION, words


def _sample(spec: Spec, result: Result) -> Iterator[Finding]:
    sample = result.sample
    if sample and sample.rows_read:
        lost = sum(item.rows for item in sample.dropped if item.reason in ("outcome_missing", "covariate_missing"))
        if lost / sample.rows_read > DROPPED_SHARE_DOUBTED:
            yield (
                CAUTION,
                f"{lost / sample.rows_read:.0%} of the rows had no outcome or covariate and could not be used.",
            )


def _placebos(spec: Spec, result: Result) -> Iterator[Finding]:
    for code, words in (
        ("placebo_outcome", "An outcome that treatment should not have moved, moved."),
        ("placebo_time", "An effect appears at a date when nothing had happened yet."),
    ):
        found = [item for item in result.diagnostics if item.code == code and item.p_value is not None]
        smallest = min((item.p_value or 0.0 for item in found), default=1.0)
        if smallest * max(len(found), 1) < PLACEBO_DOUBTED_BELOW:
            yield CAUTION, words


def _composition(spec: Spec, result: Result) -> Iterator[Finding]:
    test = _diagnostic(result, "composition_change")
    if test is not None and test.p_value is not None and test.p_value < COMPOSITION_DOUBTED_BELOW:
        yield CAUTION, "Other kinds of people are in the sample after treatment began than before."


RULES: tuple[Callable[[Spec, Result], Iterator[Finding]], ...] = (
    _uncertainty,
    _trends,
    _unnoticed_trend,
    _forbidden,
    _sample,
    _placebos,
    _composition,
)

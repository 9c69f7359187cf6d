"""Which options an estimator can honour. One it cannot is refused, never passed over in silence."""

from __future__ import annotations

from collections.abc import Collection

from evaluations.stats.issues import NotEstimable
from evaluations.stats.spec import Options, Spec

REGRESSION_ERRORS = ("auto", "classical", "hc1", "cluster", "cr2", "cr3", "conley")
REGRESSION_INFERENCE = ("analytic", "wild", "randomisation")


def check_options(spec: Spec, *, errors: Collection[str], inference: Collection[str], unit_trends: bool = True) -> None:
    """Raise `NotEstimable` where the design asks for errors, inference or trends that the estimator does not have."""
    asked = (
        ("std_errors", spec.options.std_errors, errors),
        ("inference", spec.options.inference, inference),
    )
    for name, value, available in asked:
        if value not in available:
            raise NotEstimable(
                f"{name}_not_available",
                f"The estimator {spec.estimator} cannot be used with {name} {value}.",
                f"Set options.{name} to one of: {', '.join(available)}.",
            )
    if not unit_trends:
        check_no_unit_trends(spec.options)


def check_no_unit_trends(options: Options) -> None:
    """Raise `NotEstimable` where unit trends are asked of an estimator that does not take them out."""
    if options.unit_trends:
        raise NotEstimable(
            "unit_trends_not_available",
            "This estimator does not take out a separate trend for each unit.",
            "Set options.unit_trends to false, or choose twfe or event_study.",
        )

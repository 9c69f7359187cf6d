"""The register of estimators: one line each, its module loaded when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from evaluations.stats.issues import NotEstimable
from evaluations.stats.results import Result
from evaluations.stats.spec import Spec

Tick = Callable[[str, float], None]
"""Told what is being done and the share done so far (0 to 1); may raise to stop the work."""

Estimator = Callable[..., Result]
"""`estimate(table, spec, *, tick) -> Result`; raises `NotEstimable`."""

MODULES: dict[tuple[str, str], str] = {
    ("did", "did_2x2"): "evaluations.stats.did_2x2",
    ("did", "callaway_santanna"): "evaluations.stats.callaway_santanna",
    ("did", "twfe"): "evaluations.stats.twfe",
    ("did", "event_study"): "evaluations.stats.event_study",
    ("did", "sun_abraham"): "evaluations.stats.sun_abraham",
    ("did", "imputation"): "evaluations.stats.imputation",
    ("did", "synthetic_did"): "evaluations.stats.synthetic_did",
    ("proximity", "ring_did"): "evaluations.stats.proximity.ring_did",
    ("proximity", "access_did"): "evaluations.stats.proximity.access_did",
    ("proximity", "distance_curve"): "evaluations.stats.proximity.distance_curve",
}
"""(method, estimator) to the module that has `estimate`."""


def estimator(spec: Spec) -> Estimator:
    """The function that answers this design."""
    module = MODULES.get((spec.method, spec.estimator))
    if module is None:
        raise NotEstimable(
            "estimator_not_available",
            f"This version of the engine does not have the estimator {spec.estimator}.",
            "Choose another estimator.",
        )
    return import_module(module).estimate


def runs_of(method: str) -> dict[str, Estimator]:
    """Every estimator of a method, by name."""
    return {name: import_module(module).estimate for (each, name), module in MODULES.items() if each == method}


def ignore_progress(doing: str, share: float) -> None:
    """A `Tick` that does nothing."""

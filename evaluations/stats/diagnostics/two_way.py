"""What a two-way estimate on a staggered panel is made of, as a diagnostic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluations.stats.diagnostics.bacon import CohortMeans, decompose, forbidden_share
from evaluations.stats.issues import BadInput, NotEstimable
from evaluations.stats.panel import panel_from_table
from evaluations.stats.results import Diagnostic
from evaluations.stats.spec import Spec
from evaluations.stats.table import NEVER_TREATED, Table

TWO_WAY = ("twfe", "event_study")


def bacon_diagnostic(table: Table, spec: Spec) -> tuple[tuple[Mapping[str, Any], ...], tuple[Diagnostic, ...]]:
    """The Goodman-Bacon decomposition and the share of forbidden comparisons.

    Empty for other estimators, unbalanced or weighted panels, and designs with covariates, where
    the decomposition is not that of the estimate.
    """
    is_plain = table.covariates is None and not table.fixed_effects and table.weight is None
    if spec.estimator not in TWO_WAY or not is_plain or table.cohorts is None or table.unit is None:
        return (), ()
    try:
        panel = panel_from_table(table)
    except (BadInput, NotEstimable):
        return (), ()
    panel = panel.without(panel.starts == 0, "always_treated")
    if not panel.is_balanced or panel.n_units == 0 or not panel.is_treated.any():
        return (), ()
    found = decompose(CohortMeans.of_panel(panel.outcome, panel.starts))
    rows = tuple(
        {
            "kind": item.kind,
            "treated": panel.periods[item.treated],
            "control": None if item.control == NEVER_TREATED or item.control >= panel.n_periods
            else panel.periods[item.control],
            "value": item.value,
            "weight": item.weight,
        }
        for item in found
    )  # fmt: skip
    return rows, (_share(forbidden_share(found)),)


def _share(share: float) -> Diagnostic:
    return Diagnostic(
        "forbidden_comparisons",
        f"{share:.1%} of the weight of a two-way estimate lies on comparisons with units already treated. Where effects"
        " grow or differ between cohorts these push the estimate the wrong way; the share does not say by how much.",
        statistic=share,
    )

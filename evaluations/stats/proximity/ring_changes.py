"""The change in each ring beyond that in the outermost, with its errors: one regression where there is one date.

Unit and period effects (ring and post effects where rows are not followed), ring x post for every
ring but the outermost, covariates added linearly (Butts 2023, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.options import REGRESSION_ERRORS, check_options
from evaluations.stats.proximity.fitting import Fitted, fitted
from evaluations.stats.proximity.ring_leads import RingLeads, ring_leads
from evaluations.stats.proximity.rings import RingRows
from evaluations.stats.registry import Tick
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.results import Diagnostic, Specification
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import Reference

Answer = dict[str, Any]
"""`value`, `std_error`, `ci_lower`, `ci_upper` and `p_value`."""


@dataclass(frozen=True, eq=False)
class RingChanges:
    """The answer for each ring but the outermost, nearest first, and what it is judged by.

    `covariance` is that of the values. `n_people` counts rows, or the people behind them.
    """

    answers: tuple[Answer, ...]
    covariance: np.ndarray
    references: tuple[Reference, ...]
    n_people: int
    leads: RingLeads
    notes: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    specifications: tuple[Specification, ...] = field(default=())


def one_date_changes(table: Table, spec: Spec, found: RingRows, post: np.ndarray, tick: Tick) -> RingChanges:
    """The changes where every site opened at one date. `post` is 0/1, by row of `found`."""
    check_options(spec, errors=REGRESSION_ERRORS, inference=("analytic", "wild"), unit_trends=False)
    check_covariates(table, spec)
    check_both_sides(found, post)
    is_panel = table.unit is not None and spec.options.panel
    tick("Comparing rings", 0.2)
    columns, effects = _design(table, found, post, is_panel=is_panel)
    fit = fitted(table, found.rows, spec, columns, effects)
    rings = range(found.reference)
    for ring in rings:
        if not fit.is_kept(ring):
            raise NotEstimable(
                "ring_not_identified",
                f"In the ring {found.name(ring)} nobody is seen both before and after the opening.",
                "Join it with a neighbouring ring by leaving out one of proximity.edges_km.",
            )
    contrasts = np.array([fit.contrast([ring]) for ring in rings])
    judges = [fit.judge_of(found.ring == ring, found.ring == found.reference) for ring in rings]
    tick("Checking trends before opening", 0.7)
    return RingChanges(
        answers=tuple(judge.answer(contrast) for judge, contrast in zip(judges, contrasts, strict=True)),
        covariance=contrasts @ fit.judge.errors.covariance @ contrasts.T,
        references=tuple(judge.reference_for(pull) for judge, pull in zip(judges, contrasts, strict=True)),
        n_people=round(fit.fit.n_obs),
        leads=ring_leads(table, spec, found, post, is_panel=is_panel),
        notes=(*_left_out(table, fit, found.reference), fit.note),
        diagnostics=judges[0].diagnostics(contrasts[0]),
    )


def has_reweighting(table: Table, spec: Spec) -> bool:
    """Whether covariates are to be used by regression among controls or by weighting, and rows are not averages."""
    has_covariates = table.covariates is not None and table.covariates.shape[1] > 0
    return has_covariates and spec.options.estimation != "linear" and table.n is None


def check_covariates(table: Table, spec: Spec) -> None:
    """Averages of cells, and openings that do not follow the periods, take covariates linearly or not at all."""
    if table.covariates is not None and table.covariates.shape[1] and spec.options.estimation != "linear":
        raise NotEstimable(
            "covariates_linear_only",
            "Rows that are averages of cells, or whose before and after do not follow the periods, have covariates"
            " added to the regression; they are not reweighted by them.",
            "Set options.estimation to linear.",
        )


def check_both_sides(found: RingRows, post: np.ndarray) -> None:
    """Every ring must be seen before and after."""
    if not (post > 0).any():
        raise NotEstimable("no_post_period", "No row is from after the opening.", "Add rows from after it.")
    if not (post == 0).any():
        raise NotEstimable("no_pre_period", "No row is from before the opening.", "Add rows from before it.")
    for when, is_when in (("before", post == 0), ("after", post > 0)):
        counts = np.bincount(found.ring[is_when], minlength=found.n_rings)
        empty = [found.name(int(ring)) for ring in np.flatnonzero(counts == 0)]
        if empty:
            raise NotEstimable(
                "ring_empty",
                f"Nobody is seen {when} the opening in the ring {', nor in '.join(empty)}.",
                "Join it with a neighbouring ring by leaving out one of proximity.edges_km, or add data.",
            )


def _design(
    table: Table, found: RingRows, post: np.ndarray, *, is_panel: bool
) -> tuple[np.ndarray, tuple[Effect, Effect]]:
    """Ring x post for every ring but the last, then covariates; unit and period, or ring and post, effects."""
    columns = (found.ring[:, None] == np.arange(found.reference)) * post[:, None]
    if table.covariates is not None:
        columns = np.column_stack([columns, table.covariates[found.rows]])
    after = Effect((post > 0).astype(np.int64), 2, name="post")
    if not is_panel or table.unit is None:
        return columns, (Effect(found.ring, found.n_rings, name="ring"), after)
    time = after if table.period is None else levels(table.period.codes[found.rows], "period")
    return columns, (levels(table.unit.codes[found.rows], "unit"), time)


def levels(codes: np.ndarray, name: str) -> Effect:
    """Fixed effects for the levels of `codes` that occur."""
    used, numbered = np.unique(codes, return_inverse=True)
    return Effect(numbered, len(used), name=name)


def _left_out(table: Table, fit: Fitted, first: int) -> list[str]:
    names = [name for place, name in enumerate(table.covariate_names) if not fit.is_kept(first + place)]
    return [f"Covariates that the other terms already explain are left out: {', '.join(names)}."] if names else []

"""The change in each ring beyond that in the outermost, with its errors: one regression where there is one date.

Unit and period effects (ring and post effects where rows are not followed), ring x post for every
ring but the outermost, covariates added linearly (Butts 2023, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.proximity.fitting import Fitted, clusters, error_kind, fitted
from evaluations.stats.proximity.ring_leads import RingLeads, ring_leads
from evaluations.stats.proximity.rings import RingRows
from evaluations.stats.registry import Tick
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import Reference


@dataclass(frozen=True, eq=False)
class RingChanges:
    """Changes of the rings but the outermost, nearest first, shape (n_rings - 1,), and what they are judged by.

    `covariance` is null where there is no error to measure. `n_people` counts rows, or the people behind them.
    """

    values: np.ndarray
    covariance: np.ndarray | None
    references: tuple[Reference, ...]
    n_people: int
    leads: RingLeads
    notes: tuple[str, ...]

    def std_error(self, ring: int) -> float | None:
        """The standard error of a ring's change, null where there is none."""
        variance = np.nan if self.covariance is None else float(self.covariance[ring, ring])
        return float(np.sqrt(variance)) if np.isfinite(variance) and variance > 0 else None


def one_date_changes(table: Table, spec: Spec, found: RingRows, post: np.ndarray, tick: Tick) -> RingChanges:
    """The changes where every site opened at one date. `post` is 0/1, by row of `found`."""
    check_covariates(table, spec)
    _check_both_sides(found, post)
    is_panel = table.unit is not None and spec.options.panel
    tick("Comparing rings", 0.2)
    columns, effects = _design(table, found, post, is_panel=is_panel)
    fit = fitted(table, found.rows, spec, columns, effects)
    rings = range(found.reference)
    for ring in rings:
        if not fit.is_kept([ring]):
            raise NotEstimable(
                "ring_not_identified",
                f"In the ring {found.name(ring)} nobody is seen both before and after the opening.",
                "Join it with a neighbouring ring by leaving out one of proximity.edges_km.",
            )
    tick("Checking trends before opening", 0.7)
    return RingChanges(
        values=fit.values(rings),
        covariance=None if fit.is_perfect else fit.covariance(rings),
        references=tuple(_reference(table, spec, found, fit, ring) for ring in rings),
        n_people=round(fit.fit.n_obs),
        leads=ring_leads(table, spec, found, post, is_panel=is_panel),
        notes=(*_left_out(table, fit, found.reference), f"Standard errors: {error_kind(table, spec)}."),
    )


def check_covariates(table: Table, spec: Spec) -> None:
    """Covariates enter linearly or not at all."""
    if table.covariates is not None and table.covariates.shape[1] and spec.options.estimation != "linear":
        raise NotEstimable(
            "covariates_linear_only",
            "Rings add covariates to the regression; they do not reweight by them.",
            "Set options.estimation to linear.",
        )


def _check_both_sides(found: RingRows, post: np.ndarray) -> None:
    """Every ring must be seen before and after."""
    if not (post > 0).any():
        raise NotEstimable("no_post_period", "No row is from after the opening.", "Add rows from after it.")
    if not (post == 0).any():
        raise NotEstimable("no_pre_period", "No row is from before the opening.", "Add rows from before it.")
    for when, is_when in (("before", post == 0), ("after", post > 0)):
        counts = np.bincount(found.ring[is_when], minlength=found.n_rings)
        empty = [found.name(ring) for ring in np.flatnonzero(counts == 0)]
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
    time = after if table.period is None else _levels(table.period.codes[found.rows], "period")
    return columns, (_levels(table.unit.codes[found.rows], "unit"), time)


def _levels(codes: np.ndarray, name: str) -> Effect:
    """Fixed effects for the levels of `codes` that occur."""
    used, numbered = np.unique(codes, return_inverse=True)
    return Effect(numbered, len(used), name=name)


def _reference(table: Table, spec: Spec, found: RingRows, fit: Fitted, ring: int) -> Reference:
    """What the ring's change is judged by: t, with its clusters counted where errors are clustered."""
    df = fit.contrast([ring], np.ones(1)).df
    kind = error_kind(table, spec)
    if kind not in ("cluster", "cr2", "cr3"):
        return Reference(spec.options.level, df)
    return Reference(
        spec.options.level,
        df,
        clusters(table, found.rows).n_clusters,
        clusters(table, found.rows[found.ring == ring]).n_clusters,
        clusters(table, found.rows[found.ring == found.reference]).n_clusters,
        is_valid_when_few=kind != "cluster",
    )


def _left_out(table: Table, fit: Fitted, first: int) -> Sequence[str]:
    names = [name for place, name in enumerate(table.covariate_names) if not fit.is_kept([first + place])]
    return [f"Covariates that the other terms already explain are left out: {', '.join(names)}."] if names else []

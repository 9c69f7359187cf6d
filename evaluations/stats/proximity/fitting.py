"""Least squares on the rows in rings, with errors as the design asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.judging import Judge, error_words, errors_of, wild_for
from evaluations.stats.regression.least_squares import Fit, fit
from evaluations.stats.regression.rows import Rows, check_outcome_varies, rows_of
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table
from evaluations.stats.uncertainty import FEW_TREATED_CLUSTERS, Reference


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fit and who judges its coefficients, which are asked for by the position of their column."""

    fit: Fit
    judge: Judge
    rows: Rows
    options: Options

    def is_kept(self, column: int) -> bool:
        """Whether the column has a coefficient of its own."""
        return self.fit.position(column) is not None

    def contrast(self, columns: Sequence[int], weights: Sequence[float] | None = None) -> np.ndarray:
        """The sum of the coefficients of `columns`, weighted if asked, as a contrast of those kept."""
        pull = np.zeros(len(self.fit.kept))
        for column, weight in zip(columns, weights or [1.0] * len(columns), strict=True):
            position = self.fit.position(column)
            if position is None:
                raise ValueError(f"column {column} was left out")
            pull[position] = weight
        return pull

    def judge_of(self, treated: np.ndarray, control: np.ndarray) -> Judge:
        """The judge of a comparison between two sets of rows, bool, whose clusters must not be few."""
        clusters = self.rows.clusters
        if clusters is None or self.judge.errors.n_clusters is None:
            return self.judge
        sides = [len(np.unique(clusters.codes[side])) for side in (treated, control)]
        reference = replace(
            self.judge.reference,
            n_treated_clusters=sides[0],
            n_control_clusters=sides[1],
            is_valid_when_few=self.judge.wild is not None and min(sides) >= FEW_TREATED_CLUSTERS,
        )
        return replace(self.judge, reference=reference)

    @property
    def note(self) -> str:
        """The kind of standard errors, in words."""
        return f"Standard errors: {error_words(self.judge.errors.kind, self.options)}."


def fitted(table: Table, rows: np.ndarray, spec: Spec, columns: np.ndarray, effects: Sequence[Effect]) -> Fitted:
    """The fit of the outcome of `rows` on `columns`, shape (len(rows), k), with the errors the design asks for."""
    used = rows_of(replace(table.select(rows), cohorts=None), spec)
    if used.cells is None or not used.cells.squares_within.any():
        check_outcome_varies(used.outcome)
    solved = fit(used.outcome, columns, effects, weights=used.weights, cells=used.cells)
    if not len(solved.kept):
        raise NotEstimable(
            "ring_not_identified",
            "Once fixed effects are taken out nothing is left to compare: no ring is seen both before and after.",
            "Give rows of the same units (or rings) from before and after the opening, or use wider rings.",
        )
    errors = errors_of(solved, used, spec.options)
    n_clusters = None if errors.n_clusters is None or used.clusters is None else used.clusters.n_clusters
    wild = wild_for(solved, used.clusters, spec.options) if spec.options.inference == "wild" else None
    reference = Reference(spec.options.level, n_clusters=n_clusters)
    scale = float(np.sqrt(np.average(used.outcome**2, weights=used.weights)))
    return Fitted(solved, Judge(solved.coefficients, errors, reference, scale, wild), used, spec.options)

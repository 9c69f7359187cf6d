"""A regression on paths of treatment, however the data come: by sums where the panel allows, else row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.issues import NotEstimable
from evaluations.stats.panel import Panel, panel_from_table
from evaluations.stats.regression.cell_fit import MOST_ENTRIES, CellRows, fit_cells
from evaluations.stats.regression.errors import Errors, is_nested
from evaluations.stats.regression.fixed_effects import Effect
from evaluations.stats.regression.judging import Judge, error_words, errors_of, wild_for
from evaluations.stats.regression.least_squares import Fit, fit
from evaluations.stats.regression.path_sums import path_of
from evaluations.stats.regression.paths import fit_paths
from evaluations.stats.regression.rows import (
    Rows,
    check_outcome_varies,
    count_distinct,
    effects_of,
    left_out,
    rows_of,
)
from evaluations.stats.results import CohortCount, Dropped, Sample
from evaluations.stats.spec import Options, Spec
from evaluations.stats.table import Table, played
from evaluations.stats.uncertainty import Reference

Paths = Callable[[int], np.ndarray]
"""The number of periods to regressors by start and period, shape (n_periods + 1, n_periods, k)."""

Share = Callable[[float], None]

Influence = Callable[[np.ndarray], np.ndarray]
"""A contrast of the kept coefficients to each cluster's part in its error, by the table's cluster codes."""

FEWEST_ON_A_SIDE = 4
"""Treated and comparison clusters the wild bootstrap needs: with 4 its intervals covered 94-96 % in simulation
(8 and 12 clusters, one date, correlation 0.5), with 3 between 90 and 99 %."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much data is behind a fit."""

    n_obs: int
    n_units: int | None = None
    n_treated_units: int | None = None
    n_clusters: int | None = None
    n_treated_clusters: int | None = None
    n_control_clusters: int | None = None

    def reference(self, level: float) -> Reference:
        """What errors are judged against, but for the degrees of freedom."""
        return Reference(
            level,
            n_clusters=self.n_clusters,
            n_treated_clusters=self.n_treated_clusters,
            n_control_clusters=self.n_control_clusters,
        )


@dataclass(frozen=True, eq=False)
class PathModel:
    """A regression on k paths. `kept` are the paths that have coefficients; `judge` speaks of those.

    `path_counts`, shape (n_periods + 1,), are the units of each start; `cell_weights`, shape
    (n_periods + 1, n_periods), what the rows of each start weigh in each period. `fit` and `rows`
    are there where the regression ran row by row; `panel` and `loadings`, shape (n_periods + 1,
    n_periods, number kept), how outcomes load on the coefficients, where it ran on sums. `influence`
    maps a contrast to each cluster's part in its error, by the table's cluster codes, where errors
    are clustered.
    """

    judge: Judge
    kept: np.ndarray
    counts: Counts
    sample: Sample
    path_counts: np.ndarray
    cell_weights: np.ndarray
    fit: Fit | None = None
    rows: Rows | None = None
    panel: Panel | None = None
    loadings: np.ndarray | None = None
    influence: Influence | None = None

    def contrast(self, weights: np.ndarray) -> np.ndarray:
        """A contrast of all k paths, as one of the kept coefficients."""
        return weights[self.kept]


def path_model(
    table: Table, spec: Spec, paths: Paths, *, tick: Share, last_period: int | None = None, leave_window: bool = False
) -> PathModel:
    """The regression of the outcome on `paths` with unit and period effects, covariates and further effects.

    Rows from `last_period` on are left out where it is given, and so are, with `leave_window`, those
    of the periods of anticipation. Raises `NotEstimable` where no coefficient can be told.
    """
    panel = None if leave_window and spec.options.anticipation else balanced_panel(table, spec, last_period)
    if panel is not None:
        model = _by_sums(table, panel, spec, paths(panel.n_periods), tick)
        if model is not None:
            return model
    return _by_rows(table, spec, paths, last_period, leave_window)


def balanced_panel(table: Table, spec: Spec, last_period: int | None = None) -> Panel | None:
    """The panel, always treated units aside, where sums by start say all that the design asks; else null.

    That is so where every unit is seen in every period and nothing enters but unit and period effects.
    """
    if not _sums_suffice(table, spec):
        return None
    panel = panel_from_table(table)
    panel = panel.without(panel.starts - spec.options.anticipation <= 0, "always_treated")
    if last_period is not None and last_period < panel.n_periods:
        left_out = int(np.isfinite(panel.outcome[:, last_period:]).sum())
        panel = replace(
            panel,
            outcome=np.ascontiguousarray(panel.outcome[:, :last_period]),
            periods=panel.periods[:last_period],
            dropped=(*panel.dropped, Dropped("no_untreated_units_left", left_out)),
        )
    if not panel.n_units or not panel.is_balanced:
        return None
    check_outcome_varies(np.array(panel.outcome_range))
    return panel


def _sums_suffice(table: Table, spec: Spec) -> bool:
    options = spec.options
    return (
        options.panel
        and table.unit is not None
        and table.period is not None
        and table.cohorts is not None
        and table.covariates is None
        and table.n is None
        and not table.fixed_effects
        and not options.unit_trends
        and options.std_errors in ("auto", "cluster")
        and options.inference != "wild"
    )


def _by_sums(table: Table, panel: Panel, spec: Spec, paths: np.ndarray, tick: Share) -> PathModel | None:
    """The model from sums by start; null where nothing is left over and rounding needs the rows."""
    found = fit_paths(panel, paths, tick=tick)
    if not len(found.kept):
        raise not_identified()
    if found.is_rounding:
        return None
    counts = panel_counts(panel)
    reference = counts.reference(spec.options.level)
    judge = Judge(found.coefficients, found.errors, reference, outcome_size(np.array(panel.outcome_range)))
    sample = Sample(
        table.rows_read,
        panel.n_rows,
        (*table.dropped, *panel.dropped),
        panel.cohort_counts(),
        (*table.notes, *notes_of(found.errors, spec.options)),
    )
    return PathModel(
        judge,
        found.kept,
        counts,
        sample,
        found.sums.counts,
        _every_period(found.sums.weights),
        panel=panel,
        loadings=found.value_loadings,
        influence=influence_at(found.errors.influence, panel.cluster_codes),
    )


def panel_counts(panel: Panel) -> Counts:
    """Counts of a panel's units and clusters."""
    treated = panel.is_treated
    return Counts(
        n_obs=panel.n_rows,
        n_units=panel.n_units,
        n_treated_units=int(treated.sum()),
        n_clusters=panel.n_clusters,
        n_treated_clusters=_clusters_of(panel, treated),
        n_control_clusters=_controls(_clusters_of(panel, ~treated)),
    )


def _clusters_of(panel: Panel, units: np.ndarray) -> int:
    """Clusters of some units, chosen by a mask."""
    return count_distinct(panel.cluster[units]) if panel.is_clustered_above_unit else int(np.count_nonzero(units))


def _by_rows(table: Table, spec: Spec, paths: Paths, last_period: int | None, leave_window: bool) -> PathModel:
    rows = rows_of(table, spec)
    if last_period is not None:
        rows = rows.keep(played(rows.period).codes < last_period, "no_untreated_units_left")
    if leave_window and spec.options.anticipation:
        early = (rows.event_time < 0) & (rows.event_time >= -spec.options.anticipation)
        rows = rows.keep(~early, "anticipation_window")
    period = played(rows.period)
    n_periods = min(last_period or period.n_labels, period.n_labels)
    by_path = paths(n_periods)
    path = path_of(played(rows.starts), n_periods)
    if _needs_cells(rows, by_path.shape[2], spec):
        model = _by_cells(rows, by_path, path, spec, table)
    else:
        model = rows_model(rows, by_path[path, period.codes], spec, table)
    cell = path.astype(np.int64) * n_periods + period.codes
    weights = np.bincount(cell, weights=rows.weights, minlength=(n_periods + 1) * n_periods)
    return replace(
        model,
        path_counts=units_by_path(rows, path, n_periods),
        cell_weights=weights.reshape(n_periods + 1, n_periods).astype(np.float64),
    )


def _needs_cells(rows: Rows, n_coefficients: int, spec: Spec) -> bool:
    """A column for each coefficient would be too much, and cells of start and period say all that the design asks."""
    options = spec.options
    return (
        rows.n_rows * n_coefficients > MOST_ENTRIES
        and rows.unit is not None
        and rows.clusters is not None
        and not rows.covariates.shape[1]
        and not rows.fixed_effects
        and rows.cells is None
        and not options.unit_trends
        and options.std_errors in ("auto", "cluster")
        and options.inference == "analytic"
        and is_nested(Effect(rows.unit.codes, rows.unit.n_labels), rows.clusters)
    )


def _by_cells(rows: Rows, by_path: np.ndarray, path: np.ndarray, spec: Spec, table: Table) -> PathModel:
    """The regression of many rows on many paths (see `cell_fit`)."""
    check_outcome_varies(rows.outcome)
    unit, period = effects_of(rows, unit_trends=False)
    weights = np.ones(rows.n_rows) if rows.weights is None else rows.weights
    cell = path.astype(np.int64) * by_path.shape[1] + played(rows.period).codes
    found = fit_cells(CellRows(rows.outcome, weights, unit, period, cell, played(rows.clusters)), by_path)
    if not len(found.kept):
        raise not_identified()
    counts = cohort_counts(rows)
    judge = Judge(found.coefficients, found.errors, counts.reference(spec.options.level), outcome_size(rows.outcome))
    notes = (*table.notes, *notes_of(found.errors, spec.options))
    sample = Sample(table.rows_read, rows.n_rows, rows.dropped, cohort_labels(rows, table), notes)
    codes = played(rows.cluster_codes)
    return PathModel(
        judge,
        found.kept,
        counts,
        sample,
        np.empty(0),
        np.empty((0, 0)),
        rows=rows,
        influence=lambda contrast: at_codes(found.influence(contrast), codes),
    )


def _every_period(weights: np.ndarray) -> np.ndarray:
    """Weights by start in every period of a balanced panel."""
    return np.repeat(weights[:, None], len(weights) - 1, axis=1)


def units_by_path(rows: Rows, path: np.ndarray, n_periods: int) -> np.ndarray:
    """Units by start, shape (n_periods + 1,); rows where there are no units."""
    if rows.unit is None:
        return np.bincount(path, minlength=n_periods + 1)
    of_unit = np.full(rows.unit.n_labels, -1, dtype=np.int64)
    of_unit[rows.unit.codes] = path
    return np.bincount(of_unit[of_unit >= 0], minlength=n_periods + 1)


def rows_model(
    rows: Rows, treatment: np.ndarray, spec: Spec, table: Table, *, counts: Counts | None = None
) -> PathModel:
    """The regression of `rows` on `treatment`, shape (n_rows, k), after effects and covariates, row by row."""
    if rows.cells is None or not rows.cells.squares_within.any():
        check_outcome_varies(rows.outcome)
    effects = effects_of(rows, unit_trends=spec.options.unit_trends)
    n_covariates = rows.covariates.shape[1]
    columns = np.column_stack([rows.covariates, treatment])
    found = fit(rows.outcome, columns, effects, weights=rows.weights, cells=rows.cells)
    is_path = found.kept >= n_covariates
    if not is_path.any():
        raise not_identified()
    _check_not_repeated(rows, treatment, effects, int(is_path.sum()))
    errors = errors_of(found, rows, spec.options)
    counts = counts or cohort_counts(rows)
    if errors.n_clusters is None:
        counts = replace(counts, n_clusters=None, n_treated_clusters=None, n_control_clusters=None)
    wild = wild_for(found, rows.clusters, spec.options) if spec.options.inference == "wild" else None
    judge = _only(
        Judge(found.coefficients, errors, counts.reference(spec.options.level), outcome_size(rows.outcome), wild),
        is_path,
    )
    if wild is not None:
        judge = replace(judge, reference=replace(judge.reference, is_valid_when_few=_enough_on_each_side(counts)))
    notes = (
        *table.notes,
        *notes_of(errors, spec.options),
        *left_out(rows.covariate_names, rows.covariates.shape[1], found.kept),
    )
    sample = Sample(table.rows_read, rows.n_rows, rows.dropped, cohort_labels(rows, table), notes)
    return PathModel(
        judge,
        found.kept[is_path] - n_covariates,
        counts,
        sample,
        np.empty(0),
        np.empty((0, 0)),
        found,
        rows,
        influence=influence_at(judge.errors.influence, rows.cluster_codes),
    )


def influence_at(by_cluster: np.ndarray | None, codes: np.ndarray | None) -> Influence | None:
    """The influence on any contrast, given clusters' parts in the coefficients' errors, shape (n_clusters, k)."""
    if by_cluster is None or codes is None:
        return None
    return lambda contrast: at_codes(by_cluster @ contrast, codes)


def at_codes(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Values of some clusters by the table's cluster codes, 0 at the others up to the last."""
    out = np.zeros(int(codes.max()) + 1)
    out[codes] = values
    return out


def _check_not_repeated(rows: Rows, treatment: np.ndarray, effects: Sequence[Effect], n_kept: int) -> None:
    """Raise `NotEstimable` where a covariate takes the place of a part of the treatment."""
    if n_kept == treatment.shape[1] or not rows.covariates.shape[1]:
        return
    alone = fit(rows.outcome, treatment, effects, weights=rows.weights, cells=rows.cells)
    if len(alone.kept) > n_kept:
        raise NotEstimable(
            "treatment_not_identified",
            "A covariate says the same as the treatment in some of its periods: what is left would not be its effect.",
            "Take out the covariates that change with the treatment itself.",
        )


def _enough_on_each_side(counts: Counts) -> bool:
    """The wild bootstrap mends few clusters, but not very few treated ones (MacKinnon and Webb 2017)."""
    sides = (counts.n_treated_clusters, counts.n_control_clusters)
    return all(n is None or n >= FEWEST_ON_A_SIDE for n in sides)


def _only(judge: Judge, chosen: np.ndarray) -> Judge:
    """The judge of the chosen coefficients alone."""
    whole = np.flatnonzero(chosen)
    if len(whole) == len(chosen):
        return judge
    n = len(chosen)

    def widened(contrast: np.ndarray) -> np.ndarray:
        out = np.zeros(n)
        out[whole] = contrast
        return out

    errors = judge.errors
    narrowed = Errors(
        errors.kind,
        errors.covariance[np.ix_(whole, whole)],
        lambda contrast: errors.df(widened(contrast)),
        errors.n_clusters,
        None if errors.influence is None else errors.influence[:, whole],
    )
    wild = judge.wild
    return replace(
        judge,
        coefficients=judge.coefficients[whole],
        errors=narrowed,
        wild=None if wild is None else lambda contrast: wild(widened(contrast)),
    )


def cohort_counts(rows: Rows) -> Counts:
    """Counts of rows whose treatment follows from cohorts; without cohorts, nobody is counted as treated."""
    n_obs = rows.n_rows if rows.cells is None else round(float(rows.cells.sizes.sum()))
    n_clusters = None if rows.clusters is None else rows.clusters.n_clusters
    if rows.starts is None or rows.period is None:
        return Counts(n_obs, rows.n_units, n_clusters=n_clusters)
    treated = rows.starts < rows.period.n_labels
    return Counts(
        n_obs,
        rows.n_units,
        None if rows.unit is None else count_distinct(rows.unit.codes[treated]),
        n_clusters,
        None if rows.clusters is None else count_distinct(rows.clusters.codes[treated]),
        None if rows.clusters is None else _controls(count_distinct(rows.clusters.codes[~treated])),
    )


def _controls(n: int) -> int | None:
    """Without units untreated throughout, later cohorts are the comparison and nothing is counted."""
    return n or None


def cohort_labels(rows: Rows, table: Table) -> tuple[CohortCount, ...]:
    """How many units were first treated when, never treated last; empty without cohorts or units."""
    if rows.starts is None or rows.unit is None or table.cohorts is None or table.unit is None:
        return ()
    present = np.zeros(table.unit.n_labels, dtype=bool)
    present[rows.unit.codes] = True
    cohort = np.full(table.unit.n_labels, -1, dtype=np.int32)
    cohort[table.unit.codes] = table.cohorts.codes
    counts = np.bincount(cohort[present] + 1, minlength=len(table.cohorts.labels) + 1)
    known = [CohortCount(label, int(n)) for label, n in zip(table.cohorts.labels, counts[1:], strict=True) if n]
    return (*known, *([CohortCount(None, int(counts[0]))] if counts[0] else []))


def notes_of(errors: Errors, options: Options) -> tuple[str, ...]:
    """What the errors are, in words."""
    return (f"Standard errors: {error_words(errors.kind, options)}.",)


def outcome_size(outcome: np.ndarray) -> float:
    """The largest outcome, signs aside."""
    return max(abs(float(outcome.min())), abs(float(outcome.max())))


def not_identified() -> NotEstimable:
    """Effects and covariates leave nothing of the treatment."""
    return NotEstimable(
        "treatment_not_identified",
        "Once the fixed effects and covariates are taken out, nothing of the treatment is left to compare:"
        " every unit is treated alike at each time, or a covariate says the same as the treatment.",
        "Add units or periods without treatment, or take out the covariate or fixed effect that repeats it.",
    )

"""Imputation (Borusyak, Jaravel and Spiess 2024): untreated outcomes predicted from untreated rows only.

Unit and period effects (and covariates) are fitted to rows not yet or never treated; a treated
row's effect is its outcome less their prediction; effects are averaged over rows (equations 5 to 7).
Errors are the paper's conservative clustered ones (equation 8 and section 4.3): every outcome
enters the average with a known weight, residuals of untreated rows are the fit's, and those of
treated rows are effects less the mean effect of their cohort in that period.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from evaluations.stats.options import check_options
from evaluations.stats.panel import Panel
from evaluations.stats.registry import Tick, ignore_progress
from evaluations.stats.regression.averages import CellAverages, cohort_effects, labels_of_starts, period_effects
from evaluations.stats.regression.errors import Clusters, Errors, check_clusters, n_parameters, small_sample_factor
from evaluations.stats.regression.event_path import event_path
from evaluations.stats.regression.imputed_cells import ImputedCells, impute_cells
from evaluations.stats.regression.imputed_rows import impute_rows, split_clusters
from evaluations.stats.regression.judging import Judge
from evaluations.stats.regression.least_squares import fit
from evaluations.stats.regression.path_model import (
    Counts,
    Influence,
    balanced_panel,
    cohort_counts,
    cohort_labels,
    influence_at,
    outcome_size,
    panel_counts,
    units_by_path,
)
from evaluations.stats.regression.path_sums import PathSums, first_centre, path_of, path_sums
from evaluations.stats.regression.paths import event_time_paths, fit_paths, scores_of
from evaluations.stats.regression.reassigned import Fast, fast_for, with_randomisation
from evaluations.stats.regression.rows import Rows, effects_of, left_out, rows_of
from evaluations.stats.results import CohortCount, Dropped, Estimate, Result, Sample
from evaluations.stats.spec import Spec
from evaluations.stats.table import Table, played
from evaluations.stats.treated_starts import check_panel_roles, starts_within
from evaluations.stats.uncertainty import detectable_effect, large_sample_reference

ESTIMAND = (
    "Average effect of treatment on those treated, over all their periods since treatment began for which an untreated"
    " outcome can be imputed"
)
ERRORS = "Standard errors: clustered and conservative, as in Borusyak, Jaravel and Spiess."
LEADS = (
    "Effects before treatment come from a separate regression on untreated rows, against the most distant period before"
    " treatment; effects after it do not depend on them."
)


@dataclass(frozen=True, eq=False)
class Plan:
    """Which averages of effects are asked for: `rows`, shape (n_averages, n_cells), over cells of start and period."""

    cells: CellAverages
    overall: int
    by_event_time: dict[int, int]
    by_start: dict[int, int]
    by_period: dict[int, int]
    rows: np.ndarray

    @classmethod
    def of(cls, weights: np.ndarray) -> Plan:
        """Every average of treated cells that weigh `weights`, shape (n_paths, n_periods)."""
        starts, periods = np.nonzero(weights)
        cells = CellAverages(starts, periods, weights[starts, periods])
        rows = [cells.overall()]
        places: list[dict[int, int]] = []
        for group in (cells.by_event_time(), cells.by_start(), cells.by_period()):
            places.append({key: len(rows) + j for j, key in enumerate(group)})
            rows += group.values()
        by_event_time, by_start, by_period = places
        return cls(cells, 0, by_event_time, by_start, by_period, np.array(rows))

    def tables(self, shape: tuple[int, int]) -> np.ndarray:
        """The averages as tables of start by period, shape (n_averages, *shape)."""
        out = np.zeros((len(self.rows), *shape))
        out[:, self.cells.starts, self.cells.periods] = self.rows
        return out


@dataclass(frozen=True, eq=False)
class Imputed:
    """The plan's averages, then one coefficient for each of `leads`, with their joint covariance.

    `influence` maps a contrast of them to each cluster's part in its error, where clusters are above units.
    """

    plan: Plan
    judge: Judge
    leads: np.ndarray
    counts: Counts
    sample: Sample
    units: np.ndarray
    fast: Fast | None = None
    influence: Influence | None = None

    def contrast(self, position: int) -> np.ndarray:
        """The contrast that is the coefficient at `position`."""
        out = np.zeros(len(self.judge.coefficients))
        out[position] = 1.0
        return out

    def contrasts(self, positions: dict[int, int]) -> dict[int, np.ndarray]:
        """A contrast for each of several."""
        return {key: self.contrast(position) for key, position in positions.items()}


def estimate(table: Table, spec: Spec, *, tick: Tick = ignore_progress) -> Result:
    """The average effect on the treated, by event time, cohort and period, and a test of leads among untreated rows.

    Every row untreated at the time is used, whatever `control_group` says. Raises `NotEstimable`
    where no unit is treated or none is left untreated.
    """
    check_options(spec, errors=("auto", "cluster"), inference=("analytic", "randomisation"), unit_trends=False)
    tick("imputing untreated outcomes", 0.1)
    found = _imputed(table, spec)
    tick("estimating", 0.9)
    return _result(table, spec, found, tick)


def _imputed(table: Table, spec: Spec) -> Imputed:
    check_panel_roles(table)
    starts_within(table, spec.options)
    panel = balanced_panel(table, spec)
    found = _from_sums(table, panel, spec) if panel is not None else None
    return found or _from_rows(table, spec)


def _result(table: Table, spec: Spec, found: Imputed, tick: Tick) -> Result:
    judge, plan = found.judge, found.plan
    overall = found.contrast(plan.overall)
    before = {int(e): found.contrast(len(plan.rows) + j) for j, e in enumerate(found.leads)}
    by_event_time = {**before, **found.contrasts(plan.by_event_time)}
    units = {e: _units(found.units, e) for e in by_event_time}
    path = event_path(judge, by_event_time, units, options=spec.options, has_one_reference=False)
    headline = Estimate(
        name="att",
        estimand=ESTIMAND,
        level=spec.options.level,
        n_obs=found.counts.n_obs,
        n_units=found.counts.n_units,
        n_treated_units=found.counts.n_treated_units,
        n_clusters=found.counts.n_clusters,
        **judge.answer(overall),
    )
    diagnostics = judge.diagnostics(overall)
    if spec.options.inference == "randomisation":
        headline, test = with_randomisation(
            headline,
            table,
            spec,
            lambda other: float(_imputed(other, spec).judge.coefficients[0]),
            lambda share: tick("assigning treatment anew", share),
            fast=found.fast,
        )
        diagnostics = (*diagnostics, *test)
    cohorts = played(table.cohorts)
    labels = labels_of_starts(cohorts.starts, cohorts.codes, cohorts.labels)
    return Result(
        estimates=(headline,),
        **path.parts(),
        by_cohort=cohort_effects(judge, found.contrasts(plan.by_start), labels, found.units),
        by_period=period_effects(judge, found.contrasts(plan.by_period), played(table.period).labels),
        diagnostics=(path.pretrend, *diagnostics),
        detectable_effect=detectable_effect(headline.std_error, judge.reference_for(overall)),
        sample=found.sample,
        cluster_influence=None if found.influence is None else partial(found.influence, overall),
    )


def _units(units: np.ndarray, event_time: int) -> int:
    n_periods = len(units) - 1
    return int(sum(units[g] for g in range(n_periods) if 0 <= g + event_time < n_periods))


def _lead_times(starts: np.ndarray, anticipation: int) -> np.ndarray:
    """Event times before treatment (and anticipation) to test: all that occur but the most distant."""
    return np.arange(1 - int(starts.max(initial=0)), -anticipation)


def _from_sums(table: Table, panel: Panel, spec: Spec) -> Imputed | None:
    """The averages from sums by start; null where the rows themselves are needed."""
    sums = path_sums(panel, first_centre(panel))
    cells = impute_cells(panel, sums, spec.options.anticipation)
    if not cells.treated.any():
        return None
    plan = Plan.of(np.where(cells.treated, sums.weights[:, None], 0.0))
    averages = plan.tables(cells.effects.shape)
    after = np.stack([cells.loadings(average) for average in averages], axis=2)
    starts = path_of(panel.starts, panel.n_periods)[panel.is_treated]
    times = _lead_times(starts, spec.options.anticipation)
    leads = fit_paths(panel, event_time_paths(panel.n_periods, times), used=cells.untreated, sums=sums)
    scores = scores_of(panel, np.concatenate([after, leads.loadings], axis=2), sums)
    if scores.is_rounding:
        return None
    values = np.concatenate([[cells.value(average) for average in averages], leads.coefficients])
    used = cells.treated | cells.untreated
    counts = replace(panel_counts(panel), n_obs=int(sums.counts @ used.sum(axis=1)))
    sample = _sample(table, counts.n_obs, (*panel.dropped, *_not_used(cells, sums)), panel.cohort_counts())
    n_cohorts = len(plan.by_start)
    judge = _judge(values, scores.products, counts, spec, outcome_size(panel.outcome), n_cohorts)
    fast = fast_for(panel, after[:, :-1], np.eye(len(averages))[0])
    influence = influence_at(scores.by_cluster, panel.cluster_codes)
    return Imputed(plan, judge, times[leads.kept], counts, sample, sums.counts, fast, influence)


def _not_used(cells: ImputedCells, sums: PathSums) -> tuple[Dropped, ...]:
    """Rows of the periods of anticipation, and treated rows of periods without an untreated unit."""
    n_paths, n_periods = cells.effects.shape
    after = np.arange(n_periods)[None, :] >= np.arange(n_paths)[:, None]
    present = (sums.counts > 0)[:, None]
    groups = {
        "anticipation_window": present & ~after & ~cells.untreated,
        "not_imputable": present & after & ~cells.treated & ~cells.untreated,
    }
    rows = {reason: int(sums.counts @ mask.sum(axis=1)) for reason, mask in groups.items()}
    return tuple(Dropped(reason, n) for reason, n in rows.items() if n)


def _from_rows(table: Table, spec: Spec) -> Imputed:
    imputed, rows = impute_rows(rows_of(table, spec), spec.options.anticipation)
    check_clusters(played(rows.clusters))
    counts = cohort_counts(rows)
    n_periods = played(rows.period).n_labels
    treated_starts = played(imputed.rows1.starts)
    cell = treated_starts.astype(np.int64) * n_periods + played(imputed.rows1.period).codes
    by_cell = np.bincount(cell, weights=imputed.weights, minlength=(n_periods + 1) * n_periods)
    plan = Plan.of(by_cell.reshape(n_periods + 1, n_periods))
    per_row = imputed.weights / by_cell[cell]
    clusters0, clusters1 = split_clusters(rows)
    averages = plan.tables((n_periods + 1, n_periods)).reshape(len(plan.rows), -1)
    values, influence = [], []
    for average in averages:
        weights = average[cell] * per_row
        values.append(float(weights @ imputed.effects))
        influence.append(imputed.influence(weights, clusters0, clusters1))
    times = _lead_times(treated_starts, spec.options.anticipation)
    leads, kept, lead_influence = _leads(imputed.rows0, clusters0, times)
    every = np.column_stack([*influence, lead_influence])
    missing = left_out(rows.covariate_names, rows.covariates.shape[1], imputed.fit.kept)
    sample = _sample(table, rows.n_rows, rows.dropped[len(table.dropped) :], cohort_labels(rows, table), missing)
    size = outcome_size(rows.outcome)
    judge = _judge(np.concatenate([values, leads]), every.T @ every, counts, spec, size, len(plan.by_start))
    units = units_by_path(rows, path_of(played(rows.starts), n_periods), n_periods)
    on_any = influence_at(every, rows.cluster_codes)
    return Imputed(plan, judge, times[kept], counts, sample, units, influence=on_any)


def _leads(rows0: Rows, clusters0: Clusters, times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients of indicators of `times` among untreated rows, which there are, and their clusters' parts."""
    event_time = rows0.event_time
    n_covariates = rows0.covariates.shape[1]
    columns = np.column_stack([rows0.covariates, *((event_time == e).astype(np.float64) for e in times)])
    effects = effects_of(rows0, unit_trends=False)
    found = fit(rows0.outcome, columns.reshape(rows0.n_rows, -1), effects, weights=rows0.weights)
    is_lead = found.kept >= n_covariates
    influence = clusters0.sums(found.scores) @ found.bread
    factor = small_sample_factor(found.n_obs, n_parameters(len(found.kept), effects, clusters0), clusters0.n_clusters)
    return (
        found.coefficients[is_lead],
        found.kept[is_lead] - n_covariates,
        influence[:, is_lead] * np.sqrt(factor),
    )


def _judge(
    values: np.ndarray, covariance: np.ndarray, counts: Counts, spec: Spec, size: float, n_cohorts: int
) -> Judge:
    """The judge. With few clusters, t has as many degrees of freedom as treated units less cohorts, and the error is
    widened alike: errors of the treated are measured from their cohort's mean, which makes their squares short.
    """
    reference = large_sample_reference(
        spec.options.level, played(counts.n_clusters), counts.n_treated_clusters, counts.n_control_clusters
    )
    if reference.df is not None:
        treated = played(counts.n_treated_units)
        free = max(treated - n_cohorts, 1)
        stretch = float(np.sqrt(treated / free)) if treated > n_cohorts else 1.0
        reference = replace(reference, df=float(min(reference.df, free)), stretch=stretch)
    errors = Errors("cluster", covariance, lambda _: reference.df, counts.n_clusters)
    return Judge(values, errors, reference, size)


def _sample(
    table: Table,
    n_rows: int,
    dropped: tuple[Dropped, ...],
    cohorts: tuple[CohortCount, ...],
    missing: tuple[str, ...] = (),
) -> Sample:
    notes = (*table.notes, ERRORS, LEADS, *missing)
    return Sample(table.rows_read, n_rows, (*table.dropped, *dropped), cohorts, notes)

"""The sums behind each family's fits, and what is solved from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from evaluations.stats.blocks import Sums
from evaluations.stats.callaway_santanna.designs import Design, Family
from evaluations.stats.callaway_santanna.unit_blocks import UnitBlock
from evaluations.stats.nuisance import (
    TRIM_ABOVE,
    inverse,
    is_full_rank,
    logit_start,
    logit_step,
    products,
)


@dataclass(frozen=True)
class CohortSums(Sums):
    """By design: units, sums of w X X' and of w X Y, over cohorts."""

    count: tuple[np.ndarray, ...]
    gram: tuple[np.ndarray, ...]
    cross: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class PropensitySums(Sums):
    """By design: the score and information of each family's logit."""

    score: tuple[np.ndarray, ...]
    information: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class OddsSums(Sums):
    """By design, over each family's controls: sums of o X X', of o X Y and of o squared, and units without weight."""

    gram: tuple[np.ndarray, ...]
    cross: tuple[np.ndarray, ...]
    square: tuple[np.ndarray, ...]
    trimmed: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Fit:
    """What is known of a design's families, one entry each; arrays lead with the family."""

    n_treated: np.ndarray
    n_controls: np.ndarray
    failure: tuple[str | None, ...]
    treated_weight: np.ndarray
    treated_mean: np.ndarray
    treated_covariates: np.ndarray
    control_inverse: np.ndarray
    slope: np.ndarray
    logit: np.ndarray
    is_settled: np.ndarray
    information_inverse: np.ndarray
    odds_weight: np.ndarray
    odds_mean: np.ndarray
    odds_square: np.ndarray
    odds_moment: np.ndarray
    regression_moment: np.ndarray
    n_trimmed: np.ndarray
    uses_odds: bool


@dataclass(frozen=True)
class View:
    """A block as one design sees it: only its units, periods and covariates."""

    outcome: np.ndarray
    design: np.ndarray
    weight: np.ndarray
    edges: np.ndarray
    columns: np.ndarray | slice

    def cohort(self, position: int) -> slice:
        """The units of a cohort."""
        return slice(int(self.edges[position]), int(self.edges[position + 1]))


def view_of(block: UnitBlock, design: Design) -> View:
    """The units of `block` that `design` can use."""
    covariates = block.design if design.covariates_from is None else block.design[design.covariates_from]
    if not design.is_pair:
        return View(block.outcome, covariates, block.weight, block.edges, slice(None))
    outcome = block.outcome[design.periods]
    seen = np.flatnonzero(np.isfinite(outcome).all(axis=0))
    edges = np.searchsorted(block.cohort[seen], np.arange(len(block.edges)))
    return View(outcome[:, seen], covariates[:, seen], block.weight[seen], edges, seen)


def cohort_sums(view: View, design: Design, fit: Fit | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units, w X X' and w X Y, over each cohort."""
    n, k, m = len(view.edges) - 1, len(view.design), len(view.outcome)
    gram, cross = np.zeros((n, k, k)), np.zeros((n, k, m))
    for position in range(n):
        units = view.cohort(position)
        weighted = view.design[:, units] * view.weight[units]
        gram[position] = weighted @ view.design[:, units].T
        cross[position] = weighted @ view.outcome[:, units].T
    return np.diff(view.edges), gram, cross


def first_family_fit(family: Family, count: np.ndarray, gram: np.ndarray, cross: np.ndarray) -> dict[str, Any]:
    """The controls' regression and the treated means of one family; `failure` says why it cannot be had."""
    controls = family.controls
    control_gram, control_cross = gram[controls].sum(axis=0), cross[controls].sum(axis=0)
    treated_gram = gram[family.treated]
    k = len(control_gram)
    found: dict[str, Any] = {
        "n_treated": count[family.treated],
        "n_controls": count[controls].sum(),
        "treated_weight": 1.0,
        "treated_covariates": np.zeros(k),
        "treated_outcome": np.zeros(cross.shape[2]),
        "control_inverse": np.zeros((k, k)),
        "slope": np.zeros((k, cross.shape[2])),
        "logit": np.zeros(k),
        "failure": None,
    }
    if treated_gram[0, 0] <= 0:
        return {**found, "failure": "no_treated_observed"}
    if control_gram[0, 0] <= 0:
        return {**found, "failure": "no_controls_observed"}
    if not is_full_rank(control_gram):
        return {**found, "failure": "covariates_collinear" if found["n_controls"] > k else "too_few_controls"}
    inverted = inverse(control_gram)
    return {
        **found,
        "treated_weight": treated_gram[0, 0],
        "treated_covariates": treated_gram[0] / treated_gram[0, 0],
        "treated_outcome": cross[family.treated, 0] / treated_gram[0, 0],
        "control_inverse": inverted,
        "slope": inverted @ control_cross,
        "logit": logit_start(treated_gram[0, 0], control_gram[0, 0], k),
    }


def propensity_sums(view: View, design: Design, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """The score and information of each family's logit at its present coefficients."""
    n, k = fit.logit.shape
    score, information = np.zeros((n, k)), np.zeros((n, k * k))
    for position in range(len(view.edges) - 1):
        units = view.cohort(position)
        if units.start == units.stop:
            continue
        covariates = view.design[:, units]
        pairs = products(covariates)
        for outcome, families in ((1.0, design.treated_by(position)), (0.0, design.controlled_by(position))):
            if len(families) == 0:
                continue
            propensity = expit(fit.logit[families] @ covariates)
            score[families] += ((outcome - propensity) * view.weight[units]) @ covariates.T
            information[families] += (propensity * (1 - propensity) * view.weight[units]) @ pairs.T
    return score, information.reshape(n, k, k)


def stepped(fit: Fit, score: np.ndarray, information: np.ndarray, iteration: int) -> Fit:
    """The fit after one Newton step of every family that has not settled or failed."""
    logit, settled, failure = fit.logit.copy(), fit.is_settled.copy(), list(fit.failure)
    inverses = fit.information_inverse.copy()
    for number in np.flatnonzero(~fit.is_settled):
        step = logit_step(logit[number], score[number], information[number], iteration)
        settled[number] = step.is_settled or step.has_failed
        if step.has_failed:
            failure[number] = "no_overlap"
            continue
        logit[number] = step.coefficients
        if step.is_settled:
            inverses[number] = inverse(information[number])
    return replace(fit, logit=logit, is_settled=settled, failure=tuple(failure), information_inverse=inverses)


def odds_of(fit: Fit, families: np.ndarray, covariates: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, ...]:
    """Propensities and odds weights of controls, shape (n_families, n_units); no weight from `TRIM_ABOVE` up."""
    propensity = expit(fit.logit[families] @ covariates)
    odds = np.where(propensity < TRIM_ABOVE, weight * propensity / np.maximum(1 - propensity, 1e-12), 0.0)
    return propensity, odds


def odds_sums(view: View, design: Design, fit: Fit) -> tuple[np.ndarray, ...]:
    """Over each family's controls: o X X', o X Y, o squared, and the units that get no weight."""
    n, k = fit.logit.shape
    gram, cross = np.zeros((n, k, k)), np.zeros((n, k, len(view.outcome)))
    square, trimmed = np.zeros(n), np.zeros(n)
    for position in range(len(view.edges) - 1):
        units, families = view.cohort(position), design.controlled_by(position)
        if units.start == units.stop or len(families) == 0:
            continue
        covariates, outcome = view.design[:, units], view.outcome[:, units]
        _, odds = odds_of(fit, families, covariates, view.weight[units])
        gram[families] += (odds @ products(covariates).T).reshape(-1, k, k)
        for place, number in enumerate(families):
            cross[number] += (covariates * odds[place]) @ outcome.T
        square[families] += (odds**2).sum(axis=1)
        trimmed[families] += ((odds == 0) & (view.weight[units] > 0)).sum(axis=1)
    return gram, cross, square, trimmed

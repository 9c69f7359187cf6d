"""Synthetic difference-in-differences for one adoption date (Arkhangelsky et al. 2021, algorithm 1).

Unit weights make the controls' path before treatment parallel to the treated units' (equation 4);
period weights make the periods before like those after, among controls (equation 6); the estimate
is the doubly weighted difference in differences. Many assignments of the same panel (placebos)
are solved together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluations.stats.synthetic.simplex import Problems, simplex_weights

PERIOD_RIDGE = 1e-6
LEAST_GAIN = 1e-5
CONTROL_RIDGE = 1e-6
"""Shares of the noise level, as in the paper's replication code."""

KINDS = ("sdid", "sc", "did")


@dataclass(frozen=True, eq=False)
class Design:
    """R assignments on one panel: controls and treated units by row, and how many periods come before.

    `outcome` has shape (n_units, n_periods); `controls`, (R, n_controls) and `treated`, (R, n_treated)
    are its rows; `treated_weights`, (R, n_treated), add to 1.
    """

    outcome: np.ndarray
    controls: np.ndarray
    treated: np.ndarray
    treated_weights: np.ndarray
    n_before: int

    @property
    def n_after(self) -> int:
        """Periods with treatment."""
        return self.outcome.shape[1] - self.n_before


@dataclass(frozen=True, eq=False)
class Solution:
    """Weights and what follows: `effects`, shape (R, n_periods), are the treated units' gaps to their controls
    less the period-weighted gap before treatment; `values`, shape (R,), average them after treatment."""

    unit_weights: np.ndarray
    period_weights: np.ndarray
    effects: np.ndarray
    values: np.ndarray


def noise_level(outcome: np.ndarray, controls: np.ndarray, n_before: int) -> float:
    """The standard deviation of controls' changes from one period to the next before treatment."""
    changes = np.diff(outcome[controls, :n_before], axis=1)
    return float(changes.std(ddof=1)) if changes.size > 1 else 0.0


def solve(design: Design, noise: float, *, kind: str = "sdid") -> Solution:
    """The estimate of every assignment. `kind`: sdid; sc, a synthetic control; did, equal weights."""
    n_rows, n_controls = design.controls.shape
    if kind == "did":
        units = np.full((n_rows, n_controls), 1 / n_controls)
        periods = np.full((n_rows, design.n_before), 1 / design.n_before)
    elif kind == "sc":
        units = unit_weights(design, CONTROL_RIDGE * noise, noise, with_intercept=False)
        periods = np.zeros((n_rows, design.n_before))
    else:
        ridge = (design.treated.shape[1] * design.n_after) ** 0.25 * noise
        units = unit_weights(design, ridge, noise)
        periods = period_weights(design, noise)
    return contrast(design, units, periods)


def contrast(design: Design, units: np.ndarray, periods: np.ndarray) -> Solution:
    """The estimate of every assignment with given weights."""
    treated = np.einsum("rm,rmt->rt", design.treated_weights, design.outcome[design.treated])
    synthetic = np.einsum("rn,rnt->rt", units, design.outcome[design.controls])
    gaps = treated - synthetic
    before = np.einsum("rt,rt->r", periods, gaps[:, : design.n_before])
    effects = gaps - before[:, None]
    return Solution(units, periods, effects, effects[:, design.n_before :].mean(axis=1))


def unit_weights(design: Design, ridge: float, noise: float, *, with_intercept: bool = True) -> np.ndarray:
    """Weights of the controls, shape (R, n_controls). `ridge` is zeta in the paper's equation 4."""
    before = design.outcome[:, : design.n_before]
    if with_intercept:
        before = before - before.mean(axis=1, keepdims=True)
    gram = before @ before.T
    target = np.einsum(
        "rm,rnm->rn", design.treated_weights, gram[design.controls[:, :, None], design.treated[:, None, :]]
    )

    def column(rows: np.ndarray, i: np.ndarray) -> np.ndarray:
        return gram[design.controls[rows], design.controls[rows, i][:, None]]

    own = np.diag(gram)[design.controls]
    problems = Problems(column, own, target, design.n_before * ridge**2)
    return simplex_weights(problems, least_gain=design.n_before * (LEAST_GAIN * noise) ** 2)


def period_weights(design: Design, noise: float) -> np.ndarray:
    """Weights of the periods before treatment, shape (R, n_before)."""
    n_controls = design.controls.shape[1]
    values = design.outcome[design.controls]
    after = values[:, :, design.n_before :].mean(axis=2)
    before = values[:, :, : design.n_before]
    before = before - before.mean(axis=1, keepdims=True)
    after = after - after.mean(axis=1, keepdims=True)
    gram = np.einsum("rns,rnt->rst", before, before, optimize=True)
    target = np.einsum("rns,rn->rs", before, after)

    def column(rows: np.ndarray, i: np.ndarray) -> np.ndarray:
        return gram[rows, :, i]

    own = np.einsum("rss->rs", gram)
    problems = Problems(column, own, target, n_controls * (PERIOD_RIDGE * noise) ** 2)
    return simplex_weights(problems, least_gain=n_controls * (LEAST_GAIN * noise) ** 2)

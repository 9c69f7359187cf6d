"""The two small fits inside doubly robust estimates: least squares and logit, from their sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLLINEAR = 1e-9
"""Smallest eigenvalue, beside the largest, of the correlation of covariates that still counts as full rank."""

CONVERGED = 1e-8
MAX_ITERATIONS = 30
LONGEST_STEP = 4.0
TRIM_ABOVE = 0.995
"""Controls with a propensity at or above this get no weight (Sant'Anna and Zhao's own implementation does the same)."""


def is_full_rank(gram: np.ndarray) -> bool:
    """The cross-product of covariates can be inverted: none is a combination of the others."""
    scale = np.sqrt(np.diag(gram))
    if not np.isfinite(gram).all() or (scale <= 0).any():
        return False
    size = np.linalg.eigvalsh(gram / np.outer(scale, scale))
    return bool(size[0] > COLLINEAR * size[-1])


def inverse(gram: np.ndarray) -> np.ndarray:
    """The inverse of a full-rank cross-product, scaled first so that units of covariates do not matter."""
    scale = np.sqrt(np.diag(gram))
    return np.linalg.inv(gram / np.outer(scale, scale)) / np.outer(scale, scale)


@dataclass(frozen=True)
class Standardisation:
    """Covariates centred and scaled, an intercept first. The estimates do not depend on it; their digits do."""

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, covariates: np.ndarray) -> Standardisation:
        """From covariates of shape (..., n_covariates); NaN is left out."""
        flat = covariates.reshape(-1, covariates.shape[-1])
        centre = np.nanmean(flat, axis=0)
        spread = np.nanstd(flat, axis=0)
        return cls(centre, np.where(spread > 0, spread, 1.0))

    def design(self, covariates: np.ndarray) -> np.ndarray:
        """The design, shape (n_covariates + 1, n_rows), of covariates of shape (n_rows, n_covariates)."""
        built = np.empty((covariates.shape[1] + 1, covariates.shape[0]))
        built[0] = 1.0
        np.subtract(covariates.T, self.centre[:, None], out=built[1:])
        built[1:] /= self.scale[:, None]
        return built


@dataclass(frozen=True)
class LogitStep:
    """One Newton step of a logit: the new coefficients, and whether they have settled or cannot."""

    coefficients: np.ndarray
    is_settled: bool
    has_failed: bool


def logit_step(coefficients: np.ndarray, score: np.ndarray, hessian: np.ndarray, iteration: int) -> LogitStep:
    """Newton's next coefficients, from the sums of the score and of the information at the present ones.

    It fails where the information is singular or the steps do not settle: some covariate then
    separates treated from control, and nobody comparable exists.
    """
    if not is_full_rank(hessian):
        return LogitStep(coefficients, is_settled=False, has_failed=True)
    step = inverse(hessian) @ score
    length = float(np.abs(step).max())
    step *= min(1.0, LONGEST_STEP / length) if length > 0 else 1.0
    settled = length < CONVERGED * (1 + float(np.abs(coefficients).max()))
    return LogitStep(coefficients + step, settled, not settled and iteration >= MAX_ITERATIONS)


def logit_start(treated_weight: float, control_weight: float, n_coefficients: int) -> np.ndarray:
    """Coefficients to start from: the log odds of treatment, and nothing for the covariates."""
    start = np.zeros(n_coefficients)
    start[0] = np.log(treated_weight / control_weight)
    return start


def products(design: np.ndarray) -> np.ndarray:
    """Products of pairs of covariates, shape (k * k, n_rows): weights times this is the weighted cross-product."""
    k, n = design.shape
    return (design[:, None, :] * design[None, :, :]).reshape(k * k, n)

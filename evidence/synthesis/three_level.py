"""Pooling when studies give several estimates each: effects within studies within the literature.

Source: Konstantopoulos (2011), Research Synthesis Methods 2(1); Van den Noortgate et al. (2013),
Behavior Research Methods 45. The two variances are found by restricted maximum likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import minimize

from evidence.synthesis.random_effects import NotPoolable


@dataclass(frozen=True, slots=True)
class ThreeLevelPooled:
    """A pooled effect with its variance between studies and, within a study, between effects."""

    value: float
    std_error: float
    ci_lower: float
    ci_upper: float
    p_value: float
    between_studies: float
    within_studies: float
    k: int
    n_studies: int
    df: int
    level: float


def pool_three_level(
    effects: np.ndarray, variances: np.ndarray, studies: Sequence, *, level: float = 0.95
) -> ThreeLevelPooled:
    """The pooled effect of `effects` (k,) with sampling `variances` (k,), each from one of `studies` (k labels).

    The interval uses t with the number of studies less one. Raises `NotPoolable` for fewer than two studies.
    """
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    labels, codes = np.unique(np.asarray(studies), return_inverse=True)
    if len(labels) < 2:
        raise NotPoolable("too_few", "There are fewer than two studies, so there is nothing to pool.")
    if not (np.all(np.isfinite(y)) and np.all(np.isfinite(v)) and np.all(v > 0)):
        raise NotPoolable("no_variance", "An effect has no positive standard error, so it cannot be weighed.")
    blocks = [np.flatnonzero(codes == code) for code in range(len(labels))]
    between, within = _variances(y, v, blocks)
    information, score = _sums(y, v, blocks, between, within)
    value, std_error, df = score / information, information**-0.5, len(labels) - 1
    half = float(stats.t(df).ppf(0.5 + level / 2)) * std_error
    p_value = float(2 * stats.t(df).sf(abs(value / std_error)))
    return ThreeLevelPooled(
        float(value), float(std_error), float(value - half), float(value + half), p_value,
        between, within, len(y), len(labels), df, level,
    )  # fmt: skip


def _block_solve(rest: np.ndarray, between: float, right: np.ndarray) -> np.ndarray:
    """(diag(rest) + between J)^-1 right, by the Sherman-Morrison formula."""
    scaled = right / rest
    return scaled - between * scaled.sum() / (1 + between * np.sum(1 / rest)) / rest


def _sums(y: np.ndarray, v: np.ndarray, blocks: list[np.ndarray], between: float, within: float) -> tuple[float, float]:
    information = score = 0.0
    for rows in blocks:
        weight = _block_solve(v[rows] + within, between, np.ones(len(rows)))
        information += weight.sum()
        score += weight @ y[rows]
    return information, score


def _variances(y: np.ndarray, v: np.ndarray, blocks: list[np.ndarray]) -> tuple[float, float]:
    def deviance(point: np.ndarray) -> float:
        between, within = np.maximum(point, 0.0)
        information, score = _sums(y, v, blocks, between, within)
        total = np.log(information)
        for rows in blocks:
            rest, residual = v[rows] + within, y[rows] - score / information
            total += np.sum(np.log(rest)) + np.log1p(between * np.sum(1 / rest))
            total += residual @ _block_solve(rest, between, residual)
        return float(total)

    scale = max(float(np.var(y)), 1e-8)
    starts = [np.array(pair) * scale for pair in ((0.5, 0.5), (0.9, 0.05), (0.05, 0.9))]
    options = {"xatol": 1e-12 * max(scale, 1), "fatol": 1e-13, "maxiter": 4000}
    bounds = [(0.0, None), (0.0, None)]
    found = [minimize(deviance, start, method="Nelder-Mead", bounds=bounds, options=options) for start in starts]
    best = min(found, key=lambda item: item.fun).x
    return float(max(best[0], 0.0)), float(max(best[1], 0.0))

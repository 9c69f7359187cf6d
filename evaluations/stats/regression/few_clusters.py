"""Bias-reduced clustered errors (CR2, CR3) with Satterthwaite degrees of freedom, for few clusters.

Bell and McCaffrey (2002); Pustejovsky and Tipton (2018), equations 4 to 11. Residuals of cluster g
are multiplied by (I - H_gg)^(-1/2) for CR2 and its square for CR3, H being the whole projection,
fixed effects included. Effects nested in clusters are taken out first, which changes nothing
(their theorem 2); the rest of the projection is U U' with U of few columns, so that only
U_g'U_g, a q x q matrix, and U_g'e_g are needed of each cluster. Weighted fits are unweighted ones
of rows multiplied by the square root of their weight: the working model has variance 1/weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky

from evaluations.stats.issues import NotEstimable
from evaluations.stats.regression.errors import Clusters, Errors, check_clusters, is_nested
from evaluations.stats.regression.fixed_effects import Absorber, Effect, PivotedCholesky
from evaluations.stats.regression.least_squares import Fit

MOST_COLUMNS = 3_000
"""The most columns of U: levels of the effects that cross clusters, and regressors."""

LEVERAGE_ONE = 1e-10
"""How near 1 a leverage counts as 1: there the cluster determines a coefficient alone and adds no error."""

POWERS = {"cr0": 0.0, "cr2": -0.5, "cr3": -1.0}


@dataclass(frozen=True, eq=False)
class ClusterGrams:
    """What the projection looks like in each cluster.

    `grams`, shape (n_clusters, q, q), are U_g'U_g; `errors`, shape (n_clusters, q), are U_g'e_g.
    The fit's k regressors are the first k columns of U times `root`: bread = root @ root.T.
    """

    grams: np.ndarray
    errors: np.ndarray
    root: np.ndarray


def bias_reduced_errors(fit: Fit, clusters: Clusters, *, kind: str = "cr2") -> Errors:
    """CR2 or CR3 errors (CR0 for its degrees of freedom), clustered."""
    check_clusters(clusters)
    parts = cluster_grams(fit, clusters)
    adjust = _adjustments(parts.grams, POWERS[kind])
    k = len(fit.kept)
    scores = parts.errors + np.einsum("gij,gj->gi", parts.grams @ adjust, parts.errors)
    influence = scores[:, :k] @ parts.root.T

    def df(contrast: np.ndarray) -> float:
        return _satterthwaite(parts, adjust, contrast)

    return Errors(kind, influence.T @ influence, df, clusters.n_clusters, influence)


def cluster_grams(fit: Fit, clusters: Clusters) -> ClusterGrams:
    """Cross-products of the projection's orthonormal columns, and of them with residuals, by cluster."""
    basis, root = orthonormal_basis(fit, clusters)
    scale = np.ones(len(fit.residuals)) if fit.weights is None else np.sqrt(fit.weights)
    errors = clusters.sums(basis * (fit.residuals * scale)[:, None])
    order = np.argsort(clusters.codes, kind="stable")
    basis = basis[order]
    ends = np.cumsum(np.bincount(clusters.codes, minlength=clusters.n_clusters))
    grams = np.empty((clusters.n_clusters, basis.shape[1], basis.shape[1]))
    for g, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        grams[g] = basis[start:end].T @ basis[start:end]
    return ClusterGrams(grams, errors, root)


def orthonormal_basis(fit: Fit, clusters: Clusters) -> tuple[np.ndarray, np.ndarray]:
    """U, shape (n_rows, q), and the root of the bread.

    U spans, on the scale of square roots of weights, the regressors and the effects that cross
    clusters, both with the effects nested in clusters taken out.
    """
    scale = np.ones(len(fit.residuals)) if fit.weights is None else np.sqrt(fit.weights)
    root = cholesky(fit.bread, lower=True) if len(fit.bread) else fit.bread
    parts = [fit.x @ root]
    crossing = [effect for effect in fit.effects if not is_nested(effect, clusters)]
    if crossing:
        nested = [effect for effect in fit.effects if is_nested(effect, clusters)]
        parts.append(_effect_basis(crossing, nested, fit.weights))
    return np.column_stack(parts) * scale[:, None], root


def _effect_basis(crossing: list[Effect], nested: list[Effect], weights: np.ndarray | None) -> np.ndarray:
    """Columns, orthonormal under the weights, that span the crossing effects less the nested ones."""
    if not nested and len(crossing) == 1 and crossing[0].n_coefficients == 1:
        total = len(crossing[0].codes) if weights is None else weights.sum()
        return np.full((len(crossing[0].codes), 1), 1 / np.sqrt(total))
    indicators = _indicators(crossing)
    columns = Absorber(nested, weights).residuals(indicators)
    weighted = columns if weights is None else columns * weights[:, None]
    gram = columns.T @ weighted
    levels = indicators.T @ (indicators if weights is None else indicators * weights[:, None])
    kept = PivotedCholesky(gram, scale=float(np.diag(levels).max())).kept
    values, vectors = np.linalg.eigh(gram[np.ix_(kept, kept)])
    return columns[:, kept] @ (vectors / np.sqrt(values))


def _indicators(effects: list[Effect]) -> np.ndarray:
    total = sum(effect.n_coefficients for effect in effects)
    if total > MOST_COLUMNS:
        raise NotEstimable(
            "effects_cross_clusters",
            f"{total} fixed effects have rows in more than one cluster: too many for these standard errors.",
            "Cluster at a level that contains the fixed effects, or choose plain clustered errors.",
        )
    out = np.zeros((len(effects[0].codes), total))
    rows = np.arange(len(out))
    start = 0
    for effect in effects:
        out[rows, start + effect.codes] = 1.0
        start += effect.n_levels
        if effect.slope is not None:
            out[rows, start + effect.codes] = effect.slope
            start += effect.n_levels
    return out


def _adjustments(grams: np.ndarray, power: float) -> np.ndarray:
    """B_g such that (I - U_g U_g')^power U_g = U_g + U_g B_g U_g'U_g, shape (n_clusters, q, q)."""
    sizes, vectors = np.linalg.eigh(grams)
    sizes = np.clip(sizes, 0.0, 1.0)
    left = 1.0 - sizes
    is_one, is_zero = left < LEVERAGE_ONE, sizes < LEVERAGE_ONE
    changed = np.where(is_one, 0.0, np.where(is_one, 1.0, left) ** power)
    factors = np.where(is_zero, -power, (changed - 1.0) / np.where(is_zero, 1.0, sizes))
    if power == 0:
        factors = np.zeros_like(factors)
    return (vectors * factors[:, None, :]) @ np.swapaxes(vectors, 1, 2)


def _satterthwaite(parts: ClusterGrams, adjust: np.ndarray, contrast: np.ndarray) -> float:
    """Twice the squared mean over the variance of the variance estimate, under equal independent variances."""
    start = np.zeros(parts.grams.shape[1])
    start[: len(contrast)] = parts.root.T @ contrast
    loaded = start + np.einsum("gij,gj->gi", adjust @ parts.grams, np.broadcast_to(start, parts.errors.shape))
    crossed = np.einsum("gij,gj->gi", parts.grams, loaded)
    own = np.einsum("gi,gi->g", loaded, crossed)
    squared = np.einsum("gi,gi->g", crossed, crossed)
    trace = float((own - squared).sum())
    spread = float((own**2).sum() - 2 * (own * squared).sum() + ((crossed.T @ crossed) ** 2).sum())
    return trace**2 / spread if spread > 0 else float("nan")

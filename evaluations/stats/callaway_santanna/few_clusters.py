"""Intervals where clusters are few: each cohort's spread is estimated from as many clusters as it has.

Influence values are centred at their cohort's own mean, so that their squares understate a cohort's
variance by (n - 1)/n, n being its clusters: with ten to a cohort an error is 5 % short, and it has
nine degrees of freedom, not the clusters of the whole sample. Below `MANY_CLUSTERS` clusters
the reported error stays that of the theory (and of reference software), and what it is judged
against takes this into account: variances times n/(n - 1), which makes them unbiased (the HC2 and CR2 of
means: Bell and McCaffrey 2002), and t with the degrees of freedom of Welch (1947) and Satterthwaite
(1946). Bands draw every cohort's variance with its own degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.callaway_santanna.means import Contrasts, Moments
from evaluations.stats.uncertainty import (
    BAND_DRAWS,
    MANY_CLUSTERS,
    Reference,
    balanced_band_factor,
    quantile,
)


@dataclass(frozen=True, eq=False)
class Spread:
    """Averages' variances by kind of cluster; a kind has units of the same cohorts.

    `variances` turns loads over rows of influence, shape (n_averages, n_rows), into the part of each
    average's variance that comes from each kind, shape (n_averages, n_kinds). `n_clusters` has shape (n_kinds,).
    """

    n_clusters: np.ndarray
    variances: Callable[[np.ndarray], np.ndarray]

    @property
    def freedom(self) -> np.ndarray:
        """Degrees of freedom of each kind's variance; a kind of one cluster counts one."""
        return np.maximum(self.n_clusters - 1.0, 1.0)

    def unbiased(self, loads: np.ndarray) -> np.ndarray:
        """The variances times n/(n - 1); a lone cluster's is left as it is."""
        n = self.n_clusters.astype(float)
        return self.variances(loads) * np.where(n > 1, n / self.freedom, 1.0)

    def judge(self, reference: Reference, load: np.ndarray) -> Reference:
        """The reference of one average, with its own degrees of freedom and the factor on its error."""
        plain, parts = self.variances(load[None, :])[0], self.unbiased(load[None, :])[0]
        if not plain.sum() > 0:
            return reference
        df = float(parts.sum() ** 2 / (parts**2 / self.freedom).sum())
        return replace(reference, df=df, stretch=float(np.sqrt(parts.sum() / plain.sum())))

    def band_factor(
        self, loads: np.ndarray, covariance: np.ndarray, references: Sequence[Reference], rng: np.random.Generator
    ) -> float:
        """What the averages' own critical values are multiplied by in a band over them all.

        Every kind's variance is drawn as chi-squared over its degrees of freedom.
        """
        parts = self.unbiased(loads)
        drawn = rng.chisquare(self.freedom, (BAND_DRAWS, len(self.freedom))) / self.freedom
        return balanced_band_factor(
            covariance,
            np.array([quantile(0.5 + reference.level / 2, reference.df) for reference in references]),
            drawn @ (parts / parts.sum(axis=1, keepdims=True)).T,
            level=references[0].level,
            rng=rng,
        )


def spread_of_moments(contrasts: Contrasts, moments: Moments) -> Spread | None:
    """The spread by cohort where every unit is its own cluster, from the cohorts' moments alone."""
    if moments.count.sum() >= MANY_CLUSTERS:
        return None
    n_cells = contrasts.load.shape[1]

    def variances(loads: np.ndarray) -> np.ndarray:
        slope = np.einsum("ak,ckt->act", loads[:, :n_cells], contrasts.load)
        shift = loads[:, :n_cells] @ contrasts.shift.T + loads[:, n_cells:]
        within = np.einsum("act,cts,acs->ac", slope, moments.second, slope)
        crossed = np.einsum("act,ct->ac", slope, moments.first)
        return within + 2 * shift * crossed + shift**2 * moments.square

    return Spread(moments.count, variances)


def spread_of_clusters(influence: np.ndarray, has: np.ndarray) -> Spread | None:
    """The spread by kind of cluster. `influence` has shape (n_clusters, n_rows); `has`, (n_clusters, n_cohorts),
    says of which cohorts a cluster has units."""
    if len(influence) >= MANY_CLUSTERS:
        return None
    kinds, kind = np.unique(has, axis=0, return_inverse=True)
    member = np.eye(len(kinds))[kind.ravel()]
    return Spread(member.sum(axis=0).astype(int), lambda loads: (loads @ influence.T) ** 2 @ member)

"""From a fit and its errors to what is reported of one contrast: value, error, interval, p-value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.inference.wild import WildBootstrap, WildTest
from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.regression.conley import conley_cutoff, conley_errors, conley_words
from evaluations.stats.regression.errors import Clusters, Errors, classical_errors, clustered_errors, hc1_errors
from evaluations.stats.regression.few_clusters import bias_reduced_errors
from evaluations.stats.regression.least_squares import Fit
from evaluations.stats.regression.rows import Rows
from evaluations.stats.results import Diagnostic
from evaluations.stats.spec import Options
from evaluations.stats.table import played
from evaluations.stats.uncertainty import Reference, WaldTest, cluster_diagnostics, finish, known_error, wald_test

LEAST_DF = 4.0
"""Satterthwaite degrees of freedom below which even CR2 tests reject too often (Pustejovsky and Tipton 2018)."""

ERROR_WORDS = {
    "classical": "equal variance, independent rows",
    "hc1": "unequal variance, independent rows (HC1)",
    "cluster": "clustered, with the small-sample factors of R fixest",
    "cr2": "clustered, bias-reduced (CR2) with Satterthwaite degrees of freedom",
    "cr3": "clustered, jackknife-like (CR3) with Satterthwaite degrees of freedom",
}


def error_words(kind: str, options: Options) -> str:
    """The kind of standard errors, in words."""
    return conley_words(options) if kind == "conley" else ERROR_WORDS[kind]


NO_END = Diagnostic(
    "interval_has_no_end",
    "There are too few clusters or assignments to rule out an effect of any size, so there is no interval.",
)


@dataclass(frozen=True, eq=False)
class Judge:
    """A fit's kept coefficients with their errors, and what they are judged against.

    `scale` is the size of the outcome: an error that is rounding beside it is no error.
    `wild` tests a contrast by the wild bootstrap; null where that was not asked for.
    """

    coefficients: np.ndarray
    errors: Errors
    reference: Reference
    scale: float
    wild: Callable[[np.ndarray], WildTest] | None = None

    def answer(self, contrast: np.ndarray) -> dict[str, float | None]:
        """`value`, `std_error`, `ci_lower`, `ci_upper` and `p_value` of contrast'coefficients."""
        value = float(contrast @ self.coefficients)
        variance = float(contrast @ self.errors.covariance @ contrast)
        error = known_error(np.sqrt(variance) if variance >= 0 else None, self.scale)
        plain = finish({"value": value, "std_error": error}, self.reference_for(contrast))
        if self.wild is None or error is None or self.reference.is_withheld:
            return plain
        test = self.wild(contrast)
        return {**plain, "ci_lower": test.ci_lower, "ci_upper": test.ci_upper, "p_value": test.p_value}

    def reference_for(self, contrast: np.ndarray) -> Reference:
        """The reference with the degrees of freedom of this contrast."""
        df = self.errors.df(contrast)
        if self.errors.kind not in ("cr2", "cr3"):
            return replace(self.reference, df=df)
        if df is None or not df >= LEAST_DF:
            return replace(self.reference, df=1.0, n_clusters=0)
        return replace(self.reference, df=df, is_valid_when_few=True)

    def joint_test(self, contrasts: np.ndarray) -> WaldTest | None:
        """The test that all rows of `contrasts`, shape (q, k), are zero; null where it cannot be made or trusted."""
        reference = self.reference_for(contrasts[0])
        if reference.is_withheld:
            return None
        covariance = contrasts @ self.errors.covariance @ contrasts.T
        errors = np.sqrt(np.clip(np.diag(covariance), 0, None))
        if any(known_error(float(error), self.scale) is None for error in errors):
            return None
        df = [known for contrast in contrasts if (known := self.errors.df(contrast)) is not None]
        return wald_test(contrasts @ self.coefficients, covariance, df2=min(df, default=None))

    def diagnostics(self, headline: np.ndarray) -> tuple[Diagnostic, ...]:
        """What is to be said of the clusters behind the headline."""
        if self.wild is not None and self.reference.is_valid_when_few:
            answer = self.answer(headline)
            return () if answer["ci_lower"] is not None or answer["p_value"] is None else (NO_END,)
        if self.errors.kind not in ("cr2", "cr3"):
            return cluster_diagnostics(self.reference)
        df = self.errors.df(headline)
        if df is None or df >= LEAST_DF:
            return ()
        reading = (
            f"The error rests on {df:.1f} degrees of freedom. Below {LEAST_DF:.0f} even bias-reduced errors are not"
            " trustworthy, so the p-value and interval are withheld; randomisation inference can give them."
        )
        return (Diagnostic("few_degrees_of_freedom", reading, statistic=df),)


def errors_of(fit: Fit, rows: Rows, options: Options) -> Errors:
    """The errors the design asks for. `auto` clusters by cluster, else by unit, and is HC1 without either."""
    kind = chosen_errors(rows.clusters is not None, options)
    if kind in ("cluster", "cr2", "cr3") and rows.clusters is None:
        raise BadInput(
            [Issue("cluster_not_named", "These standard errors need a cluster or unit column.", "Set columns.cluster.")]
        )
    if kind == "cluster":
        return clustered_errors(fit, played(rows.clusters))
    if kind in ("cr2", "cr3"):
        return bias_reduced_errors(fit, played(rows.clusters), kind=kind)
    if kind == "conley":
        return _conley(fit, rows, options)
    if rows.cells is not None:
        _check_spread_known(rows)
    return classical_errors(fit) if kind == "classical" else hc1_errors(fit)


def chosen_errors(has_clusters: bool, options: Options) -> str:
    """The kind of errors, `auto` resolved."""
    if options.std_errors != "auto":
        return options.std_errors
    return "cluster" if has_clusters else "hc1"


def wild_for(fit: Fit, clusters: Clusters | None, options: Options) -> WildBootstrap:
    """The wild bootstrap of any contrast of the fit; every contrast gets the same draws."""
    if clusters is None:
        raise BadInput(
            [Issue("cluster_not_named", "The wild bootstrap needs a cluster or unit column.", "Set columns.cluster.")]
        )

    return WildBootstrap(
        fit,
        clusters,
        weights=options.wild_weights,
        draws=options.draws,
        seed=options.seed,
        level=options.level,
    )


def _conley(fit: Fit, rows: Rows, options: Options) -> Errors:
    cutoff_km = conley_cutoff(rows.latitude, rows.longitude, options)
    latitude, longitude = played(rows.latitude), played(rows.longitude)
    return conley_errors(fit, latitude, longitude, cutoff_km=cutoff_km, kernel=options.conley_kernel)


def _check_spread_known(rows: Rows) -> None:
    cells = played(rows.cells)
    if cells.has_spread or (cells.sizes <= 1).all():
        return
    raise NotEstimable(
        "cell_spread_unknown",
        "Rows are means of several people, and how far people lie from the mean is not given.",
        "Name the column of standard deviations (columns.sd), or cluster the errors on something larger than a cell.",
    )

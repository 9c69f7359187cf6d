"""Random-effects meta-analysis and meta-regression.

Sources: Viechtbauer (2005), JEBS 30(3), for the estimators of tau2; DerSimonian and Laird (1986);
Paule and Mandel (1982); Knapp and Hartung (2003); Viechtbauer (2007), Statistics in Medicine 26, for
the interval of tau2 by the Q-profile. Agrees with R metafor (`tests/golden/synthesis/`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import brentq

TAU2_METHODS = ("REML", "PM", "DL", "ML", "HE", "FE")
MAX_STEPS = 500
NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True)
class Stopping:
    """When to stop looking for tau2: steps of scoring below `step`, roots known to `root`."""

    step: float
    root: float


TO_THE_END = Stopping(step=1e-12, root=1e-14)
AS_METAFOR = Stopping(step=1e-5, root=float(np.finfo(float).eps ** 0.25))
"""metafor's defaults, which leave tau2 up to 3e-5 from the solution; for comparing digits only."""


class NotPoolable(Exception):
    """These effects cannot be pooled; the message says why in words."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient of a meta-regression, in the effects' own unit."""

    name: str
    value: float
    std_error: float
    ci_lower: float
    ci_upper: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled effect, or a meta-regression. `coefficients[0]` is the intercept.

    `i2` is a percentage in [0, 100). The prediction interval, for the effect in a new place, is
    given only without moderators; it uses t with `df` where `test` is "knha", else the normal.
    """

    coefficients: tuple[Coefficient, ...]
    k: int
    tau2: float
    tau2_std_error: float | None
    i2: float
    h2: float
    q: float
    q_df: int
    q_p_value: float
    moderator_statistic: float
    moderator_p_value: float
    r2: float | None
    prediction_lower: float | None
    prediction_upper: float | None
    tau2_method: str
    test: str
    df: int
    level: float
    weights: tuple[float, ...]

    @property
    def value(self) -> float:
        """The pooled effect."""
        return self.coefficients[0].value

    @property
    def std_error(self) -> float:
        """Its standard error."""
        return self.coefficients[0].std_error


def pool(
    effects: np.ndarray,
    variances: np.ndarray,
    *,
    moderators: np.ndarray | None = None,
    names: tuple[str, ...] = (),
    tau2_method: str = "REML",
    test: str = "knha",
    level: float = 0.95,
    stopping: Stopping = TO_THE_END,
) -> Pooled:
    """The pooled effect of `effects` (k,) with sampling `variances` (k,), or its regression on `moderators` (k, m).

    Raises `NotPoolable` for fewer than two effects, a variance that is not positive, or moderators
    that repeat each other.
    """
    y, v, x = _checked(effects, variances, moderators)
    fit = _Fit(y, v, x, stopping)
    tau2 = fit.tau2(tau2_method)
    beta, covariance = fit.solve(tau2)
    df = fit.k - fit.p
    if test == "knha":
        covariance = covariance * _knapp_hartung(fit.weighted_residual(tau2) / df)
    coefficients = _coefficients(beta, covariance, ("intercept", *names), test, df, level)
    q = fit.weighted_residual(0.0)
    i2, h2 = fit.heterogeneity(tau2, q, tau2_method)
    statistic, p_value = _moderator_test(beta, covariance, test, df)
    weights = 1 / (v + tau2)
    return Pooled(
        coefficients=coefficients,
        k=fit.k,
        tau2=tau2,
        tau2_std_error=fit.tau2_std_error(tau2, tau2_method),
        i2=i2,
        h2=h2,
        q=q,
        q_df=df,
        q_p_value=float(stats.chi2.sf(q, df)),
        moderator_statistic=statistic,
        moderator_p_value=p_value,
        r2=_explained(fit, tau2, tau2_method) if fit.p > 1 else None,
        **_prediction(coefficients[0], tau2, test, df, level, shown=fit.p == 1 and tau2_method != "FE"),
        tau2_method=tau2_method,
        test=test,
        df=df,
        level=level,
        weights=tuple(float(w) for w in weights / weights.sum()),
    )


def tau2_interval(
    effects: np.ndarray,
    variances: np.ndarray,
    *,
    moderators: np.ndarray | None = None,
    level: float = 0.95,
    stopping: Stopping = TO_THE_END,
) -> tuple[float, float]:
    """The Q-profile interval of tau2: where the generalised Q meets its chi-squared quantiles."""
    fit = _Fit(*_checked(effects, variances, moderators), stopping)
    df = fit.k - fit.p
    ends = []
    for probability in ((1 + level) / 2, (1 - level) / 2):
        quantile = stats.chi2.ppf(probability, df)
        ends.append(fit.tau2_where_q_is(quantile))
    return ends[0], ends[1]


def leave_one_out(effects: np.ndarray, variances: np.ndarray, **options) -> tuple[Pooled, ...]:
    """The pooled effect without each effect in turn; `options` as for `pool`."""
    keep = ~np.eye(len(effects), dtype=bool)
    return tuple(pool(np.asarray(effects)[rows], np.asarray(variances)[rows], **options) for rows in keep)


def i2_from_tau2(tau2: float, variances: np.ndarray) -> float:
    """I2, per cent, at a given tau2: its share of the total with the typical sampling variance."""
    fit = _Fit(np.zeros(len(variances)), np.asarray(variances, dtype=float), np.ones((len(variances), 1)), TO_THE_END)
    return 100 * tau2 / (tau2 + fit.typical_variance())


def _checked(
    effects: np.ndarray, variances: np.ndarray, moderators: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    if len(y) < 2:
        raise NotPoolable("too_few", "There are fewer than two effects, so there is nothing to pool.")
    if not (np.all(np.isfinite(y)) and np.all(np.isfinite(v)) and np.all(v > 0)):
        raise NotPoolable("no_variance", "An effect has no positive standard error, so it cannot be weighed.")
    x = np.ones((len(y), 1)) if moderators is None else np.column_stack([np.ones(len(y)), moderators])
    if x.shape[1] >= len(y) or np.linalg.matrix_rank(x) < x.shape[1]:
        raise NotPoolable("moderators_repeat", "There are too few effects for these moderators, or two say the same.")
    return y, v, x


class _Fit:
    """Weighted least squares of y on x at any tau2."""

    def __init__(self, y: np.ndarray, v: np.ndarray, x: np.ndarray, stopping: Stopping) -> None:
        self.y, self.v, self.x, self.stopping = y, v, x, stopping
        self.k, self.p = x.shape

    def solve(self, tau2: float) -> tuple[np.ndarray, np.ndarray]:
        weight = 1 / (self.v + tau2)
        covariance = np.linalg.inv((self.x * weight[:, None]).T @ self.x)
        return covariance @ (self.x * weight[:, None]).T @ self.y, covariance

    def projection(self, weight: np.ndarray) -> np.ndarray:
        wx = self.x * weight[:, None]
        return np.diag(weight) - wx @ np.linalg.inv(wx.T @ self.x) @ wx.T

    def weighted_residual(self, tau2: float) -> float:
        beta, _ = self.solve(tau2)
        return float(np.sum((self.y - self.x @ beta) ** 2 / (self.v + tau2)))

    def typical_variance(self) -> float:
        return (self.k - self.p) / float(np.trace(self.projection(1 / self.v)))

    def heterogeneity(self, tau2: float, q: float, method: str) -> tuple[float, float]:
        df = self.k - self.p
        if method == "FE":
            return max(0.0, 100 * (q - df) / q) if q > 0 else 0.0, q / df
        typical = self.typical_variance()
        return 100 * tau2 / (tau2 + typical), tau2 / typical + 1

    def tau2_where_q_is(self, target: float) -> float:
        if self.weighted_residual(0.0) <= target:
            return 0.0
        upper = 100.0
        while self.weighted_residual(upper) > target:
            upper *= 4
        return float(
            brentq(lambda t: self.weighted_residual(t) - target, 0.0, upper, xtol=self.stopping.root, rtol=1e-14)
        )

    def tau2(self, method: str) -> float:
        df = self.k - self.p
        if method == "FE":
            return 0.0
        plain = self.projection(np.ones(self.k))
        hedges = max(0.0, float(self.y @ plain @ self.y - np.trace(plain * self.v)) / df)
        if method == "HE":
            return hedges
        if method == "PM":
            return self.tau2_where_q_is(float(df))
        if method == "DL":
            return max(0.0, (self.weighted_residual(0.0) - df) / float(np.trace(self.projection(1 / self.v))))
        if method not in ("REML", "ML"):
            raise ValueError(f"tau2_method must be one of {', '.join(TAU2_METHODS)}, not {method}")
        return self._scored(hedges, method)

    def _scored(self, tau2: float, method: str) -> float:
        """Fisher scoring, halving any step that would go below zero."""
        for _ in range(MAX_STEPS):
            weight = 1 / (self.v + tau2)
            p = self.projection(weight)
            py = p @ self.y
            if method == "REML":
                step = (py @ py - np.trace(p)) / np.sum(p * p)
            else:
                step = (py @ py - weight.sum()) / np.sum(weight**2)
            while tau2 + step < 0 and abs(step) > self.stopping.step:
                step /= 2
            tau2 = max(0.0, tau2 + step)
            if abs(step) <= self.stopping.step:
                break
        return float(tau2) if tau2 > 1e-10 else 0.0

    def tau2_std_error(self, tau2: float, method: str) -> float | None:
        df = self.k - self.p
        if method == "FE":
            return None
        weight = 1 / (self.v + tau2)
        if method == "REML":
            p = self.projection(weight)
            return float(np.sqrt(2 / np.sum(p * p)))
        if method == "ML":
            return float(np.sqrt(2 / np.sum(weight**2)))
        if method == "PM":
            return float(np.sqrt(2 * df) / np.trace(self.projection(weight)))
        p = self.projection(1 / self.v if method == "DL" else np.ones(self.k))
        sigma = self.v + tau2
        spread = 2 * np.sum((p * sigma[None, :]) * (p * sigma[None, :]).T)
        return float(np.sqrt(spread) / np.trace(p))


def _knapp_hartung(factor: float) -> float:
    """The factor on the variance; 1 where the effects are equal, which would leave an interval of no width."""
    return factor if factor > NO_SPREAD else 1.0


def _coefficients(
    beta: np.ndarray, covariance: np.ndarray, names: tuple[str, ...], test: str, df: int, level: float
) -> tuple[Coefficient, ...]:
    std_errors = np.sqrt(np.diag(covariance))
    law = stats.t(df) if test == "knha" else stats.norm()
    critical = float(law.ppf(0.5 + level / 2))
    named = (*names, *(f"moderator {i}" for i in range(len(names), len(beta))))
    return tuple(
        Coefficient(
            n, float(b), float(s), float(b - critical * s), float(b + critical * s), float(2 * law.sf(abs(b / s)))
        )
        for n, b, s in zip(named, beta, std_errors, strict=True)
    )


def _moderator_test(beta: np.ndarray, covariance: np.ndarray, test: str, df: int) -> tuple[float, float]:
    """The test that every moderator, or without any the pooled effect, is zero."""
    tested = slice(1, None) if len(beta) > 1 else slice(0, 1)
    b = beta[tested]
    wald = float(b @ np.linalg.solve(covariance[tested, tested], b))
    if test == "knha":
        return wald / len(b), float(stats.f.sf(wald / len(b), len(b), df))
    return wald, float(stats.chi2.sf(wald, len(b)))


def _explained(fit: _Fit, tau2: float, method: str) -> float | None:
    """The share of tau2, per cent, that the moderators account for."""
    without = _Fit(fit.y, fit.v, np.ones((fit.k, 1)), fit.stopping).tau2(method)
    return max(0.0, 100 * (without - tau2) / without) if without > 0 else None


def _prediction(
    pooled: Coefficient, tau2: float, test: str, df: int, level: float, *, shown: bool
) -> dict[str, float | None]:
    if not shown:
        return {"prediction_lower": None, "prediction_upper": None}
    law = stats.t(df) if test == "knha" else stats.norm()
    half = float(law.ppf(0.5 + level / 2)) * float(np.sqrt(pooled.std_error**2 + tau2))
    return {"prediction_lower": pooled.value - half, "prediction_upper": pooled.value + half}

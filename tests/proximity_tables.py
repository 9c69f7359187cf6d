"""Tables for the tests of proximity: columns in, the checked table an estimator starts from out."""

import numpy as np

from evaluations.stats.table import NEVER_TREATED, Coded, Cohorts, Sites, Table


def coded(values) -> Coded:
    """A labelled column, labels sorted as they are."""
    labels, codes = np.unique(np.asarray(values), return_inverse=True)
    return Coded(codes.astype(np.int32), tuple(labels.tolist()))


def cohorts(first_treated, period: Coded) -> Cohorts:
    """Cohorts of a numeric column, NaN where never treated."""
    first = np.asarray(first_treated, dtype=float)
    treated = np.isfinite(first)
    labels = np.unique(first[treated])
    codes = np.full(len(first), -1, np.int32)
    codes[treated] = np.searchsorted(labels, first[treated])
    starts = np.full(len(first), NEVER_TREATED, np.int32)
    starts[treated] = np.searchsorted(np.array(period.labels, float), first[treated])
    return Cohorts(starts, codes, tuple(labels.tolist()))


def table(outcome, *, first_treated=None, covariates=None, **columns) -> Table:
    """A table of numeric columns; labelled ones (unit, period, cluster, ...) are coded here."""
    labelled = {
        role: coded(columns.pop(role))
        for role in ("unit", "period", "cluster", "neighbourhood", "subgroup")
        if columns.get(role) is not None
    }
    outcome = np.asarray(outcome, dtype=float)
    if "period" in labelled:
        columns.setdefault("calendar", np.array(labelled["period"].labels, dtype=float))
    if covariates is not None:
        covariates = np.asarray(covariates, dtype=float).reshape(len(outcome), -1)
        columns.setdefault("covariate_names", tuple(f"x{i}" for i in range(covariates.shape[1])))
    arrays = {name: np.asarray(value, float) if isinstance(value, list) else value for name, value in columns.items()}
    return Table(
        outcome=outcome,
        rows_read=len(outcome),
        covariates=covariates,
        cohorts=None if first_treated is None else cohorts(first_treated, labelled["period"]),
        **labelled,
        **arrays,
    )


def sites(latitude, longitude, opened, closed=None) -> Sites:
    """Sites with names made up."""
    opened = np.asarray(opened, dtype=float)
    closed = np.full(len(opened), np.inf) if closed is None else np.asarray(closed, dtype=float)
    names = tuple(f"site {i}" for i in range(len(opened)))
    return Sites(names, np.asarray(latitude, float), np.asarray(longitude, float), opened, closed)

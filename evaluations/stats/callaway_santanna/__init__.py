"""Callaway and Sant'Anna's estimator, in parts: cells, rounds of sums, averages and the report."""

from evaluations.stats.callaway_santanna.estimate import estimate

__all__ = ["estimate"]

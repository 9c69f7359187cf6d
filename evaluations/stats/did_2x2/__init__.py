"""The 2x2 difference-in-differences, in parts: the comparison, its linear and its adjusted form."""

from evaluations.stats.did_2x2.estimate import estimate

__all__ = ["estimate"]

"""An interval as the values a test does not reject."""

from __future__ import annotations

from collections.abc import Callable

MOST_DOUBLINGS = 60
MOST_HALVINGS = 60
PRECISION = 1e-9
"""Width, in standard errors, at which the search for an end stops."""


def inverted_interval(
    p_value: Callable[[float], float], *, centre: float, std_error: float, level: float
) -> tuple[float | None, float | None]:
    """The lower and upper ends of the values whose p-value is at least 1 - `level`; null where one has no end.

    Each end is where the p-value, going outwards from `centre`, first falls below that.
    """
    size = round(1 - level, 12)
    lower = _end(p_value, centre=centre, step=-std_error, size=size)
    upper = _end(p_value, centre=centre, step=std_error, size=size)
    return (None, None) if lower is None or upper is None else (lower, upper)


def _end(p_value: Callable[[float], float], *, centre: float, step: float, size: float) -> float | None:
    inside, reach = 0.0, 1.0
    for _ in range(MOST_DOUBLINGS):
        if p_value(centre + reach * step) < size:
            break
        inside, reach = reach, reach * 1.5
    else:
        return None
    outside = reach
    for _ in range(MOST_HALVINGS):
        if outside - inside <= PRECISION:
            break
        middle = (inside + outside) / 2
        if p_value(centre + middle * step) < size:
            outside = middle
        else:
            inside = middle
    return centre + inside * step

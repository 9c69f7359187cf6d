"""Numbers as text: rounding happens here, once, for tables and charts."""

import math

MINUS = "\u2212"
NOT_AVAILABLE = "not available"
CONFIDENTIAL = "[c]"
CONFIDENTIAL_LEGEND = f"{CONFIDENTIAL}: not shown, so that nobody can be identified."


def is_number(value: float | None) -> bool:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def number_text(value: float | None, *, digits: int = 2) -> str:
    """The number to `digits` decimals with thousands separated and a true minus; words where there is none."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    text = f"{abs(value):,.{digits}f}"
    is_zero = not text.strip("0.,")
    return text if value >= 0 or is_zero else f"{MINUS}{text}"


def interval_text(lower: float | None, upper: float | None, *, digits: int = 2) -> str:
    """The interval in words that keep their meaning around negative numbers: "−1.20 to 0.35"."""
    if not (is_number(lower) and is_number(upper)):
        return NOT_AVAILABLE
    return f"{number_text(lower, digits=digits)} to {number_text(upper, digits=digits)}"


def digits_for(*values: float | None) -> int:
    """Decimals that show three figures of the largest of these magnitudes, two where it is below 1; from 0 to 6."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value) and value != 0]
    if not sizes:
        return 2
    power = math.floor(math.log10(max(sizes)))
    return min(6, max(0, (2 if power >= 0 else 1) - power))

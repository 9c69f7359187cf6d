"""From numbers to places on a drawing, and the round numbers that mark the way."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.drawing.numbers import MINUS


@dataclass(frozen=True)
class Scale:
    """A straight line from a domain of numbers to a range of places, in drawing units."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a number."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def finite(values: Iterable[float | None]) -> list[float]:
    """The numbers among these, without missing and infinite ones."""
    return [value for value in values if value is not None and math.isfinite(value)]


def domain_of(
    values: Iterable[float | None], *, include: Iterable[float] = (), padding: float = 0.05
) -> tuple[float, float]:
    """A domain that holds the finite values and those to `include`, with room at both ends; never of zero width."""
    known = [*finite(values), *include] or [0.0]
    low, high = min(known), max(known)
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    room = (high - low) * padding
    return low - room, high + room


def ticks(low: float, high: float, *, count: int = 5) -> list[float]:
    """Round numbers inside the domain, about `count` of them, at a step of 1, 2, 2.5 or 5 times a power of ten."""
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """The tick's number with the decimals its step needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    if decimals == 0 and abs(step - round(step)) > 1e-9:
        decimals = 1
    elif decimals and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-9:
        decimals += 1
    text = f"{abs(value):,.{decimals}f}"
    return text if value >= 0 or not text.strip("0.,") else f"{MINUS}{text}"


def tick_texts(values: list[float]) -> list[str]:
    """The texts of a run of ticks."""
    step = values[1] - values[0] if len(values) > 1 else abs(values[0]) if values and values[0] else 1.0
    return [tick_text(value, step) for value in values]


def thinned(labels: list[str], *, room: float, font: float) -> int:
    """Show every n-th label: the least n at which the longest fits its share of the room."""
    if not labels:
        return 1
    needed = (max(map(len, labels)) * 0.58 + 1.1) * font
    return max(1, math.ceil(needed * len(labels) / room))

"""Where in a result something is hidden, in words for a reader who knows the result and not its file format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AVERAGES = {
    "att": "The headline",
    "att_event_time": "The average over time since the start",
    "att_cohort": "The average over starting periods",
    "att_calendar": "The average over calendar periods",
}


def where_in_words(part: str, place: int, result: Mapping[str, Any]) -> str:
    """The name of one row of a result."""
    row = result[part][place]
    match part:
        case "estimates":
            named = AVERAGES.get(row["name"], f"The estimate {row['name']}")
            return named if row.get("subgroup") is None else f"{named} for {row['subgroup']}"
        case "att_gt":
            return f"The effect in {row['period']} on those who started in {row['cohort']}"
        case "event_study":
            return f"The effect at time {row['event_time']} from the start"
        case "by_cohort":
            return f"The effect on those who started in {row['cohort']}"
        case "by_period":
            return f"The effect in {row['period']}"
        case "rings":
            return f"The change from {row['inner_km']:g} to {row['outer_km']:g} km"
        case _:
            return f"The effect at {row['distance_km']:g} km"

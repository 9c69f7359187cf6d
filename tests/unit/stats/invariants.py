"""What every result must satisfy, whatever the data: finite numbers, intervals around values, reasons for gaps."""

import json
import math
from typing import Any

from evaluations.stats.results import Result


def check_result(result: Result) -> None:
    """Raise `AssertionError` where a result breaks an invariant."""
    written = result.to_json()
    json.dumps(written, allow_nan=False)
    if result.refusal is not None:
        assert result.refusal.code
        assert result.refusal.message
        assert result.refusal.hint
        assert not result.estimates
        return
    assert result.estimates
    assert result.estimates[0].value is not None
    for part in ("estimates", "att_gt", "event_study", "by_cohort", "by_period"):
        for row in written.get(part, []):
            check_row(row)
    if result.detectable_effect is not None:
        assert result.detectable_effect.value > 0
    assert result.sample is not None
    assert result.sample.rows_used <= result.sample.rows_read


def check_row(row: dict[str, Any]) -> None:
    """One number with what surrounds it."""
    value, error, p_value = row["value"], row.get("std_error"), row.get("p_value")
    assert value is None or math.isfinite(value)
    assert error is None or (math.isfinite(error) and error > 0)
    if value is None or error is None:
        assert row.get("ci_lower") is None
        assert p_value is None
    if row.get("ci_lower") is not None:
        assert row["ci_lower"] <= value <= row["ci_upper"]
    assert p_value is None or 0 <= p_value <= 1
    if row.get("band_lower") is not None:
        assert row["band_lower"] <= row["ci_lower"] + 1e-12
        assert row["band_upper"] >= row["ci_upper"] - 1e-12

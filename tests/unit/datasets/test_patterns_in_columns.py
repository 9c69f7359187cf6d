"""Columns laid out as a panel's are read by their pattern: the same labels and codes as value by value."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaluations.datasets import ingest_columns
from evaluations.datasets.ingest_columns import coded
from evaluations.stats.issues import BadInput
from tests.engine_inputs import PANEL, panel_frame, spec_of

NAN = float("nan")
N = 400
COLUMNS = {
    "units in runs": np.repeat(np.arange(N), 6),
    "units in runs of several lengths": np.repeat(np.arange(N), np.arange(N) % 5 + 2),
    "units not in order": np.repeat(np.arange(N)[::-1] * 7, 6),
    "starts with gaps": np.repeat(np.resize([2012.0, NAN, 2014.0, NAN, NAN], N), 6),
    "starts with both zeros": np.repeat(np.resize([0.0, -0.0, 3.0], N), 6),
    "starts with infinity": np.repeat(np.resize([np.inf, 3.0], N), 6),
    "numbers that are not whole": np.repeat(np.resize([0.5, 1.5, NAN], N), 6),
    "nothing at all": np.full(6 * N, NAN),
    "one value": np.full(6 * N, 3),
    "periods in cycles": np.tile(np.arange(2010, 2016), N),
    "periods in cycles, backwards": np.tile(np.arange(6)[::-1], N),
    "periods in cycles but for the last": np.append(np.tile(np.arange(6), N)[:-1], 9),
    "cycles that repeat within": np.tile([1, 2, 1, 3], N),
    "small whole numbers": np.repeat(np.arange(N) % 100, 6).astype(np.int8),
    "single precision": np.repeat(np.resize([1.0, NAN, 2.0], N), 6).astype(np.float32),
    "no pattern": np.random.default_rng(1).integers(0, 50, 6 * N),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_pattern_changes_no_label_and_no_code(name, monkeypatch):
    column = pa.chunked_array([pa.array(COLUMNS[name], from_pandas=True)])
    by_pattern = coded(column)
    monkeypatch.setattr(ingest_columns, "FEWEST_IN_PATTERN", 10**9)
    one_by_one = coded(column)
    assert by_pattern.labels == one_by_one.labels
    assert by_pattern.codes.dtype == np.int32
    assert (by_pattern.codes == one_by_one.codes).all()


def typed(frame: pd.DataFrame):
    from evaluations.datasets.ingest import RawTable, typed_table

    data = pa.Table.from_pandas(frame, preserve_index=False)
    return typed_table(RawTable(data, tuple(data.column_names)), spec_of("twfe", PANEL))


def test_a_change_within_a_unit_is_seen_whether_its_rows_stand_together_or_not():
    frame = panel_frame([3.0, NAN] * 150, n_periods=6)
    frame.loc[frame.index[3], "first_treated"] = 4.0
    for each in (frame, frame.sample(frac=1, random_state=1)):
        with pytest.raises(BadInput) as refusal:
            typed(each)
        assert {issue.code for issue in refusal.value.issues} == {"first_treated_varies"}
